//! A closer look at chosen candidates: another protocol, with several seeds, beside what the search
//! knew.
//!
//! Nothing of it enters the journal: the search is read, and may go on.

mod comparison;
mod counted;
mod runs;
mod vary;

pub use comparison::{CandidateComparison, Comparison};
pub use counted::Counted;
pub use runs::{results, task};
pub use vary::Vary;
