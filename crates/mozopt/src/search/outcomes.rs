//! What becomes of a job that ended: its outcome is written down, or it is run again; what is not kept is
//! removed.

use std::io::ErrorKind;

use super::{Search, broken};
use crate::configuration::Limits;
use crate::durable;
use crate::execution::{EndedJob, JobEnd};
use crate::failure::Failure;
use crate::journal::Event;
use crate::simulation::{OutcomeClass, SimulationResult, read_json};

impl Search {
    /// Takes the outcome of a job that ended.
    pub(super) fn settle(&mut self, ended: &EndedJob) -> Result<(), Failure> {
        let candidate = ended.candidate;
        let directory = self.directory.simulation(candidate);
        let result = match ended.end {
            JobEnd::Ended => match read_json::<SimulationResult>(&directory.result()) {
                Ok(result) if result.targets.len() == self.targets.len() => {
                    result.of_ended_job(&directory)
                }
                Ok(_) => return self.retry(candidate, "its result.json has other targets"),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let log = directory.log_tail(1);
                    let log = log.first().map(|line| format!(" (its log ends: {line})"));
                    let log = log.unwrap_or_default();
                    return self.retry(candidate, &format!("the job left no result{log}"));
                }
                Err(error) => return self.retry(candidate, &error.to_string()),
            },
            JobEnd::TimedOut => {
                let reason = format!("it ran longer than {}", self.limits.time_limit);
                SimulationResult {
                    simulation_seconds: self.limits.time_limit.seconds() as f64,
                    ..self.without_values(OutcomeClass::TimedOut, reason)
                }
            }
            JobEnd::OutOfMemory => match read_json::<SimulationResult>(&directory.result()) {
                Ok(result) if !result.outcome.is_failure() => result,
                _ => self.out_of_memory(),
            },
            JobEnd::Fault(ref reason) => return self.retry(candidate, reason),
            JobEnd::Cancelled => {
                let reason = "cancelled by the user".to_owned();
                self.log(&[Event::Interrupted { candidate, reason, fault: false }])?;
                self.waiting.push_front(candidate);
                return Ok(());
            }
        };
        self.finish(candidate, result)
    }

    pub(super) fn out_of_memory(&self) -> SimulationResult {
        let reason = "it needed more memory than its job has".to_owned();
        self.without_values(OutcomeClass::OutOfMemory, reason)
    }

    pub(super) fn without_values(&self, class: OutcomeClass, reason: String) -> SimulationResult {
        SimulationResult::without_values(class, reason, &self.targets)
    }

    /// Runs a simulation again that failed for no fault of the model, as often as allowed.
    pub(super) fn retry(&mut self, candidate: u64, reason: &str) -> Result<(), Failure> {
        durable::has_room(self.directory.path()).map_err(|error| {
            broken(format!("{}: {error}", self.directory.path().display()), &self.directory)
        })?;
        let faults = self.state.candidates[candidate as usize].faults + 1;
        if faults <= self.limits.retries {
            self.watcher.say(&format!("candidate {candidate}: {reason}; it is run again"));
            let reason = reason.to_owned();
            self.log(&[Event::Interrupted { candidate, reason, fault: true }])?;
            self.waiting.push_front(candidate);
            return Ok(());
        }
        let reason = format!("{reason}, {faults} times");
        self.finish(candidate, self.without_values(OutcomeClass::NodeFailure, reason))
    }

    fn finish(&mut self, candidate: u64, mut result: SimulationResult) -> Result<(), Failure> {
        if result.started.is_none() {
            let attempt = self.state.candidates[candidate as usize].attempts;
            result = result.ended_now(&self.directory.simulation(candidate), attempt);
        }
        let before = self.state.best().map(|(_, result)| result.total);
        if result.outcome.is_failure() {
            let words = result.outcome.words();
            let reason = result.reason.clone().unwrap_or_default();
            self.watcher.note(&format!("candidate {candidate} {words}: {reason}"));
        } else if before.is_none_or(|best| result.total < best) {
            self.watcher.note(&format!("candidate {candidate} is the best: {:.3}", result.total));
        }
        let Limits { keep_failures, keep_all, .. } = self.limits;
        if result.outcome.is_failure() && !keep_failures && !keep_all {
            // Its job was ended before it could remove what it wrote.
            self.let_go(candidate, true);
        }
        self.log(&[Event::Finished { candidate, result }])?;
        // It, or the one whose place it takes.
        self.let_go_of_the_rest(|rank, number| {
            rank == self.limits.keep_best || number == candidate
        });
        Ok(())
    }

    /// Lets go of those candidates, by rank and number, that are not among the best.
    fn let_go_of_the_rest(&self, which: impl Fn(usize, u64) -> bool) {
        let Limits { keep_best, keep_all, .. } = self.limits;
        if keep_all {
            return;
        }
        for (rank, (record, _)) in self.state.ranked().iter().enumerate().skip(keep_best) {
            if which(rank, record.number) {
                self.let_go(record.number, false);
            }
        }
    }

    /// Lets go of all that are not kept: an earlier controller may not have come to it.
    pub(super) fn tidy(&self) {
        self.let_go_of_the_rest(|_, _| true);
        let Limits { keep_failures, keep_all, .. } = self.limits;
        if keep_failures || keep_all {
            return;
        }
        for (record, _) in self.state.finished().filter(|(_, result)| result.outcome.is_failure()) {
            self.let_go(record.number, true);
        }
    }

    fn let_go(&self, candidate: u64, failed: bool) {
        self.tidying.let_go(self.directory.simulation(candidate), failed);
    }
}
