//! `scores` and `scores_over_time`: which targets are met, and when they were.

use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::statistics::quantile;
use crate::theme::{GREEN, GREY, OCHRE, VERMILION};
use crate::{Figure, NotEnough, Search};

const MET: &str = "within the norm (≤ 1)";
const NEAR: &str = "up to 3 norms away";
const MISSED: &str = "more than 3 norms away";

/// The scores of the recommended candidate, worst first.
pub(crate) fn scores(search: &Search) -> Result<Figure, NotEnough> {
    let needed = NotEnough { needed: "a completed simulation" };
    let (best, outcome) = search.best().ok_or(needed)?;
    let initial = search.finished().find(|(candidate, _)| candidate.number == 0);
    let initial = initial.filter(|(candidate, _)| candidate.number != best.number);
    let mut order: Vec<usize> = (0..search.targets.len()).collect();
    order.sort_by(|&a, &b| outcome.scores[b].total_cmp(&outcome.scores[a]));
    let rows: Vec<Value> = order
        .iter()
        .map(|&i| {
            let (target, score) = (&search.targets[i], outcome.scores[i]);
            let unit = target.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
            let value = outcome.values[i].map_or_else(|| "none".to_owned(), amount);
            json!({
                "target": target.name,
                "score": rounded(score),
                "initial": initial.map(|(_, outcome)| rounded(outcome.scores[i])),
                "met": if score <= 1.0 { MET } else if score <= 3.0 { NEAR } else { MISSED },
                "value": format!("{value}{unit}"),
                "wanted": format!("{}{unit}", target.wanted),
                "text": format!("{value} (wanted {}{unit})", target.wanted),
            })
        })
        .collect();
    let names: Vec<&str> = order.iter().map(|&i| search.targets[i].name.as_str()).collect();
    let worst = outcome.scores.iter().copied().fold(1.5, f64::max);
    let axis = Axis::linear(0.0, 1.1 * worst);
    let ticks: Vec<Value> = axis.ticks(6).into_iter().map(rounded).collect();
    let x = |field: &str| {
        json!({
            "field": field, "type": "quantitative", "scale": axis.scale(),
            "title": "Score: distance from what is wanted, in norms", "axis": {"values": ticks},
        })
    };
    let y = json!({"field": "target", "type": "nominal", "sort": names, "axis": {"title": null, "labelPadding": 7},
        "scale": {"domain": names}});
    let met = outcome.scores.iter().filter(|&&score| score <= 1.0).count();
    let mut caption = format!(
        "Candidate {} of generation {}: total {}, {met} of {} targets within their norm; one simulation.",
        best.number,
        best.generation,
        amount(outcome.total),
        names.len()
    );
    let mut layers = vec![
        json!({
            "mark": {"type": "bar"},
            "encoding": {
                "y": y, "x": x("score"),
                "color": {
                    "field": "met", "type": "nominal",
                    "scale": {"domain": [MET, NEAR, MISSED], "range": [GREEN, OCHRE, VERMILION]},
                    "legend": {"title": null, "orient": "top", "columns": 3},
                },
                "tooltip": [
                    {"field": "target", "type": "nominal"}, {"field": "value", "type": "nominal"},
                    {"field": "wanted", "type": "nominal"}, {"field": "score", "type": "quantitative"},
                    {"field": "initial", "type": "quantitative", "title": "score of candidate 0"},
                ],
            },
        }),
        json!({
            "data": {"values": [{}]},
            "mark": {"type": "rule", "style": "reference"},
            "encoding": {"x": {"datum": 1, "type": "quantitative"}},
        }),
    ];
    if initial.is_some() {
        caption
            .push_str(" Hollow marks: candidate 0, at the end of the axis where it scored more.");
        layers.insert(
            1,
            json!({
                "mark": {"type": "point", "filled": false, "size": 26, "color": GREY, "strokeOpacity": 1},
                "encoding": {"y": y, "x": x("initial")},
            }),
        );
    }
    let mut beside = y.clone();
    beside["axis"] = Value::Null;
    let view = json!({
        "data": {"values": rows},
        "bounds": "flush",
        "spacing": 8,
        "hconcat": [
            {"width": 300, "height": {"step": 14}, "layer": layers},
            {
                "width": 130, "height": {"step": 14},
                "mark": {"type": "text", "align": "left"},
                "encoding": {
                    "y": beside, "x": {"value": 0}, "text": {"field": "text", "type": "nominal"},
                },
            },
        ],
    });
    Ok(Figure::new("scores", "Scores of the best candidate by target", caption, view))
}

/// Columns that generations are joined into at most.
const COLUMNS: u64 = 120;
/// Scores above are drawn alike.
const WORST_COLOUR: f64 = 5.0;

/// The median score of each target, generation by generation.
pub(crate) fn scores_over_time(search: &Search) -> Result<Figure, NotEnough> {
    let generations = search.generations();
    if search.completed().next().is_none() {
        return Err(NotEnough { needed: "a completed simulation" });
    }
    let joined = generations.div_ceil(COLUMNS).max(1);
    let columns = generations.div_ceil(joined);
    let mut rows = vec![];
    for column in 0..columns {
        let (first, last) = (column * joined + 1, ((column + 1) * joined).min(generations));
        let outcomes: Vec<_> = search
            .completed()
            .filter(|(candidate, _)| (first..=last).contains(&candidate.generation))
            .map(|(_, outcome)| outcome)
            .collect();
        for (i, target) in search.targets.iter().enumerate() {
            let mut scores: Vec<f64> = outcomes.iter().map(|outcome| outcome.scores[i]).collect();
            scores.sort_by(f64::total_cmp);
            if let Some(median) = quantile(&scores, 0.5) {
                rows.push(json!({
                    "target": target.name, "from": first, "to": last + 1, "score": rounded(median),
                    "n": scores.len(),
                }));
            }
        }
    }
    let names: Vec<&str> = search.targets.iter().map(|target| target.name.as_str()).collect();
    // Cells of whole pixels have no seams.
    let step = (420 / columns.max(1)).clamp(3, 14);
    let ticks: Vec<f64> = Axis::linear(1.0, generations as f64).ticks(8);
    let ticks: Vec<f64> =
        ticks.into_iter().filter(|tick| tick.fract() == 0.0 && *tick >= 1.0).collect();
    let grouped = if joined > 1 { format!(" of {joined} generations each") } else { String::new() };
    let caption = format!(
        "Median score of the completed candidates of each generation{grouped}, in norms; n = {}. From \
         {WORST_COLOUR} norms on, the colour is the same.",
        search.completed().count()
    );
    let view = json!({
        "data": {"values": rows},
        "width": step * columns, "height": {"step": 13},
        "mark": {"type": "rect", "style": "plain"},
        "encoding": {
            "x": {
                "field": "from", "type": "quantitative", "title": "Generation",
                "scale": {"domain": [1, columns * joined + 1], "nice": false, "zero": false},
                "axis": {"values": ticks, "format": "d"},
            },
            "x2": {"field": "to"},
            "y": {
                "field": "target", "type": "nominal", "sort": names, "axis": {"title": null},
                "scale": {"paddingInner": 0.08},
            },
            "color": {
                "field": "score", "type": "quantitative", "title": "Median score",
                "scale": {"domain": [0, WORST_COLOUR], "clamp": true},
            },
            "tooltip": [
                {"field": "target", "type": "nominal"},
                {"field": "from", "type": "quantitative", "title": "generation"},
                {"field": "score", "type": "quantitative"}, {"field": "n", "type": "quantitative"},
            ],
        },
    });
    Ok(Figure::new("scores_over_time", "Scores by target over generations", caption, view))
}

/// A number with three significant digits.
pub(crate) fn amount(value: f64) -> String {
    let shortest = format!("{value:.2e}").parse::<f64>().unwrap_or(value);
    if shortest == 0.0 || (1e-4..1e6).contains(&shortest.abs()) {
        format!("{shortest}")
    } else {
        format!("{shortest:e}")
    }
}
