//! A closer look at chosen candidates: another protocol, with several seeds, beside what the search knew.
//!
//! Nothing of it enters the journal: the search is read, and may go on.

mod comparison;
mod runs;

pub use comparison::{CandidateComparison, Comparison};
pub use runs::{Run, Runs};
