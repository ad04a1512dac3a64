//! An optimization on disk: its directory, and in it the journal, the one source of truth.
//!
//! `journal.jsonl` is append-only text, one JSON [`Entry`] a line, each ending with the CRC-32C of
//! the bytes before it:
//!
//! ```text
//! {"seq":12,"time":"…","event":"told","candidate":3,"crc32c":"9a0b1c2d"}
//! ```
//!
//! An entry is on disk before the act it announces. A torn last line (the machine died while it was
//! written) is cut off with a message; damage anywhere else is refused;
//! [`Salvage`] says what of such a journal is whole, and [`cut_off`] removes the rest.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod allocated;
mod error;
mod event;
mod file;
mod follow;
mod line;
mod lock;
mod optimization_directory;
mod pieces;
mod provenance;
mod repetition;
mod requests;
mod salvage;
mod state;
mod surroundings;
mod validated;

pub use error::JournalError;
pub use event::{Entry, Event, FORMAT, Proposal, Room};
pub use file::{FILE_NAME, Journal};
pub use follow::Follower;
pub use line::line;
pub use lock::{ControllerLock, Held, Holder};
pub use optimization_directory::{DirectoryError, OptimizationDirectory};
pub use pieces::{Read, ReadError, parse, read};
pub use provenance::{Commit, Provenance};
pub use repetition::{Repetition, mean_and_sd};
pub use requests::{Request, Requests};
pub use salvage::{Damage, Line, Salvage, cut_off};
pub use state::{CandidateRecord, Phase, State, StateError, Watch};
pub use surroundings::Surroundings;
pub use validated::Validated;
