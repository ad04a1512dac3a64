//! The journal of a running search, and the state that follows from it.

use configuration::Limits;
use dispatcher::{Fault, Ledger};
use executors::JobKey;
use journal::{ControllerLock, Event, Journal, State};
use simulation::{Attempt, Keep, Simulation};

use crate::error::BookError;

/// What is written down, what is known, and the limits in force.
pub struct Book {
    pub journal: Journal,
    pub lock: ControllerLock,
    pub state: State,
    pub limits: Limits,
}

impl Book {
    /// Writes events to the journal, then into the state.
    pub fn log(&mut self, events: &[Event]) -> Result<(), BookError> {
        if events.is_empty() {
            return Ok(());
        }
        if !self.lock.is_ours() {
            return Err(BookError::TakenOver);
        }
        for entry in &self.journal.append(events)? {
            self.state.apply(entry)?;
        }
        Ok(())
    }
}

impl Ledger for Book {
    type Error = BookError;

    fn keep(&self, simulation: &Simulation) -> Keep {
        let Limits { keep_best, keep_failures, keep_all, .. } = self.limits;
        // Cheaper simulations are not among the best.
        let last = keep_best.checked_sub(1).filter(|_| simulation.is_full());
        let below = last.map(|last| {
            let ranked = self.state.ranked();
            ranked.get(last).map_or(f64::MAX, |(_, result)| result.total)
        });
        Keep { all: keep_all, failures: keep_failures, below }
    }

    fn submitting(&mut self, key: JobKey, attempt: Attempt) -> Result<(), BookError> {
        self.log(&[Event::Submitting { candidate: key.candidate, attempt }])
    }

    fn submitted(&mut self, key: JobKey, job: &str) -> Result<(), BookError> {
        self.log(&[Event::Submitted { candidate: key.candidate, job: job.to_owned() }])
    }

    fn interrupted(
        &mut self,
        key: JobKey,
        reason: &str,
        fault: Option<Fault>,
    ) -> Result<(), BookError> {
        self.log(&[Event::Interrupted {
            candidate: key.candidate,
            reason: reason.to_owned(),
            fault: fault.is_some(),
            out_of_memory: fault == Some(Fault::OutOfMemory),
            out_of_time: fault == Some(Fault::OutOfTime),
        }])
    }
}
