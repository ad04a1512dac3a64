//! What a unit of the package `quantities` is worth, by the definition that it is pickled with.
//!
//! ```text
//! kHz = UnitQuantity("kilohertz", 1000 Hz, "kHz", …)
//!  Hz = UnitQuantity("hertz", 1 1/s, "Hz", …)
//!   s = UnitTime("second", None, "s", …)                     a base unit
//! (10*ms) = CompoundUnit("10*ms")                            by its name alone
//! ```

use pickle::{Graph, Value};

use crate::compound_unit;
use crate::error::Problem;
use crate::quantity::Quantity;
use crate::scale::Scale;

/// Units are defined by units that are defined by units; a damaged file may go round in circles.
const MOST_DEFINITIONS: usize = 200;

/// A quantity by its unit.
impl Quantity<'_> {
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

/// The worth of a product of powers of units; `None` if one of them is not understood.
fn scale(graph: &Graph<'_>, units: &[(Value, f64)]) -> Option<Scale> {
    of_product(graph, units, &mut { MOST_DEFINITIONS })
}

fn of_product(graph: &Graph<'_>, units: &[(Value, f64)], left: &mut usize) -> Option<Scale> {
    units.iter().try_fold(Scale::number(1.0), |product, &(unit, exponent)| {
        Some(product.times(&of_unit(graph, unit, left)?, exponent))
    })
}

fn of_unit(graph: &Graph<'_>, unit: Value, left: &mut usize) -> Option<Scale> {
    *left = left.checked_sub(1)?;
    let (_, class) = graph.class(unit).filter(|&(module, _)| module == MODULE)?;
    let arguments = graph.sequence(graph.instance(unit)?.arguments)?;
    let name = graph.text(*arguments.first()?)?;
    if class == "CompoundUnit" {
        return compound_unit::parse(name);
    }
    match arguments.get(1) {
        None | Some(Value::None) => Some(Scale::known(name).unwrap_or_else(|| Scale::base(name))),
        Some(&definition) if is_unit(graph, definition) => of_unit(graph, definition, left),
        Some(&definition) => {
            let definition = Quantity::of(graph, definition).ok()?;
            let number = Scale::number(definition.array.single()?);
            Some(number.times(&of_product(graph, &definition.units, left)?, 1.0))
        }
    }
}

const MODULE: &str = "quantities.unitquantity";

fn is_unit(graph: &Graph<'_>, value: Value) -> bool {
    graph.class(value).is_some_and(|(module, _)| module == MODULE)
}

/// The symbol of a unit: the third argument of `UnitTime("millisecond", 0.001 s, "ms", …)`.
fn symbol<'g>(graph: &'g Graph<'_>, unit: Value) -> Option<&'g str> {
    let arguments = graph.sequence(graph.instance(unit)?.arguments)?;
    if !is_unit(graph, unit) {
        return None;
    }
    // A unit without a symbol is called by its name.
    let named = |i: usize| arguments.get(i).and_then(|&name| graph.text(name));
    named(2).or_else(|| named(0))
}
