//! `signals`: conductances and membrane potentials without a stimulus.

use inspection::{SheetInspection, SignalTrace};
use serde_json::{Value, json};

use super::layout::{HEIGHT, number, quantitative};
use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::{BLUE, GREY, VERMILION};
use crate::{Figure, NotEnough};

const WIDTH: u32 = 300;
const SHOWN_MS: f64 = 1000.0;
/// Lines of more points are thinned out.
const MOST_POINTS: usize = 400;

pub fn signals(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let mut panels = vec![];
    let mut without = vec![];
    for sheet in sheets {
        let (conductances, others): (Vec<_>, Vec<_>) =
            sheet.signals.iter().partition(|s| s.is_excitatory() || s.is_inhibitory());
        if !conductances.is_empty() {
            let ratio = sheet.conductance_ratio;
            let ratio = ratio.map_or_else(String::new, |r| format!(", ratio {}", number(r)));
            panels.push(traces(&sheet.sheet, &conductances, "Conductance", &ratio));
        }
        for signal in others {
            let title = if signal.name == "v" { "Membrane potential" } else { &signal.name };
            panels.push(traces(&sheet.sheet, &[signal], title, ""));
        }
        if sheet.signals.is_empty() {
            without.push(sheet.sheet.as_str());
        }
    }
    if panels.is_empty() {
        return Err(NotEnough { needed: "conductances or membrane potentials" });
    }
    let without = if without.is_empty() {
        String::new()
    } else {
        format!(" Not recorded in {}.", without.join(", "))
    };
    let caption = format!(
        "Mean over the n recorded cells of each sheet (thick) and one of them (thin), while nothing is \
         shown; the first {SHOWN_MS} ms. Vermilion: excitatory; blue: inhibitory conductance. The numbers are \
         means over the whole recording.{without}"
    );
    let view = json!({
        "columns": 2, "bounds": "flush", "spacing": {"row": 76, "column": 66}, "concat": panels,
    });
    Ok(Figure::new("signals", "Conductances and membrane potentials", caption, view))
}

fn traces(sheet: &str, signals: &[&SignalTrace], title: &str, ratio: &str) -> Value {
    let shown = |signal: &SignalTrace| {
        let samples = (SHOWN_MS / signal.sampling_interval_ms).ceil() as usize + 1;
        samples.min(signal.mean_trace.len())
    };
    let values = || {
        signals.iter().flat_map(|signal| {
            let examples = signal.examples.iter().take(1).flat_map(|example| &example.values);
            signal.mean_trace.iter().take(shown(signal)).chain(examples.take(shown(signal)))
        })
    };
    let (low, high) = values()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    let low = if title == "Conductance" { 0.0 } else { low };
    let y = Axis::linear(low, high + 0.05 * (high - low));
    let unit = &micro(&signals[0].unit);
    let x = Axis::linear(0.0, SHOWN_MS);
    let mut layers = vec![];
    let mut means = vec![];
    for signal in signals {
        let colour = if signal.is_excitatory() { VERMILION } else { BLUE };
        let mut line = |values: &[f64], width: f64, opacity: f64| {
            let values = &values[..shown(signal).min(values.len())];
            let step = values.len().div_ceil(MOST_POINTS).max(1);
            let rows: Vec<Value> = (0..values.len())
                .step_by(step)
                .map(|i| json!({"t": rounded(i as f64 * signal.sampling_interval_ms), "v": rounded(values[i])}))
                .collect();
            layers.push(json!({
                "data": {"values": rows},
                "mark": {"type": "line", "strokeWidth": width, "color": colour, "strokeOpacity": opacity},
                "encoding": {
                    "x": quantitative("t", x, "Time (ms)"),
                    "y": quantitative("v", y, &format!("{title} ({unit})")),
                },
            }));
        };
        if let Some(example) = signal.examples.first() {
            line(&example.values, 0.7, 0.65);
        }
        line(&signal.mean_trace, 2.0, 1.0);
        if let Some(mean) = signal.mean {
            let kind = match (signal.is_excitatory(), signal.is_inhibitory()) {
                (true, _) => "exc. ",
                (_, true) => "inh. ",
                _ => "mean ",
            };
            means.push(format!("{kind}{} {unit}", scaled(mean)));
        }
    }
    let cells = signals.iter().map(|signal| signal.cells).min().unwrap_or(0);
    let subtitle = format!("n = {cells}; {}{ratio}", means.join(", "));
    json!({
        "title": {
            "text": sheet, "subtitle": subtitle, "fontSize": 10, "subtitleFontSize": 9,
            "frame": "group", "offset": 6, "subtitlePadding": 2,
        },
        "width": WIDTH, "height": HEIGHT, "layer": layers,
        "view": {"stroke": GREY, "strokeOpacity": 0},
    })
}

/// PyNN writes uS for µS.
fn micro(unit: &str) -> String {
    unit.strip_prefix('u').map_or_else(|| unit.to_owned(), |rest| format!("µ{rest}"))
}

/// Three significant digits: conductances in µS are small.
fn scaled(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.1 {
        let digits = (2.0 - value.abs().log10().floor()).clamp(0.0, 12.0) as usize;
        return format!("{value:.digits$}");
    }
    number(value)
}
