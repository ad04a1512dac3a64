//! `convergence`: several searches in one picture.

use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::theme::{BLUE, GREEN, GREY, OCHRE, PURPLE, VERMILION};
use crate::{Figure, NotEnough, Search};

/// Searches beyond this many share colours.
const COLOURS: [&str; 6] = [BLUE, VERMILION, GREEN, PURPLE, OCHRE, GREY];

impl Search {
    /// After how many finished simulations the total fell to what, in the order in which they
    /// ended.
    pub fn improvements(&self) -> Vec<(usize, f64)> {
        let mut finished: Vec<_> = self.finished().collect();
        finished.sort_by(|(a, _), (b, _)| {
            let time = |candidate: &crate::Candidate| candidate.finished_h.unwrap_or(0.0);
            time(a).total_cmp(&time(b))
        });
        let mut least = f64::INFINITY;
        let improved = |(i, (_, outcome)): (usize, (&_, &crate::Outcome))| {
            let improves = outcome.completed() && outcome.total < least;
            if improves {
                least = outcome.total;
            }
            improves.then_some((i + 1, outcome.total))
        };
        finished.into_iter().enumerate().filter_map(improved).collect()
    }
}

/// The least total of each named search against its number of simulations.
///
/// # Errors
/// When nothing was measured in any of them.
pub fn convergence(searches: &[(&str, &Search)]) -> Result<Figure, NotEnough> {
    let mut rows: Vec<Value> = vec![];
    let mut totals = vec![];
    let mut longest = 1;
    let mut counts = vec![];
    for (name, search) in searches {
        let simulations = search.finished().count();
        longest = longest.max(simulations);
        counts.push(format!("{name}: n = {simulations}"));
        let improvements = search.improvements();
        // The line goes on to the last simulation.
        let end = improvements.last().map(|&(_, total)| (simulations, total));
        for (count, total) in improvements.into_iter().chain(end) {
            totals.push(total);
            rows.push(json!({"search": name, "simulations": count, "total": rounded(total)}));
        }
    }
    if rows.is_empty() {
        return Err(NotEnough { needed: "a completed simulation" });
    }
    let names: Vec<&str> = searches.iter().map(|(name, _)| *name).collect();
    let colours: Vec<&str> = COLOURS.into_iter().cycle().take(names.len()).collect();
    let x = Axis::linear(0.0, longest as f64);
    let y = Axis::around(totals);
    let ticks =
        |axis: Axis, count| -> Vec<Value> { axis.ticks(count).into_iter().map(rounded).collect() };
    let caption = format!(
        "Least total of a completed simulation so far, against the simulations that had ended, failures included. {}. Totals \
         can be compared where targets and norms are the same; one search of each kind may be luck.",
        counts.join("; ")
    );
    let view = json!({
        "data": {"values": rows},
        "width": 520, "height": 280,
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.8},
        "params": [{"name": "zoom", "select": "interval", "bind": "scales"}],
        "encoding": {
            "x": {
                "field": "simulations", "type": "quantitative", "title": "Simulations",
                "scale": x.scale(), "axis": {"values": ticks(x, 8), "format": "d"},
            },
            "y": {
                "field": "total", "type": "quantitative", "scale": y.scale(),
                "title": "Total score (sum over targets, in norms)",
                "axis": {"values": ticks(y, 7), "grid": true, "format": "~r"},
            },
            "color": {
                "field": "search", "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": {
                    "title": null, "orient": "bottom", "direction": "vertical", "symbolType": "stroke",
                    "labelLimit": 500,
                },
            },
            "tooltip": [
                {"field": "search", "type": "nominal"},
                {"field": "simulations", "type": "quantitative"},
                {"field": "total", "type": "quantitative"},
            ],
        },
    });
    Ok(Figure::new("convergence", "Convergence of the searches", caption, view))
}
