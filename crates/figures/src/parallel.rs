//! `parallel`: whole candidates as lines across all parameters.

use serde_json::{Map, Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::names::short_names;
use crate::scores::amount;
use crate::{Figure, NotEnough, Search};

/// Lines beyond this many hide each other.
const SHOWN: usize = 200;

pub(crate) fn parallel(search: &Search) -> Result<Figure, NotEnough> {
    let mut completed: Vec<_> = search.completed().collect();
    if completed.len() < 2 {
        return Err(NotEnough { needed: "2 completed simulations" });
    }
    completed.sort_by(|(_, a), (_, b)| a.total.total_cmp(&b.total));
    let all = completed.len();
    completed.truncate(SHOWN);
    // The best are drawn last, on top.
    completed.reverse();
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    let names = short_names(&paths);
    let rows: Vec<Value> = completed
        .iter()
        .map(|(candidate, outcome)| {
            let mut row = Map::from_iter([
                ("candidate".to_owned(), json!(candidate.number)),
                ("total".to_owned(), rounded(outcome.total)),
            ]);
            for ((parameter, name), &value) in
                search.parameters.iter().zip(&names).zip(&candidate.parameters)
            {
                row.insert(key(name), rounded(parameter.place(value)));
            }
            Value::Object(row)
        })
        .collect();
    let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
    let (least, greatest) = (completed[completed.len() - 1].1.total, completed[0].1.total);
    let total = Axis::linear(least, greatest);
    let caption = format!(
        "The {} with the least totals of n = {all} completed candidates ({} to {}), from the lower bound (0) to \
         the upper (1) of each parameter, on its search scale. On screen: drag over the totals to choose lines.",
        completed.len(),
        amount(least),
        amount(greatest)
    );
    let step = if names.len() > 24 { 20 } else { 28 };
    let chosen =
        |yes: f64, no: f64| json!({"condition": {"param": "brush", "value": yes}, "value": no});
    let mut scale = total.scale();
    scale["reverse"] = json!(true);
    let ticks: Vec<Value> = total.ticks(8).into_iter().map(rounded).collect();
    let colour = json!({
        "field": "total", "type": "quantitative", "title": "Total score", "scale": scale,
        "legend": {"values": ticks},
    });
    let view = json!({
        "data": {"values": rows},
        "bounds": "flush",
        "spacing": 56,
        "hconcat": [
            {
                "width": 46, "height": 240,
                "params": [{"name": "brush", "select": {"type": "interval", "encodings": ["y"]}}],
                "mark": {"type": "tick", "thickness": 1.2, "bandSize": 30},
                "encoding": {
                    "y": {
                        "field": "total", "type": "quantitative", "title": "Total score (norms)",
                        "scale": total.scale(),
                        "axis": {"values": total.ticks(6).into_iter().map(rounded).collect::<Vec<_>>()},
                    },
                    "color": colour,
                    "tooltip": [
                        {"field": "candidate", "type": "quantitative"},
                        {"field": "total", "type": "quantitative"},
                    ],
                },
            },
            {
                "width": {"step": step}, "height": 240,
                "transform": [{"fold": keys, "as": ["parameter", "place"]}],
                "mark": {"type": "line", "strokeWidth": 0.9, "strokeCap": "butt"},
                "encoding": {
                    "x": {
                        "field": "parameter", "type": "nominal", "sort": keys,
                        "scale": {"type": "point", "padding": 0.3, "domain": keys},
                        "axis": {
                            "title": null, "labelAngle": -45, "grid": true, "domain": false,
                            "ticks": false, "labelExpr": "substring(datum.value, 1)",
                            "labelOverlap": false,
                        },
                    },
                    "y": {
                        "field": "place", "type": "quantitative", "title": "Place in the range",
                        "scale": {"domain": [0, 1]}, "axis": {"tickCount": 5},
                    },
                    "detail": {"field": "candidate", "type": "nominal"},
                    "color": colour,
                    "strokeOpacity": chosen(0.65, 0.04),
                    "tooltip": [
                        {"field": "candidate", "type": "nominal"},
                        {"field": "total", "type": "quantitative"},
                    ],
                },
            },
        ],
    });
    Ok(Figure::new("parallel", "The best candidates across all parameters", caption, view))
}

/// The field of a parameter. Vega takes dots and brackets of field names for paths, and a parameter
/// may be called as another field.
fn key(name: &str) -> String {
    let safe = name.replace('.', "·").replace(['[', ']', '\\', '\'', '"'], "_");
    format!("~{safe}")
}
