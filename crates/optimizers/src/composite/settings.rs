//! How a composite search is set up.

use crate::CentroidError;

/// How to search.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeSettings {
    /// Candidates per generation, at least 1. With 6 fewer simulations are needed than with 12.
    pub offspring_size: usize,
    /// Standard deviation of the first candidates around the centroid, in coordinates in which
    /// every range is [-1, 1].
    pub sigma: f64,
    /// Together with the candidates' numbers it determines everything random.
    pub seed: u64,
    /// Cheaper simulations of the same parameters, in whatever order: their candidates have the
    /// fidelities 1, 2, … Without any, all candidates are for the full simulation.
    pub fidelities: Vec<Fidelity>,
}

/// A cheaper simulation. What it tells is learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fidelity {
    /// What it is assumed to cost, in full simulations, until the core-seconds of both were told.
    pub assumed_cost: f64,
}

impl Default for Fidelity {
    fn default() -> Fidelity {
        Fidelity { assumed_cost: 0.1 }
    }
}

impl Default for CompositeSettings {
    fn default() -> CompositeSettings {
        CompositeSettings { offspring_size: 12, sigma: 0.3, seed: 0, fidelities: Vec::new() }
    }
}

/// Settings that the composite optimizer cannot work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompositeError {
    /// The centroid does not fit the space.
    #[error(transparent)]
    Centroid(#[from] CentroidError),
    /// There are no targets to model.
    #[error("there is no target to model")]
    NoTarget,
    /// A generation has no candidates.
    #[error("a generation needs at least one candidate")]
    OffspringSize,
    /// The assumed cost of a fidelity is none.
    #[error("fidelity {fidelity} is assumed to cost {cost} full simulations, which is no cost")]
    AssumedCost {
        /// 1, 2, …
        fidelity: usize,
        /// What was assumed.
        cost: f64,
    },
    /// The spread of the first candidates is none.
    #[error("the initial sigma is {sigma}, but must be above zero and at most 1e6")]
    Sigma {
        /// The sigma that was asked for.
        sigma: f64,
    },
}
