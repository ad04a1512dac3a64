//! What was run, and what came out.

use simulation::SimulationResult;

use crate::task::Task;

/// A simulation that has an outcome.
#[derive(Debug)]
pub struct Settled {
    /// What was run.
    pub task: Task,
    /// What came out.
    pub result: SimulationResult,
}
