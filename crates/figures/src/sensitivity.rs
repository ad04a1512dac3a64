//! `sensitivity`: by how much each parameter moves each target, all others held.

use serde_json::{Value, json};

use crate::correlations::{parameters_by_targets, share};
use crate::figure::rounded;
use crate::names::short_names;
use crate::ridge::ridge;
use crate::scores::amount;
use crate::{Figure, NotEnough, Search};

/// Fewer completed simulations than this for each parameter say nothing about all of them at once.
const LEAST_PER_PARAMETER: f64 = 1.5;
/// More candidates than this are thinned out: they say no more.
const MOST: usize = 2000;
/// The part of a parameter's range over which a target's change is told.
const STEP: f64 = 0.1;

pub(crate) fn sensitivity(search: &Search) -> Result<Figure, NotEnough> {
    let sample: Vec<_> =
        search.sample(MOST).into_iter().filter(|(_, outcome)| outcome.completed()).collect();
    if (sample.len() as f64) < LEAST_PER_PARAMETER * search.parameters.len() as f64 {
        return Err(NotEnough { needed: "three completed simulations for every two parameters" });
    }
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    let names = short_names(&paths);
    let mut rows: Vec<Value> = vec![];
    let mut order: Vec<String> = vec![];
    let mut largest = 0.0_f64;
    for (t, target) in search.targets.iter().enumerate() {
        let (places, values): (Vec<Vec<f64>>, Vec<f64>) = sample
            .iter()
            .filter_map(|(candidate, outcome)| {
                let parameters = search.parameters.iter().zip(&candidate.parameters);
                let places = parameters.map(|(parameter, &value)| parameter.place(value)).collect();
                Some((places, outcome.values[t]? / target.norm))
            })
            .unzip();
        let Some(model) = ridge(&places, &values) else { continue };
        let label = format!("{} (R² {:.2})", target.name, model.predicted.max(0.0));
        for (name, slope) in names.iter().zip(&model.slopes) {
            let change = slope * STEP;
            largest = largest.max(change.abs());
            rows.push(json!({
                "parameter": name, "target": label, "change": rounded(change),
                "predicted": share(model.predicted),
            }));
        }
        order.push(label);
    }
    if order.is_empty() {
        return Err(NotEnough { needed: "values that differ" });
    }
    // Colours go with the root, so that small changes can be seen beside large ones.
    let end = largest.clamp(f64::MIN_POSITIVE, 3.0);
    let caption = format!(
        "By how many norms a target's value changes when one parameter moves up by a tenth of its range (on its search scale) \
         and the others stay, in a linear model (ridge regression) of n = {} completed simulations. From {} norms on, the colour \
         is the same. R²: the share of the variance that it predicts of simulations it was not fitted to; rows with a \
         small R² say little, and what is not linear is missed.",
        sample.len(),
        amount(end)
    );
    let ticks: Vec<Value> = [-1.0, -0.3, -0.1, 0.0, 0.1, 0.3, 1.0]
        .into_iter()
        .map(|share| rounded(share * end))
        .collect();
    let colour = json!({
        "field": "change", "type": "quantitative", "title": "Change (norms)",
        "scale": {
            "type": "sqrt", "domain": [rounded(-end), rounded(end)], "domainMid": 0, "clamp": true,
        },
        "legend": {"values": ticks, "format": ".2~g"},
    });
    let tooltips = [
        json!({"field": "change", "type": "quantitative", "title": "change (norms)"}),
        json!({"field": "predicted", "type": "quantitative", "title": "R²"}),
    ];
    let view = parameters_by_targets(&rows, &names, &order, &colour, &tooltips);
    Ok(Figure::new("sensitivity", "What each parameter does to each target", caption, view))
}
