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

/// The box that is searched: at least one dimension, finite ranges with `low <= high` (`low > 0` on
/// a logarithmic scale, at least one whole number in the range of an integer), unique names.
///
/// # Examples
///
/// ```
/// use optimizers::{Dimension, Scale, Space};
///
/// let dimension = |name: &str, low, high, scale, integer| Dimension {
///     name: name.to_owned(), low, high, scale, integer,
/// };
/// let space = Space::new(vec![
///     dimension("weight", 0.001, 0.1, Scale::Log, false),
///     dimension("samples", 10.0, 90.0, Scale::Linear, true),
/// ])?;
/// // The middle of a logarithmic range is the geometric mean of its bounds.
/// let middle = space.to_unit(&[0.01, 50.0]);
/// assert!(middle.iter().all(|unit| unit.abs() < 1e-12));
/// // What lies outside becomes the nearest bound, and integers are rounded.
/// assert_eq!(space.from_unit(&[1.5, 0.013])[1], 51.0);
/// assert_eq!(space.from_unit(&[1.5, 0.013])[0], 0.1);
///
/// let reversed = Space::new(vec![dimension("weight", 1.0, 0.5, Scale::Linear, false)]);
/// let why = "the range of weight is reversed: 1 is above 0.5";
/// assert_eq!(reversed.unwrap_err().to_string(), why);
/// # Ok::<(), optimizers::SpaceError>(())
/// ```
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

    /// Parameter values as coordinates in which every range is [-1, 1], linearly or
    /// logarithmically; 0 where the range has no width. `values` has one value per dimension.
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

    /// The coordinate of the allowed value nearest to the one at `unit`.
    pub(crate) fn rounded(&self, unit: f64) -> f64 {
        self.unit_of(self.value_at(unit))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dimension(low: f64, high: f64, scale: Scale, integer: bool) -> Dimension {
        Dimension { name: "K".to_owned(), low, high, scale, integer }
    }

    fn space(low: f64, high: f64, scale: Scale, integer: bool) -> Space {
        Space::new(vec![dimension(low, high, scale, integer)]).unwrap()
    }

    #[test]
    fn unit_coordinates_follow_the_scale() {
        let linear = space(10.0, 90.0, Scale::Linear, false);
        assert_eq!(linear.from_unit(&[-1.0]), [10.0]);
        assert_eq!(linear.from_unit(&[0.25]), [60.0]);
        assert_eq!(linear.to_unit(&[60.0]), [0.25]);

        let log = space(0.001, 10.0, Scale::Log, false);
        assert!((log.from_unit(&[0.0])[0] - 0.1).abs() < 1e-15, "the geometric mean");
        assert!((log.to_unit(&[1.0])[0] - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_range_without_width_is_a_point() {
        let fixed = space(0.3, 0.3, Scale::Log, false);
        assert_eq!(fixed.to_unit(&[0.3]), [0.0]);
        assert_eq!(fixed.from_unit(&[0.7]), [0.3]);
    }

    #[test]
    fn integers_stay_inside_a_range_that_does_not_end_on_them() {
        let integer = space(0.6, 3.4, Scale::Linear, true);
        let values = [-1.0, 0.0, 1.0].map(|unit| integer.from_unit(&[unit])[0]);
        assert_eq!(values, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_cannot_be_searched_is_refused() {
        let refused = |low, high, scale, integer| {
            Space::new(vec![dimension(low, high, scale, integer)]).unwrap_err().to_string()
        };
        assert_eq!(Space::new(Vec::new()), Err(SpaceError::Empty));
        let twice = vec![dimension(0.0, 1.0, Scale::Linear, false); 2];
        assert_eq!(Space::new(twice), Err(SpaceError::DuplicateName { name: "K".to_owned() }));
        assert_eq!(
            refused(0.0, f64::INFINITY, Scale::Linear, false),
            "the range of K, 0 to inf, is not finite"
        );
        assert_eq!(
            refused(2.0, 1.0, Scale::Linear, false),
            "the range of K is reversed: 2 is above 1"
        );
        assert_eq!(
            refused(0.0, 1.0, Scale::Log, false),
            "K has a logarithmic scale, but its range begins at 0, which is not above zero"
        );
        assert_eq!(
            refused(0.2, 0.8, Scale::Linear, true),
            "K is an integer, but there is none between 0.2 and 0.8"
        );
    }

    #[test]
    fn a_centroid_has_to_lie_inside() {
        let space = space(0.0, 9.0, Scale::Linear, true);
        assert_eq!(space.admit(&[3.4]), Ok(vec![3.0]));
        assert_eq!(
            space.admit(&[9.1]).unwrap_err().to_string(),
            "the centroid's value of K, 9.1, is outside its range 0 to 9"
        );
        assert!(space.admit(&[f64::NAN]).is_err());
        assert_eq!(space.admit(&[]), Err(CentroidError::Length { expected: 1, found: 0 }));
    }

    fn any_dimension() -> impl Strategy<Value = Dimension> {
        (-300..300i32, 0.0..1.0f64, any::<bool>(), any::<bool>()).prop_map(
            |(exponent, width, log, integer)| {
                let low = 1.7 * 10f64.powi(exponent) * if log || width < 0.5 { 1.0 } else { -1.0 };
                let high = low.abs() * (1.0 + 9.0 * width);
                let scale = if log { Scale::Log } else { Scale::Linear };
                let integer = integer && (0..9).contains(&exponent) && low.ceil() <= high.floor();
                dimension(low, high, scale, integer)
            },
        )
    }

    proptest! {
        #[test]
        fn values_never_leave_the_range(dimension in any_dimension(), unit in prop::num::f64::ANY) {
            let Dimension { low, high, integer, .. } = dimension;
            let value = Space::new(vec![dimension]).unwrap().from_unit(&[unit])[0];
            prop_assert!((low..=high).contains(&value));
            prop_assert!(!integer || value.fract() == 0.0);
        }

        #[test]
        fn from_unit_inverts_to_unit(dimension in any_dimension(), position in 0.0..=1.0f64) {
            let value = dimension.nearest(dimension.low + position * (dimension.high - dimension.low));
            let space = Space::new(vec![dimension.clone()]).unwrap();
            let back = space.from_unit(&space.to_unit(&[value]))[0];
            if dimension.integer {
                prop_assert_eq!(back, value);
            } else {
                // The logarithm of 1e300 has an ulp of 1e-13.
                let size = dimension.low.abs().max(dimension.high.abs());
                prop_assert!((back - value).abs() <= 1e-12 * size);
            }
        }
    }
}
