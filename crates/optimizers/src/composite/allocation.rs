//! Which simulation is to be run next, the full one or a cheaper one.
//!
//! Were the error of each part of the model inversely proportional to what was spent on it, the next
//! core-second would reduce it most where the variance that is left, divided by what was spent, is
//! greatest. So spending is to be as the variances are that are left at the points in question: that
//! of what cheaper simulations would tell, and that of what only full ones would. (The allocation
//! between two sources of an estimate's error of Peherstorfer et al. 2016, "Optimal model management
//! for multifidelity Monte Carlo estimation", for errors that are not measured beforehand.)
//!
//! A search begins with cheaper simulations. Costs are the measured ones.

use std::collections::BTreeMap;

use super::settings::Fidelity;

/// What may be spent in any case on each kind of cheaper simulations, in full ones: to find out what
/// they are worth.
const TRIAL: f64 = 4.0;

/// What may be spent beyond that for what is spent on full simulations, on those whose model cannot
/// predict them, on those whose relation to the full ones is not known, and on others at most.
const DOUBTFUL: f64 = 0.03;
const UNRELATED: f64 = 2.0;
const MOST: f64 = 2.0;

/// What is known of a kind of cheaper simulations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Worth {
    /// Their model does not predict them, or only nearly: with 1.
    Doubtful { credit: f64 },
    /// It is not known yet what they have to do with full ones.
    Promising,
    /// What they would tell has this many times the variance of what only full ones would.
    Known { doubt: f64 },
}

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

    /// The next candidate's fidelity, which is then spent on. `worths` are those of the cheaper
    /// ones, in their order.
    pub fn next(&mut self, worths: &[Worth]) -> usize {
        let left = |(place, worth): (usize, &Worth)| {
            let fidelity = 1 + place;
            let left = self.allowance(*worth) - self.spent[fidelity];
            (left >= self.each[fidelity] / 2.0).then_some((left, fidelity))
        };
        let left = worths.iter().enumerate().filter_map(left);
        let cheaper = left.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, fidelity)| fidelity);
        // The first candidate is the centroid, and shows what a full simulation costs.
        let next = cheaper.filter(|_| self.proposed[0] > 0).unwrap_or(0);
        self.proposed[next] += 1;
        self.spent[next] += self.each[next];
        next
    }

    /// What may be spent on cheaper simulations of this worth in all.
    fn allowance(&self, worth: Worth) -> f64 {
        let full = self.spent[0];
        match worth {
            Worth::Doubtful { credit } => (TRIAL + DOUBTFUL * full) * (1.0 + 2.0 * credit * credit),
            Worth::Promising => (UNRELATED * full).max(TRIAL),
            Worth::Known { doubt } => (doubt.min(MOST) * full).max(TRIAL),
        }
    }
}
