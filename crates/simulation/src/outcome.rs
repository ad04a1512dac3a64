//! What kind of end a simulation came to.

use serde::{Deserialize, Serialize};

/// What kind of end a simulation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeClass {
    /// It ran through and was measured.
    Completed,
    /// It was run before, and ran through, but not all targets of now were measured then.
    Incomplete,
    /// Its activity ran away; what was recorded before is measured.
    Exploded,
    /// It ran longer than it may.
    TimedOut,
    /// It needed more memory than there is.
    OutOfMemory,
    /// The simulator ended with an error.
    Crashed,
    /// The simulator ended well, but left nothing that can be measured.
    NoData,
    /// The machine failed under it, or somebody killed it, as often as it was tried. Says nothing
    /// about the parameters.
    NodeFailure,
}

impl OutcomeClass {
    /// In words, as part of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Exploded => "exploded",
            Self::TimedOut => "timed out",
            Self::OutOfMemory => "out of memory",
            Self::Crashed => "crashed",
            Self::NoData => "no data",
            Self::NodeFailure => "node failure",
        }
    }

    /// The class with these words.
    pub fn of_words(words: &str) -> Option<Self> {
        let all = [
            Self::Completed,
            Self::Incomplete,
            Self::Exploded,
            Self::TimedOut,
            Self::OutOfMemory,
            Self::Crashed,
            Self::NoData,
            Self::NodeFailure,
        ];
        all.into_iter().find(|class| class.words() == words)
    }

    /// Whether the model came to it by itself, so that the same simulation would again.
    pub fn is_the_models_own(self) -> bool {
        matches!(self, Self::Completed | Self::Exploded)
    }

    /// Whether the next attempt may end otherwise, with the same parameters: such an attempt is
    /// repeated.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::OutOfMemory | Self::NodeFailure)
    }

    /// Whether something went wrong.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Completed | Self::Incomplete)
    }
}
