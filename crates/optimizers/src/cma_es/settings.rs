//! How CMA-ES is set up.

use crate::CentroidError;

/// Which CMA-ES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CmaEsVariant {
    /// Hansen's tutorial (arXiv:1604.00772) with negative weights for the worse half (active
    /// covariance update), a smooth mirror at the bounds, and a least spread for integers.
    /// Candidate 0 is the centroid itself.
    #[default]
    Active,
    /// What `BluePyOpt` 1.14 does with one summed objective (`deapext.CMA_SO`, on DEAP's
    /// `cma.Strategy`): no negative weights, candidates clipped to the bounds and learnt from as
    /// clipped, and its stopping criteria except the number of generations.
    BluePyOpt,
}

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CmaEsSettings {
    /// Which CMA-ES.
    pub variant: CmaEsVariant,
    /// Candidates per generation, at least 2. `None`: 4 + ⌊3 ln n⌋ for n parameters that are not
    /// fixed.
    pub offspring_size: Option<usize>,
    /// Initial standard deviation in coordinates in which every range is [-1, 1].
    pub sigma: f64,
    /// Together with a candidate's number it determines the candidate's normal deviates.
    pub seed: u64,
}

impl Default for CmaEsSettings {
    fn default() -> CmaEsSettings {
        CmaEsSettings { variant: CmaEsVariant::Active, offspring_size: None, sigma: 0.3, seed: 0 }
    }
}

/// Settings that CMA-ES cannot work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CmaEsError {
    /// The centroid does not fit the space.
    #[error(transparent)]
    Centroid(#[from] CentroidError),
    /// There is nothing to select from.
    #[error("a generation of {offspring_size} is too small, CMA-ES needs at least 2")]
    OffspringSize {
        /// The size that was asked for.
        offspring_size: usize,
    },
    /// The step size is not one.
    #[error("the initial sigma is {sigma}, but must be above zero and at most 1e6")]
    Sigma {
        /// The sigma that was asked for.
        sigma: f64,
    },
}
