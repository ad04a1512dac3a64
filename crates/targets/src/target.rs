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

    /// The score that the predecessor of this program gives: see
    /// [`Scoring::score_as_predecessor`].
    pub fn score_as_predecessor(&self, value: &Value) -> Score {
        match value {
            Err(missing) if missing.is_infinite() => {
                self.scoring.score_as_predecessor(Some(f64::INFINITY))
            }
            value => self.scoring.score_as_predecessor(value.as_ref().ok().copied()),
        }
    }
}

/// The value of a target: a finite number, or why there is none.
pub type Value = Result<f64, Missing>;

/// Why there is no value, as a fragment of a sentence: `no cell of V1_Exc_L2/3 has more than 5
/// intervals`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Missing {
    reason: String,
    is_infinite: bool,
}

impl Missing {
    /// A value is missing for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_infinite: false }
    }

    /// The value would be infinite, for this reason.
    pub fn infinite(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_infinite: true }
    }

    /// Whether the value would be infinite, which only the predecessor of this program takes for a
    /// value.
    pub fn is_infinite(&self) -> bool {
        self.is_infinite
    }
}
