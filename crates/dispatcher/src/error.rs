//! Why nothing can be run.

use std::io;
use std::path::PathBuf;

/// Nothing works any more that used to. What failed for it is to be simulated again.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct NothingWorks {
    /// What happened.
    pub message: String,
    /// The end of a log that shows it.
    pub log: Vec<String>,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError<E> {
    /// The executor refuses the job, and would refuse every other.
    #[error("{0}")]
    Refused(io::Error),
    /// The executor cannot be asked.
    #[error("{0}")]
    Executor(io::Error),
    /// The disk is full or cannot be written: what fails meanwhile is no fault of anything else.
    #[error("{}: {source}", path.display())]
    NoRoom {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The environment is to blame.
    #[error(transparent)]
    Environment(#[from] NothingWorks),
    /// A result is there, but cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The ledger could not note what was about to be done.
    #[error("it could not be written down")]
    Ledger(E),
}
