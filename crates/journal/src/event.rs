//! What can happen in an optimization, as one line of the journal each.

use configuration::Limits;
use serde::{Deserialize, Serialize};
use simulation::{CandidateNumber, SimulationResult};

use crate::requests::Request;
use crate::validated::Validated;

/// The format of the journal that this version writes.
pub const FORMAT: u32 = 1;

/// An event. It is on disk before the act that it announces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "an event is written and forgotten")]
pub enum Event {
    /// The optimization begins; its configuration is frozen.
    Created {
        /// The format of the journal.
        format: u32,
        /// The version that wrote it.
        mozopt_version: String,
        /// Identifies the frozen configuration.
        configuration: String,
    },
    /// A controller takes over, at the beginning or to resume.
    Controller {
        /// Where it runs.
        host: String,
        /// Its process.
        pid: u32,
        /// The limits it keeps to.
        limits: Limits,
    },
    /// What the search depends on is not what it was when it began; no differences: it is so again.
    Surroundings {
        /// A sentence for each difference.
        differences: Vec<String>,
    },
    /// The optimizer was asked, and proposed these candidates.
    Proposed {
        /// The generation they belong to.
        generation: u64,
        /// The candidates, in the order of their numbers.
        candidates: Vec<Proposal>,
    },
    /// Simulations that were run before this optimization, and told to the optimizer.
    Imported {
        /// Where they come from.
        from: String,
        /// The generation in which the last of them is.
        generation: u64,
        /// Their parameters, in the order of their numbers.
        candidates: Vec<Proposal>,
        /// What came out of each.
        results: Vec<SimulationResult>,
    },
    /// A simulation is about to be handed to the executor.
    Submitting {
        /// The candidate.
        candidate: CandidateNumber,
        /// 1, 2, …: the first attempt or a repetition.
        attempt: u32,
    },
    /// The executor has it.
    Submitted {
        /// The candidate.
        candidate: CandidateNumber,
        /// The executor's name for it.
        job: String,
    },
    /// An attempt ended without an outcome that says something about the parameters.
    Interrupted {
        /// The candidate.
        candidate: CandidateNumber,
        /// What happened.
        reason: String,
        /// Whether something failed, so that it counts against the allowed repetitions.
        fault: bool,
        /// Whether it was a want of memory, so that the repetition gets more where that is
        /// configured.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        out_of_memory: bool,
    },
    /// The outcome is known.
    Finished {
        /// The candidate.
        candidate: CandidateNumber,
        /// Values, scores and reasons.
        result: SimulationResult,
    },
    /// The optimizer was told the outcome.
    Told {
        /// The candidate.
        candidate: CandidateNumber,
    },
    /// Outcomes were the machine's fault: their candidates are simulated again, and the optimizer
    /// is as if it had never been told.
    Forgotten {
        /// The candidates.
        candidates: Vec<CandidateNumber>,
        /// Why, in words.
        reason: String,
    },
    /// The best candidates were simulated again.
    Validated {
        /// How they did.
        candidates: Vec<Validated>,
        /// How long the jobs of these simulations had their cores, all together, seconds; 0 of
        /// versions that did not note it.
        #[serde(default)]
        job_seconds: f64,
    },
    /// The controller was asked for something, and does it.
    Requested {
        /// What.
        what: Request,
    },
    /// The controller ends.
    Stopped {
        /// Why, in words.
        reason: String,
    },
}

impl Event {
    /// What it is called in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Controller { .. } => "controller",
            Self::Surroundings { .. } => "surroundings",
            Self::Proposed { .. } => "proposed",
            Self::Imported { .. } => "imported",
            Self::Submitting { .. } => "submitting",
            Self::Submitted { .. } => "submitted",
            Self::Interrupted { .. } => "interrupted",
            Self::Finished { .. } => "finished",
            Self::Told { .. } => "told",
            Self::Forgotten { .. } => "forgotten",
            Self::Validated { .. } => "validated",
            Self::Requested { .. } => "requested",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// The candidates that it is about.
    pub fn candidates(&self) -> Vec<CandidateNumber> {
        match self {
            Self::Proposed { candidates, .. } | Self::Imported { candidates, .. } => {
                candidates.iter().map(|proposal| proposal.candidate).collect()
            }
            Self::Submitting { candidate, .. }
            | Self::Submitted { candidate, .. }
            | Self::Interrupted { candidate, .. }
            | Self::Finished { candidate, .. }
            | Self::Told { candidate } => vec![*candidate],
            Self::Forgotten { candidates, .. } => candidates.clone(),
            Self::Validated { candidates, .. } => {
                candidates.iter().map(|it| it.candidate).collect()
            }
            Self::Created { .. }
            | Self::Controller { .. }
            | Self::Surroundings { .. }
            | Self::Requested { .. }
            | Self::Stopped { .. } => vec![],
        }
    }

    /// An attempt ended for no fault: it, or its controller, was stopped.
    pub fn ended_by_us(candidate: CandidateNumber, reason: String) -> Self {
        Self::Interrupted { candidate, reason, fault: false, out_of_memory: false }
    }
}

/// A proposed candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its number.
    pub candidate: CandidateNumber,
    /// The seed of its simulation.
    pub seed: u64,
    /// The parameters' values, in the order of the configuration.
    pub parameters: Vec<f64>,
}

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 0, 1, 2, … without gaps.
    pub seq: u64,
    /// When it was written.
    pub time: jiff::Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

#[cfg(test)]
mod tests {
    use super::Event;
    use simulation::CandidateNumber;

    #[test]
    fn an_event_is_called_what_it_is_written_as() {
        for event in [
            Event::Told { candidate: CandidateNumber(3) },
            Event::Forgotten { candidates: vec![CandidateNumber(3)], reason: String::new() },
            Event::Stopped { reason: String::new() },
        ] {
            let written = serde_json::to_value(&event).unwrap();
            assert_eq!(written["event"], event.name());
        }
    }
}
