//! Panels of sheets: one row for each sheet, one column for each quantity.

use inspection::{Distribution, SheetInspection};
use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::{BLUE, VERMILION};

/// The size of a panel.
pub const WIDTH: u32 = 190;
/// The height of a panel.
pub const HEIGHT: u32 = 110;

/// A panel with its title and a line below it.
pub fn panel(title: &str, subtitle: &str, layers: &[Value]) -> Value {
    json!({
        "title": {
            "text": title, "subtitle": subtitle, "fontSize": 10, "subtitleFontSize": 9,
            "frame": "group", "offset": 6, "subtitlePadding": 2,
        },
        "width": WIDTH, "height": HEIGHT, "layer": layers,
    })
}

/// Where there is nothing to show.
pub fn nothing(title: &str, why: &str) -> Value {
    let mut empty = panel(
        title,
        "",
        &[json!({
            "data": {"values": [{}]},
            "mark": {"type": "text", "align": "center"},
            "encoding": {"text": {"value": why}},
        })],
    );
    empty["view"] = json!({"stroke": null});
    empty
}

/// Panels in rows of `columns`.
pub fn rows(panels: &[Value], columns: usize) -> Value {
    json!({
        "columns": columns.max(1),
        "bounds": "flush",
        "spacing": {"row": 76, "column": 62},
        "concat": panels,
    })
}

/// An encoding on an axis.
pub fn quantitative(field: &str, axis: Axis, title: &str) -> Value {
    let ticks: Vec<Value> = axis.ticks(4).into_iter().map(rounded).collect();
    json!({
        "field": field, "type": "quantitative", "title": title, "scale": axis.scale(),
        "axis": {"values": ticks, "labelExpr": "format(datum.value, '~g')"},
    })
}

/// Where a constant lies on an axis that another layer has.
pub fn datum(value: f64) -> Value {
    json!({"datum": rounded(value)})
}

/// A number for people.
pub fn number(value: f64) -> String {
    let text = match value.abs() {
        a if a < 5e-4 => "0".to_owned(),
        a if a >= 100.0 => format!("{value:.0}"),
        a if a >= 10.0 => format!("{value:.1}"),
        a if a >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    text.replace('-', "−")
}

/// A histogram: its axis, how wide the bins are, and what is counted.
pub struct Histogram<'a> {
    /// The axis of the values.
    pub axis: Axis,
    /// How many bins divide it.
    pub bins: usize,
    /// The title of the axis, with the unit.
    pub title: &'a str,
    /// What is counted: `Cells`.
    pub counted: &'a str,
    /// The unit with a blank before it, or nothing.
    pub unit: &'a str,
}

impl Histogram<'_> {
    /// The panel of a distribution, with its median as a line. Values beyond the axis are counted
    /// in its last bins.
    pub fn panel(&self, sheet: &str, values: &Distribution) -> Value {
        let Some(median) = values.median else { return nothing(sheet, "no values") };
        let (low, high) = self.axis.ends();
        let width = (high - low) / self.bins as f64;
        let mut counts = vec![0_u32; self.bins];
        for value in &values.values {
            let bin = ((value - low) / width).floor().clamp(0.0, (self.bins - 1) as f64);
            counts[bin as usize] += 1;
        }
        let edges = (0..=self.bins).map(|i| low + i as f64 * width).collect::<Vec<_>>();
        let unit = self.unit;
        let subtitle = format!("n = {}, median {}{unit}", values.n, number(median));
        panel(sheet, &subtitle, &self.layers(&edges, &counts, median))
    }

    /// Bars between edges.
    pub fn layers(&self, edges: &[f64], counts: &[u32], median: f64) -> Vec<Value> {
        let bars: Vec<Value> = edges
            .windows(2)
            .zip(counts)
            .map(|(edge, n)| json!({"from": rounded(edge[0]), "to": rounded(edge[1]), "n": n}))
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let y = Axis::linear(0.0, 1.05 * f64::from(most));
        let mut counted = quantitative("n", y, self.counted);
        // There are no half cells.
        let whole = y.ticks(4).into_iter().filter(|tick| tick.fract() == 0.0);
        counted["axis"]["values"] = whole.map(rounded).collect();
        vec![
            json!({
                "data": {"values": bars},
                "mark": {"type": "rect", "color": BLUE},
                "encoding": {
                    "x": quantitative("from", self.axis, self.title),
                    "x2": {"field": "to"},
                    "y": counted,
                    "y2": {"datum": 0},
                    "tooltip": [
                        {"field": "from", "type": "quantitative"},
                        {"field": "to", "type": "quantitative"},
                        {"field": "n", "type": "quantitative", "title": self.counted},
                    ],
                },
            }),
            json!({
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": VERMILION, "strokeWidth": 1.4},
                "encoding": {"x": datum(median)},
            }),
        ]
    }
}

/// Names the sheets that are left out.
pub fn left_out(sheets: &[SheetInspection], is_shown: impl Fn(&SheetInspection) -> bool) -> String {
    let names: Vec<_> =
        sheets.iter().filter(|sheet| !is_shown(sheet)).map(|sheet| sheet.sheet.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" Not for {}.", names.join(", ")) }
}

/// The value below which this share of the values lies; 0 of nothing.
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    crate::statistics::quantile(&sorted, share).unwrap_or(0.0)
}
