//! What is to be run.

use std::time::Duration;

use configuration::FidelityNumber;
use executors::{Job, JobKey};
use simulation::{Attempt, Shortages, Simulation, SimulationDirectory};

/// A simulation that is to be run until it has an outcome.
#[derive(Debug, Clone)]
pub struct Task {
    /// Whose simulation it is.
    pub key: JobKey,
    /// Which version of the simulation.
    pub fidelity: FidelityNumber,
    /// Its files.
    pub directory: SimulationDirectory,
    /// What is simulated; its attempt is that of the last one that was begun.
    pub simulation: Simulation,
    /// How many attempts ended with a fault that is not the model's.
    pub faults: u32,
    /// How many of these because something ran out.
    pub shortages: Shortages,
    /// How many simulations had worked when its first fault came.
    pub(crate) successes_before_faults: Option<u64>,
    /// When the next attempt may begin.
    pub(crate) not_before: Duration,
}

impl Task {
    /// A full simulation that was not begun yet, or whose last attempt was this one.
    pub fn new(
        key: JobKey,
        directory: SimulationDirectory,
        simulation: Simulation,
        attempts: Attempt,
    ) -> Self {
        let simulation = Simulation { attempt: attempts, ..simulation };
        Self {
            key,
            fidelity: FidelityNumber::FULL,
            directory,
            simulation,
            faults: 0,
            shortages: Shortages::default(),
            successes_before_faults: None,
            not_before: Duration::ZERO,
        }
    }

    /// The same of this version of the simulation.
    #[must_use]
    pub fn at(self, fidelity: FidelityNumber) -> Self {
        Self { fidelity, ..self }
    }

    /// The same after these faults.
    #[must_use]
    pub fn after(self, faults: u32, shortages: Shortages) -> Self {
        Self { faults, shortages, ..self }
    }

    pub(crate) fn job(&self) -> Job {
        Job {
            key: self.key,
            fidelity: self.fidelity,
            attempt: self.simulation.attempt,
            shortages: self.shortages,
            directory: self.directory.clone(),
        }
    }
}
