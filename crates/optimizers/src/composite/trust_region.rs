//! The box around the best point in which the model is trusted.
//!
//! As in `TuRBO` (Eriksson et al. 2019, arXiv:1910.01739) it grows after successes and shrinks
//! after failures; a success is a generation whose results move the incumbent to a point that is
//! better by 1 %.

use serde::{Deserialize, Serialize};

use super::kernel::Point;

/// Radius at the start and at most, in unit coordinates: the box reaches as far as half of each
/// range.
const LARGEST: f64 = 0.5;
const SMALLEST: f64 = 0.25;

/// Generations without success at the smallest radius after which the region moves.
const PATIENCE: u32 = 12;

/// Where the next candidates are looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TrustRegion {
    pub centre: Point,
    /// Half of the box's half width.
    pub radius: f64,
    successes: u32,
    failures: u32,
    without_success: u32,
    has_improved: bool,
    /// Centres of regions that were exhausted.
    abandoned: Vec<Point>,
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
            abandoned: Vec::new(),
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

    /// Moves to the best point, of total `total`, where the centre now has `total_of_centre`.
    pub fn follow(&mut self, best: Point, total: f64, total_of_centre: f64) {
        let has_moved = best != self.centre;
        self.has_improved |= has_moved && total < total_of_centre - 0.01 * total_of_centre.abs();
        self.centre = best;
    }

    /// A generation is complete, or several small ones.
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

    /// How many regions were left since nothing was to be hoped for there.
    pub fn exhausted(&self) -> usize {
        self.abandoned.len()
    }

    /// Whether a point lies in the smallest box of a region that was exhausted.
    pub fn is_abandoned(&self, point: &[f64]) -> bool {
        let is_inside =
            |centre: &Point| centre.iter().zip(point).all(|(c, x)| (c - x).abs() <= 2.0 * SMALLEST);
        self.abandoned.iter().any(is_inside)
    }

    /// Goes to the best point that is not here, or `elsewhere` if there is none.
    pub fn abandon(&mut self, best_first: impl IntoIterator<Item = Point>, elsewhere: Point) {
        self.abandoned.push(std::mem::take(&mut self.centre));
        let best = best_first.into_iter().find(|point| !self.is_abandoned(point));
        let abandoned = std::mem::take(&mut self.abandoned);
        *self = TrustRegion { abandoned, ..TrustRegion::new(best.unwrap_or(elsewhere)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_shrinks_after_two_failures_and_grows_after_two_successes() {
        let mut region = TrustRegion::new(vec![0.0, 0.8]);
        let (lower, upper) = region.corners(2.0);
        assert_eq!((lower[0], upper[0], upper[1]), (-1.0, 1.0, 1.0));
        region.adapt();
        region.adapt();
        assert_eq!(region.radius, 0.375);
        for k in 1..=2 {
            region.follow(vec![0.1 * f64::from(k), 0.8], 10.0 - f64::from(k), 11.0 - f64::from(k));
            region.adapt();
        }
        assert_eq!(region.radius, 0.5);
        region.follow(vec![0.9, 0.8], 7.99, 8.0);
        region.adapt();
        assert_eq!(
            (region.failures, region.successes),
            (1, 0),
            "less than a percent is no success"
        );
    }

    #[test]
    fn an_exhausted_region_is_left_for_the_best_point_outside() {
        let mut region = TrustRegion::new(vec![0.0, 0.0]);
        assert!(!region.is_exhausted());
        (0..PATIENCE).for_each(|_| region.adapt());
        assert!(region.is_exhausted());
        region.abandon([vec![0.1, 0.4], vec![0.1, 0.6], vec![0.9, 0.9]], vec![1.0, 1.0]);
        assert_eq!(region.centre, [0.1, 0.6]);
        assert!(!region.is_exhausted() && region.radius == LARGEST);
        assert!(region.is_abandoned(&[0.5, -0.5]) && !region.is_abandoned(&[0.51, 0.0]));
        region.abandon([vec![0.0, 0.3]], vec![-1.0, -1.0]);
        assert_eq!(region.centre, [-1.0, -1.0]);
    }
}
