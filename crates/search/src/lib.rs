//! The search: ask the optimizer, run simulations, tell it what came out, until there is a reason
//! to stop. Every step is in the journal before it is taken.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod book;
mod claim;
mod end;
mod ending;
mod error;
mod forget;
mod insight;
mod interrupt;
mod known;
mod memory;
mod outcomes;
mod repetitions;
mod replay;
mod requests;
#[allow(clippy::module_inception, reason = "the crate is named after it")]
mod search;
pub mod seeds;
mod surroundings;
mod tidying;
mod watcher;

pub use end::End;
pub use error::{BookError, SearchError};
pub use forget::forget;
pub use insight::{Insights, Origin, insights};
pub use interrupt::{Interrupt, Wish};
pub use known::{Earlier, WarmStart};
pub use search::Search;
pub use watcher::{Progress, Watcher};
