//! Numbers with units, as the package `quantities` pickles them.

use pickle::numpy::Array;
use pickle::{Graph, Value};

use crate::error::Problem;

/// A number or an array with its unit.
pub(crate) struct Quantity<'g> {
    pub(crate) array: Array<'g>,
    /// The unit's symbol and exponent, where there is one; `ms` in `12 ms`, `(ms, -1)` in `1/ms`.
    units: Vec<(String, f64)>,
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
        let unit = |&(unit, exponent): &(Value, Value)| {
            Some((symbol(graph, unit)?.to_owned(), graph.number(exponent)?))
        };
        let units = entries.and_then(|entries| entries.iter().map(unit).collect());
        Ok(Self { array, units: units.ok_or_else(|| damaged(&"its units cannot be read"))? })
    }

    fn single(&self) -> Result<f64, Problem> {
        self.array.single().ok_or_else(|| Problem::contents("a quantity of several numbers"))
    }

    /// The unit as people write it: `uS`, `1/ms`, `mV*ms`.
    pub(crate) fn unit(&self) -> String {
        let factor = |(symbol, exponent): &(String, f64)| match exponent {
            1.0 => symbol.clone(),
            -1.0 => format!("1/{symbol}"),
            _ => format!("{symbol}**{exponent}"),
        };
        self.units.iter().map(factor).collect::<Vec<_>>().join("*")
    }

    /// How many milliseconds one unit is.
    pub(crate) fn unit_in_ms(&self) -> Result<f64, Problem> {
        match &self.units[..] {
            [(symbol, 1.0)] => milliseconds(symbol),
            _ => None,
        }
        .ok_or_else(|| Problem::contents(format!("a time in {}", self.unit())))
    }

    /// A time in milliseconds.
    pub(crate) fn in_ms(&self) -> Result<f64, Problem> {
        Ok(self.single()? * self.unit_in_ms()?)
    }

    /// The time between two samples in milliseconds, of a sampling rate.
    pub(crate) fn interval_ms(&self) -> Result<f64, Problem> {
        let per_ms = match &self.units[..] {
            [(symbol, -1.0)] => milliseconds(symbol).map(|ms| 1.0 / ms),
            [(symbol, 1.0)] if symbol == "Hz" => Some(1e-3),
            [(symbol, 1.0)] if symbol == "kHz" => Some(1.0),
            _ => None,
        };
        let per_ms =
            per_ms.ok_or_else(|| Problem::contents(format!("a rate in {}", self.unit())))?;
        Ok(1.0 / (self.single()? * per_ms))
    }
}

/// How many milliseconds a unit of time is.
fn milliseconds(symbol: &str) -> Option<f64> {
    match symbol {
        "us" => Some(1e-3),
        "ms" => Some(1.0),
        "s" => Some(1e3),
        _ => None,
    }
}

/// The symbol of a unit: the third argument of `UnitTime("millisecond", 0.001 s, "ms", …)`.
fn symbol<'g>(graph: &'g Graph<'_>, unit: Value) -> Option<&'g str> {
    let (module, _) = graph.class(unit)?;
    let arguments = graph.sequence(graph.instance(unit)?.arguments)?;
    if module != "quantities.unitquantity" {
        return None;
    }
    // A unit without a symbol is called by its name.
    let named = |i: usize| arguments.get(i).and_then(|&name| graph.text(name));
    named(2).or_else(|| named(0))
}
