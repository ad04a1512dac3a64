//! What a unit of the package `quantities` is worth, by the definition that it is pickled with.
//!
//! ```text
//! kHz = UnitQuantity("kilohertz", 1000 Hz, "kHz", …)
//!  Hz = UnitQuantity("hertz", 1 1/s, "Hz", …)
//!   s = UnitTime("second", None, "s", …)                     a base unit
//! (10*ms) = CompoundUnit("10*ms")                            by its name alone
//! ```

use std::collections::BTreeMap;

use pickle::{Graph, Value};

use crate::compound_unit;
use crate::quantity::Quantity;

/// Units are defined by units that are defined by units; a damaged file may go round in circles.
const MOST_DEFINITIONS: usize = 200;

/// The base unit of time, by its name.
const SECOND: &str = "second";

/// A number and the powers of base units that it counts: 0.001 and second¹ for ms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    factor: f64,
    /// By the names of the base units, without those that have cancelled out.
    exponents: BTreeMap<String, f64>,
}

impl Scale {
    pub(crate) fn number(factor: f64) -> Self {
        Self { factor, exponents: BTreeMap::new() }
    }

    fn base(name: &str) -> Self {
        Self { factor: 1.0, exponents: BTreeMap::from([(name.to_owned(), 1.0)]) }
    }

    /// A unit of time, or of frequency, that everybody knows by its symbol or name.
    pub(crate) fn known(name: &str) -> Option<Self> {
        let (factor, exponent) = match name {
            "Ms" | "megasecond" => (1e6, 1.0),
            "ks" | "kilosecond" => (1e3, 1.0),
            "s" | "sec" | "second" => (1.0, 1.0),
            "ms" | "millisecond" => (1e-3, 1.0),
            "us" | "microsecond" => (1e-6, 1.0),
            "ns" | "nanosecond" => (1e-9, 1.0),
            "ps" | "picosecond" => (1e-12, 1.0),
            "min" | "minute" => (60.0, 1.0),
            "h" | "hr" | "hour" => (3600.0, 1.0),
            "d" | "day" => (86400.0, 1.0),
            "Hz" | "hertz" => (1.0, -1.0),
            "kHz" | "kilohertz" => (1e3, -1.0),
            "MHz" | "megahertz" => (1e6, -1.0),
            "GHz" | "gigahertz" => (1e9, -1.0),
            _ => return None,
        };
        Some(Self { factor, exponents: BTreeMap::from([(SECOND.to_owned(), exponent)]) })
    }

    /// Multiplied by a power of another.
    #[must_use]
    pub(crate) fn times(mut self, other: &Self, power: f64) -> Self {
        // Powers of whole numbers are exact where the result is.
        self.factor *= match power {
            1.0 => other.factor,
            -1.0 => 1.0 / other.factor,
            _ => other.factor.powf(power),
        };
        for (base, exponent) in &other.exponents {
            *self.exponents.entry(base.clone()).or_default() += exponent * power;
        }
        self.exponents.retain(|_, exponent| *exponent != 0.0);
        self
    }

    /// How many seconds to this power it is, if it is nothing else.
    pub(crate) fn in_seconds_to(&self, power: f64) -> Option<f64> {
        let is_time = self.exponents.len() == 1 && self.exponents.get(SECOND) == Some(&power);
        (is_time && self.factor > 0.0 && self.factor.is_finite()).then_some(self.factor)
    }
}

/// The worth of a product of powers of units; `None` if one of them is not understood.
pub(crate) fn scale(graph: &Graph<'_>, units: &[(Value, f64)]) -> Option<Scale> {
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
pub(crate) fn symbol<'g>(graph: &'g Graph<'_>, unit: Value) -> Option<&'g str> {
    let arguments = graph.sequence(graph.instance(unit)?.arguments)?;
    if !is_unit(graph, unit) {
        return None;
    }
    // A unit without a symbol is called by its name.
    let named = |i: usize| arguments.get(i).and_then(|&name| graph.text(name));
    named(2).or_else(|| named(0))
}
