//! `evo_fitness`: how the total fell over the generations.

use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::statistics::quantile;
use crate::theme::{BLUE, VERMILION};
use crate::{Figure, NotEnough, Search};

const WIDTH: u32 = 460;
/// Up to this many generations, each is marked by a point.
const MARKED: u64 = 40;

pub(crate) fn evo_fitness(search: &Search) -> Result<Figure, NotEnough> {
    let best = search.best_so_far();
    if best.iter().all(Option::is_none) {
        return Err(NotEnough { needed: "a completed simulation" });
    }
    let mut rows = vec![];
    let mut most_failed = 0;
    for (generation, (best, Generation { mut totals, failed })) in
        (1..).zip(best.iter().zip(by_generation(search)))
    {
        totals.sort_by(f64::total_cmp);
        most_failed = most_failed.max(failed);
        let total = |share: f64| quantile(&totals, share).map(rounded);
        rows.push(json!({
            "generation": generation,
            "best": best.map(|(_, outcome)| rounded(outcome.total)),
            "candidate": best.map(|(candidate, _)| candidate.number),
            "least": total(0.0), "q25": total(0.25), "median": total(0.5), "q75": total(0.75),
            "greatest": total(1.0),
            "completed": totals.len(),
            "failed": failed,
        }));
    }
    let completed = search.completed().count();
    let failed = search.finished().count() - completed;
    let caption = format!(
        "n = {completed} completed simulations in {} generations; {failed} that failed are counted \
         below and are not in the quantiles.",
        best.len()
    );
    let view = json!({
        "data": {"values": rows},
        "bounds": "flush",
        "spacing": 28,
        "vconcat": [totals(search), failures(search, most_failed)],
    });
    Ok(Figure::new("evo_fitness", "Total score over generations", caption, view))
}

/// What came of a generation.
#[derive(Default, Clone)]
struct Generation {
    /// Of those that completed.
    totals: Vec<f64>,
    failed: usize,
}

fn by_generation(search: &Search) -> Vec<Generation> {
    let mut generations = vec![Generation::default(); search.generations() as usize];
    for (candidate, outcome) in search.finished() {
        let place = (candidate.generation as usize).wrapping_sub(1);
        let Some(generation) = generations.get_mut(place) else { continue };
        if outcome.completed() {
            generation.totals.push(outcome.total);
        } else {
            generation.failed += 1;
        }
    }
    generations
}

fn generations(search: &Search, title: Option<&str>) -> Value {
    let axis = Axis::linear(0.5, search.generations() as f64 + 0.5);
    let whole = |tick: &f64| tick.fract() == 0.0;
    let ticks: Vec<Value> = axis.ticks(8).into_iter().filter(whole).map(rounded).collect();
    json!({
        "field": "generation", "type": "quantitative", "title": title, "scale": axis.scale(),
        "axis": {"values": ticks, "format": "d", "labels": title.is_some()},
    })
}

fn totals(search: &Search) -> Value {
    let axis = Axis::around(search.completed().map(|(_, outcome)| outcome.total));
    let ticks: Vec<Value> = axis.ticks(7).into_iter().map(rounded).collect();
    let y = |field: &str| {
        json!({
            "field": field, "type": "quantitative", "scale": axis.scale(),
            "title": "Total score (sum over targets, in norms)",
            "axis": {"values": ticks, "grid": true, "format": "~r"},
        })
    };
    let series = ["best so far", "median", "25 – 75 %", "least – greatest"];
    let colours = [VERMILION, BLUE, "#7fb8dd", "#a9b4be"];
    let colour = |name: &str| json!({"datum": name, "type": "nominal"});
    // Scale and legend of a colour belong to a field: nothing is drawn of these rows.
    let names: Vec<Value> = series.iter().map(|name| json!({"series": name})).collect();
    let legend = json!({
        "data": {"values": names},
        "mark": {"type": "square", "opacity": 0},
        "encoding": {
            "color": {
                "field": "series", "type": "nominal",
                "scale": {"domain": series, "range": colours},
                "legend": {"title": null, "orient": "right", "symbolType": "square"},
            },
        },
    });
    let x = generations(search, None);
    let band = |low: &str, high: &str, opacity: f64, name: &str| {
        json!({
            "mark": {"type": "area", "fillOpacity": opacity, "clip": true},
            "encoding": {"x": x, "y": y(low), "y2": {"field": high}, "color": colour(name)},
        })
    };
    let point = search.generations() <= MARKED;
    let line = |field: &str, width: f64, shape: &str, name: &str| {
        let point = if point { json!({"size": 14}) } else { json!(false) };
        json!({
            "mark": {"type": "line", "strokeWidth": width, "interpolate": shape, "point": point},
            "encoding": {"x": x, "y": y(field), "color": colour(name)},
        })
    };
    let told = |field: &str, title: &str| json!({"field": field, "type": "quantitative", "format": ".4~r", "title": title});
    let tooltip = [
        told("generation", "generation"),
        told("best", "best so far"),
        told("candidate", "candidate"),
        told("least", "least"),
        told("q25", "25 %"),
        told("median", "median"),
        told("q75", "75 %"),
        told("greatest", "greatest"),
        told("completed", "completed"),
        told("failed", "failed"),
    ];
    let mut best = line("best", 2.0, "step-after", series[0]);
    best["params"] = json!([{"name": "zoom", "select": "interval", "bind": "scales"}]);
    json!({
        "width": WIDTH, "height": 260,
        "layer": [
            legend,
            band("least", "greatest", 0.3, series[3]),
            band("q25", "q75", 0.5, series[2]),
            line("median", 1.2, "linear", series[1]),
            best,
            {
                "mark": {"type": "rule", "strokeWidth": 8, "strokeOpacity": 0},
                "encoding": {"x": x, "tooltip": tooltip},
            },
        ],
    })
}

/// `most`: failed in one generation.
fn failures(search: &Search, most: usize) -> Value {
    let axis = Axis::linear(0.0, most.max(1) as f64);
    let width = (f64::from(WIDTH) / search.generations() as f64 * 0.8).clamp(1.0, 14.0);
    json!({
        "width": WIDTH, "height": 44,
        "mark": {"type": "bar", "width": width, "color": VERMILION},
        "encoding": {
            "x": generations(search, Some("Generation")),
            "y": {
                "field": "failed", "type": "quantitative", "title": "Failed", "scale": axis.scale(),
                "axis": {"values": [0, most.max(1)], "format": "d"},
            },
            "tooltip": [
                {"field": "generation", "type": "quantitative"},
                {"field": "failed", "type": "quantitative"},
            ],
        },
    })
}
