//! Failures in a row. A parameter set that makes the model crash is an outcome, one of many; but
//! when nothing works any more that used to, it is not the parameters.
//!
//! So failures are held back from the first one on until a simulation works that began no earlier:
//! then they are the parameters' own, unless there are too many in a row to be chance, which are
//! run again. If nothing works for too long, or nothing else is left to run, a simulation that
//! worked is run once more, word for word. Does it work, the failures are judged as if another had;
//! does it fail, too, the environment is to blame: nothing is told, and what was held back is
//! simulated again when that is fixed.

use std::collections::BTreeSet;

use configuration::Limits;
use executors::JobKey;
use simulation::{Attempt, Keep, OutcomeClass, Simulation, SimulationDirectory, SimulationResult};

use crate::settled::Settled;
use crate::task::Task;

/// Failures in a row that are suspicious, however few run at a time.
const IN_A_ROW: usize = 8;
/// As many failures in a row as a search with its share of failures has by chance less often than
/// this are run again.
const CHANCE: f64 = 1e-3;

/// The repetition that a probe is: no other has this number.
const PROBE: u32 = u32::MAX;

/// What is known about whether simulations work at all.
#[derive(Debug, Default)]
pub struct Suspicion {
    /// The last one that worked.
    worked: Option<Task>,
    /// How many have.
    successes: u64,
    /// How many failures were outcomes.
    failures: u64,
    /// Those that were run again since there were too many in a row.
    doubted: BTreeSet<JobKey>,
    /// Failures since.
    held: Vec<Settled>,
    probing: bool,
}

/// What follows from an outcome.
pub enum Consequence {
    /// These are outcomes.
    Outcomes(Vec<Settled>),
    /// These are outcomes, and these are run again: there were too many failures in a row.
    Again(Vec<Settled>, Vec<Task>),
    /// Nothing, yet.
    Wait,
    /// The environment is to blame: these are to be simulated again.
    NothingWorks {
        /// What was held back.
        again: Vec<Task>,
        /// The probe and how it failed.
        probe: Box<Settled>,
    },
}

impl Suspicion {
    /// A simulation that an earlier controller saw work.
    pub fn has_worked(&mut self, task: Task) {
        self.worked = Some(task);
    }

    /// How many simulations have worked.
    pub fn successes(&self) -> u64 {
        self.successes
    }

    /// How many outcomes are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether a probe is under way: nothing else is begun meanwhile.
    pub fn is_probing(&self) -> bool {
        self.probing
    }

    /// Takes the outcome of a simulation.
    pub fn take(&mut self, settled: Settled) -> Consequence {
        if is_probe(&settled.task) {
            return self.take_probe(settled);
        }
        match settled.result.outcome {
            OutcomeClass::Completed | OutcomeClass::Exploded | OutcomeClass::Incomplete => {
                self.worked = Some(settled.task.clone());
                // What had begun before says nothing about what others met later.
                let is_later =
                    |failure: &Settled| match (failure.result.started, settled.result.started) {
                        (Some(failed), Some(worked)) => failed > worked,
                        _ => false,
                    };
                let held = std::mem::take(&mut self.held);
                let (later, acquitted) = held.into_iter().partition(is_later);
                self.held = later;
                let consequence = self.judge(acquitted);
                self.successes += 1;
                match consequence {
                    Consequence::Again(mut outcomes, again) => {
                        outcomes.push(settled);
                        Consequence::Again(outcomes, again)
                    }
                    Consequence::Outcomes(mut outcomes) => {
                        outcomes.push(settled);
                        Consequence::Outcomes(outcomes)
                    }
                    other => other,
                }
            }
            OutcomeClass::Crashed | OutcomeClass::NoData if self.worked.is_some() => {
                self.held.push(settled);
                Consequence::Wait
            }
            // These have another reason, or nothing has worked so far.
            _ => Consequence::Outcomes(vec![settled]),
        }
    }

    fn take_probe(&mut self, settled: Settled) -> Consequence {
        self.probing = false;
        let held = std::mem::take(&mut self.held);
        match settled.result.outcome {
            // Something else worked meanwhile.
            _ if held.is_empty() => Consequence::Wait,
            OutcomeClass::Crashed | OutcomeClass::NoData | OutcomeClass::NodeFailure => {
                let again = held.into_iter().map(|settled| settled.task).collect();
                Consequence::NothingWorks { again, probe: Box::new(settled) }
            }
            _ => self.judge(held),
        }
    }

    /// What failures in a row are, now that something works.
    fn judge(&mut self, failures: Vec<Settled>) -> Consequence {
        let share = (self.failures + 1) as f64 / (self.failures + self.successes + 2) as f64;
        let is_chance = share.powi(failures.len() as i32) >= CHANCE;
        let (outcomes, again): (Vec<_>, Vec<_>) = failures
            .into_iter()
            .partition(|failure| is_chance || self.doubted.contains(&failure.task.key));
        self.failures += outcomes.len() as u64;
        if again.is_empty() {
            return Consequence::Outcomes(outcomes);
        }
        let again: Vec<Task> = again.into_iter().map(|failure| failure.task).collect();
        self.doubted.extend(again.iter().map(|task| task.key));
        Consequence::Again(outcomes, again)
    }

    /// What is to be run to see whether anything works: a simulation that worked, where failures
    /// are held back and nothing else will tell.
    pub fn probe(&mut self, limits: &Limits, idle: bool) -> Option<Task> {
        if self.held.is_empty() || self.probing {
            return None;
        }
        let worked = self.worked.as_ref()?;
        if !idle && self.held.len() < IN_A_ROW.max(2 * limits.slots) {
            return None;
        }
        self.probing = true;
        Some(probe(worked))
    }

    /// Why failures are held back, as the last one said it.
    pub fn last_failure(&self) -> Option<&SimulationResult> {
        self.held.last().map(|settled| &settled.result)
    }
}

/// Whether a task belongs to no candidate, but to a doubt.
pub fn is_probe(task: &Task) -> bool {
    task.key.repetition == PROBE
}

/// The same simulation in a directory of its own, beside those of the candidates.
fn probe(worked: &Task) -> Task {
    let path = worked.directory.path();
    let place = path.ancestors().nth(2).unwrap_or(path).join("probe");
    let place = place.join(path.file_name().unwrap_or_default());
    let key = JobKey { repetition: PROBE, ..worked.key };
    let keep = Keep { all: false, failures: false, below: None };
    let simulation = Simulation { keep, ..worked.simulation.clone() };
    Task::new(key, SimulationDirectory::new(place), simulation, Attempt::NONE).at(worked.fidelity)
}
