//! The box around the best point in which the model is trusted.
//!
//! As in TuRBO (Eriksson et al. 2019, arXiv:1910.01739) it grows after successes and shrinks after failures;
//! a success is a generation whose results move the incumbent to a point that is better by 1 %.

use super::kernel::Point;

/// Radius at the start and at most, in unit coordinates: the box reaches as far as half of each range.
const LARGEST: f64 = 0.5;
const SMALLEST: f64 = 0.25;

/// Generations without success at the smallest radius after which the region moves.
const PATIENCE: u32 = 12;

/// Where the next candidates are looked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TrustRegion {
    pub centre: Point,
    /// Half of the box's half width.
    pub radius: f64,
    successes: u32,
    failures: u32,
    without_success: u32,
    has_improved: bool,
}

impl TrustRegion {
    pub fn new(centre: Point) -> TrustRegion {
        TrustRegion {
            centre,
            radius: LARGEST,
            successes: 0,
            failures: 0,
            without_success: 0,
            has_improved: false,
        }
    }

    /// The corners of the box, `reach` radii from its centre.
    pub fn corners(&self, reach: f64) -> (Point, Point) {
        let corner = |sign: f64| {
            let along = |c: &f64| (c + sign * reach * self.radius).clamp(-1.0, 1.0);
            self.centre.iter().map(along).collect()
        };
        (corner(-1.0), corner(1.0))
    }

    /// Moves to the incumbent, of total `total`, where the centre now has `total_of_centre`.
    pub fn follow(&mut self, incumbent: &[f64], total: f64, total_of_centre: f64) {
        let has_moved = incumbent != self.centre;
        self.has_improved |=
            has_moved && total < total_of_centre - 0.01 * total_of_centre.abs();
        self.centre = incumbent.to_vec();
    }

    /// A generation is complete.
    pub fn adapt(&mut self) {
        if self.has_improved {
            (self.successes, self.failures, self.without_success) = (self.successes + 1, 0, 0);
        } else {
            (self.successes, self.failures) = (0, self.failures + 1);
            self.without_success += 1;
        }
        self.has_improved = false;
        if self.successes == 2 {
            self.radius = (1.4 * self.radius).min(LARGEST);
            self.successes = 0;
        }
        if self.failures == 2 {
            self.radius = (0.75 * self.radius).max(SMALLEST);
            self.failures = 0;
        }
    }

    /// Whether nothing is to be hoped for here any more.
    pub fn is_exhausted(&self) -> bool {
        self.without_success >= PATIENCE
    }
}
