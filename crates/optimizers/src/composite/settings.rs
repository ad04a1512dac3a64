//! How a composite search is set up.

use crate::CentroidError;

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompositeSettings {
    /// Candidates per generation, at least 1. With 6 fewer simulations are needed than with 12.
    pub offspring_size: usize,
    /// Standard deviation of the first candidates around the centroid, in coordinates in which
    /// every range is [-1, 1].
    pub sigma: f64,
    /// Together with the candidates' numbers it determines everything random.
    pub seed: u64,
}

impl Default for CompositeSettings {
    fn default() -> CompositeSettings {
        CompositeSettings { offspring_size: 12, sigma: 0.3, seed: 0 }
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
    /// The spread of the first candidates is none.
    #[error("the initial sigma is {sigma}, but must be above zero and at most 1e6")]
    Sigma {
        /// The sigma that was asked for.
        sigma: f64,
    },
}
