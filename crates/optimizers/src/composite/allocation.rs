//! Which simulation is to be run next, the full one or a cheaper one.
//!
//! Were the error of each part of the model inversely proportional to what was spent on it, the
//! next core-second would reduce it most where the variance that is left, divided by what was
//! spent, is greatest. So spending is to be as the variances are that are left at the points in
//! question: that of what cheaper simulations would tell, and that of what only full ones would.
//! (The allocation between two sources of an estimate's error of Peherstorfer et al. 2016, "Optimal
//! model management for multifidelity Monte Carlo estimation", for errors that are not measured
//! beforehand.)
//!
//! A search begins with cheaper simulations. Costs are the measured ones.

use std::collections::BTreeMap;

use super::settings::Fidelity;

/// What may be spent in any case on each kind of cheaper simulations, to find out what they are
/// worth: in full ones, and in their own number if that is more.
const TRIAL: f64 = 4.0;
const TRIAL_COUNT: f64 = 20.0;

/// What may be spent beyond that for what is spent on full simulations, on those whose model cannot
/// predict them, on those whose relation to the full ones is not known, and on others at most.
const DOUBTFUL: f64 = 0.03;
const UNRELATED: f64 = 2.0;
const MOST: f64 = 1.0;

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
            let left = self.allowance(fidelity, *worth) - self.spent[fidelity];
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
    fn allowance(&self, fidelity: usize, worth: Worth) -> f64 {
        let full = self.spent[0];
        let trial = (TRIAL_COUNT * self.each[fidelity]).max(TRIAL);
        match worth {
            Worth::Doubtful { credit } => (trial + DOUBTFUL * full) * (1.0 + 2.0 * credit * credit),
            Worth::Promising => (UNRELATED * full).max(trial),
            Worth::Known { doubt } => (doubt.min(MOST) * full).max(trial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fidelities of `count` candidates where a cheap simulation costs 0.1.
    fn chosen(worth: Worth, count: usize) -> Vec<usize> {
        let costs = BTreeMap::from([(0, (0, 300.0)), (1, (1, 20.0)), (2, (1, 40.0))]);
        let candidates = [0, 1, 1].into_iter();
        let mut spending = Spending::new(&[Fidelity { assumed_cost: 0.5 }], candidates, &costs);
        assert!((spending.cost(1) - 0.1).abs() < 1e-12, "the measured one");
        (0..count).map(|_| spending.next(&[worth])).collect()
    }

    fn spent(worth: Worth, count: usize) -> (f64, f64) {
        let all = chosen(worth, count);
        let cheap = all.iter().filter(|fidelity| **fidelity == 1).count();
        ((1 + all.len() - cheap) as f64, 0.1 * (2 + cheap) as f64)
    }

    #[test]
    fn spending_is_as_what_is_left_to_know() {
        let (full, cheap) = spent(Worth::Known { doubt: 0.5 }, 400);
        assert!((cheap / full - 0.5).abs() < 0.02, "{full} and {cheap}");
        let (full, cheap) = spent(Worth::Known { doubt: 1e9 }, 400);
        assert!((cheap / full - MOST).abs() < 0.1, "{full} and {cheap}");
    }

    #[test]
    fn what_is_doubtful_is_tried_first_and_then_hardly() {
        let worth = Worth::Doubtful { credit: 0.0 };
        assert!(chosen(worth, 30).iter().all(|fidelity| *fidelity == 1));
        let (full, cheap) = spent(worth, 138);
        assert!(full > 75.0 && cheap <= TRIAL + DOUBTFUL * full + 0.1, "{full} and {cheap}");
    }

    #[test]
    fn the_first_candidate_is_full_and_costs_are_assumed_until_they_are_measured() {
        let cheaper = [Fidelity { assumed_cost: 0.5 }];
        let mut spending = Spending::new(&cheaper, std::iter::empty(), &BTreeMap::new());
        assert_eq!((spending.cost(1), spending.next(&[Worth::Promising])), (0.5, 0));
        assert_eq!(spending.next(&[Worth::Promising]), 1);
        assert_eq!((spending.proposed(0), spending.proposed(1)), (1, 1));
    }
}
