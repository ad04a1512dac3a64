//! Numbers with units, as the package `quantities` pickles them. What their units are
//! worth, `unit` says.

use pickle::numpy::Array;
use pickle::{Graph, Value};

use crate::error::Problem;

/// A number or an array with its unit.
pub(crate) struct Quantity<'g> {
    pub(crate) graph: &'g Graph<'g>,
    pub(crate) array: Array<'g>,
    /// The units whose product its unit is, with their exponents: (ms, -1) in `1/ms`.
    pub(crate) units: Vec<(Value, f64)>,
}

impl<'g> Quantity<'g> {
    pub(crate) fn of(graph: &'g Graph<'_>, value: Value) -> Result<Self, Problem> {
        let damaged = |why: &dyn std::fmt::Display| Problem::contents(format!("a quantity: {why}"));
        if graph.class(value) != Some(("quantities.quantity", "_reconstruct_quantity")) {
            return Err(damaged(&"another object stands in its place"));
        }
        let state = graph.instance(value).map_or(Value::None, |instance| instance.state);
        let array = Array::of_state(graph, state).map_err(|error| damaged(&error))?;
        let dimensionality = graph.sequence(state).and_then(|state| state.get(5));
        let entries = dimensionality.and_then(|&units| graph.entries(units));
        let unit = |&(unit, exponent): &(Value, Value)| Some((unit, graph.number(exponent)?));
        let units = entries.and_then(|entries| entries.iter().map(unit).collect());
        Ok(Self { graph, array, units: units.ok_or_else(|| damaged(&"its units cannot be read"))? })
    }

    /// Its number, where it is a single one.
    pub(crate) fn single(&self) -> Result<f64, Problem> {
        self.array.single().ok_or_else(|| Problem::contents("a quantity of several numbers"))
    }
}
