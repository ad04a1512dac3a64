//! Why files cannot be prepared.

use std::fmt;

use reading::Mistake;

/// Why files could not be planned or written.
#[derive(Debug, thiserror::Error)]
pub enum PreparationError {
    /// The model, or a directory that was named, is not as it has to be.
    #[error(transparent)]
    Input(Mistake),
    /// A file cannot be written, or would not say what it should.
    #[error(transparent)]
    Output(Mistake),
}

impl PreparationError {
    pub(crate) fn input(message: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Input(Mistake::new(message, help))
    }

    pub(crate) fn output(message: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Output(Mistake::new(message, help))
    }

    pub(crate) fn not_written(message: impl fmt::Display) -> Self {
        Self::output(message, "is the directory writable, and is there space on the disk?")
    }
}

impl From<mozaik_parameters::Error> for PreparationError {
    fn from(error: mozaik_parameters::Error) -> Self {
        Self::Input(error.into())
    }
}

impl From<Mistake> for PreparationError {
    fn from(mistake: Mistake) -> Self {
        Self::Input(mistake)
    }
}
