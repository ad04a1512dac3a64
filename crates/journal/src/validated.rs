//! How a candidate did when it was simulated again.

use serde::{Deserialize, Serialize};
use simulation::{CandidateNumber, SimulationResult};

use crate::repetition::{Repetition, mean_and_sd};

/// A candidate's further simulations, with seeds of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validated {
    /// The candidate.
    pub candidate: CandidateNumber,
    /// How many simulations there were.
    pub simulations: usize,
    /// How many of these exploded or failed.
    pub failed: usize,
    /// The mean total of those that did not; `None` if all did.
    pub mean: Option<f64>,
    /// The standard deviation of these totals (n - 1); `None` for fewer than two.
    pub sd: Option<f64>,
    /// The mean total of all of them, with what failures cost: the smaller, the better the
    /// candidate.
    pub expected_total: f64,
}

impl Validated {
    /// What a candidate's repetitions say; `None` if there are none that count.
    pub fn of(candidate: CandidateNumber, repetitions: &[Repetition]) -> Option<Self> {
        let counting = repetitions.iter().filter(|repetition| repetition.counts());
        let mut results: Vec<&SimulationResult> = counting.map(|it| &it.result).collect();
        // Whichever ended first, sums are the same to the last bit.
        results.sort_by(|a, b| a.total.total_cmp(&b.total));
        let totals: Vec<f64> = results
            .iter()
            .filter(|result| !result.outcome.is_failure())
            .map(|result| result.total)
            .collect();
        let (mean, sd) = mean_and_sd(&totals).unzip();
        let all: f64 = results.iter().map(|result| result.total).sum();
        (!results.is_empty()).then(|| Self {
            candidate,
            simulations: results.len(),
            failed: results.len() - totals.len(),
            mean,
            sd: sd.flatten(),
            expected_total: all / results.len() as f64,
        })
    }

    /// `candidate 17: total 20.1 ± 2.0 in 5 repetitions, 1 of them exploded or failed`.
    pub fn in_words(&self) -> String {
        let total = match (self.mean, self.sd) {
            (Some(mean), Some(sd)) => format!("total {mean:.2} ± {sd:.2}"),
            (Some(mean), None) => format!("total {mean:.2}"),
            (None, _) => "no total".to_owned(),
        };
        let failed = match self.failed {
            0 => String::new(),
            n => format!(", {n} of them exploded or failed"),
        };
        let (candidate, simulations) = (self.candidate, self.simulations);
        let repetitions = if simulations == 1 { "repetition" } else { "repetitions" };
        format!("candidate {candidate}: {total} in {simulations} {repetitions}{failed}")
    }
}

#[cfg(test)]
mod tests {
    use simulation::OutcomeClass;

    use super::*;

    #[test]
    fn the_order_in_which_simulations_end_does_not_matter() {
        let result = |total| {
            let completed = SimulationResult::measured(OutcomeClass::Completed, None, &[], &[]);
            let result = SimulationResult { total, ..completed };
            Repetition { candidate: CandidateNumber(3), repetition: 1, seed: 1, result }
        };
        let results = [0.1, 0.2, 0.3, 1e9].map(result);
        let reversed: Vec<_> = results.iter().rev().cloned().collect();
        assert_eq!(
            Validated::of(CandidateNumber(3), &results),
            Validated::of(CandidateNumber(3), &reversed)
        );
    }
}
