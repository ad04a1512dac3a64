//! A further simulation of a candidate.

use serde::{Deserialize, Serialize};
use simulation::{CandidateNumber, OutcomeClass, SimulationResult};

/// A further simulation of a candidate, with a seed of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repetition {
    /// The candidate.
    pub candidate: CandidateNumber,
    /// 1, 2, …: which of its repetitions it is.
    pub repetition: u32,
    /// The seed of the simulation.
    pub seed: u64,
    /// What came out.
    pub result: SimulationResult,
}

impl Repetition {
    /// Whether it says something about the candidate. A machine that failed does not, nor does an
    /// error where the candidate itself was simulated without one.
    pub fn counts(&self) -> bool {
        use OutcomeClass::{Crashed, NoData, NodeFailure};
        !matches!(self.result.outcome, Crashed | NoData | NodeFailure)
    }
}

/// The mean and the standard deviation (n - 1) of some numbers: none of no number, and no deviation
/// of one.
pub fn mean_and_sd(numbers: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = || numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    let sd = || (numbers.len() > 1).then(|| (squares() / (count - 1.0)).sqrt());
    (!numbers.is_empty()).then(|| (mean, sd()))
}
