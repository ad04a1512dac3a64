//! The one place where simulations are run until they end.
//!
//! A [`Dispatcher`] is given tasks. It starts as many as there are slots, watches them, turns a
//! job's end and its files into a result, runs again what failed for no fault of the model, after a
//! pause that grows, and takes up what an earlier controller began. Before it does something that
//! must not be forgotten it tells a [`Ledger`]: the journal in a search, nobody elsewhere.
//!
//! A search, the repetitions of its best candidates, `validate` and `check --simulate` differ in
//! what they ask for and in what they do with results, not in how simulations are run.
//!
//! ```no_run
//! # use std::{convert::Infallible, error::Error, time::Duration};
//! # use configuration::Configuration;
//! # use dispatcher::*;
//! # fn run(configuration: Configuration, tasks: Vec<Task>) -> Result<(), Box<dyn Error>> {
//! let limits = configuration.limits.clone();
//! let executor = executors::executor(&configuration, &limits)?;
//! let mut dispatcher = Dispatcher::new(executor, SystemClock::default(), &configuration, limits)?;
//! for task in tasks {
//!     dispatcher.enqueue(task);
//! }
//! let ledger = &mut NoLedger::default();
//! while dispatcher.unsettled() > 0 {
//!     dispatcher.submit(ledger)?;
//!     for Settled { task, result, .. } in dispatcher.wait(Duration::from_secs(1), ledger)? {
//!         println!("{}: {}, total {:.2}", task.key, result.outcome.words(), result.total);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod clock;
mod dispatcher;
mod error;
mod ledger;
mod settled;
mod suspicion;
mod task;
mod verdict;

pub use clock::{Clock, SystemClock};
pub use dispatcher::Dispatcher;
pub use error::{DispatchError, NothingWorks};
pub use ledger::{Fault, Ledger, NoLedger};
pub use settled::Settled;
pub use task::Task;

#[cfg(test)]
mod tests;
