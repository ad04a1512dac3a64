//! The box that is searched, and the coordinates in which it is searched.

use std::collections::HashSet;

/// How equal steps of the search map to steps of the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal steps are equal differences.
    #[default]
    Linear,
    /// Equal steps are equal ratios.
    Log,
}

/// One parameter and its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// The parameter's name, unique in its space.
    pub name: String,
    /// Lowest value, itself allowed.
    pub low: f64,
    /// Highest value, itself allowed; equal to `low` for a parameter that stays fixed.
    pub high: f64,
    /// Linear or logarithmic coordinates.
    pub scale: Scale,
    /// Whether only whole numbers are allowed.
    pub integer: bool,
}

/// A box that cannot be searched.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SpaceError {
    #[error("there is no parameter to search")]
    Empty,
    #[error("the parameter {name} is named twice")]
    DuplicateName { name: String },
    #[error("the range of {name}, {low} to {high}, is not finite")]
    NotFinite { name: String, low: f64, high: f64 },
    #[error("the range of {name} is reversed: {low} is above {high}")]
    Reversed { name: String, low: f64, high: f64 },
    #[error(
        "{name} has a logarithmic scale, but its range begins at {low}, which is not above zero"
    )]
    LogNotPositive { name: String, low: f64 },
    #[error("{name} is an integer, but there is none between {low} and {high}")]
    NoInteger { name: String, low: f64, high: f64 },
}

/// A point that cannot be the start of a search.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CentroidError {
    #[error("the centroid has {found} values for {expected} parameters")]
    Length { expected: usize, found: usize },
    #[error("the centroid's value of {name}, {value}, is outside its range {low} to {high}")]
    Outside { name: String, value: f64, low: f64, high: f64 },
}

/// The box that is searched: at least one dimension, finite ranges with `low <= high` (`low > 0` on a
/// logarithmic scale, at least one whole number in the range of an integer), unique names.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    dimensions: Vec<Dimension>,
}

impl Space {
    /// Checks the dimensions and makes a space of them.
    ///
    /// # Errors
    /// A dimension breaks one of the rules above.
    pub fn new(dimensions: Vec<Dimension>) -> Result<Space, SpaceError> {
        if dimensions.is_empty() {
            return Err(SpaceError::Empty);
        }
        let mut names = HashSet::new();
        for dimension in &dimensions {
            let Dimension { ref name, low, high, scale, integer } = *dimension;
            let name = || name.clone();
            if !names.insert(&dimension.name) {
                return Err(SpaceError::DuplicateName { name: name() });
            }
            if !low.is_finite() || !high.is_finite() {
                return Err(SpaceError::NotFinite { name: name(), low, high });
            }
            if low > high {
                return Err(SpaceError::Reversed { name: name(), low, high });
            }
            if scale == Scale::Log && low <= 0.0 {
                return Err(SpaceError::LogNotPositive { name: name(), low });
            }
            if integer && low.ceil() > high.floor() {
                return Err(SpaceError::NoInteger { name: name(), low, high });
            }
        }
        Ok(Space { dimensions })
    }

    /// The dimensions, in the order of every parameter vector.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// How many dimensions there are, fixed ones included.
    #[allow(clippy::len_without_is_empty)] // a space is never empty
    pub fn len(&self) -> usize {
        self.dimensions.len()
    }

    /// Parameter values as coordinates in which every range is [-1, 1], linearly or logarithmically;
    /// 0 where the range has no width. `values` has one value per dimension.
    pub fn to_unit(&self, values: &[f64]) -> Vec<f64> {
        self.dimensions.iter().zip(values).map(|(d, &value)| d.unit_of(value)).collect()
    }

    /// The inverse of [`to_unit`](Self::to_unit). What lies outside (also by rounding) becomes the
    /// nearest bound, and integers are rounded to one inside the range.
    pub fn from_unit(&self, unit: &[f64]) -> Vec<f64> {
        self.dimensions.iter().zip(unit).map(|(d, &unit)| d.value_at(unit)).collect()
    }

    /// Checks that a search can start at `centroid` and rounds its integers.
    pub(crate) fn admit(&self, centroid: &[f64]) -> Result<Vec<f64>, CentroidError> {
        if centroid.len() != self.len() {
            return Err(CentroidError::Length { expected: self.len(), found: centroid.len() });
        }
        let admit = |(d, &value): (&Dimension, &f64)| {
            let &Dimension { ref name, low, high, .. } = d;
            if (low..=high).contains(&value) {
                Ok(d.nearest(value))
            } else {
                Err(CentroidError::Outside { name: name.clone(), value, low, high })
            }
        };
        self.dimensions.iter().zip(centroid).map(admit).collect()
    }
}

impl Dimension {
    /// Whether the parameter can take one value only.
    pub(crate) fn is_fixed(&self) -> bool {
        self.low == self.high || (self.integer && self.low.ceil() == self.high.floor())
    }

    /// The distance of two neighbouring integers around `unit`, in unit coordinates.
    pub(crate) fn integer_step(&self, unit: f64) -> f64 {
        let (_, half_width) = self.middle_and_half_width();
        match self.scale {
            Scale::Linear => 1.0 / half_width,
            Scale::Log => 1.0 / (half_width * self.value_at(unit)),
        }
    }

    fn unit_of(&self, value: f64) -> f64 {
        let (middle, half_width) = self.middle_and_half_width();
        if half_width == 0.0 {
            return 0.0;
        }
        match self.scale {
            Scale::Linear => (value - middle) / half_width,
            Scale::Log => (libm::log(value) - middle) / half_width,
        }
    }

    fn value_at(&self, unit: f64) -> f64 {
        let (middle, half_width) = self.middle_and_half_width();
        let position = unit * half_width + middle;
        self.nearest(match self.scale {
            Scale::Linear => position,
            Scale::Log => libm::exp(position),
        })
    }

    /// The allowed value nearest to `value`. (`max` and `min` map even a NaN into the range.)
    fn nearest(&self, value: f64) -> f64 {
        if self.integer {
            value.round().max(self.low.ceil()).min(self.high.floor())
        } else {
            value.max(self.low).min(self.high)
        }
    }

    /// Middle and half width of the range on its scale. Halving first keeps huge ranges finite.
    fn middle_and_half_width(&self) -> (f64, f64) {
        let (low, high) = match self.scale {
            Scale::Linear => (self.low, self.high),
            Scale::Log => (libm::log(self.low), libm::log(self.high)),
        };
        (high / 2.0 + low / 2.0, high / 2.0 - low / 2.0)
    }
}
