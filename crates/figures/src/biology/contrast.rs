//! `contrast_response` and `modulation`.

use inspection::{ContrastResponse, SheetInspection};
use serde_json::{Value, json};

use super::layout::{Histogram, datum, number, panel, quantitative, rows};
use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::BLUE;
use crate::{Figure, NotEnough};

pub fn response(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let shown = sheets.iter().filter_map(|sheet| Some((sheet, sheet.contrast_response.as_ref()?)));
    let panels: Vec<Value> =
        shown.map(|(sheet, response)| contrast_panel(&sheet.sheet, response)).collect();
    if panels.is_empty() {
        return Err(NotEnough { needed: "full-field gratings of two contrasts" });
    }
    let caption = "Mean response, with its standard error, to full-field gratings of the orientation that a \
         cell prefers by the map (to 0.1 rad), by contrast; n responses: each cell to each grating that it prefers. \
         At 0 %: the same cells while nothing is shown.";
    Ok(Figure::new("contrast_response", "Contrast response", caption, rows(&panels, 4)))
}

fn contrast_panel(sheet: &str, response: &ContrastResponse) -> Value {
    let high = |error: Option<f64>, mean: f64| mean + error.unwrap_or(0.0);
    let most =
        response.points.iter().map(|p| high(p.standard_error_hz, p.mean_hz)).fold(0.0, f64::max);
    let greatest = response.points.iter().map(|p| p.contrast_percent).fold(0.0, f64::max);
    let x = quantitative("c", Axis::linear(-0.02 * greatest, 1.04 * greatest), "Contrast (%)");
    let y_axis = Axis::linear(0.0, if most > 0.0 { 1.08 * most } else { 1.0 });
    let y = |field: &str| quantitative(field, y_axis, "Rate (Hz)");
    let points: Vec<Value> = response
        .points
        .iter()
        .map(|point| {
            let error = point.standard_error_hz.unwrap_or(0.0);
            json!({
                "c": point.contrast_percent, "r": rounded(point.mean_hz), "n": point.n,
                "low": rounded(point.mean_hz - error), "high": rounded(point.mean_hz + error),
            })
        })
        .collect();
    let n: Vec<_> =
        response.points.iter().filter(|p| p.contrast_percent > 0.0).map(|p| p.n).collect();
    let (least, greatest) = (n.iter().min().unwrap_or(&0), n.iter().max().unwrap_or(&0));
    let n = if least == greatest {
        format!("n = {least}")
    } else {
        format!("n = {least} to {greatest}")
    };
    panel(
        sheet,
        &n,
        &[
            json!({
                "data": {"values": points},
                "mark": {"type": "rule", "color": BLUE},
                "encoding": {"x": x, "y": y("low"), "y2": {"field": "high"}},
            }),
            json!({
                "data": {"values": points},
                "mark": {"type": "line", "color": BLUE, "point": {"size": 26, "color": BLUE}},
                "encoding": {
                    "x": x, "y": y("r"),
                    "tooltip": [
                        {"field": "c", "type": "quantitative", "title": "contrast (%)"},
                        {"field": "r", "type": "quantitative", "title": "mean rate (Hz)"},
                        {"field": "n", "type": "quantitative"},
                    ],
                },
            }),
        ],
    )
}

pub fn modulation(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let mut panels = vec![];
    let mut frequencies = vec![];
    for sheet in sheets {
        let Some(modulation) = &sheet.modulation else { continue };
        let histogram = Histogram {
            axis: Axis::linear(0.0, 2.0),
            bins: 20,
            title: "F1/F0",
            counted: "Cells",
            unit: "",
        };
        let mut view = histogram.panel(&sheet.sheet, &modulation.f1_over_f0.distribution);
        if let (Some(layers), Some(simple)) =
            (view["layer"].as_array_mut(), modulation.share_simple)
        {
            layers.push(json!({
                "data": {"values": [{}]},
                "mark": {"type": "rule", "style": "reference"},
                "encoding": {"x": datum(1.0)},
            }));
            let subtitle = view["title"]["subtitle"].as_str().unwrap_or_default();
            let subtitle = format!("{subtitle}, {} % simple", number(100.0 * simple));
            view["title"]["subtitle"] = json!(subtitle);
        }
        panels.push(view);
        let shown =
            format!("{} Hz, {} %", modulation.temporal_frequency_hz, modulation.contrast_percent);
        if !frequencies.contains(&shown) {
            frequencies.push(shown);
        }
    }
    if panels.is_empty() {
        return Err(NotEnough {
            needed: "cells that fire to a full-field grating that they prefer",
        });
    }
    let caption = format!(
        "Amplitude of the response at the temporal frequency of the full-field grating over its mean ({}), of the \
         n cells that prefer a grating shown and fire at least six spikes to it. Above 1 (dashed): simple cells; \
         below: complex cells. Line: median.",
        frequencies.join("; ")
    );
    Ok(Figure::new(
        "modulation",
        "Modulation by a drifting grating (F1/F0)",
        caption,
        rows(&panels, 4),
    ))
}
