//! `predictions`: what the model of a search expects of points that it is not told, and what was
//! seen there.

use optimizers::{Coordinate, Knowledge, Prediction, Predictions};
use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::model::{Model, in_words, model};
use crate::names::panel_title;
use crate::panels::grid;
use crate::scores::amount;
use crate::statistics::quantile;
use crate::theme::GREY;
use crate::{Figure, NotEnough, Search};

/// More points than this are thinned out in each panel.
const SHOWN: usize = 100;
/// Standard deviations of an interval that holds 90 %.
const INTERVAL: f64 = 1.645;
/// Width and height of a panel.
const SIDE: u32 = 112;

pub(crate) fn predictions(search: &Search) -> Result<Figure, NotEnough> {
    let model = model(search)?;
    let known = &model.insight.targets;
    let targets = search.targets.iter().zip(known).filter_map(|(target, known)| {
        let unit = target.unit.as_ref().map_or_else(String::new, |unit| format!(" ({unit})"));
        Some((format!("{}{unit}", target.name), known.as_ref()?))
    });
    let all = std::iter::once(("Total score".to_owned(), &model.insight.total)).chain(targets);
    let all: Vec<(String, &Knowledge)> = all.collect();
    let views: Vec<Value> = all.iter().map(|(name, known)| panel(name, known, model)).collect();
    let of_all = || all.iter().flat_map(|(_, known)| &known.predictions);
    let points: usize = of_all().map(|it| it.points.len()).sum();
    let within: f64 = of_all().map(|it| it.within * it.points.len() as f64).sum();
    let most = of_all().map(|it| it.points.len()).max().unwrap_or(0);
    let shown = if most > SHOWN { format!(" (at most {SHOWN} are drawn)") } else { String::new() };
    let never = known.iter().filter(|known| known.is_none()).count();
    let never = match never {
        0 => String::new(),
        _ => format!(" Targets that were never measured: {never}."),
    };
    let caption = format!(
        "{} Each point{shown} was left out and predicted from the others (vertical, with the interval that \
         should hold 90 % of what is seen), against what was seen (horizontal); {:.0} % of all are within \
         their interval. On the dashed line both agree. Axes are those of the model: logarithmic far from \
         what is wanted; what is beyond lies at the end. Faint: far from everything good, where the model \
         looks less closely. R²: the share of the variance that is predicted; grey: less than 0.25, \
         unexplained.{never}",
        model.source(),
        100.0 * within / points.max(1) as f64,
    );
    let view = grid(&views, &[]);
    Ok(Figure::new("predictions", "What the model predicts and what was seen", caption, view))
}

fn panel(name: &str, known: &Knowledge, model: &Model) -> Value {
    let (low, high) = reach(known);
    let axis = Axis::linear(low, high);
    let (low, high) = axis.ends();
    let encoding = |field: &str, title: Value| {
        let mut encoding = warped_axis(known.coordinate, low, high);
        encoding["field"] = json!(field);
        encoding["title"] = title;
        encoding
    };
    let x = encoding("s", Value::Null);
    let y = encoding("e", Value::Null);
    let several = model.insight.total.predictions.len() > 1;
    let names: Vec<String> =
        model.insight.total.predictions.iter().map(|it| model.fidelity(it.fidelity)).collect();
    let colours: Vec<&str> =
        model.insight.total.predictions.iter().map(|it| Model::colour_of(it.fidelity)).collect();
    let legend =
        if several { json!({"orient": "bottom", "direction": "horizontal"}) } else { Value::Null };
    let colour = if known.is_explained() || several {
        json!({
            "field": "of", "type": "nominal", "title": "Points of",
            "scale": {"domain": names, "range": colours}, "legend": legend,
        })
    } else {
        json!({"value": GREY})
    };
    let opacity = json!({
        "field": "w", "type": "quantitative", "legend": null,
        "scale": {"type": "linear", "domain": [0, 1], "range": [0.12, 0.75], "clamp": true},
    });
    let faint = json!({
        "field": "w", "type": "quantitative", "legend": null,
        "scale": {"type": "linear", "domain": [0, 1], "range": [0.06, 0.35], "clamp": true},
    });
    let value = |u: f64| rounded(known.coordinate.value(u));
    let row = |of: &str, point: &Prediction| {
        let reach = INTERVAL * point.deviation;
        json!({
            "s": rounded(point.seen), "e": rounded(point.expected), "of": of,
            "l": rounded((point.expected - reach).max(low)),
            "h": rounded((point.expected + reach).min(high)),
            "w": rounded(point.weight), "n": point.candidate,
            "seen": value(point.seen), "expected": value(point.expected),
        })
    };
    let rows: Vec<Value> = known
        .predictions
        .iter()
        .flat_map(|of: &Predictions| {
            let step = of.points.len().div_ceil(SHOWN).max(1);
            let name = model.fidelity(of.fidelity);
            of.points.iter().step_by(step).map(move |point| row(&name, point)).collect::<Vec<_>>()
        })
        .collect();
    let mut upper = y.clone();
    upper["field"] = json!("l");
    json!({
        "title": {
            "text": panel_title(name), "subtitle": judged(known, model), "fontSize": 8.5,
            "subtitleFontSize": 8, "subtitlePadding": 2, "frame": "group", "offset": 4,
        },
        "width": SIDE, "height": SIDE,
        "view": {"stroke": GREY, "strokeOpacity": 0.6, "strokeWidth": 0.6},
        "data": {"values": rows},
        "layer": [
            {
                "data": {"values": [{"s": rounded(low), "e": rounded(low)}, {"s": rounded(high), "e": rounded(high)}]},
                "mark": {"type": "line", "color": GREY, "strokeDash": [3, 2], "strokeWidth": 0.8, "point": false},
                "encoding": {"x": x, "y": y},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 0.8},
                "encoding": {"x": x, "y": upper, "y2": {"field": "h"}, "color": colour, "strokeOpacity": faint},
            },
            {
                "mark": {"type": "point"},
                "encoding": {
                    "x": x, "y": y, "color": colour, "fillOpacity": opacity,
                    "tooltip": [
                        {"field": "n", "type": "quantitative", "title": "candidate"},
                        {"field": "seen", "type": "quantitative"},
                        {"field": "expected", "type": "quantitative"},
                    ],
                },
            },
        ],
    })
}

/// How good the predictions are, fidelity by fidelity.
fn judged(known: &Knowledge, model: &Model) -> Vec<String> {
    match &known.predictions[..] {
        [one] => vec![in_words(one.r_squared)],
        several => {
            let one = |of: &Predictions| {
                format!("{}: {}", model.fidelity(of.fidelity), in_words(of.r_squared))
            };
            several.iter().map(one).collect()
        }
    }
}

/// What most of the points that count cover.
fn reach(known: &Knowledge) -> (f64, f64) {
    let points = || known.predictions.iter().flat_map(|it| &it.points);
    let counting = |least: f64| -> Vec<f64> {
        let points = points().filter(|it| it.weight > least);
        let mut all: Vec<f64> = points.flat_map(|it| [it.seen, it.expected]).collect();
        all.retain(|u| u.is_finite());
        all.sort_by(f64::total_cmp);
        all
    };
    let mut all = counting(0.1);
    if all.len() < 10 {
        all = counting(-1.0);
    }
    let low = quantile(&all, 0.01).unwrap_or(0.0);
    let high = quantile(&all, 0.99).unwrap_or(1.0);
    let margin = 0.06 * (high - low);
    (low - margin, high + margin)
}

/// Scale and axis of what is known in this coordinate, labelled with values.
pub(crate) fn warped_axis(coordinate: Coordinate, low: f64, high: f64) -> Value {
    let ticks = warped_ticks(coordinate, low, high);
    let slack = 1e-3 * (high - low);
    let label = ticks.iter().rev().fold("''".to_owned(), |rest, &(u, value)| {
        let amount = amount(value).replace('-', "−");
        format!("datum.value < {} ? '{amount}' : {rest}", u + slack)
    });
    let places: Vec<Value> = ticks.iter().map(|(u, _)| rounded(*u)).collect();
    json!({
        "type": "quantitative", "scale": Axis::linear(low, high).scale(),
        "axis": {
            "values": places, "labelFontSize": 8, "labelExpr": label, "labelFlush": 5,
            "domain": false,
        },
    })
}

/// Up to four round values whose coordinates are between `low` and `high` and not too near to each
/// other, with these coordinates, in order.
fn warped_ticks(coordinate: Coordinate, low: f64, high: f64) -> Vec<(f64, f64)> {
    let (first, last) = (coordinate.value(low), coordinate.value(high));
    let mut candidates = Axis::linear(first, last).ticks(3);
    let largest = first.abs().max(last.abs()).max(1e-9).log10().ceil() as i32;
    for digit in [1.0, 3.0] {
        for power in (largest - 6..=largest).rev() {
            let value = digit * 10_f64.powi(power);
            candidates.extend([value, -value]);
        }
    }
    let mut ticks: Vec<(f64, f64)> = vec![];
    for value in candidates {
        let u = coordinate.of(value);
        let is_apart = |other: &(f64, f64)| (other.0 - u).abs() >= 0.24 * (high - low);
        if (low..=high).contains(&u) && ticks.iter().all(is_apart) {
            ticks.push((u, value));
        }
    }
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_values_at_their_coordinates() {
        let shown = |coordinate: Coordinate, low: f64, high: f64| -> Vec<f64> {
            let ticks = warped_ticks(coordinate, coordinate.of(low), coordinate.of(high));
            assert!(ticks.iter().all(|(u, value)| (coordinate.value(*u) - value).abs() < 1e-9));
            ticks.into_iter().map(|(_, value)| value).collect()
        };
        assert_eq!(shown(Coordinate::Value, 3.1, 4.2), [3.5, 4.0]);
        // Logarithmic, and linear around 4
        assert_eq!(
            shown(Coordinate::Warped([4.05, 0.0, -0.05]), 0.0, 300.0),
            [0.0, 1.0, 10.0, 200.0]
        );
        let around = shown(Coordinate::Warped([1.25, -1.25, 4.0]), -100.0, 100.0);
        assert!(around.contains(&0.0) && around.len() >= 3, "{around:?}");
    }
}
