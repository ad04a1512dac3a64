//! `orientation_tuning` and `orientation_selectivity`.

use inspection::{OrientationTuning, SheetInspection};
use serde_json::{Value, json};

use super::layout::{
    Histogram, datum, left_out, nothing, number, panel, quantile, quantitative, rows,
};
use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::{BLUE, GREY, OCHRE, VERMILION};
use crate::{Figure, NotEnough};

/// More points are thinned out.
const MOST_POINTS: usize = 700;
/// The colour of a contrast, highest first.
pub const CONTRASTS: [&str; 3] = [BLUE, OCHRE, GREY];

pub fn tuning(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let contrasts = contrasts(sheets);
    let mut panels = vec![];
    for sheet in sheets.iter().filter(|sheet| !sheet.orientation_tuning.is_empty()) {
        for &contrast in &contrasts {
            let title = format!("{}, contrast {contrast} %", sheet.sheet);
            let found = sheet.orientation_tuning.iter().find(|t| t.contrast_percent == contrast);
            panels.push(match found {
                Some(tuning) => absolute(&title, tuning),
                None => nothing(&title, "not shown"),
            });
        }
        panels.push(relative(&sheet.sheet, &sheet.orientation_tuning));
    }
    if panels.is_empty() {
        return Err(NotEnough { needed: "full-field gratings and orientation preferences" });
    }
    let legend: Vec<_> = contrasts.iter().zip(["blue", "ochre", "grey"]).collect();
    let legend: Vec<_> = legend.iter().map(|(c, name)| format!("{name}: {c} %")).collect();
    let caption = format!(
        "Response to full-field gratings by the difference of their orientation from the one that a cell \
         prefers by the map. Points: cells, each once for each orientation shown (n points; thinned out above \
         {MOST_POINTS}; those beyond the axis lie at its end). Circles with bars: mean and standard error in \
         bins of 10°. Line: Gaussian fitted to all points, with its half width at half height, where it explains at least half of the variance between the means (R²). Vermilion, \
         dashed: mean rate while nothing is shown. Last column: the means over that rate ({}).{}",
        legend.join(", "),
        left_out(sheets, |sheet| !sheet.orientation_tuning.is_empty())
    );
    let view = rows(&panels, contrasts.len() + 1);
    Ok(Figure::new("orientation_tuning", "Orientation tuning", caption, view))
}

/// The highest contrasts of all sheets, at most three.
fn contrasts(sheets: &[SheetInspection]) -> Vec<f64> {
    let all = sheets.iter().flat_map(|sheet| &sheet.orientation_tuning);
    let mut contrasts: Vec<f64> = all.map(|tuning| tuning.contrast_percent).collect();
    contrasts.sort_by(|a, b| b.total_cmp(a));
    contrasts.dedup();
    contrasts.truncate(CONTRASTS.len());
    contrasts
}

fn difference() -> Value {
    let mut encoding =
        quantitative("d", Axis::linear(-95.0, 95.0), "Difference from preferred (°)");
    encoding["axis"]["values"] = json!([-90, -45, 0, 45, 90]);
    encoding
}

fn absolute(title: &str, tuning: &OrientationTuning) -> Value {
    let means = tuning.bins.iter().map(|bin| bin.mean_hz + bin.standard_error_hz.unwrap_or(0.0));
    let most = means
        .chain(tuning.spontaneous_hz)
        .chain([quantile(tuning.rates_hz.iter().copied(), 0.98)])
        .fold(0.0, f64::max);
    let y = Axis::linear(0.0, if most > 0.0 { 1.05 * most } else { 1.0 });
    let rate = |field: &str| quantitative(field, y, "Rate (Hz)");
    let step = tuning.rates_hz.len().div_ceil(MOST_POINTS).max(1);
    let points: Vec<Value> = (0..tuning.rates_hz.len())
        .step_by(step)
        .map(|i| {
            json!({
                "d": rounded(tuning.differences_deg[i]), "r": rounded(tuning.rates_hz[i]),
                "cell": tuning.neurons[i],
            })
        })
        .collect();
    let mut layers = vec![json!({
        "data": {"values": points},
        "mark": {"type": "point", "size": 5, "color": GREY, "fillOpacity": 0.45},
        "encoding": {
            "x": difference(), "y": rate("r"),
            "tooltip": [
                {"field": "cell", "type": "quantitative"},
                {"field": "d", "type": "quantitative", "title": "difference (°)"},
                {"field": "r", "type": "quantitative", "title": "rate (Hz)"},
            ],
        },
    })];
    if let Some(spontaneous) = tuning.spontaneous_hz {
        layers.push(dashed(spontaneous));
    }
    if let Some(fit) = &tuning.fit {
        let curve: Vec<Value> = (-45..=45)
            .map(|i| 2.0 * f64::from(i))
            .map(|d| json!({"d": d, "r": rounded(fit.rate_hz(d))}))
            .collect();
        layers.push(json!({
            "data": {"values": curve},
            "mark": {"type": "line", "color": BLUE, "strokeWidth": 1.2},
            "encoding": {"x": difference(), "y": rate("r")},
        }));
    }
    let bins: Vec<Value> = tuning
        .bins
        .iter()
        .map(|bin| {
            let error = bin.standard_error_hz.unwrap_or(0.0);
            json!({
                "d": bin.centre_deg, "r": rounded(bin.mean_hz), "n": bin.n,
                "low": rounded(bin.mean_hz - error), "high": rounded(bin.mean_hz + error),
            })
        })
        .collect();
    layers.push(json!({
        "data": {"values": bins},
        "mark": {"type": "rule", "color": BLUE, "strokeWidth": 1.2},
        "encoding": {"x": difference(), "y": rate("low"), "y2": {"field": "high"}},
    }));
    layers.push(json!({
        "data": {"values": bins},
        "mark": {"type": "point", "size": 26, "color": BLUE},
        "encoding": {
            "x": difference(), "y": rate("r"),
            "tooltip": [
                {"field": "d", "type": "quantitative", "title": "difference (°)"},
                {"field": "r", "type": "quantitative", "title": "mean rate (Hz)"},
                {"field": "n", "type": "quantitative", "title": "points"},
            ],
        },
    }));
    let width = match (tuning.fit, tuning.explained_between_bins) {
        (Some(fit), Some(share)) => {
            format!("HWHH {}° (R² {share:.2})", number(fit.half_width_deg))
        }
        (_, Some(share)) => format!("no tuning (R² {share:.2})"),
        _ => "no Gaussian fits".to_owned(),
    };
    panel(
        title,
        &format!("n = {}, {} cells; {width}", tuning.rates_hz.len(), tuning.cells),
        &layers,
    )
}

fn dashed(y: f64) -> Value {
    json!({
        "data": {"values": [{}]},
        "mark": {"type": "rule", "color": VERMILION, "strokeDash": [4, 3], "strokeWidth": 1.2},
        "encoding": {"y": datum(y)},
    })
}

fn relative(sheet: &str, tunings: &[OrientationTuning]) -> Value {
    let shown = &tunings[..tunings.len().min(CONTRASTS.len())];
    let values = shown.iter().flat_map(|tuning| &tuning.bins);
    let most = values.filter_map(|bin| bin.relative_to_spontaneous).fold(f64::NAN, f64::max);
    if most.is_nan() {
        return nothing(sheet, "no activity without a stimulus");
    }
    let y = Axis::linear(0.0, 1.08 * most.max(1.0));
    let mut layers = vec![dashed(1.0)];
    for (tuning, colour) in shown.iter().zip(CONTRASTS) {
        let rows: Vec<Value> = tuning
            .bins
            .iter()
            .filter_map(|bin| {
                let relative = rounded(bin.relative_to_spontaneous?);
                Some(json!({"d": bin.centre_deg, "r": relative, "n": bin.n}))
            })
            .collect();
        layers.push(json!({
            "data": {"values": rows},
            "mark": {"type": "line", "color": colour, "point": {"size": 20, "color": colour}},
            "encoding": {
                "x": difference(),
                "y": quantitative("r", y, "Rate / spontaneous rate"),
            },
        }));
    }
    let resting: Vec<_> = shown.iter().filter_map(|tuning| tuning.spontaneous_hz).take(1).collect();
    let resting =
        resting.first().map_or_else(String::new, |r| format!("spontaneous {} Hz", number(*r)));
    panel(&format!("{sheet}, relative"), &resting, &layers)
}

fn half_widths(title: &str, tuning: &OrientationTuning) -> Value {
    let (widths, cells) = (&tuning.half_width_deg.distribution, tuning.cells_with_a_curve);
    let Some(median) = widths.median else {
        let why = if cells == 0 { "no curves" } else { "no cell is tuned" };
        return nothing(title, &format!("{why} (n = {cells})"));
    };
    let histogram = Histogram {
        axis: Axis::linear(0.0, 110.0),
        bins: 22,
        title: "Half width at half height (°)",
        counted: "Cells",
        unit: "°",
    };
    let mut panel = histogram.panel(title, widths);
    let subtitle = format!("n = {} of {cells} cells tuned, median {}°", widths.n, number(median));
    panel["title"]["subtitle"] = json!(subtitle);
    panel
}

pub fn selectivity(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let contrasts = contrasts(sheets);
    let widths = sheets
        .iter()
        .flat_map(|sheet| &sheet.orientation_tuning)
        .any(|tuning| tuning.cells_with_a_curve > 0);
    let mut panels = vec![];
    for sheet in sheets.iter().filter(|sheet| !sheet.orientation_tuning.is_empty()) {
        for &contrast in &contrasts {
            let title = format!("{}, contrast {contrast} %", sheet.sheet);
            let found = sheet.orientation_tuning.iter().find(|t| t.contrast_percent == contrast);
            let Some(tuning) = found else {
                panels.push(nothing(&title, "not shown"));
                continue;
            };
            let index = Histogram {
                axis: Axis::linear(-1.0, 1.0),
                bins: 20,
                title: "Orientation selectivity index",
                counted: "Cells",
                unit: "",
            };
            panels.push(index.panel(&title, &tuning.selectivity.distribution));
            if widths {
                panels.push(half_widths(&title, tuning));
            }
        }
    }
    let shown = |sheet: &SheetInspection| {
        sheet.orientation_tuning.iter().any(|tuning| tuning.selectivity.distribution.n > 0)
    };
    if !sheets.iter().any(shown) {
        return Err(NotEnough {
            needed: "cells that were shown their preferred orientation and the orthogonal one",
        });
    }
    let missing = if widths {
        " Half width of a Gaussian fitted to each cell's responses, of tuned cells: it explains at least half of their variance."
    } else {
        " The half width of single cells takes gratings of five orientations."
    };
    let caption = format!(
        "(p − o)/(p + o) of n cells: p is the rate at the orientation that the cell prefers by the map, o \
         that at the orthogonal one, of cells that were shown both (to 0.1 rad) and fire to either. 1: \
         silent at the orthogonal; 0: not selective. Line: median.{missing}{}",
        left_out(sheets, |sheet| !sheet.orientation_tuning.is_empty())
    );
    let view = rows(&panels, contrasts.len() * (1 + usize::from(widths)));
    Ok(Figure::new("orientation_selectivity", "Orientation selectivity of cells", caption, view))
}
