//! `datastore.analysis.pickle`: results of analyses that were run on the store.

use pickle::{Graph, Value};

use crate::error::Problem;

/// The name of its file.
pub const ANALYSIS: &str = "datastore.analysis.pickle";

/// A number for each of some neurons, as an analysis found it (mozaik's `PerNeuronValue`).
#[derive(Debug, Clone, PartialEq)]
pub struct PerNeuronValue {
    /// For example `LGNAfferentOrientation`.
    pub name: String,
    /// Whose neurons.
    pub sheet: String,
    /// Which neurons, by the simulator's ids.
    pub neuron_ids: Vec<i64>,
    /// Their values, in the same order.
    pub values: Vec<f64>,
    /// The period of a circular quantity.
    pub period: Option<f64>,
}

/// All results of the kind `PerNeuronValue`; others are left out.
pub(crate) fn per_neuron_values(graph: &Graph<'_>) -> Result<Vec<PerNeuronValue>, Problem> {
    let results = graph
        .sequence(graph.root())
        .ok_or_else(|| Problem::contents("the analysis results are no list"))?;
    let is_wanted = |result: &&Value| {
        let class = graph.class(**result).map(|(_, class)| class);
        class == Some("PerNeuronValue")
    };
    results.iter().filter(is_wanted).map(|&result| per_neuron_value(graph, result)).collect()
}

fn per_neuron_value(graph: &Graph<'_>, result: Value) -> Result<PerNeuronValue, Problem> {
    let parameter = |name: &str| parameter(graph, result, name);
    let text = |name: &str| {
        let text = parameter(name).and_then(|value| graph.text(value));
        text.ok_or_else(|| Problem::contents(format!("a PerNeuronValue has no {name}")))
    };
    let numbers = |name: &str| {
        let numbers = graph.attribute(result, name).and_then(|value| graph.numbers(value));
        numbers.ok_or_else(|| Problem::contents(format!("the {name} of a PerNeuronValue")))
    };
    let neuron_ids: Vec<_> = numbers("ids")?.into_iter().map(|id| id as i64).collect();
    let values = numbers("values")?;
    if neuron_ids.len() != values.len() {
        let why =
            format!("a PerNeuronValue has {} ids and {} values", neuron_ids.len(), values.len());
        return Err(Problem::contents(why));
    }
    Ok(PerNeuronValue {
        name: text("value_name")?.to_owned(),
        sheet: text("sheet_name")?.to_owned(),
        neuron_ids,
        values,
        period: parameter("period").and_then(|period| graph.number(period)),
    })
}

/// A parameter of an object of the package `param`: version 1 keeps it under a name of its own,
/// version 2 in a dict of all.
fn parameter(graph: &Graph<'_>, object: Value, name: &str) -> Option<Value> {
    graph.attribute(object, &format!("_{name}_param_value")).or_else(|| {
        let private = graph.attribute(object, "_param__private")?;
        let state = graph.instance(private)?.state;
        // An object with slots is pickled as (dict or None, slots).
        let slots = graph.sequence(state).and_then(|state| state.get(1).copied());
        graph.get(graph.get(slots.unwrap_or(state), "values")?, name)
    })
}
