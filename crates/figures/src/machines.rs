//! `machines`: how simulations ended on each machine.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulation::OutcomeClass;

use crate::theme::outcome_colour;
use crate::{Figure, NotEnough, Search};

/// Machines beyond this many are left out: those where the smallest share failed.
const SHOWN: usize = 40;

pub(crate) fn machines(search: &Search) -> Result<Figure, NotEnough> {
    let mut counts: BTreeMap<&str, BTreeMap<OutcomeClass, u32>> = BTreeMap::new();
    for (_, outcome) in search.finished() {
        if let Some(machine) = &outcome.machine {
            *counts.entry(machine).or_default().entry(outcome.class).or_default() += 1;
        }
    }
    if counts.len() < 2 {
        return Err(NotEnough { needed: "simulations on two machines" });
    }
    let known: u32 = counts.values().flat_map(BTreeMap::values).sum();
    let all = counts.len();
    let failed = |classes: &BTreeMap<OutcomeClass, u32>| {
        let sum: u32 = classes.values().sum();
        let completed = classes.get(&OutcomeClass::Completed).copied().unwrap_or(0);
        f64::from(sum - completed) / f64::from(sum)
    };
    let mut machines: Vec<(&str, BTreeMap<OutcomeClass, u32>)> = counts.into_iter().collect();
    machines.sort_by(|(_, a), (_, b)| failed(b).total_cmp(&failed(a)));
    machines.truncate(SHOWN);
    let names: Vec<&str> = machines.iter().map(|(name, _)| *name).collect();
    let mut rows: Vec<Value> = vec![];
    for (machine, classes) in &machines {
        let sum: u32 = classes.values().sum();
        for (class, count) in classes {
            rows.push(
                json!({"machine": machine, "class": class.words(), "count": count, "n": sum}),
            );
        }
    }
    let shown = if all > SHOWN { format!("; {SHOWN} of {all} machines") } else { String::new() };
    let caption = format!(
        "How simulations ended on each machine, the one with the largest share of failures first{shown}. n = {known} \
         simulations whose machine is known. Failures on one machine alone point to the machine, not the model.",
    );
    let view = json!({
        "data": {"values": rows},
        "width": 420, "height": {"step": 16},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {
                "field": "machine", "type": "nominal", "sort": names, "axis": {"title": null},
                "scale": {"domain": names},
            },
            "x": {
                "field": "count", "type": "quantitative", "title": "Simulations", "stack": "zero",
                "axis": {"tickMinStep": 1, "format": "d"},
            },
            "color": outcome_colour(search),
            "tooltip": [
                {"field": "machine", "type": "nominal"},
                {"field": "class", "type": "nominal", "title": "outcome"},
                {"field": "count", "type": "quantitative"},
                {"field": "n", "type": "quantitative", "title": "of"},
            ],
        },
    });
    Ok(Figure::new("machines", "Outcomes by machine", caption, view))
}
