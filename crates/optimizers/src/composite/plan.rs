//! The candidates that come next.

use serde::{Deserialize, Serialize};

use super::kernel::Point;

/// The points of the candidates to come, made when the first of them is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// It is for the candidates from `first` to before `end`.
    pub first: u64,
    pub end: u64,
    /// Their fidelities.
    pub fidelities: Vec<usize>,
    /// Points under way when it was made, and their fidelities.
    pub pending: Vec<(Point, usize)>,
    /// Factor of the spread of candidates that have no model.
    pub spread: f64,
    /// They follow from the belief.
    #[serde(skip)]
    pub points: Option<Vec<Point>>,
}
