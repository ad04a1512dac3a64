//! What is known from before a search began.

use configuration::FidelityNumber;
use simulation::{OutcomeClass, SimulationResult};

/// Something known from before.
pub struct WarmStart {
    /// Where it comes from, as the user named it.
    pub from: String,
    /// Simulations, as far as they are of use here.
    pub simulations: Vec<Earlier>,
    /// Points to simulate first.
    pub starts: Vec<Vec<f64>>,
    /// How many simulations are of no use, since they lie elsewhere.
    pub elsewhere: usize,
}

/// A simulation that was run before.
pub struct Earlier {
    /// The parameters' values, in the order of the configuration.
    pub parameters: Vec<f64>,
    /// Which version of the present simulation it was.
    pub fidelity: FidelityNumber,
    /// The seed it had.
    pub seed: u64,
    /// What came out, scored by the present targets.
    pub result: SimulationResult,
}

impl Earlier {
    /// Whether some of the present targets were not measured then.
    pub fn is_incomplete(&self) -> bool {
        self.result.outcome == OutcomeClass::Incomplete
    }
}
