//! What becomes of a job that ended: its outcome is written down, or it is run again; what is not kept is
//! removed.

use std::io::ErrorKind;
use std::sync::Arc;

use configuration::{ExecutorKind, Limits};
use durable::read_json;
use executors::{EndedJob, JobEnd};
use journal::{Event, Provenance};
use simulation::{OutcomeClass, SimulationDirectory, SimulationResult, Versions, peak_in_words};

use super::{Search, broken};
use crate::failure::Failure;

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
                    let log = directory.last_words();
                    let log = log.map(|line| format!(" (its log ends: {line})"));
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
                _ => self.out_of_memory(&directory),
            },
            JobEnd::Fault(ref reason) => return self.retry(candidate, reason),
            JobEnd::Cancelled => {
                let reason = "cancelled by the user".to_owned();
                self.log(&[Event::ended_by_us(candidate, reason)])?;
                self.waiting.push_front(candidate);
                return Ok(());
            }
        };
        if result.outcome.is_fault() {
            return self.retry_or_finish(candidate, result);
        }
        self.finish(candidate, result)
    }

    /// Of a job that Slurm ended; how much its simulator had, its result may say.
    pub(super) fn out_of_memory(&self, directory: &SimulationDirectory) -> SimulationResult {
        let left: Option<SimulationResult> = read_json(&directory.result()).ok();
        let peak_memory = left.and_then(|result| result.peak_memory);
        let peak = peak_in_words(peak_memory);
        let reason = format!("it needed more memory than its job has{peak}");
        let result = self.without_values(OutcomeClass::OutOfMemory, reason);
        SimulationResult { peak_memory, ..result }
    }

    pub(super) fn without_values(&self, class: OutcomeClass, reason: String) -> SimulationResult {
        SimulationResult::without_values(class, reason, &self.targets)
    }

    /// Runs a simulation again that failed for no fault of the model, as often as allowed.
    pub(super) fn retry(&mut self, candidate: u64, reason: &str) -> Result<(), Failure> {
        let result = self.without_values(OutcomeClass::NodeFailure, reason.to_owned());
        self.retry_or_finish(candidate, result)
    }

    /// The same, where this is the outcome if it was run as often as allowed.
    fn retry_or_finish(
        &mut self,
        candidate: u64,
        mut result: SimulationResult,
    ) -> Result<(), Failure> {
        durable::has_room(self.directory.path()).map_err(|error| {
            broken(format!("{}: {error}", self.directory.path().display()), &self.directory)
        })?;
        let reason = result.reason.unwrap_or_else(|| result.outcome.words().to_owned());
        let out_of_memory = result.outcome == OutcomeClass::OutOfMemory;
        let record = &self.state.candidates[candidate as usize];
        let faults = record.faults + 1;
        if faults <= self.limits.retries {
            let more = self.more_memory(out_of_memory, record.out_of_memory + 1);
            self.watcher.say(&format!("candidate {candidate}: {reason}; it is run again{more}"));
            self.log(&[Event::Interrupted { candidate, reason, fault: true, out_of_memory }])?;
            self.waiting.push_front(candidate);
            if out_of_memory {
                self.run_fewer();
            }
            return Ok(());
        }
        result.reason = Some(format!("{reason}, {faults} times"));
        self.finish(candidate, result)
    }

    /// How much memory a repetition gets, in words.
    fn more_memory(&self, out_of_memory: bool, ends: u32) -> String {
        let Limits { executor, slurm, .. } = &self.limits;
        match slurm.mem_after(ends) {
            _ if !out_of_memory || *executor != ExecutorKind::Slurm => String::new(),
            Some(mem) if slurm.mem_retry.is_some() => format!(" with mem = {mem}"),
            _ => " (`mem_retry = 2` under [slurm] would give it more memory)".to_owned(),
        }
    }

    /// On this machine simulations share the memory: with fewer of them each has more.
    pub(super) fn run_fewer(&mut self) {
        let slots = self.slots();
        if self.limits.executor == ExecutorKind::Local && slots > 1 {
            self.fewer_slots += 1;
            let fewer = self.slots();
            self.watcher
                .say(&format!("memory is short: from now on {fewer} at a time instead of {slots}"));
        }
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
        } else if let Some(reason) = &result.reason {
            // The same happens after every simulation: it is said once.
            let known =
                self.state.finished().any(|(_, result)| result.reason.as_ref() == Some(reason));
            let message = format!("candidate {candidate} {}: {reason}", result.outcome.words());
            if known { self.watcher.note(&message) } else { self.watcher.say(&message) }
        }
        if let Some(versions) = result.versions.clone() {
            self.note_versions(candidate, versions)?;
        }
        if !result.outcome.is_failure() && before.is_none_or(|best| result.total < best) {
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

    /// The first versions are the search's; others may be the reason why later values differ.
    fn note_versions(&mut self, candidate: u64, versions: Arc<Versions>) -> Result<(), Failure> {
        if self.versions.contains(&versions) {
            return Ok(());
        }
        let path = self.directory.provenance();
        if let Ok(mut provenance) = read_json::<Provenance>(&path) {
            if let Some(first) = &provenance.versions {
                if let Some(difference) = versions.difference_to(first) {
                    self.watcher.say(&format!(
                        "warning: candidate {candidate} ran with other versions than the search began with: \
                         {difference}"
                    ));
                }
            } else {
                provenance.versions = Some((*versions).clone());
                durable::write_json(&path, &provenance)
                    .map_err(|error| broken(error, &self.directory))?;
            }
        }
        self.versions.push(versions);
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
