//! `effects` and `target_effects`: what each parameter does to the total, and the most important
//! ones to each target, by the model of the search.

use optimizers::{Coordinate, CurvePoint, Effect, Knowledge};
use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::model::{REGION, Shown, by_importance, in_words, model, shown, unexplained};
use crate::names::panel_title;
use crate::panels::{grid, parameter_axis, quantitative};
use crate::scores::amount;
use crate::theme::{BLUE, GREEN, GREY, VERMILION};
use crate::{Figure, NotEnough, Search, Target};

/// Standard deviations of a band that holds 90 %.
const BAND: f64 = 1.645;
/// Parameters of which no more have a panel, and a curve for each target.
const PANELS: usize = 60;
const CURVES: usize = 4;

/// What each parameter does to the total.
pub(crate) fn effects(search: &Search) -> Result<Figure, NotEnough> {
    let model = model(search)?;
    let total = &model.insight.total;
    let parameters = model.parameters(search);
    let order = by_importance(model);
    let first = &order[..order.len().min(PANELS)];
    let band = |point: &CurvePoint| ends(point).map(|end| end.max(0.0));
    let curves = || first.iter().flat_map(|&i| &total.effects[i].curve);
    let (low, high) = curves()
        .map(band)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), [a, b]| (low.min(a), high.max(b)));
    let axis = Axis::linear(low - 0.05 * (high - low), high + 0.05 * (high - low));
    let colour = if total.is_explained() { BLUE } else { GREY };
    let best = search.best();
    let panel = |&i: &usize| {
        let Shown { parameter, name, dimension, .. } = &parameters[i];
        let Effect { alone, overall, curve } = &total.effects[i];
        let rows: Vec<Value> = curve
            .iter()
            .map(|point| {
                let [l, h] = band(point);
                json!({
                    "p": rounded(parameter.at(point.place)), "m": rounded(point.mean),
                    "l": rounded(l), "h": rounded(h),
                })
            })
            .collect();
        let x = quantitative("p", parameter_axis(parameter), None);
        let mut layers = vec![
            json!({
                "mark": {"type": "area", "color": colour, "opacity": 0.25},
                "encoding": {"x": x, "y": quantitative("l", axis, None), "y2": {"field": "h"}},
            }),
            json!({
                "mark": {"type": "line", "color": colour},
                "encoding": {
                    "x": x, "y": quantitative("m", axis, None),
                    "tooltip": [
                        {"field": "p", "type": "quantitative", "title": "parameter"},
                        {"field": "m", "type": "quantitative", "title": "total"},
                    ],
                },
            }),
        ];
        if let Some((best, _)) = best {
            layers.push(json!({
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": VERMILION},
                "encoding": {"x": {"datum": rounded(best.parameters[*dimension])}},
            }));
        }
        json!({
            "title": {
                "text": panel_title(name), "frame": "group", "offset": 4, "fontSize": 8.5,
                "subtitle": format!("{} of the variance, alone {}", percent(*overall), percent(*alone)),
                "subtitleFontSize": 8, "subtitlePadding": 2,
            },
            "width": 120, "height": 84,
            "view": {"stroke": GREY, "strokeOpacity": 0.6, "strokeWidth": 0.6},
            "data": {"values": rows},
            "layer": layers,
        })
    };
    let views: Vec<Value> = first.iter().map(panel).collect();
    let grey = if total.is_explained() { "" } else { ", so the curves are grey and mean little" };
    let omitted = match order.len() - first.len() {
        0 => String::new(),
        more => format!(" {more} parameters that matter less are not shown."),
    };
    let caption = format!(
        "{} Total score (vertical, norms) that it expects at each value of a parameter (horizontal, from bound to \
         bound), averaged over all others, without the price of failures; band: where the average is with a \
         probability of 90 %. {REGION}; the curve ends there. The total: {}{grey}. Most important first (Sobol indices, \
         total and first-order). Line: the best candidate.{omitted}",
        model.source(),
        in_words(total.r_squared()),
    );
    Ok(Figure::new("effects", "What each parameter does to the total", caption, grid(&views, &[])))
}

/// What the most important parameters do to each target.
pub(crate) fn target_effects(search: &Search) -> Result<Figure, NotEnough> {
    let model = model(search)?;
    let parameters = model.parameters(search);
    let explained: Vec<(&Target, &Knowledge)> = search
        .targets
        .iter()
        .zip(&model.insight.targets)
        .filter_map(|(target, known)| Some((target, known.as_ref()?)))
        .filter(|(_, known)| known.is_explained())
        .collect();
    if explained.is_empty() {
        return Err(NotEnough { needed: "a target that the model explains" });
    }
    let columns = CURVES.min(parameters.len());
    let (mut curves, mut texts, mut wanted, mut labels) = (vec![], vec![], vec![], vec![]);
    for (row, (target, known)) in explained.iter().enumerate() {
        let mut order: Vec<usize> = (0..parameters.len()).collect();
        order.sort_by(|&a, &b| known.effects[b].overall.total_cmp(&known.effects[a].overall));
        order.truncate(columns);
        let reach = Reach::of(order.iter().map(|&i| &known.effects[i]));
        let place = |u: f64| rounded(row as f64 + reach.place(u));
        for (column, &i) in order.iter().enumerate() {
            let Shown { parameter, name, extent, .. } = &parameters[i];
            let effect = &known.effects[i];
            let width = extent.high - extent.low;
            for point in &effect.curve {
                let within = if width > 0.0 { (point.place - extent.low) / width } else { 0.5 };
                let [l, h] = ends(point);
                curves.push(json!({
                    "x": rounded(column as f64 + LEFT + (1.0 - LEFT - RIGHT) * within),
                    "m": place(point.mean), "l": place(l), "h": place(h), "c": row * CURVES + column,
                    "parameter": name, "at": rounded(parameter.at(point.place)),
                    "value": rounded(known.coordinate.value(point.mean)),
                }));
            }
            let (low, high) = (parameter.at(extent.low), parameter.at(extent.high));
            let text = |x: f64, y: f64, side: &str, text: String| json!({"x": rounded(column as f64 + x), "y": rounded(row as f64 + y), "side": side, "text": text});
            texts.push(text(LEFT, NAME, "name", name.clone()));
            texts.push(text(LEFT, ENDS, "left", amount(low)));
            texts.push(text(0.5, ENDS, "middle", percent(effect.overall)));
            texts.push(text(1.0 - RIGHT, ENDS, "right", amount(high)));
            wanted.extend(reach.wanted(target, known.coordinate).map(|[from, to]| {
                let (left, right) = (column as f64 + LEFT, (column + 1) as f64 - RIGHT);
                let [from, to] = [from, to].map(|height| rounded(row as f64 + height));
                json!({"x": left, "x2": right, "y": from, "y2": to})
            }));
        }
        labels.push(reach.label(target, known));
    }
    let rows = explained.len();
    let caption = format!(
        "{} Each target (rows) at the values of the {columns} parameters that move it most (columns), averaged over all \
         other parameters; band: where the average is with a probability of 90 %. Below a curve: the ends of the \
         parameter's extent, and between them its share of the variance (total Sobol index); below a target's name: its value at the lower and \
         upper end of its row, which its curves share. Green: as wanted, where that is near. {REGION}.{}",
        model.source(),
        unexplained(search, model),
    );
    let view = matrix(rows, columns, &labels, [&curves, &texts, &wanted]);
    Ok(Figure::new("target_effects", "What moves each target", caption, view))
}

/// The parts of a cell that are left free on either side, and above and below the curve.
const LEFT: f64 = 0.03;
const RIGHT: f64 = 0.03;
const ABOVE: f64 = 0.28;
const BELOW: f64 = 0.24;
/// Where its texts are: the parameter's name above, the ends of its extent below.
const NAME: f64 = 0.17;
const ENDS: f64 = 0.86;

/// Cells in rows and columns, in one view: many small ones would take seconds to draw.
fn matrix(
    rows: usize,
    columns: usize,
    labels: &[[String; 2]],
    [curves, texts, wanted]: [&[Value]; 3],
) -> Value {
    let x = |field: &str| {
        json!({
            "field": field, "type": "quantitative", "axis": null,
            "scale": {"domain": [0, columns], "nice": false, "zero": false},
        })
    };
    let middles: Vec<f64> = (0..rows).map(|row| row as f64 + 0.5).collect();
    let y = |field: &str| {
        json!({
            "field": field, "type": "quantitative", "title": null,
            "scale": {"domain": [0, rows], "reverse": true, "nice": false, "zero": false},
            "axis": {
                "values": middles, "labelExpr": format!("{}[floor(datum.value)]", json!(labels)),
                "domain": false, "ticks": false, "labelOverlap": false, "labelLimit": 330,
                "labelLineHeight": 11, "labelPadding": 8,
            },
        })
    };
    let text = |side: &str, align: &str, size: f64| {
        json!({
            "data": {"values": texts},
            "transform": [{"filter": {"field": "side", "equal": side}}],
            "mark": {"type": "text", "align": align, "baseline": "middle", "fontSize": size, "limit": 190},
            "encoding": {"x": x("x"), "y": y("y"), "text": {"field": "text", "type": "nominal"}},
        })
    };
    let frames: Vec<Value> = (0..rows)
        .flat_map(|row| {
            (0..columns).map(move |column| {
                let (left, right) = (column as f64 + LEFT, (column + 1) as f64 - RIGHT);
                let (top, bottom) = (row as f64 + ABOVE - 0.03, (row + 1) as f64 - BELOW + 0.03);
                json!({"x": left, "x2": right, "y": top, "y2": bottom})
            })
        })
        .collect();
    json!({
        "width": 200 * columns, "height": 66 * rows,
        "layer": [
            {
                "data": {"values": frames},
                "mark": {"type": "rect", "fillOpacity": 0, "stroke": GREY, "strokeOpacity": 0.6, "strokeWidth": 0.6},
                "encoding": {"x": x("x"), "x2": {"field": "x2"}, "y": y("y"), "y2": {"field": "y2"}},
            },
            {
                "data": {"values": wanted},
                "mark": {"type": "rect", "color": GREEN, "fillOpacity": 0.3, "stroke": GREEN, "strokeOpacity": 0.6, "strokeWidth": 0.8},
                "encoding": {"x": x("x"), "x2": {"field": "x2"}, "y": y("y"), "y2": {"field": "y2"}},
            },
            {
                "data": {"values": curves},
                "mark": {"type": "area", "color": BLUE, "opacity": 0.25},
                "encoding": {
                    "x": x("x"), "y": y("l"), "y2": {"field": "h"},
                    "detail": {"field": "c", "type": "nominal"},
                },
            },
            {
                "data": {"values": curves},
                "mark": {"type": "line", "color": BLUE},
                "encoding": {
                    "x": x("x"), "y": y("m"), "detail": {"field": "c", "type": "nominal"},
                    "tooltip": [
                        {"field": "parameter", "type": "nominal"},
                        {"field": "at", "type": "quantitative"},
                        {"field": "value", "type": "quantitative"},
                    ],
                },
            },
            text("name", "left", 8.5),
            text("left", "left", 7.5),
            text("middle", "center", 7.5),
            text("right", "right", 7.5),
        ],
    })
}

/// What the curves of a target cover.
struct Reach {
    low: f64,
    high: f64,
}

impl Reach {
    fn of<'a>(effects: impl Iterator<Item = &'a Effect>) -> Reach {
        let all = effects.flat_map(|effect| &effect.curve).map(ends);
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), [a, b]| {
            (low.min(a), high.max(b))
        });
        Reach { low, high: if high > low { high } else { low + 1.0 } }
    }

    /// The height of a coordinate in its row, from 0 at the top to 1.
    fn place(&self, u: f64) -> f64 {
        let up = ((u - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        1.0 - BELOW - up * (1.0 - ABOVE - BELOW)
    }

    /// The heights of what is wanted, if any of it is here.
    fn wanted(&self, target: &Target, coordinate: Coordinate) -> Option<[f64; 2]> {
        let of = |bound: Option<f64>, none: f64| bound.map_or(none, |value| coordinate.of(value));
        let from = of(target.lowest_wanted, f64::NEG_INFINITY);
        let to = of(target.highest_wanted, f64::INFINITY);
        (from <= self.high && to >= self.low).then(|| [self.place(from), self.place(to)])
    }

    fn label(&self, target: &Target, known: &Knowledge) -> [String; 2] {
        let unit = target.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
        let [low, high] = [self.low, self.high].map(|u| amount(known.coordinate.value(u)));
        let r_squared = known.r_squared().unwrap_or(0.0);
        [target.name.clone(), format!("{low} … {high}{unit}, R² {}", shown(r_squared))]
    }
}

fn ends(point: &CurvePoint) -> [f64; 2] {
    [point.mean - BAND * point.deviation, point.mean + BAND * point.deviation]
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
