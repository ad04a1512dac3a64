//! What can be wrong with a search: with its setup, before it costs anything ([`setup`]), and with
//! its directory once it runs or has run ([`run`]). Everything is only looked at, and told as
//! [`Findings`], each with what to do about it.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod finding;
pub mod run;
pub mod setup;

pub use finding::{Finding, Findings, Status};
