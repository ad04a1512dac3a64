//! What can be wrong with a frozen configuration, and with limits.

use std::io;
use std::path::PathBuf;

use crate::limits::MOST_REPETITIONS;

/// A frozen configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file cannot be read; the error names it.
    #[error(transparent)]
    Unreadable(io::Error),
    /// The file is not a configuration.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// Another version of the program wrote it.
    #[error("{} has the format {format}", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// The version of mozopt that wrote it.
        version: String,
    },
    /// It is not what it was when the optimization began.
    #[error("{} was edited after the optimization began", path.display())]
    Edited {
        /// The file.
        path: PathBuf,
    },
    /// A target that no version can have written.
    #[error("configuration.json: {0}")]
    Target(String),
}

/// Limits under which nothing could be run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LimitError {
    /// A limit of 0.
    #[error("a limit of 0 leaves nothing to run")]
    NothingToRun,
    /// `validate_best` is larger than makes sense.
    #[error("validate_best = {0}: at most {MOST_REPETITIONS} further simulations make sense")]
    TooManyRepetitions(u32),
    /// `mem_retry` or `time_retry` is below 1.
    #[error("{0} = {1} under [slurm] is no factor by which something grows")]
    WouldNotGrow(&'static str, f64),
    /// `mem_retry` without `mem`.
    #[error("mem_retry under [slurm] needs `mem`, the memory that grows")]
    NoMemoryToGrow,
    /// An option of sbatch that would break what mozopt relies on, and why.
    #[error("`{0}` cannot be among the options under [slurm]: {1}")]
    Option(String, &'static str),
    /// `mem` cannot be multiplied.
    #[error("mem = \"{0}\" under [slurm] is not a size")]
    NotASize(String),
}

impl LimitError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NothingToRun => "use a number above 0",
            Self::TooManyRepetitions(_) => "5 are usual: validate_best = 5",
            Self::WouldNotGrow(..) => "use a number of at least 1, such as 2",
            Self::NoMemoryToGrow => "set the memory of the first attempt, such as mem = \"16G\"",
            Self::Option(..) => "leave it out",
            Self::NotASize(_) => {
                "use a number with K, M, G or T, such as \"16G\", or leave out mem_retry"
            }
        }
    }
}
