//! How a search ends.

/// Why a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// There is nothing left to do, and why.
    Finished(String),
    /// The user asked for it.
    StoppedByUser,
    /// Another controller is to go on, with the simulations that run.
    HandedOver,
}

impl End {
    /// In words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Finished(reason) => reason,
            Self::StoppedByUser => "stopped by the user",
            Self::HandedOver => "left to the controller that follows",
        }
    }
}
