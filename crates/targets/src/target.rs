use crate::{Score, Scoring, TargetClass};

/// One thing that the model should reproduce.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// How people call it.
    pub name: String,
    /// What is measured.
    pub class: TargetClass,
    /// Where it is measured. Only a class that is not measured on the recording can do without.
    pub sheet_name: Option<String>,
    /// How the value becomes a score.
    pub scoring: Scoring,
}

impl Target {
    /// The score of a value, or of its absence.
    pub fn score(&self, value: &Value) -> Score {
        self.scoring.score(value.as_ref().ok().copied())
    }
}

/// The value of a target: a finite number, or why there is none.
pub type Value = Result<f64, Missing>;

/// Why there is no value, as a fragment of a sentence: `no cell of V1_Exc_L2/3 has more than 5
/// intervals`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Missing(String);

impl Missing {
    /// A value is missing for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
