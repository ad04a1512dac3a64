//! Whether the model is to be trusted: what it said of candidates before they were simulated,
//! against what was then seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Pairs without which nothing can be said.
const LEAST_PAIRS: usize = 8;

/// Forecasts that rank the outcomes worse than this are no help (Spearman's coefficient).
const LEAST_CORRELATION: f64 = 0.2;

/// Errors of this many standard deviations, at the median, show that the model is wrong. Of a right
/// one the median is 0.67; near the end of a search the totals are all alike, and their ranks then
/// say nothing.
const BAD_ERROR: f64 = 2.0;

/// A total as it was expected, with the noise of one simulation, and as it came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Forecast {
    mean: f64,
    sd: f64,
    seen: Option<f64>,
}

/// All forecasts, by candidate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Forecasts(BTreeMap<u64, Forecast>);

/// How good the latest forecasts were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Skill {
    /// Spearman's rank correlation of expected and seen totals.
    pub rank_correlation: f64,
    /// The median error in standard deviations.
    pub median_error: f64,
}

impl Forecasts {
    /// Before the simulation.
    pub fn enter(&mut self, candidate: u64, (mean, variance): (f64, f64)) {
        self.0.insert(candidate, Forecast { mean, sd: variance.sqrt(), seen: None });
    }

    /// After it.
    pub fn compare(&mut self, candidate: u64, seen: f64) {
        if let Some(forecast) = self.0.get_mut(&candidate) {
            forecast.seen = Some(seen);
        }
    }

    /// Those of the latest `count` candidates that were seen, and of those that are under way: what
    /// [`skill`](Self::skill) needs from now on.
    pub fn latest(&self, count: usize, pending: impl Iterator<Item = u64>) -> Forecasts {
        let pending: BTreeSet<u64> = pending.collect();
        let mut seen = 0;
        let mut latest = BTreeMap::new();
        for (&number, forecast) in self.0.iter().rev() {
            seen += usize::from(forecast.seen.is_some());
            if pending.contains(&number) || (forecast.seen.is_some() && seen <= count) {
                latest.insert(number, *forecast);
            }
        }
        Forecasts(latest)
    }

    /// Of the latest `count` candidates that were forecast and seen.
    pub fn skill(&self, count: usize) -> Option<Skill> {
        let pair = |f: &Forecast| Some((f.mean, f.seen?, f.sd));
        let pairs: Vec<(f64, f64, f64)> =
            self.0.values().rev().filter_map(pair).take(count).collect();
        if pairs.len() < LEAST_PAIRS {
            return None;
        }
        let mut errors: Vec<f64> =
            pairs.iter().map(|(mean, seen, sd)| (seen - mean).abs() / sd.max(1e-9)).collect();
        errors.sort_by(f64::total_cmp);
        let expected: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let seen: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        Some(Skill {
            rank_correlation: correlation(&ranks(&expected), &ranks(&seen)),
            median_error: errors[errors.len() / 2],
        })
    }
}

impl Skill {
    /// Whether the search had better not rely on the model.
    pub fn is_bad(&self) -> bool {
        self.rank_correlation < LEAST_CORRELATION && self.median_error > BAD_ERROR
    }
}

/// Ranks from 0; equal values share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        below as f64 + (equal as f64 - 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// Pearson's coefficient; 0 where one does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum()
    };
    let scale = (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt();
    if scale > 0.0 { product(a, mean_a, b, mean_b) / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(f64, f64)]) -> Forecasts {
        let mut forecasts = Forecasts::default();
        for (candidate, &(mean, seen)) in (0..).zip(pairs) {
            forecasts.enter(candidate, (mean, 4.0));
            forecasts.compare(candidate, seen);
        }
        forecasts
    }

    /// Spearman's coefficient of these is 0.3952166664 with SciPy 1.17 (`scipy.stats.spearmanr`).
    #[test]
    fn skill_is_that_of_the_latest_pairs() {
        let pairs = [
            (900.0, 0.0),
            (1.0, 2.0),
            (2.0, 9.0),
            (3.0, 3.0),
            (4.0, 3.0),
            (5.0, 20.0),
            (6.0, 1.0),
            (7.0, 8.0),
            (8.0, 30.0),
        ];
        let forecasts = told(&pairs);
        let skill = forecasts.skill(8).unwrap();
        assert!((skill.rank_correlation - 0.395_216_666_4).abs() < 1e-9, "{skill:?}");
        // The errors are 1, 7, 0, 1, 15, 5, 1, 22, with a standard deviation of 2.
        assert_eq!(skill.median_error, 2.5);
        assert!(!skill.is_bad());
        assert!(forecasts.skill(7).is_none());
    }

    #[test]
    fn wrong_and_unordered_forecasts_are_bad_and_wide_ones_are_not() {
        let unordered = |scale: f64| {
            // Spearman's coefficient is 0.11.
            let order = [6, 1, 10, 3, 8, 0, 11, 2, 7, 4, 9, 5].map(f64::from);
            let pairs = (0..12).map(|k| 0.2 * f64::from(k)).zip(order.map(|seen| scale * seen));
            told(&pairs.collect::<Vec<_>>()).skill(12).unwrap()
        };
        assert!(unordered(10.0).is_bad());
        assert!(!unordered(0.2).is_bad());
    }
}
