//! How many simulations each point is worth to each output. A simulation from before may have been measured for fewer
//! targets than now: to the others its point is worth nothing, as if it were not there. Outputs that are known at the
//! same points share their factorizations.

use super::evidence::JITTER;
use crate::linear_algebra::Matrix;

/// The variance of the noise where nothing is known; that of the covariance is about 1. It is a row's own number on the
/// diagonal, so it does not spoil the condition of the others.
pub(super) const NOTHING_KNOWN: f64 = 1e8;

/// What all points are worth to all outputs.
#[derive(Debug, Clone)]
pub(super) struct Worths {
    patterns: Vec<Pattern>,
    /// For every output the index of its pattern.
    pattern_of: Vec<usize>,
}

/// Outputs that are known at the same points.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// How many simulations each point is worth; 0 where the outputs are not known.
    pub worth: Vec<f64>,
    /// At how many points they are known, 1 at least.
    pub count: f64,
    /// The outputs.
    pub members: Vec<usize>,
}

impl Worths {
    /// Of points that are worth so much to the outputs (one column for each) that are known there, that is not NaN.
    pub fn new(outputs: &Matrix, worth: &[f64]) -> Worths {
        let mut worths = Worths { patterns: Vec::new(), pattern_of: Vec::new() };
        for t in 0..outputs.ncols() {
            let own: Vec<f64> = (outputs.col_as_slice(t).iter().zip(worth))
                .map(|(value, worth)| if value.is_nan() { 0.0 } else { *worth })
                .collect();
            let known = worths.patterns.iter().position(|pattern| pattern.worth == own);
            let pattern = known.unwrap_or(worths.patterns.len());
            if known.is_none() {
                worths.patterns.push(Pattern { worth: own, count: 1.0, members: Vec::new() });
            }
            worths.patterns[pattern].members.push(t);
            worths.pattern_of.push(pattern);
        }
        worths.first(worth.len())
    }

    /// Of the first points only.
    pub fn first(&self, points: usize) -> Worths {
        let pattern = |Pattern { worth, members, .. }: &Pattern| {
            let worth = worth[..points].to_vec();
            let count = worth.iter().filter(|worth| **worth > 0.0).count().max(1) as f64;
            Pattern { worth, count, members: members.clone() }
        };
        let patterns = self.patterns.iter().map(pattern).collect();
        Worths { patterns, pattern_of: self.pattern_of.clone() }
    }

    /// Each output's pattern.
    pub fn of(&self, output: usize) -> &Pattern {
        &self.patterns[self.pattern_of[output]]
    }

    /// All of them.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }
}

impl Pattern {
    /// The variance of the noise at every point, with this ratio of one simulation's to the scale of the covariance.
    pub fn noise(&self, ratio: f64) -> impl Iterator<Item = f64> {
        let of =
            move |worth: &f64| if *worth > 0.0 { ratio / worth + JITTER } else { NOTHING_KNOWN };
        self.worth.iter().map(of)
    }

    /// A covariance with this noise on its diagonal.
    pub fn noisy(&self, covariance: &Matrix, ratio: f64) -> Matrix {
        let mut noisy = covariance.clone();
        for (i, noise) in self.noise(ratio).enumerate() {
            noisy[(i, i)] += noise;
        }
        noisy
    }

    /// The columns of its members.
    pub fn columns(&self, outputs: &Matrix) -> Matrix {
        Matrix::from_fn(outputs.nrows(), self.members.len(), |i, t| outputs[(i, self.members[t])])
    }
}
