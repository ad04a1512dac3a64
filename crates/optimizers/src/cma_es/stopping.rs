//! When a search has nothing left to gain.

use std::collections::VecDeque;

use super::distribution::{Distribution, Sample};
use super::settings::CmaEsVariant;
use crate::ledger::Survivor;

/// Watches the generations of one search. The first reason to stop is kept.
#[derive(Debug)]
pub(super) struct Stopping {
    variant: CmaEsVariant,
    dimensions: usize,
    offspring_size: usize,
    initial_sigma: f64,
    /// The best total of every generation so far.
    best_totals: Vec<f64>,
    /// `BluePyOpt`: whether the best and a worse rank of recent generations had equal totals.
    flat: VecDeque<bool>,
    reason: Option<String>,
}

impl Stopping {
    pub fn new(
        variant: CmaEsVariant,
        dimensions: usize,
        offspring_size: usize,
        initial_sigma: f64,
    ) -> Stopping {
        Stopping {
            variant,
            dimensions,
            offspring_size,
            initial_sigma,
            best_totals: Vec::new(),
            flat: VecDeque::new(),
            reason: None,
        }
    }

    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Looks at a generation (best first) and at what the distribution has become. `number` counts
    /// generations from 1.
    pub fn check(
        &mut self,
        generation: &[Survivor<Sample>],
        distribution: &Distribution,
        number: u64,
    ) {
        let totals: Vec<f64> = generation.iter().map(|survivor| survivor.total).collect();
        self.best_totals.push(totals[0]);
        let reason = match self.variant {
            CmaEsVariant::Active => self.active(&totals, distribution),
            CmaEsVariant::BluePyOpt => self.bluepyopt(&totals, distribution, number),
        };
        self.reason = self.reason.take().or(reason);
    }

    /// Section B.3 of Hansen's tutorial, arXiv:1604.00772.
    fn active(&self, totals: &[f64], distribution: &Distribution) -> Option<String> {
        // Integers keep a least spread, so only the other coordinates can shrink.
        let shrunk = (0..self.dimensions)
            .filter(|&i| distribution.stretch[i] == 1.0)
            .map(|i| distribution.spread(i).max(distribution.sigma * distribution.p_c[i].abs()))
            .reduce(f64::max)
            .is_some_and(|widest| widest < 1e-12);
        if shrunk {
            return Some("the step size has shrunk to 1e-12 of the range".to_owned());
        }
        self.unchanged()
            .filter(|_| are_equal(totals))
            .map(|window| format!("the totals have not changed over {window} generations"))
            .or_else(|| too_flat(distribution))
    }

    /// The criteria of `bluepyopt.deapext.stoppingCriteria` that `CMA_SO` has on by default, as
    /// they are (`TolX` without an absolute value, `NoEffectAxis` along a row of B), except
    /// `MaxNGen`.
    fn bluepyopt(
        &mut self,
        totals: &[f64],
        distribution: &Distribution,
        number: u64,
    ) -> Option<String> {
        let n = self.dimensions;
        let Distribution { mean, sigma, covariance, p_c, eigen, axis_lengths, .. } = distribution;
        let variance = |i: usize| covariance[i * n + i];

        // TolHistFun
        if let Some(window) = self.unchanged() {
            return Some(format!("the best total has not changed over {window} generations"));
        }

        // EqualFunVals: the total at rank `worse` is that of the best within a millionth
        let from_end = (0.1 + self.offspring_size as f64 / 4.0).ceil() as usize;
        let worse = totals[totals.len().saturating_sub(from_end)];
        let tolerance = 1e-6 * totals[0].abs().max(worse.abs());
        let equal = worse.is_finite() && worse - totals[0] <= tolerance;
        self.flat.push_back(equal || totals[0] == worse);
        if self.flat.len() > n {
            self.flat.pop_front();
        }
        let flat = self.flat.iter().filter(|flat| **flat).count();
        if number > n as u64 && flat as f64 > n as f64 / 3.0 {
            return Some(format!(
                "in {flat} of the last {n} generations nearly all candidates had the same total"
            ));
        }

        // NoEffectAxis, Python's index -0 being the first
        let k = (n - (number % n as u64) as usize) % n;
        if (0..n)
            .all(|i| mean[i] == mean[i] + 0.1 * sigma * axis_lengths[k] * eigen.vectors[k * n + i])
        {
            return Some("a tenth of the step size no longer moves the centroid".to_owned());
        }
        // TolUpSigma
        if sigma / self.initial_sigma > eigen.values[n - 1] * 1e20 {
            return Some("the step size has grown by 20 orders of magnitude".to_owned());
        }
        // TolX
        if p_c.iter().all(|path| *path < 1e-12) && (0..n).all(|i| variance(i).sqrt() < 1e-12) {
            return Some("the distribution has shrunk to 1e-12 of the range".to_owned());
        }
        // ConditionCov
        if let Some(reason) = too_flat(distribution) {
            return Some(reason);
        }
        // NoEffectCoor
        if (0..n).any(|i| mean[i] == mean[i] + 0.2 * sigma * variance(i)) {
            return Some("the spread of a parameter no longer moves the centroid".to_owned());
        }
        self.stagnates(number).then(|| {
            "the best total has not improved by 1 % over the last 100 generations".to_owned()
        })
    }

    /// `Stagnationv2`
    fn stagnates(&self, number: u64) -> bool {
        let best = &self.best_totals;
        let patience = 0.2 * number as f64
            + 120.0
            + 30.0 * self.dimensions as f64 / self.offspring_size as f64;
        if best.len() as f64 <= patience.ceil() {
            return false;
        }
        let recent = &best[best.len() - 20..];
        let earlier = &best[best.len() - 120..best.len() - 100];
        let mean = recent.iter().sum::<f64>() / 20.0;
        let variance = recent.iter().map(|total| (total - mean).powi(2)).sum::<f64>() / 20.0;
        median(recent) * 1.01 > median(earlier) && variance.sqrt() < 0.02 * best[best.len() - 1]
    }

    /// Over how many generations the best total has been the same, if over long enough
    /// (`TolHistFun`).
    fn unchanged(&self) -> Option<usize> {
        let window = 10 + (30 * self.dimensions).div_ceil(self.offspring_size);
        let start = self.best_totals.len().checked_sub(window)?;
        are_equal(&self.best_totals[start..]).then_some(window)
    }
}

fn too_flat(distribution: &Distribution) -> Option<String> {
    (distribution.condition() > 1e14).then(|| {
        "the distribution has become too flat to compute with (condition number above 1e14)"
            .to_owned()
    })
}

/// Whether the totals are equal, also all infinite, or within 1e-12.
fn are_equal(totals: &[f64]) -> bool {
    let low = totals.iter().copied().fold(f64::INFINITY, f64::min);
    let high = totals.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    low == high || high - low < 1e-12
}

fn median(totals: &[f64]) -> f64 {
    let mut sorted = totals.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}
