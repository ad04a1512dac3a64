//! `evo_parameters`: where in the range of each parameter the candidates lay, over the generations.

use serde_json::{Value, json};

use crate::figure::rounded;
use crate::names::short_names;
use crate::panels::{self, grid, parameter_axis, quantitative};
use crate::theme::VERMILION;
use crate::{Figure, NotEnough, Parameter, Search};

/// Cells from bound to bound.
const ROWS: usize = 20;
/// Generations are joined into at most this many columns.
const COLUMNS: u64 = 40;
/// A best value this near to a bound, as a share of the range, makes a warning.
const PINNED: f64 = 0.02;

pub(crate) fn evo_parameters(search: &Search) -> Result<Figure, NotEnough> {
    let generations = search.generations();
    if generations == 0 {
        return Err(NotEnough { needed: "a generation of candidates" });
    }
    let joined = generations.div_ceil(COLUMNS).max(1);
    let columns = generations.div_ceil(joined);
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    let views: Vec<Value> = short_names(&paths)
        .iter()
        .enumerate()
        .map(|(i, name)| panel(search, i, name, joined, columns))
        .collect();
    let pinned = views.iter().filter(|view| view["title"]["subtitle"] != Value::Null).count();
    let mut caption = format!(
        "Share of each generation's candidates (horizontal) at each value from bound to bound, in the \
         model's units (vertical); n = {}. Line: best so far.",
        search.candidates.len()
    );
    if pinned > 0 {
        caption.push_str(&format!(
            " {pinned} of {} best values lie at a bound: a wider range may hold a better one.",
            views.len()
        ));
    }
    let view = grid(&views, &[]);
    Ok(Figure::new("evo_parameters", "Parameters over generations", caption, view))
}

fn panel(search: &Search, index: usize, name: &str, joined: u64, columns: u64) -> Value {
    let parameter = &search.parameters[index];
    let mut counts = vec![[0_u32; ROWS]; columns as usize];
    for candidate in &search.candidates {
        let column = (candidate.generation.saturating_sub(1) / joined) as usize;
        let row = (parameter.place(candidate.parameters[index]) * ROWS as f64) as usize;
        if let Some(column) = counts.get_mut(column) {
            column[row.min(ROWS - 1)] += 1;
        }
    }
    let mut cells = vec![];
    for (column, rows) in counts.iter().enumerate() {
        let total: u32 = rows.iter().sum();
        let from = column as u64 * joined + 1;
        for (row, &count) in rows.iter().enumerate().filter(|(_, count)| **count > 0) {
            let edge = |row: usize| rounded(parameter.at(row as f64 / ROWS as f64));
            cells.push(json!({
                "g": from, "h": from + joined, "low": edge(row), "high": edge(row + 1),
                "share": rounded(f64::from(count) / f64::from(total)),
            }));
        }
    }
    let best: Vec<Value> = (1..)
        .zip(search.best_so_far())
        .filter_map(|(generation, best)| {
            let (candidate, _) = best?;
            Some(json!({"g": generation, "v": rounded(candidate.parameters[index])}))
        })
        .collect();
    let end = (columns * joined + 1) as f64;
    let axis = parameter_axis(parameter);
    let x = json!({
        "field": "g", "type": "quantitative", "title": null,
        "scale": {"domain": [1, end], "nice": false, "zero": false},
        "axis": {"tickCount": 4, "format": "d", "labelFontSize": 8, "domain": false},
    });
    let y = |field: &str| quantitative(field, axis, None);
    let layers = [
        json!({
            "data": {"values": cells},
            "mark": {"type": "rect", "style": "plain"},
            "encoding": {
                "x": x, "x2": {"field": "h"}, "y": y("low"), "y2": {"field": "high"},
                "color": {
                    "field": "share", "type": "quantitative", "title": "Share of the generation",
                    "scale": {"domain": [0, 0.6], "clamp": true},
                    "legend": {"orient": "bottom", "format": ".0%", "values": [0, 0.2, 0.4, 0.6]},
                },
                "tooltip": [
                    {"field": "g", "type": "quantitative", "title": "generation"},
                    {"field": "low", "type": "quantitative", "title": "from"},
                    {"field": "high", "type": "quantitative", "title": "to"},
                    {"field": "share", "type": "quantitative", "format": ".0%"},
                ],
            },
        }),
        json!({
            "data": {"values": best},
            // Clipped, since what rises above the frame moves the title.
            "mark": {"type": "line", "interpolate": "step-after", "color": VERMILION, "clip": true},
            "encoding": {"x": x, "y": y("v")},
        }),
    ];
    let mut panel = panels::panel(name, &layers);
    if let Some(warning) = at_bound(search, index) {
        let title = &mut panel["title"];
        title["subtitle"] = json!(warning);
        title["subtitleColor"] = json!(VERMILION);
        title["subtitleFontSize"] = json!(8.5);
        title["subtitlePadding"] = json!(2);
    }
    panel
}

/// A warning, if the best value lies at a bound.
fn at_bound(search: &Search, index: usize) -> Option<&'static str> {
    let (best, _) = search.best()?;
    let parameter: &Parameter = &search.parameters[index];
    let place = parameter.place(best.parameters[index]);
    if place <= PINNED {
        Some("best at the lower bound")
    } else if place >= 1.0 - PINNED {
        Some("best at the upper bound")
    } else {
        None
    }
}
