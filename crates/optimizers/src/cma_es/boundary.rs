//! How a sampled point comes to lie inside the ranges.

/// What becomes of points outside [-1, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boundary {
    /// The point is moved to the bound and learnt from as moved, as `BluePyOpt` does. Many
    /// candidates then lie on the bounds, and the distribution learns from steps that it never
    /// made.
    Clip,
    /// The distribution lives on the whole line and what is evaluated is a smooth, periodic image
    /// of it, as in pycma's `BoundTransform`: the identity up to 0.9, from there to 1.1 a quadratic
    /// with its top at the bound, beyond 1.1 the mirror image. The steps that are learnt from are
    /// those that were made, nothing piles up on a bound, and a bound itself can be reached.
    /// Drawing again until a point is inside would need ever more draws for an optimum in a corner
    /// (2 to the power of the number of bounds that it touches) and biases the steps inwards.
    Mirror,
}

/// Half width of the zone around a bound in which [`Boundary::Mirror`] is quadratic.
const MARGIN: f64 = 0.1;

impl Boundary {
    /// Changes the point that will be remembered.
    pub fn repair(self, point: &mut [f64]) {
        // Only a point with a coordinate beyond a bound is touched, but then coordinates exactly on
        // a bound are moved too; and to 1e-9 inside. Both as in `bluepyopt.deapext.utils.bound`.
        if self == Boundary::Clip && point.iter().any(|x| x.abs() > 1.0) {
            for x in point {
                if x.abs() >= 1.0 {
                    *x = (1.0 - 1e-9) * x.signum();
                }
            }
        }
    }

    /// The unit coordinate at which the model is run for a coordinate of a repaired point.
    pub fn unit_at(self, x: f64) -> f64 {
        if self == Boundary::Clip {
            return x.clamp(-1.0, 1.0);
        }
        let top = 1.0 + MARGIN;
        // Position in the period, then its mirror image in [-top, top].
        let along = (x + top).rem_euclid(4.0 * top);
        let folded = if along > 2.0 * top { 3.0 * top - along } else { along - top };
        let inside = top - folded.abs();
        if inside < 2.0 * MARGIN {
            (1.0 - inside * inside / (4.0 * MARGIN)).copysign(folded)
        } else {
            folded
        }
    }

    /// The coordinate in [-1.1, 1.1] whose unit coordinate is `unit`.
    pub fn point_of(self, unit: f64) -> f64 {
        if self == Boundary::Clip || unit.abs() <= 1.0 - MARGIN {
            return unit;
        }
        let inside = 2.0 * (MARGIN * (1.0 - unit.abs()).max(0.0)).sqrt();
        (1.0 + MARGIN - inside).copysign(unit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CmaEs, CmaEsSettings, Dimension, Optimizer, Outcome, Scale, Space};

    #[test]
    fn clipping_is_bluepyopts() {
        let mut inside = [0.5, 1.0];
        Boundary::Clip.repair(&mut inside);
        assert_eq!(inside, [0.5, 1.0], "nothing is outside, so nothing moves");
        let mut outside = [0.5, 1.0, -1.5];
        Boundary::Clip.repair(&mut outside);
        assert_eq!(outside, [0.5, 1.0 - 1e-9, -1.0 + 1e-9]);
    }

    #[test]
    fn the_mirror_reaches_the_bound_and_turns_there() {
        let unit = |x| Boundary::Mirror.unit_at(x);
        for (x, expected) in
            [(0.3, 0.3), (-0.9, -0.9), (1.1, 1.0), (1.3, 0.9), (2.2, 0.0), (3.3, -1.0)]
        {
            assert!((unit(x) - expected).abs() < 1e-12, "{x} maps to {}", unit(x));
        }
        // (1 - 0.05²/0.4) a quarter of the zone away from its top, on either side
        assert!((unit(1.05) - 0.99375).abs() < 1e-12);
        assert!((unit(1.15) - 0.99375).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_mirror_is_inside_smooth_and_inverted_by_point_of(x in -50.0..50.0f64) {
            let mirror = Boundary::Mirror;
            let unit = mirror.unit_at(x);
            prop_assert!(unit.abs() <= 1.0);
            // nowhere steeper than the identity
            prop_assert!((mirror.unit_at(x + 1e-6) - unit).abs() <= 1e-6 * (1.0 + 1e-6));
            prop_assert!((mirror.unit_at(mirror.point_of(unit)) - unit).abs() < 1e-12);
        }
    }

    /// Ten parameters in [-1, 1]. Every second total would go on falling beyond the bound at 1; the
    /// others form a quadratic bowl around 0.2, whose axes differ up to 60 times.
    fn total(x: &[f64]) -> f64 {
        let term = |(i, v): (usize, &f64)| {
            if i % 2 == 0 { 1.0 - v } else { 10f64.powf(i as f64 / 2.25) * (v - 0.2).powi(2) }
        };
        x.iter().enumerate().map(term).sum()
    }

    /// Evaluations until the total is within 1e-6 of the smallest possible, and in how many of the
    /// first 1000 a parameter lay on a bound. Only the boundary differs from a usual search.
    fn search(boundary: Boundary, seed: u64) -> (Option<usize>, usize) {
        let dimension = |i| Dimension {
            name: format!("parameter {i}"),
            low: -1.0,
            high: 1.0,
            scale: Scale::Linear,
            integer: false,
        };
        let space = Space::new((0..10).map(dimension).collect()).unwrap();
        let settings = CmaEsSettings { offspring_size: Some(12), seed, ..CmaEsSettings::default() };
        let mut optimizer = CmaEs::new(space, &[-0.3; 10], settings).unwrap();
        optimizer.boundary = boundary;
        let (mut evaluations, mut on_bound) = (0, 0);
        while evaluations < 6000 {
            for candidate in optimizer.ask(12) {
                let total = total(&candidate.parameters);
                evaluations += 1;
                let is_on_bound = candidate.parameters.iter().any(|v| v.abs() > 1.0 - 2e-9);
                on_bound += usize::from(is_on_bound && evaluations <= 1000);
                if total < 1e-6 {
                    return (Some(evaluations), on_bound);
                }
                optimizer.tell(candidate.number, &Outcome::measured(&[], total)).unwrap();
            }
        }
        (None, on_bound)
    }

    #[test]
    fn an_optimum_on_bounds_is_found_by_mirroring_and_missed_by_clipping() {
        for seed in 1..=5 {
            let (evaluations, on_bound) = search(Boundary::Mirror, seed);
            assert!(evaluations.is_some_and(|e| e < 3000), "seed {seed}: {evaluations:?}");
            assert!(on_bound < 5, "seed {seed}: {on_bound} of 1000 candidates on a bound");

            let (evaluations, on_bound) = search(Boundary::Clip, seed);
            assert_eq!(evaluations, None, "seed {seed}");
            assert!(on_bound >= 30, "seed {seed}: {on_bound} of 1000 candidates on a bound");
        }
    }
}
