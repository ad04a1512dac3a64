//! `raster`: spikes and the rate of each sheet without a stimulus.

use inspection::{SheetInspection, Spontaneous};
use serde_json::{Value, json};

use super::layout::{datum, left_out, number, quantitative};
use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::{BLUE, VERMILION};
use crate::{Figure, NotEnough};

const WIDTH: u32 = 640;
const SHOWN_MS: f64 = 2000.0;
/// More marks take long to draw and cannot be told apart.
const MOST_SPIKES: usize = 4000;

pub fn raster(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let shown = || sheets.iter().filter_map(|sheet| Some((sheet, sheet.spontaneous.as_ref()?)));
    if shown().next().is_none() {
        return Err(NotEnough { needed: "spontaneous activity" });
    }
    let last = shown().count() - 1;
    let views: Vec<Value> = shown()
        .enumerate()
        .map(|(i, (sheet, resting))| {
            let parts = [spikes(sheet, resting), rate(resting, i == last)];
            json!({"bounds": "flush", "spacing": 5, "vconcat": parts})
        })
        .collect();
    let caption = format!(
        "Spikes of some of each sheet's recorded cells, evenly spread (one row each), and below them the \
         mean rate of all n recorded cells in bins of 10 ms, while nothing is shown; the first {} s. Line: \
         the mean over the whole recording.{}",
        SHOWN_MS / 1000.0,
        left_out(sheets, |sheet| sheet.spontaneous.is_some())
    );
    let view = json!({"spacing": 16, "vconcat": views});
    Ok(Figure::new("raster", "Spontaneous activity", caption, view))
}

fn time(resting: &Spontaneous, title: Option<&str>) -> Value {
    let start = resting.population_rate.t_start_ms;
    let axis = Axis::linear(start, start + resting.duration_ms.min(SHOWN_MS));
    let mut encoding = quantitative("t", axis, "");
    encoding["title"] = json!(title);
    encoding["axis"]["labels"] = json!(title.is_some());
    encoding
}

fn spikes(sheet: &SheetInspection, resting: &Spontaneous) -> Value {
    let end_ms = resting.population_rate.t_start_ms + SHOWN_MS;
    let mut marks: Vec<Value> = vec![];
    let mut cells = 0_usize;
    for times in &resting.raster_ms {
        if marks.len() > MOST_SPIKES {
            break;
        }
        let seen = times.iter().take_while(|&&t| t <= end_ms);
        marks.extend(seen.map(|&t| json!({"t": (t * 10.0).round() / 10.0, "cell": cells})));
        cells += 1;
    }
    let height = (2.4 * cells as f64).max(10.0);
    let mut x = time(resting, None);
    x["axis"] = Value::Null;
    json!({
        "title": {
            "text": sheet.sheet,
            "subtitle": format!(
                "{cells} of n = {} cells; mean rate {} Hz, {} silent",
                resting.rate_hz.distribution.n,
                resting.rate_hz.distribution.mean.map_or_else(|| "–".to_owned(), number),
                resting.silent_cells,
            ),
            "fontSize": 10, "subtitleFontSize": 9, "frame": "group", "offset": 4, "subtitlePadding": 2,
        },
        "data": {"values": marks},
        "width": WIDTH, "height": height,
        "mark": {
            "type": "tick", "orient": "vertical", "thickness": 0.9, "size": 2.2, "opacity": 1, "color": BLUE,
        },
        "encoding": {
            "x": x,
            "y": {
                "field": "cell", "type": "quantitative", "axis": null,
                "scale": {"domain": [-0.5, cells as f64 - 0.5], "nice": false, "zero": false},
            },
        },
    })
}

fn rate(resting: &Spontaneous, is_last: bool) -> Value {
    let population = &resting.population_rate;
    let bins = (SHOWN_MS / population.bin_ms).round() as usize;
    let rates = &population.rate_hz[..population.rate_hz.len().min(bins)];
    let rows: Vec<Value> = rates
        .iter()
        .enumerate()
        .map(|(i, &rate)| {
            let t_ms = population.t_start_ms + (i as f64 + 0.5) * population.bin_ms;
            json!({"t": rounded(t_ms), "rate": rounded(rate)})
        })
        .collect();
    let mean = resting.rate_hz.distribution.mean.unwrap_or(0.0);
    let most = rates.iter().copied().fold(mean, f64::max);
    let y = Axis::linear(0.0, 1.05 * most);
    let mut rate_axis = quantitative("rate", y, "Rate (Hz)");
    rate_axis["axis"]["values"] = y.ticks(3).into_iter().map(rounded).collect();
    json!({
        "width": WIDTH, "height": 36,
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "line", "strokeWidth": 1, "color": BLUE},
                "encoding": {
                    "x": time(resting, is_last.then_some("Time (ms)")),
                    "y": rate_axis,
                },
            },
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": VERMILION},
                "encoding": {"y": datum(mean)},
            },
        ],
    })
}
