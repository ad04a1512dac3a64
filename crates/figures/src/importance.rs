//! `importance`: which parameters matter, for the total and for each target, by the model of the
//! search.

use serde_json::{Value, json};

use crate::correlations::share;
use crate::model::{Model, REGION, by_importance, in_words, model, shown, unexplained};
use crate::theme::{BLUE, GREY};
use crate::{Figure, NotEnough, Search};

/// Parameters of which no more are shown: they would not fit.
const SHOWN: usize = 60;
const ALONE: &str = "alone";
const TOGETHER: &str = "with interactions";

pub(crate) fn importance(search: &Search) -> Result<Figure, NotEnough> {
    let model = model(search)?;
    let insight = &model.insight;
    let parameters = model.parameters(search);
    let order = by_importance(model);
    let first = &order[..order.len().min(SHOWN)];
    let names: Vec<&str> = first.iter().map(|&i| parameters[i].name.as_str()).collect();
    let mut bars: Vec<Value> = vec![];
    for &i in first {
        let effect = &insight.total.effects[i];
        // The shorter bar comes later and so lies over the longer one.
        for (kind, index) in [(TOGETHER, effect.overall), (ALONE, effect.alone)] {
            bars.push(
                json!({"parameter": parameters[i].name, "kind": kind, "share": share(index)}),
            );
        }
    }
    let (targets, cells) = cells(search, model, first);
    let is_explained = insight.total.is_explained();
    let y = json!({
        "field": "parameter", "type": "nominal", "sort": names, "axis": {"title": null},
        "scale": {"domain": names, "paddingInner": 0},
    });
    let mut beside = y.clone();
    beside["axis"] = Value::Null;
    let omitted = match order.len() - first.len() {
        0 => String::new(),
        more => format!(" {more} parameters that matter less are not shown."),
    };
    let of_total = if is_explained { "" } else { ": its bars mean little" };
    let caption = format!(
        "{} How much of the variance of what it expects comes from each parameter: Sobol indices, total with all \
         interactions and first-order (dark) alone. {REGION}. Left: of the total score ({}{of_total}). Right: of each \
         target, total index, in the model's coordinate.{omitted}{}",
        model.source(),
        in_words(insight.total.r_squared()),
        unexplained(search, model),
    );
    let colours = if is_explained { [BLUE, "#8fc1e3"] } else { [GREY, "#c4c4c4"] };
    let view = json!({
        "bounds": "flush",
        "spacing": 14,
        "hconcat": [
            {
                "data": {"values": bars},
                "width": 150, "height": {"step": 15},
                "mark": {"type": "bar", "height": {"band": 0.72}},
                "encoding": {
                    "y": y,
                    "x": {
                        "field": "share", "type": "quantitative", "stack": null,
                        "title": "Share of the total's variance", "axis": {"tickCount": 4, "format": "~%"},
                    },
                    "color": {
                        "field": "kind", "type": "nominal",
                        "scale": {"domain": [ALONE, TOGETHER], "range": colours},
                        "legend": {"title": null, "orient": "top", "direction": "horizontal"},
                    },
                    "tooltip": [
                        {"field": "parameter", "type": "nominal"}, {"field": "kind", "type": "nominal"},
                        {"field": "share", "type": "quantitative"},
                    ],
                },
            },
            {
                "data": {"values": cells},
                "width": {"step": 15}, "height": {"step": 15},
                "mark": {"type": "rect", "style": "plain"},
                "encoding": {
                    "y": beside,
                    "x": {
                        "field": "target", "type": "nominal", "sort": targets,
                        "axis": {"labelAngle": -90, "title": null, "orient": "bottom"},
                        "scale": {"domain": targets, "paddingInner": 0},
                    },
                    "color": {
                        "field": "share", "type": "quantitative", "title": ["Share of the", "target's variance"],
                        "scale": {"type": "sqrt", "domain": [0, 1], "clamp": true},
                        "legend": {"values": [0, 0.05, 0.25, 0.5, 1], "format": "~%"},
                    },
                    "tooltip": [
                        {"field": "parameter", "type": "nominal"}, {"field": "target", "type": "nominal"},
                        {"field": "share", "type": "quantitative", "title": TOGETHER},
                        {"field": "alone", "type": "quantitative"},
                        {"field": "predicted", "type": "quantitative", "title": "R²"},
                    ],
                },
            },
        ],
        "resolve": {"scale": {"color": "independent", "y": "independent"}},
    });
    Ok(Figure::new("importance", "Which parameters matter", caption, view))
}

/// The targets' labels, and what these parameters are to each of them that is explained.
fn cells(search: &Search, model: &Model, first: &[usize]) -> (Vec<String>, Vec<Value>) {
    let parameters = model.parameters(search);
    let mut cells: Vec<Value> = vec![];
    let mut targets: Vec<String> = vec![];
    for (target, known) in search.targets.iter().zip(&model.insight.targets) {
        let Some(known) = known else { continue };
        let r_squared = known.r_squared().unwrap_or(0.0).max(0.0);
        let label = format!("{} (R² {})", target.name, shown(r_squared));
        if known.is_explained() {
            for &i in first {
                let effect = &known.effects[i];
                cells.push(json!({
                    "parameter": parameters[i].name, "target": label,
                    "share": share(effect.overall), "alone": share(effect.alone),
                    "predicted": share(r_squared),
                }));
            }
        }
        targets.push(label);
    }
    (targets, cells)
}
