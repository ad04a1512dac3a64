//! Why a journal cannot be used.

use std::io;
use std::path::PathBuf;

/// A journal that cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An event that could not be read back.
    #[error("{}: an event cannot be written: {why}", path.display())]
    Unwritable {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is not what this controller left.
    #[error("{}: another controller writes this journal", path.display())]
    OtherWriter {
        /// The journal.
        path: PathBuf,
    },
    /// A line in the middle is damaged.
    #[error("{}:{line}: {why}", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}
