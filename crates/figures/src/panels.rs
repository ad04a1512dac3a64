//! `values` and `slices`: one small panel for each target or parameter, every candidate a point.

use serde_json::{Map, Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::names::{panel_title, short_names};
use crate::statistics::quantile;
use crate::theme::{GREEN, GREY, VERMILION, outcome_colour};
use crate::{Candidate, Figure, NotEnough, Outcome, Parameter, Search, Target};

/// More candidates than this are thinned out.
const SHOWN: usize = 400;

/// The value of each target with what is wanted, candidate by candidate.
pub(crate) fn values(search: &Search) -> Result<Figure, NotEnough> {
    let sample = sampled(search)?;
    let x = candidates(search);
    let row = |(candidate, outcome): &(&Candidate, &Outcome)| {
        let mut row = identity(candidate, outcome);
        for (i, value) in outcome.values.iter().enumerate() {
            row.insert(format!("v{i}"), value.map_or(Value::Null, rounded));
        }
        Value::Object(row)
    };
    let views: Vec<Value> = search
        .targets
        .iter()
        .enumerate()
        .map(|(i, target)| {
            let axis = value_axis(search, i);
            let mut layers = wanted(target, axis);
            layers.push(points(search, &x, &quantitative(&format!("v{i}"), axis, None)));
            let best: Vec<Value> = improvements(search)
                .filter_map(|(n, outcome)| Some(json!({"n": n, "v": rounded(outcome.values[i]?)})))
                .collect();
            layers.push(json!({
                "data": {"values": best},
                "mark": {"type": "line", "interpolate": "step-after", "color": VERMILION},
                "encoding": {"x": x, "y": quantitative("v", axis, None)},
            }));
            let unit = target.unit.as_ref().map_or_else(String::new, |unit| format!(" ({unit})"));
            panel(&format!("{}{unit}", target.name), &layers)
        })
        .collect();
    let caption = format!(
        "Value of each target (vertical) of each candidate, by its number (horizontal); {}. Green: as \
         wanted; pale green: within one norm. Line: the candidate with the least total so far. Values \
         beyond an axis lie at its end.",
        count(search, sample.len())
    );
    let rows: Vec<Value> = sample.iter().map(row).collect();
    let view = grid(&views, &rows);
    Ok(Figure::new("values", "Values of the targets and what is wanted", caption, view))
}

/// The total against each parameter.
pub(crate) fn slices(search: &Search) -> Result<Figure, NotEnough> {
    let sample = sampled(search)?;
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    let totals = Axis::around(sample.iter().map(|(_, outcome)| outcome.total));
    let row = |(candidate, outcome): &(&Candidate, &Outcome)| {
        let mut row = identity(candidate, outcome);
        row.insert("total".to_owned(), rounded(outcome.total));
        for (i, &value) in candidate.parameters.iter().enumerate() {
            row.insert(format!("p{i}"), rounded(value));
        }
        Value::Object(row)
    };
    let best = search.best();
    let panels = short_names(&paths).into_iter().zip(&search.parameters).enumerate();
    let views: Vec<Value> = panels
        .map(|(i, (name, parameter))| {
            let x = quantitative(&format!("p{i}"), parameter_axis(parameter), None);
            let mut layers = vec![points(search, &x, &quantitative("total", totals, None))];
            if let Some((best, _)) = best {
                layers.push(json!({
                    "data": {"values": [{}]},
                    "mark": {"type": "rule", "color": VERMILION},
                    "encoding": {"x": {"datum": rounded(best.parameters[i])}},
                }));
            }
            panel(&name, &layers)
        })
        .collect();
    let caption = format!(
        "Total score in norms (vertical) against each parameter in the model's units, from bound to bound \
         (horizontal); {}. Line: the best candidate. All other parameters vary too.",
        count(search, sample.len())
    );
    let rows: Vec<Value> = sample.iter().map(row).collect();
    let view = grid(&views, &rows);
    Ok(Figure::new("slices", "Total score against each parameter", caption, view))
}

/// The scale of a parameter, from bound to bound.
pub(crate) fn parameter_axis(parameter: &Parameter) -> Axis {
    if parameter.log_scale {
        Axis::log(parameter.low, parameter.high)
    } else {
        Axis::linear(parameter.low, parameter.high)
    }
}

/// A panel of a grid of small ones.
pub(crate) fn panel(name: &str, layers: &[Value]) -> Value {
    json!({
        "title": {"text": panel_title(name), "fontSize": 8.5, "frame": "group", "offset": 4},
        "width": 120, "height": 84, "view": {"stroke": GREY, "strokeOpacity": 0.6, "strokeWidth": 0.6}, "layer": layers,
    })
}

/// An encoding in a small panel.
pub(crate) fn quantitative(field: &str, axis: Axis, title: Option<&str>) -> Value {
    let ticks: Vec<Value> = axis.ticks(4).into_iter().map(rounded).collect();
    json!({
        "field": field, "type": "quantitative", "title": title, "scale": axis.scale(),
        "axis": {
            // 0.0005 is too long for an axis as short as this.
            "values": ticks, "labelFontSize": 8,
            "labelExpr": "format(datum.value, datum.value && abs(datum.value) < 1e-3 ? '~e' : '~g')",
            // No label rises above the frame, where the title is.
            "labelFlush": 5, "domain": false,
        },
    })
}

/// Panels side by side. Their frames make a grid, whatever stands around them: there is room for
/// the longest title.
pub(crate) fn grid(views: &[Value], rows: &[Value]) -> Value {
    let lines = |view: &Value| {
        let title = view["title"]["text"].as_array().map_or(0, Vec::len);
        title + usize::from(view["title"].get("subtitle").is_some())
    };
    let lines = views.iter().map(lines).max().unwrap_or(0);
    json!({
        "data": {"values": rows},
        "columns": if views.len() > 24 { 6 } else { 5 },
        "bounds": "flush",
        "spacing": {"row": 24 + 12 * lines, "column": 50},
        "concat": views,
        "resolve": {"scale": {"color": "shared"}},
    })
}

fn sampled(search: &Search) -> Result<Vec<(&Candidate, &Outcome)>, NotEnough> {
    let sample = search.sample(SHOWN);
    let none = !sample.iter().any(|(_, outcome)| outcome.values.iter().any(Option::is_some));
    if none { Err(NotEnough { needed: "a measured simulation" }) } else { Ok(sample) }
}

fn count(search: &Search, shown: usize) -> String {
    let all = search.finished().count();
    if shown < all { format!("n = {shown} of {all} shown") } else { format!("n = {all}") }
}

fn identity(candidate: &Candidate, outcome: &Outcome) -> Map<String, Value> {
    let class = outcome.class.words();
    Map::from_iter([("n".to_owned(), json!(candidate.number)), ("class".to_owned(), json!(class))])
}

fn candidates(search: &Search) -> Value {
    let last = search.candidates.len().saturating_sub(1).max(1) as f64;
    quantitative("n", Axis::linear(0.0, last), None)
}

fn points(search: &Search, x: &Value, y: &Value) -> Value {
    json!({
        "mark": {"type": "point", "opacity": 0.7},
        "encoding": {
            "x": x, "y": y, "color": outcome_colour(search),
            "tooltip": [
                {"field": "n", "type": "quantitative", "title": "candidate"},
                {"field": x["field"], "type": "quantitative", "title": "x"},
                {"field": y["field"], "type": "quantitative", "title": "y"},
                {"field": "class", "type": "nominal", "title": "outcome"},
            ],
        },
    })
}

/// The candidates that were the best when they were measured, and the last one again at the end.
fn improvements(search: &Search) -> impl Iterator<Item = (u64, &Outcome)> {
    let mut least = f64::INFINITY;
    let mut improved: Vec<(u64, &Outcome)> = vec![];
    for (candidate, outcome) in search.completed() {
        if outcome.total < least {
            least = outcome.total;
            improved.push((candidate.number, outcome));
        }
    }
    if let (Some(&(_, best)), Some(last)) = (improved.last(), search.candidates.last()) {
        improved.push((last.number, best));
    }
    improved.into_iter()
}

/// What most of the values of a target cover, with what is wanted.
fn value_axis(search: &Search, index: usize) -> Axis {
    let mut values: Vec<f64> =
        search.completed().filter_map(|(_, outcome)| outcome.values[index]).collect();
    values.sort_by(f64::total_cmp);
    let target = &search.targets[index];
    let wanted = [
        target.lowest_wanted.map(|low| low - target.norm),
        target.highest_wanted.map(|high| high + target.norm),
        target.lowest_wanted,
        target.highest_wanted,
        quantile(&values, 0.03),
        quantile(&values, 0.97),
    ];
    let shown = wanted.into_iter().flatten();
    let (low, high) =
        shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let margin = 0.06 * (high - low);
    Axis::linear(low - margin, high + margin)
}

/// Bands of the values that are as wanted, and of those within one norm; a line where one number
/// is.
fn wanted(target: &Target, axis: Axis) -> Vec<Value> {
    let (axis_low, axis_high) = axis.ends();
    let low = target.lowest_wanted.map_or(axis_low, |low| low.max(axis_low));
    let high = target.highest_wanted.map_or(axis_high, |high| high.min(axis_high));
    let from = target.lowest_wanted.map_or(axis_low, |low| (low - target.norm).max(axis_low));
    let to = target.highest_wanted.map_or(axis_high, |high| (high + target.norm).min(axis_high));
    let band = |low: f64, high: f64, opacity: f64| {
        json!({
            "data": {"values": [{}]},
            "mark": {"type": "rect", "color": GREEN, "fillOpacity": opacity, "style": "plain"},
            "encoding": {"y": {"datum": rounded(low)}, "y2": {"datum": rounded(high)}},
        })
    };
    let mut layers = vec![band(from, to, 0.16), band(low, high, 0.3)];
    for bound in [target.lowest_wanted, target.highest_wanted].into_iter().flatten() {
        layers.push(json!({
            "data": {"values": [{}]},
            "mark": {"type": "rule", "color": GREEN},
            "encoding": {"y": {"datum": rounded(bound)}},
        }));
    }
    layers
}
