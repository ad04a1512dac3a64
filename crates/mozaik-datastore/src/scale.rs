//! What units are worth in base units, and those of time by their names.

use std::collections::BTreeMap;

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

    /// A unit that is made of no other.
    pub(crate) fn base(name: &str) -> Self {
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
