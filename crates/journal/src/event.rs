//! What can happen in an optimization, as one line of the journal each.

use configuration::{FidelityNumber, Limits};
use serde::{Deserialize, Serialize};
use simulation::{Attempt, CandidateNumber, SimulationResult};

use crate::repetition::Repetition;
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
        /// The room for simulations, where they run in an allocation with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<Room>,
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
        attempt: Attempt,
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
        /// Whether it took longer than it might, and gets more time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        out_of_time: bool,
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
    /// Candidates were simulated again, and the optimizer is told what came out where that says
    /// something about them.
    Repeated {
        /// In the order in which it is told.
        repetitions: Vec<Repetition>,
    },
    /// The best candidates were simulated again.
    Validated {
        /// How they did.
        candidates: Vec<Validated>,
        /// How long the jobs of those of these simulations had their cores, all together, seconds,
        /// of which no other event tells: versions that did not write down each of them.
        #[serde(default, skip_serializing_if = "is_zero")]
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
            Self::Repeated { .. } => "repeated",
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
            Self::Repeated { repetitions } => {
                let mut candidates: Vec<_> = repetitions.iter().map(|it| it.candidate).collect();
                candidates.dedup();
                candidates
            }
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
        Self::Interrupted {
            candidate,
            reason,
            fault: false,
            out_of_memory: false,
            out_of_time: false,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(seconds: &f64) -> bool {
    *seconds == 0.0
}

/// What an allocation of Slurm has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// How many simulations it holds at the same time.
    pub simulations: usize,
    /// Its cores.
    pub cores: u64,
}

/// A proposed candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its number.
    pub candidate: CandidateNumber,
    /// Which version of the simulation is to be run.
    #[serde(default, skip_serializing_if = "FidelityNumber::is_full")]
    pub fidelity: FidelityNumber,
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

impl Entry {
    /// Reads an entry. What is flattened and tagged serde reads by way of a buffer, which takes
    /// most of the time: the two kinds of entries that make up nearly all of a journal are read
    /// directly.
    pub(crate) fn parse(line: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Finished {
            seq: u64,
            time: jiff::Timestamp,
            candidate: CandidateNumber,
            result: SimulationResult,
        }
        #[derive(Deserialize)]
        struct Proposed {
            seq: u64,
            time: jiff::Timestamp,
            generation: u64,
            candidates: Vec<Proposal>,
        }
        match event_of(line) {
            Some("finished") => {
                let Finished { seq, time, candidate, result } = serde_json::from_str(line)?;
                Ok(Self { seq, time, event: Event::Finished { candidate, result } })
            }
            Some("proposed") => {
                let Proposed { seq, time, generation, candidates } = serde_json::from_str(line)?;
                Ok(Self { seq, time, event: Event::Proposed { generation, candidates } })
            }
            _ => serde_json::from_str(line),
        }
    }
}

/// The event of a line that begins as this version writes it.
fn event_of(line: &str) -> Option<&str> {
    let (seq, rest) = line.strip_prefix("{\"seq\":")?.split_once(",\"time\":\"")?;
    let (time, rest) = rest.split_once("\",\"event\":\"")?;
    let is_plain = seq.bytes().all(|byte| byte.is_ascii_digit()) && !time.contains(['"', '\\']);
    is_plain.then(|| rest.split_once('"').map(|(event, _)| event)).flatten()
}

#[cfg(test)]
mod tests {
    use configuration::FidelityNumber;
    use simulation::{CandidateNumber, OutcomeClass, SimulationResult};

    use super::{Entry, Event, Proposal};

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

    #[test]
    fn what_is_read_directly_is_what_serde_reads() {
        let candidate = CandidateNumber(3);
        let result = SimulationResult::measured(OutcomeClass::Exploded, None, &[], &[]);
        let parameters = vec![0.1 + 0.2, 1e-300];
        let proposal = Proposal { candidate, fidelity: FidelityNumber(1), seed: 7, parameters };
        for event in [
            Event::Finished { candidate, result },
            Event::Proposed { generation: 2, candidates: vec![proposal] },
            Event::Told { candidate },
        ] {
            let entry = Entry { seq: 5, time: jiff::Timestamp::now(), event };
            let line = serde_json::to_string(&entry).unwrap();
            // In another layout, and with a key that a later version may add.
            let other =
                line.replacen(':', ": ", 1).replacen('{', "{\"new\":{\"event\":\"told\"},", 1);
            for line in [line, other] {
                assert_eq!(Entry::parse(&line).unwrap(), entry, "{line}");
                assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry, "{line}");
            }
        }
        let incomplete = r#"{"seq":1,"time":"2026-01-01T00:00:00Z","event":"finished"}"#;
        assert!(Entry::parse(incomplete).is_err());
    }
}
