//! Orientations of gratings and cells, in radians with period π.

use std::f64::consts::{FRAC_PI_2, PI};

use recording::Sheet;

/// The orientation whose cells are examined.
pub const OPTIMAL_RAD: f64 = FRAC_PI_2;

/// The orientation at right angles to it.
pub const ORTHOGONAL_RAD: f64 = 0.0;

/// Orientations closer than this are the same.
pub const TOLERANCE_RAD: f64 = 0.1;

/// The distance of two angles on a circle of this circumference, in `0..=period / 2`.
///
/// # Examples
///
/// ```
/// use std::f64::consts::PI;
///
/// use targets::orientation::{circular_distance, is_same_orientation};
///
/// assert!((circular_distance(0.1, PI - 0.1, PI) - 0.2).abs() < 1e-12);
/// assert!(is_same_orientation(0.04, PI - 0.04) && !is_same_orientation(0.0, 0.1));
/// ```
pub fn circular_distance(a: f64, b: f64, period: f64) -> f64 {
    let distance = (a.rem_euclid(period) - b.rem_euclid(period)).abs();
    distance.min(period - distance)
}

/// Whether two orientations are the same within the [tolerance](TOLERANCE_RAD), which itself is
/// excluded.
pub fn is_same_orientation(a_rad: f64, b_rad: f64) -> bool {
    circular_distance(a_rad, b_rad, PI) < TOLERANCE_RAD
}

/// The preferred orientations of a sheet's cells.
#[derive(Debug, Clone, Copy)]
pub struct Preferences<'a>(&'a [f64]);

impl<'a> Preferences<'a> {
    /// `None` if the sheet has no orientation map.
    pub fn of(sheet: &'a Sheet) -> Option<Self> {
        sheet.orientations_rad.as_deref().map(Self)
    }

    /// Whether the cell with this sheet index prefers this orientation.
    pub fn is_preferred(self, cell: usize, orientation_rad: f64) -> bool {
        self.0.get(cell).is_some_and(|&preferred| is_same_orientation(preferred, orientation_rad))
    }

    /// Whether the cell with this sheet index prefers the [optimal orientation](OPTIMAL_RAD).
    pub fn is_oriented(self, cell: usize) -> bool {
        self.is_preferred(cell, OPTIMAL_RAD)
    }
}
