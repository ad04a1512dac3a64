//! `size_tuning` and `size_tuning_cells`.

use inspection::{CellSizeTuning, SheetInspection, SizeTuning, SizeTuningFit};
use serde_json::{Value, json};

use super::layout::{Histogram, left_out, nothing, number, panel, quantitative, rows};
use super::orientation::CONTRASTS;
use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::{BLUE, VERMILION};
use crate::{Figure, NotEnough};

/// Example cells of each sheet.
const EXAMPLES: usize = 4;

pub fn tuning(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let mut panels = vec![];
    for sheet in sheets {
        let Some(highest) = sheet.size_tuning.first() else { continue };
        panels.push(mean(&sheet.sheet, &sheet.size_tuning));
        let index = |title, high: f64| Histogram {
            axis: Axis::linear(0.0, high),
            bins: 20,
            title,
            counted: "Cells",
            unit: "",
        };
        let suppression = index("Suppression index", 1.0);
        panels.push(suppression.panel(&sheet.sheet, &highest.suppression_index.distribution));
        let counter = index("Counter-suppression index", 1.0);
        panels.push(counter.panel(&sheet.sheet, &highest.counter_suppression_index.distribution));
        let error = index("Error of the fit", 1.0);
        panels.push(error.panel(&sheet.sheet, &highest.relative_error.distribution));
    }
    if panels.is_empty() {
        return Err(NotEnough { needed: "gratings in disks of several radii" });
    }
    let caption = format!(
        "Response to gratings in disks, of the n cells within 1° of the centre that prefer the orientation \
         shown: mean over cells and standard error ({}), and the mean of the fitted curves (thin). The other \
         columns are read off the curve fitted to each cell at the highest contrast: suppression index (peak − \
         trough)/peak, counter-suppression index (rebound − trough)/peak, and the error of the fit, \
         |curve − data|/|data − mean|. Line: median.{}",
        legend(sheets),
        left_out(sheets, |sheet| !sheet.size_tuning.is_empty())
    );
    Ok(Figure::new("size_tuning", "Size tuning", caption, rows(&panels, 4)))
}

fn legend(sheets: &[SheetInspection]) -> String {
    let longest = sheets.iter().map(|sheet| &sheet.size_tuning).max_by_key(|all| all.len());
    let names = longest.into_iter().flatten().zip(["blue", "ochre", "grey"]);
    let names: Vec<_> =
        names.map(|(t, name)| format!("{name}: {} %", t.contrast_percent)).collect();
    names.join(", ")
}

fn radius(tuning: &SizeTuning) -> Value {
    let greatest = tuning.radii_deg.iter().copied().fold(0.0, f64::max);
    quantitative("radius", Axis::linear(0.0, 1.03 * greatest), "Radius (°)")
}

fn mean(sheet: &str, tunings: &[SizeTuning]) -> Value {
    let shown = || tunings.iter().zip(CONTRASTS);
    let highest = shown().flat_map(|(tuning, _)| {
        let errors = tuning.standard_error_hz.iter().map(|error| error.unwrap_or(0.0));
        tuning.mean_hz.iter().zip(errors).map(|(mean, error)| mean + error)
    });
    let most = highest.fold(0.0, f64::max);
    let y = Axis::linear(0.0, if most > 0.0 { 1.08 * most } else { 1.0 });
    let mut layers = vec![];
    for (tuning, colour) in shown() {
        let x = radius(&tunings[0]);
        let rate = |field: &str| quantitative(field, y, "Rate (Hz)");
        let means = tuning.radii_deg.iter().zip(&tuning.mean_hz).zip(&tuning.standard_error_hz);
        let points: Vec<Value> = means
            .map(|((&radius, &mean), error)| {
                let error = error.unwrap_or(0.0);
                json!({
                    "radius": rounded(radius), "r": rounded(mean),
                    "low": rounded(mean - error), "high": rounded(mean + error),
                })
            })
            .collect();
        let fits: Vec<_> = tuning.cells.iter().filter_map(|cell| cell.fit.as_ref()).collect();
        if !fits.is_empty() {
            let mean_at = |r: f64| {
                // Cells that do not fire belong to the mean.
                fits.iter().map(|fit| fit.rate_hz(r)).sum::<f64>() / tuning.cells.len() as f64
            };
            layers.push(curve(&tunings[0], mean_at, &x, &rate("r"), colour));
        }
        layers.push(json!({
            "data": {"values": points},
            "mark": {"type": "rule", "color": colour},
            "encoding": {"x": x, "y": rate("low"), "y2": {"field": "high"}},
        }));
        layers.push(json!({
            "data": {"values": points},
            "mark": {"type": "point", "size": 22, "color": colour, "opacity": 1},
            "encoding": {
                "x": x, "y": rate("r"),
                "tooltip": [
                    {"field": "radius", "type": "quantitative", "title": "radius (°)"},
                    {"field": "r", "type": "quantitative", "title": "mean rate (Hz)"},
                ],
            },
        }));
    }
    let fitted = tunings[0].suppression_index.distribution.n;
    let subtitle = format!("n = {} cells, {fitted} fitted", tunings[0].cells.len());
    panel(sheet, &subtitle, &layers)
}

/// A fitted curve where there are data: below the smallest disk it may do anything.
fn curve(
    tuning: &SizeTuning,
    at: impl Fn(f64) -> f64,
    x: &Value,
    y: &Value,
    colour: &str,
) -> Value {
    let radii = || tuning.radii_deg.iter().copied();
    let (least, greatest) = (radii().fold(f64::INFINITY, f64::min), radii().fold(0.0, f64::max));
    let rows: Vec<Value> = (0..=80)
        .map(|i| least + (greatest - least) * f64::from(i) / 80.0)
        .map(|r| json!({"radius": rounded(r), "r": rounded(at(r))}))
        .collect();
    json!({
        "data": {"values": rows},
        "mark": {"type": "line", "color": colour, "strokeWidth": 1},
        "encoding": {"x": x, "y": y},
    })
}

pub fn cells(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let mut panels = vec![];
    for sheet in sheets {
        let Some(tuning) = sheet.size_tuning.first() else { continue };
        let mut fitted: Vec<_> =
            tuning.cells.iter().filter_map(|cell| Some((cell, cell.fit.as_ref()?))).collect();
        if fitted.is_empty() {
            continue;
        }
        fitted.sort_by(|a, b| a.1.relative_error.total_cmp(&b.1.relative_error));
        let most = fitted.len() - 1;
        for i in 0..EXAMPLES {
            // The best fit, the worst, and some in between.
            let place = (most * i).div_ceil(EXAMPLES - 1);
            panels.push(if i <= most {
                let (cell, fit) = fitted[place];
                example(&sheet.sheet, tuning, cell, fit)
            } else {
                nothing(&sheet.sheet, "no further cell")
            });
        }
    }
    if panels.is_empty() {
        return Err(NotEnough { needed: "cells that fire to gratings in disks of eight radii" });
    }
    let caption = "Response of single cells (circles: mean rate over trials) to gratings in disks at the highest \
         contrast, and the fitted curve: Kc·erf(r/a)² − Ks·erf(r/(a+b))² + Kf·erf(r/(a+b+c))² + R0, nothing \
         negative. Of each sheet from the smallest error of the fit (left) to the largest (right), n = 1 cell in \
         each panel. SI: suppression index, CSI: counter-suppression index.";
    Ok(Figure::new(
        "size_tuning_cells",
        "Size tuning of single cells",
        caption,
        rows(&panels, EXAMPLES),
    ))
}

fn example(sheet: &str, tuning: &SizeTuning, cell: &CellSizeTuning, fit: &SizeTuningFit) -> Value {
    let most = cell.rates_hz.iter().copied().fold(fit.peak_hz, f64::max);
    let y = quantitative("r", Axis::linear(0.0, 1.08 * most), "Rate (Hz)");
    let x = radius(tuning);
    let points: Vec<Value> = tuning
        .radii_deg
        .iter()
        .zip(&cell.rates_hz)
        .map(|(&radius, &rate)| json!({"radius": rounded(radius), "r": rounded(rate)}))
        .collect();
    let layers = [
        json!({
            "data": {"values": points},
            "mark": {"type": "point", "size": 22, "color": BLUE, "opacity": 1},
            "encoding": {"x": x, "y": y},
        }),
        curve(tuning, |r| fit.rate_hz(r), &x, &y, VERMILION),
    ];
    let subtitle = format!(
        "SI {}, CSI {}, error {}",
        number(fit.suppression_index),
        number(fit.counter_suppression_index),
        number(fit.relative_error)
    );
    panel(&format!("{sheet}, cell {}", cell.neuron), &subtitle, &layers)
}
