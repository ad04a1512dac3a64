//! Failures in a row. A parameter set that makes the model crash is an outcome, one of many; but
//! when nothing works any more that used to, it is not the parameters.
//!
//! So failures are held back from the first one on until something works again: then they are the
//! parameters' own. If that takes too long, a simulation that worked is run once more, word for
//! word. Does it work, the failures are outcomes; does it fail, too, the environment is to blame:
//! nothing is told, and what was held back is simulated again when that is fixed.

use configuration::Limits;
use executors::JobKey;
use simulation::{Keep, OutcomeClass, Simulation, SimulationDirectory, SimulationResult};

use crate::settled::Settled;
use crate::task::Task;

/// Failures in a row that are suspicious, however few run at a time.
const IN_A_ROW: usize = 8;
/// Failures that are suspicious where nothing else is left to run and none of them ran for long.
const QUICK_ONES: usize = 2;
/// What ran for less than this part of the time that a simulation takes did not run for long.
const QUICK: f64 = 0.1;
/// Failures without one success that are suspicious where nothing else is left to run.
const A_BATCH: usize = 4;

/// The repetition that a probe is: no other has this number.
const PROBE: u32 = u32::MAX;

/// What is known about whether simulations work at all.
#[derive(Debug, Default)]
pub struct Suspicion {
    /// The last one that worked.
    worked: Option<(Task, f64)>,
    /// How many have.
    successes: u64,
    /// Failures since.
    held: Vec<Settled>,
    probing: bool,
}

/// What follows from an outcome.
pub enum Consequence {
    /// These are outcomes.
    Outcomes(Vec<Settled>),
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
    pub fn has_worked(&mut self, task: Task, seconds: f64) {
        self.worked = Some((task, seconds));
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
                self.successes += 1;
                self.worked = Some((settled.task.clone(), settled.result.simulation_seconds));
                let mut outcomes = std::mem::take(&mut self.held);
                outcomes.push(settled);
                Consequence::Outcomes(outcomes)
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
            _ => Consequence::Outcomes(held),
        }
    }

    /// What is to be done where nothing new has ended: a probe, or to take what is held for
    /// outcomes.
    pub fn look(&mut self, limits: &Limits, idle: bool) -> Option<Doubt> {
        if self.held.is_empty() || self.probing {
            return None;
        }
        let (worked, seconds) = self.worked.as_ref()?;
        let held = self.held.len();
        let quick = |it: &Settled| it.result.simulation_seconds < QUICK * seconds;
        let suspicious = held >= IN_A_ROW.max(2 * limits.slots)
            || idle && held >= A_BATCH.max(limits.slots)
            || idle && held >= QUICK_ONES && self.held.iter().all(quick);
        if suspicious {
            let probe = probe(worked);
            self.probing = probe.is_some();
            return probe.map(|task| Doubt::Probe(Box::new(task)));
        }
        idle.then(|| Doubt::Outcomes(std::mem::take(&mut self.held)))
    }

    /// Why failures are held back, as the last one said it.
    pub fn last_failure(&self) -> Option<&SimulationResult> {
        self.held.last().map(|settled| &settled.result)
    }
}

/// How doubts are resolved.
pub enum Doubt {
    /// By running this simulation again, which worked before.
    Probe(Box<Task>),
    /// There are none: these are outcomes.
    Outcomes(Vec<Settled>),
}

/// Whether a task belongs to no candidate, but to a doubt.
pub fn is_probe(task: &Task) -> bool {
    task.key.repetition == PROBE
}

/// The same simulation in a directory of its own, beside those of the candidates.
fn probe(worked: &Task) -> Option<Task> {
    let path = worked.directory.path();
    let place = path.parent()?.parent()?.join("probe").join(path.file_name()?);
    let key = JobKey { repetition: PROBE, ..worked.key };
    let keep = Keep { all: false, failures: false, below: None };
    let simulation = Simulation { keep, ..worked.simulation.clone() };
    Some(Task::new(key, SimulationDirectory::new(place), simulation, 0))
}
