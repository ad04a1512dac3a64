//! Which simulation is to be run next, the full one or a cheaper one.
//!
//! What cheaper simulations may cost for each full one follows from how much they tell, as for two
//! sources of one mean's error (Peherstorfer et al. 2016, "Optimal model management for multifidelity
//! Monte Carlo estimation", eq. 3.8): with a share R of the variance explained by them, and a cost
//! of c full simulations each,
//!
//! ```text
//! cost of all cheap / cost of all full = √(c R / (1 - R))
//! ```
//!
//! Until R is known they may cost as much as the full ones. That is what a search begins with, and
//! it ends as soon as a few full simulations have shown what the cheaper ones are worth. Costs are
//! the measured ones.

use std::collections::BTreeMap;

use super::settings::Fidelity;

/// Simulations of a cheaper kind that come before the second full one, whatever they cost: so many
/// as a model needs.
const FIRST_OF_A_KIND: usize = 6;

/// What may be spent on cheaper simulations for what is spent on full ones while nothing is known
/// of their worth, and at most.
pub(super) const MOST: f64 = 1.0;

/// What was spent so far on every fidelity, in costs of a full simulation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spending {
    proposed: Vec<usize>,
    /// Mean costs.
    each: Vec<f64>,
    spent: Vec<f64>,
}

impl Spending {
    /// From the fidelity of every candidate and the core-seconds that were measured.
    pub fn new(
        cheaper: &[Fidelity],
        candidates: impl Iterator<Item = usize>,
        core_seconds: &BTreeMap<u64, (usize, f64)>,
    ) -> Spending {
        let fidelities = 1 + cheaper.len();
        let mut proposed = vec![0; fidelities];
        candidates.for_each(|fidelity| proposed[fidelity] += 1);
        let (mut measured, mut seconds) = (vec![0_usize; fidelities], vec![0.0; fidelities]);
        for (fidelity, cost) in core_seconds.values() {
            measured[*fidelity] += 1;
            seconds[*fidelity] += cost;
        }
        let mean = |f: usize| (seconds[f] > 0.0).then(|| seconds[f] / measured[f] as f64);
        let each = |f: usize| match (f, mean(f), mean(0)) {
            (0, _, _) => 1.0,
            (_, Some(cheap), Some(full)) => cheap / full,
            _ => cheaper[f - 1].assumed_cost,
        };
        let each: Vec<f64> = (0..fidelities).map(each).collect();
        let spent = proposed.iter().zip(&each).map(|(count, each)| *count as f64 * each).collect();
        Spending { proposed, each, spent }
    }

    /// The mean cost of a fidelity in full simulations, as far as it is known.
    pub fn cost(&self, fidelity: usize) -> f64 {
        self.each[fidelity]
    }

    /// How many candidates a fidelity has.
    pub fn proposed(&self, fidelity: usize) -> usize {
        self.proposed[fidelity]
    }

    /// What may be spent on a cheaper simulation that explains this share of the full one's
    /// variance, for what is spent on full ones.
    pub fn allowance(&self, fidelity: usize, explained: f64) -> f64 {
        let explained = explained.clamp(0.0, 0.99);
        (self.each[fidelity] * explained / (1.0 - explained)).sqrt().min(MOST)
    }

    /// The next candidate's fidelity, which is then spent on. `allowances` are for the cheaper ones,
    /// in their order.
    pub fn next(&mut self, allowances: &[f64]) -> usize {
        let left = |(f, allowance): (usize, &f64)| {
            let is_first = self.proposed[f] < FIRST_OF_A_KIND && *allowance >= MOST;
            let left = allowance * self.spent[0] - self.spent[f];
            let left = if is_first { f64::INFINITY } else { left };
            (left >= self.each[f] / 2.0).then_some((left, f))
        };
        let cheaper = if self.proposed[0] == 0 { None } else { Some(allowances) };
        let best = cheaper.into_iter().flatten().enumerate();
        let best = best.filter_map(|(i, allowance)| left((i + 1, allowance)));
        let next = best.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |(_, fidelity)| fidelity);
        self.proposed[next] += 1;
        self.spent[next] += self.each[next];
        next
    }
}
