//! The state of a search as far as it does not follow from its proposals and outcomes alone, or
//! would take long to come to by learning from them one generation after another.

use serde::{Deserialize, Serialize};

use super::belief::Fits;
use super::fallback::Fallback;
use super::forecasts::Forecasts;
use super::plan::Plan;
use super::trust_region::TrustRegion;

/// What a search needs beside its proposals and outcomes to go on as it would have: see
/// [`Optimizer::restore`](crate::Optimizer::restore).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// How many candidates had been proposed.
    pub(super) proposed: u64,
    /// How many outcomes had been told.
    pub(super) told: u64,
    pub(super) learnt: Option<Learnt>,
    pub(super) forecasts: Forecasts,
    pub(super) fallback: Option<Fallback>,
    pub(super) plan: Plan,
    pub(super) news: usize,
    pub(super) since_fit: Vec<usize>,
    pub(super) since_adaptation: usize,
}

/// How the model came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Learnt {
    pub fits: Fits,
    pub region: TrustRegion,
    /// Candidates whose outcomes came after it.
    pub unlearnt: Vec<u64>,
    /// How many repetitions did.
    #[serde(default)]
    pub unlearnt_repetitions: usize,
}
