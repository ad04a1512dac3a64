//! Why a search cannot go on. Nothing that was learnt is lost by any of these.

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;

use configuration::{ConfigurationError, LimitError};
use dispatcher::{DispatchError, NothingWorks};
use executors::ExecutorError;
use journal::{Held, JournalError, StateError};
use simulation::CandidateNumber;

/// Why a search cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another controller runs it.
    #[error(transparent)]
    Held(#[from] Held),
    /// Its configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// There is nothing to run simulations in.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// Its limits leave nothing to run.
    #[error(transparent)]
    Limits(#[from] LimitError),
    /// No optimizer can be made from the configuration, for a reason in words.
    #[error("{0}")]
    Optimizer(String),
    /// The optimizer cannot take over what is known from before.
    #[error("this optimizer cannot take over what is known from {from}")]
    CannotTakeOver {
        /// Where it comes from.
        from: String,
    },
    /// The optimizer proposes something else than the journal says it did.
    #[error("this version cannot replay entry {seq} of the journal")]
    CannotRepeat {
        /// The entry's number.
        seq: u64,
    },
    /// An outcome cannot be taken back.
    #[error("the outcome of candidate {candidate} cannot be taken back: {why}")]
    CannotForget {
        /// The candidate.
        candidate: CandidateNumber,
        /// Why not.
        why: &'static str,
    },
    /// Not one simulation of the first ones could be evaluated.
    #[error(
        "none of the first {simulations} simulations could be evaluated; candidate {candidate}: {reason}"
    )]
    NothingMeasured {
        /// How many there were.
        simulations: usize,
        /// The last of them.
        candidate: CandidateNumber,
        /// What became of it.
        reason: String,
        /// The end of its log.
        log: Vec<String>,
    },
    /// The journal cannot be written, or contradicts itself.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A directory is not there in which simulations start.
    #[error("the model's directory {} cannot be used: {source}", path.display())]
    NoModel {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The environment is to blame.
    #[error(transparent)]
    Environment(#[from] NothingWorks),
    /// Simulations cannot be run.
    #[error("{0}")]
    Dispatch(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Why something could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Another controller has taken the lock.
    #[error("another controller has taken over this optimization: nothing more is written here")]
    TakenOver,
    /// An entry contradicts what is known.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<JournalError> for SearchError {
    fn from(error: JournalError) -> Self {
        Self::Book(error.into())
    }
}

impl From<StateError> for SearchError {
    fn from(error: StateError) -> Self {
        Self::Book(error.into())
    }
}

/// A ledger that notes nothing cannot fail.
impl From<Infallible> for BookError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<E: Into<BookError> + std::error::Error> From<DispatchError<E>> for SearchError {
    fn from(error: DispatchError<E>) -> Self {
        match error {
            DispatchError::Ledger(error) => Self::Book(error.into()),
            DispatchError::Environment(nothing_works) => Self::Environment(nothing_works),
            other => Self::Dispatch(other.to_string()),
        }
    }
}
