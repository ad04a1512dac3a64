//! The theory of blame: what the end of an attempt can mean, by which evidence, and what follows.
//! docs/design.md has the same as a table.
//!
//! - **The parameters:** a complete result of this simulation, whatever its job came to afterwards;
//!   an error of the simulator, or no data; a run past its time limit, and past the longer ones
//!   that it was given (`time_retry`); memory that ran out each time. That is the outcome. Errors
//!   are held back while nothing else works ([`suspicion`](crate::suspicion)).
//! - **The environment:** exit code 78, 126 or 127, no directory, no bash, a missing module of
//!   Python, a prelude that fails, a job that never began. Run again after pauses; if nothing works
//!   meanwhile, the search stops.
//! - **The machine:** killed from outside, no result although the job began, a node that failed, a
//!   preemption. Run again after pauses, then lost, and not told as bad. Where the disk has no room
//!   the search stops.
//! - **The controller:** a result that cannot be read now. It is read again; then the search stops.
//! - **The user:** cancelled, and run again by `resume`.
//! - **Nobody:** a job that ended in the queue. It is submitted again, which does not count; after
//!   several in a row the search stops.

use std::io::{self, ErrorKind};

use configuration::{ConfiguredTarget, Limits};
use executors::JobEnd;
use simulation::{Blame, OutcomeClass, SimulationResult, Started, peak_in_words};

use crate::task::Task;

/// What the end of an attempt means.
#[derive(Debug)]
pub enum Verdict {
    /// The simulation has an outcome.
    Outcome(Box<SimulationResult>),
    /// Something failed that may not fail again. The result is the outcome if it does as often as
    /// the simulation may be run.
    Fault(Box<SimulationResult>),
    /// Its job ended before it began, for this reason: nothing was tried.
    NeverBegan(String),
    /// We ended it.
    Cancelled,
    /// That cannot be said now: a file is there, but cannot be read.
    Later(io::Error),
}

/// By what an end is judged.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// The targets that a result must have.
    pub targets: &'a [ConfiguredTarget],
    /// How long a simulation may run, and whether again where that was not enough.
    pub limits: &'a Limits,
}

/// Why there is no result.
enum NoResult {
    NotThere,
    /// What is there cannot be taken, in words.
    Wrong(String),
    Unreadable(io::Error),
}

impl Judge<'_> {
    /// The verdict on the task's last attempt.
    pub fn verdict(self, end: &JobEnd, task: &Task) -> Verdict {
        let found = match self.result(task) {
            // What is complete counts, whatever its job came to afterwards.
            Ok(result) if !result.outcome.is_failure() || result.outcome.is_the_models_own() => {
                return Verdict::Outcome(Box::new(result));
            }
            Err(NoResult::Unreadable(error)) => return Verdict::Later(error),
            other => other,
        };
        let result = match (end, found) {
            (JobEnd::Cancelled, _) => return Verdict::Cancelled,
            (JobEnd::NeverBegan(reason), Err(NoResult::NotThere)) => {
                return Verdict::NeverBegan(reason.clone());
            }
            (JobEnd::TimedOut, _) => {
                let limit = self.limits.time_limit_after(task.shortages.time);
                let reason = format!("it ran longer than {limit}");
                let result = self.without_values(OutcomeClass::TimedOut, reason);
                SimulationResult { simulation_seconds: limit.seconds() as f64, ..result }
            }
            (JobEnd::OutOfTime, _) => {
                let reason = "Slurm ended it at its own time limit (`time` under [slurm], or that of \
                              the partition)";
                let result = self.without_values(OutcomeClass::TimedOut, reason.to_owned());
                let started = durable::read_json::<Started>(&task.directory.started()).ok();
                let ran = started.map(|started| started.has_run().as_secs_f64());
                SimulationResult { simulation_seconds: ran.unwrap_or_default(), ..result }
            }
            (JobEnd::OutOfMemory, found) => {
                let peak_memory = found.ok().and_then(|result| result.peak_memory);
                let peak = peak_in_words(peak_memory);
                let reason = format!("it needed more memory than its job has{peak}");
                let result = self.without_values(OutcomeClass::OutOfMemory, reason);
                SimulationResult { peak_memory, ..result }
            }
            (_, Ok(result)) => result,
            (JobEnd::Fault(reason) | JobEnd::NeverBegan(reason), _) => {
                self.fault(Blame::Machine, reason.clone())
            }
            (_, Err(NoResult::Wrong(reason))) => self.fault(Blame::Machine, reason),
            (_, Err(_)) => self.without_result(end, task),
        };
        let gets_more_time = result.outcome == OutcomeClass::TimedOut
            && self.limits.executor.is_slurms()
            && self.limits.slurm.time_retry.is_some();
        if result.outcome.is_fault() || gets_more_time {
            Verdict::Fault(Box::new(result))
        } else {
            Verdict::Outcome(Box::new(result))
        }
    }

    /// A job that ended and left no result. One that never began says more about where it was to
    /// run than about anything else.
    fn without_result(self, end: &JobEnd, task: &Task) -> SimulationResult {
        let log = task.directory.last_words();
        let log = log.map(|line| format!(" (its log ends: {line})")).unwrap_or_default();
        let (blame, what) = if has_begun(task) {
            (Blame::Machine, "the job left no result")
        } else {
            (Blame::Environment, "its job could not begin")
        };
        match end {
            JobEnd::Failed(reason) => self.fault(blame, reason.clone()),
            _ => self.fault(blame, format!("{what}{log}")),
        }
    }

    /// What the job itself found, or why that cannot be taken.
    fn result(self, task: &Task) -> Result<SimulationResult, NoResult> {
        let mut result: SimulationResult =
            durable::read_json(&task.directory.result()).map_err(|error| match error.kind() {
                ErrorKind::NotFound => NoResult::NotThere,
                ErrorKind::InvalidData => NoResult::Wrong(error.to_string()),
                _ => NoResult::Unreadable(error),
            })?;
        if result.targets.len() != self.targets.len() {
            return Err(NoResult::Wrong("its result.json has other targets".to_owned()));
        }
        let wanted = &task.simulation;
        if let Some(of) = result.of.take()
            && (of.candidate, of.seed, &of.configuration)
                != (wanted.candidate, wanted.seed, &wanted.configuration_hash)
        {
            let (candidate, seed) = (of.candidate, of.seed);
            return Err(NoResult::Wrong(format!(
                "its result.json is of another simulation (candidate {candidate}, seed {seed})"
            )));
        }
        Ok(result.of_ended_job(&task.directory))
    }

    /// A fault, as an outcome.
    pub fn fault(self, blame: Blame, reason: String) -> SimulationResult {
        SimulationResult::fault(blame, reason, self.targets)
    }

    fn without_values(self, class: OutcomeClass, reason: String) -> SimulationResult {
        SimulationResult::without_values(class, reason, self.targets)
    }
}

/// Whether the attempt's job got as far as to say so.
fn has_begun(task: &Task) -> bool {
    durable::read_json::<Started>(&task.directory.started())
        .is_ok_and(|started| started.attempt == task.simulation.attempt)
}
