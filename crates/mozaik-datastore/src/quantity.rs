//! Numbers with units, as the package `quantities` pickles them.

use pickle::numpy::Array;
use pickle::{Graph, Value};

use crate::error::Problem;
use crate::unit::{scale, symbol};

/// A number or an array with its unit.
pub(crate) struct Quantity<'g> {
    graph: &'g Graph<'g>,
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

    fn single(&self) -> Result<f64, Problem> {
        self.array.single().ok_or_else(|| Problem::contents("a quantity of several numbers"))
    }

    /// The unit as people write it: `uS`, `1/ms`, `mV*ms`.
    pub(crate) fn unit(&self) -> String {
        let factor = |&(unit, exponent): &(Value, f64)| {
            let symbol = symbol(self.graph, unit).unwrap_or("?");
            match exponent {
                1.0 => symbol.to_owned(),
                -1.0 => format!("1/{symbol}"),
                _ => format!("{symbol}**{exponent}"),
            }
        };
        self.units.iter().map(factor).collect::<Vec<_>>().join("*")
    }

    /// How many seconds, to this power, one unit is.
    fn unit_in_seconds_to(&self, power: f64) -> Option<f64> {
        scale(self.graph, &self.units)?.in_seconds_to(power)
    }

    /// How many milliseconds one unit is.
    pub(crate) fn unit_in_ms(&self) -> Result<f64, Problem> {
        let seconds = self.unit_in_seconds_to(1.0).ok_or_else(|| {
            Problem::contents(format!("a time in {}, which is no unit of time", self.unit()))
        })?;
        Ok(1e3 * seconds)
    }

    /// A time in milliseconds.
    pub(crate) fn in_ms(&self) -> Result<f64, Problem> {
        Ok(self.single()? * self.unit_in_ms()?)
    }

    /// The time between two samples in milliseconds, of a sampling rate.
    pub(crate) fn interval_ms(&self) -> Result<f64, Problem> {
        let per_second = self.unit_in_seconds_to(-1.0).ok_or_else(|| {
            Problem::contents(format!("a rate in {}, which is no unit of frequency", self.unit()))
        })?;
        Ok(1e3 / (self.single()? * per_second))
    }
}
