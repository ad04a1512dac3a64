//! `correlations`: which parameters move which targets.

use serde_json::{Value, json};

use crate::figure::rounded;
use crate::names::short_names;
use crate::statistics::{ranks, spearman};
use crate::{Figure, NotEnough, Search};

/// Fewer completed simulations say nothing.
const LEAST: usize = 8;

pub(crate) fn correlations(search: &Search) -> Result<Figure, NotEnough> {
    let completed: Vec<_> = search.completed().collect();
    if completed.len() < LEAST {
        return Err(NotEnough { needed: "8 completed simulations" });
    }
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    let names = short_names(&paths);
    let targets: Vec<String> = search.targets.iter().map(|target| target.name.clone()).collect();
    // Most targets have a value in the same simulations: among these, each parameter is ranked
    // once.
    let mut ranked: Vec<(Vec<usize>, Vec<Vec<f64>>)> = vec![];
    let mut rows: Vec<Value> = vec![];
    for (t, target) in targets.iter().enumerate() {
        let values: Vec<(usize, f64)> = completed
            .iter()
            .enumerate()
            .filter_map(|(i, (_, outcome))| Some((i, outcome.values[t]?)))
            .collect();
        let (simulations, values): (Vec<usize>, Vec<f64>) = values.into_iter().unzip();
        let known = ranked.iter().position(|(of, _)| *of == simulations);
        let known = known.unwrap_or_else(|| {
            let of_parameter = |p: usize| {
                let all = simulations.iter().map(|&i| completed[i].0.parameters[p]);
                ranks(&all.collect::<Vec<_>>())
            };
            let parameters = (0..names.len()).map(of_parameter).collect();
            ranked.push((simulations, parameters));
            ranked.len() - 1
        });
        let values = ranks(&values);
        for (name, parameter) in names.iter().zip(&ranked[known].1) {
            if let Some(rho) = spearman(parameter, &values) {
                let (rho, n) = (share(rho), values.len());
                rows.push(json!({"parameter": name, "target": target, "rho": rho, "n": n}));
            }
        }
    }
    // Of independent values |ρ|·√(n − 1) is beyond 2.58 in one of a hundred cases.
    let chance = 2.58 / (completed.len() as f64 - 1.0).sqrt();
    let caption = format!(
        "Spearman's rank correlation of each parameter with each target's value, n = {} completed \
         simulations; without any relation |ρ| would exceed {:.2} in 1 % of cells. The search moves parameters \
         together, so a correlation need not be an effect.",
        completed.len(),
        chance
    );
    let view = parameters_by_targets(
        &rows,
        &names,
        &targets,
        &signed("rho", "Spearman's ρ"),
        &[
            json!({"field": "rho", "type": "quantitative", "title": "ρ"}),
            json!({"field": "n", "type": "quantitative"}),
        ],
    );
    Ok(Figure::new("correlations", "Parameters and targets", caption, view))
}

/// A matrix with a column for each parameter and a row for each target, by these fields of the rows
/// of data.
pub(crate) fn parameters_by_targets(
    rows: &[Value],
    parameters: &[String],
    targets: &[String],
    colour: &Value,
    tooltips: &[Value],
) -> Value {
    let mut tooltip = vec![
        json!({"field": "parameter", "type": "nominal"}),
        json!({"field": "target", "type": "nominal"}),
    ];
    tooltip.extend_from_slice(tooltips);
    json!({
        "data": {"values": rows},
        "width": {"step": 15}, "height": {"step": 15},
        "mark": {"type": "rect", "style": "plain"},
        "encoding": {
            "x": {
                "field": "parameter", "type": "nominal", "sort": parameters,
                "axis": {"labelAngle": -90, "title": null, "orient": "bottom"},
                "scale": {"paddingInner": 0},
            },
            "y": {
                "field": "target", "type": "nominal", "sort": targets, "axis": {"title": null},
                "scale": {"paddingInner": 0},
            },
            "color": colour,
            "tooltip": tooltip,
        },
    })
}

/// Colours from −1 to 1.
pub(crate) fn signed(field: &str, title: &str) -> Value {
    json!({
        "field": field, "type": "quantitative", "title": title,
        "scale": {"domain": [-1, 1], "domainMid": 0, "clamp": true},
        "legend": {"values": [-1, -0.5, 0, 0.5, 1], "format": "~g"},
    })
}

/// A value of −1 to 1 with three decimals.
pub(crate) fn share(value: f64) -> Value {
    rounded((value * 1000.0).round() / 1000.0)
}
