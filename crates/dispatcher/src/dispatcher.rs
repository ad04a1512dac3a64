//! Slots, attempts, repetitions and adoption.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use configuration::{Configuration, ConfigurationError, ConfiguredTarget, ExecutorKind, Limits};
use executors::{Adopted, EndedJob, Executor, JobEnd, JobKey};
use simulation::{OutcomeClass, Simulation, SimulationResult};

use crate::clock::Clock;
use crate::ledger::{Fault, Ledger};
use crate::task::Task;
use crate::verdict::{Judge, Verdict};

/// The longest pause before an attempt is repeated.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// By what the pause grows with each fault of a simulation.
const PAUSE_GROWS: u32 = 6;

/// Runs simulations until they end.
pub struct Dispatcher<C> {
    executor: Box<dyn Executor>,
    clock: C,
    prelude: Option<String>,
    targets: Vec<ConfiguredTarget>,
    limits: Limits,
    /// How many simulations fewer run at the same time, since there was not the memory for all.
    fewer_slots: usize,
    /// To be begun, in this order.
    waiting: VecDeque<Task>,
    running: BTreeMap<JobKey, Task>,
    /// Found to have ended while nobody watched.
    ended: Vec<EndedJob>,
    /// Whose outcome is that they could not be started.
    never_begun: Vec<Settled>,
    messages: Vec<String>,
}

/// A simulation that has an outcome.
#[derive(Debug)]
pub struct Settled {
    /// What was run.
    pub task: Task,
    /// What came out.
    pub result: SimulationResult,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError<E> {
    /// A simulation's directory cannot be made ready.
    #[error("{}: {source}", path.display())]
    Unprepared {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The executor refuses the job, and would refuse every other.
    #[error("{0}")]
    Refused(io::Error),
    /// The executor cannot be asked.
    #[error("{0}")]
    Executor(io::Error),
    /// The disk is full or cannot be written: what fails meanwhile is no fault of anything else.
    #[error("{}: {source}", path.display())]
    NoRoom {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The ledger could not note what was about to be done.
    #[error("it could not be noted")]
    Ledger(E),
}

impl<C: Clock> Dispatcher<C> {
    /// Runs the simulations of this configuration within these limits.
    pub fn new(
        executor: Box<dyn Executor>,
        clock: C,
        configuration: &Configuration,
        limits: Limits,
    ) -> Result<Self, ConfigurationError> {
        Ok(Self {
            executor,
            clock,
            prelude: configuration.simulator.prelude.clone(),
            targets: configuration.targets()?,
            limits,
            fewer_slots: 0,
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            ended: vec![],
            never_begun: vec![],
            messages: vec![],
        })
    }

    /// Puts a simulation at the end of those that are to be begun.
    pub fn enqueue(&mut self, task: Task) {
        self.waiting.push_back(task);
    }

    /// Finds out what became of the task's last attempt, which an earlier controller began. Returns
    /// whether it still runs; one that ended is settled next, one without a trace begun again.
    pub fn adopt<L: Ledger>(
        &mut self,
        task: Task,
        ledger: &mut L,
    ) -> Result<bool, DispatchError<L::Error>> {
        match self.executor.adopt(task.job()).map_err(DispatchError::Executor)? {
            Adopted::Running => {
                self.running.insert(task.key, task);
                Ok(true)
            }
            Adopted::Ended => {
                self.ended.push(EndedJob { key: task.key, end: JobEnd::Ended });
                self.running.insert(task.key, task);
                Ok(false)
            }
            Adopted::Gone => {
                let reason = "it ended with its controller";
                ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
                self.waiting.push_back(task);
                Ok(false)
            }
        }
    }

    /// Takes up a simulation that no journal knows: if the same one was begun in its directory, it
    /// is adopted, or its result taken where that is `good`; else it is enqueued.
    pub fn take_up<E>(
        &mut self,
        task: Task,
        good: impl Fn(&SimulationResult) -> bool,
    ) -> Result<Option<Settled>, DispatchError<E>> {
        let Some(attempt) = begun_before(&task) else {
            self.waiting.push_back(task);
            return Ok(None);
        };
        let mut begun = task.clone();
        begun.simulation.attempt = attempt;
        if self.executor.adopt(begun.job()).map_err(DispatchError::Executor)? == Adopted::Running {
            self.running.insert(begun.key, begun);
            return Ok(None);
        }
        match self.judge().verdict(&JobEnd::Ended, &begun.directory) {
            Verdict::Outcome(result) if good(&result) => {
                Ok(Some(Settled { task: begun, result: *result }))
            }
            // What it died of may have been mended since.
            _ => {
                self.waiting.push_back(task);
                Ok(None)
            }
        }
    }

    /// Begins simulations while there are free slots.
    pub fn submit<L: Ledger>(&mut self, ledger: &mut L) -> Result<(), DispatchError<L::Error>> {
        while self.running.len() < self.slots() {
            let now = self.clock.now();
            let Some(next) = self.waiting.iter().position(|task| task.not_before <= now) else {
                break;
            };
            let Some(task) = self.waiting.remove(next) else { break };
            self.begin(task, ledger)?;
        }
        Ok(())
    }

    fn begin<L: Ledger>(
        &mut self,
        mut task: Task,
        ledger: &mut L,
    ) -> Result<(), DispatchError<L::Error>> {
        task.simulation.attempt += 1;
        task.simulation.keep = ledger.keep(&task.simulation);
        task.directory.prepare(&task.simulation, self.prelude.as_deref()).map_err(|source| {
            DispatchError::Unprepared { path: task.directory.path().to_owned(), source }
        })?;
        let attempt = task.simulation.attempt;
        ledger.submitting(task.key, attempt).map_err(DispatchError::Ledger)?;
        let key = task.key;
        match self.executor.submit(task.job()) {
            Ok(job) => {
                self.running.insert(key, task);
                ledger.submitted(key, &job).map_err(DispatchError::Ledger)
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Err(DispatchError::Refused(error))
            }
            Err(error) => {
                let result = self.judge().fault(format!("cannot be started: {error}"));
                let settled = self.repeat(task, result, ledger)?;
                self.never_begun.extend(settled);
                Ok(())
            }
        }
    }

    /// Waits until jobs end, at most this long, and gives the outcomes that are known by then.
    pub fn wait<L: Ledger>(
        &mut self,
        at_most: Duration,
        ledger: &mut L,
    ) -> Result<Vec<Settled>, DispatchError<L::Error>> {
        let mut ended = std::mem::take(&mut self.ended);
        let mut settled = std::mem::take(&mut self.never_begun);
        let known = !(ended.is_empty() && settled.is_empty());
        let at_most = if known { Duration::ZERO } else { at_most };
        ended.extend(self.executor.wait(at_most).map_err(DispatchError::Executor)?);
        for EndedJob { key, end } in ended {
            let Some(task) = self.running.remove(&key) else { continue };
            settled.extend(self.settle(task, &end, ledger)?);
        }
        Ok(settled)
    }

    /// Takes the outcome of a job that ended, if it has one.
    fn settle<L: Ledger>(
        &mut self,
        task: Task,
        end: &JobEnd,
        ledger: &mut L,
    ) -> Result<Option<Settled>, DispatchError<L::Error>> {
        match self.judge().verdict(end, &task.directory) {
            Verdict::Outcome(result) => {
                let result = *result;
                let result = match result.started {
                    None => result.ended_now(&task.directory, task.simulation.attempt),
                    Some(_) => result,
                };
                Ok(Some(Settled { task, result }))
            }
            Verdict::Fault(result) => self.repeat(task, *result, ledger),
            Verdict::Cancelled => {
                let reason = "cancelled by the user";
                ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
                self.waiting.push_front(task);
                Ok(None)
            }
        }
    }

    /// Runs a simulation again after a fault, as often as allowed; then the fault is its outcome.
    fn repeat<L: Ledger>(
        &mut self,
        mut task: Task,
        mut result: SimulationResult,
        ledger: &mut L,
    ) -> Result<Option<Settled>, DispatchError<L::Error>> {
        let path = task.directory.path();
        durable::has_room(path)
            .map_err(|source| DispatchError::NoRoom { path: path.to_owned(), source })?;
        let reason = reason(&result);
        let out_of_memory = result.outcome == OutcomeClass::OutOfMemory;
        task.faults += 1;
        if task.faults > self.limits.retries {
            result.reason = Some(match task.faults {
                1 => reason,
                faults => format!("{reason}, {faults} times"),
            });
            let result = result.ended_now(&task.directory, task.simulation.attempt);
            return Ok(Some(Settled { task, result }));
        }
        let more = self.more_memory(out_of_memory, task.out_of_memory + 1);
        self.messages.push(format!("{}: {reason}; it is run again{more}", task.key));
        let fault = if out_of_memory { Fault::OutOfMemory } else { Fault::Other };
        ledger.interrupted(task.key, &reason, Some(fault)).map_err(DispatchError::Ledger)?;
        if out_of_memory {
            task.out_of_memory += 1;
            self.run_fewer();
        }
        task.not_before = self.clock.now() + self.pause_after(task.faults);
        self.waiting.push_front(task);
        Ok(None)
    }

    /// What made one attempt fail may need a moment, or minutes, until it is gone.
    fn pause_after(&self, faults: u32) -> Duration {
        let first = Duration::from_secs(self.limits.retry_pause.seconds());
        let factor = PAUSE_GROWS.saturating_pow(faults.saturating_sub(1));
        first.saturating_mul(factor).min(LONGEST_PAUSE.max(first))
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
    fn run_fewer(&mut self) {
        let slots = self.slots();
        if self.limits.executor == ExecutorKind::Local && slots > 1 {
            self.fewer_slots += 1;
            self.messages.push(format!(
                "memory is short: from now on {} at a time instead of {slots}",
                self.slots()
            ));
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge { targets: &self.targets, time_limit: self.limits.time_limit }
    }

    /// How many simulations may run at the same time.
    pub fn slots(&self) -> usize {
        self.limits.slots.saturating_sub(self.fewer_slots).max(1)
    }

    /// How many run, as far as is known.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// How many are to be begun.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Begins none of those that were not begun yet.
    pub fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Ends all that run. They are to be begun again, unless they are forgotten.
    pub fn cancel_all(&mut self) {
        self.executor.cancel_all();
    }

    /// Keeps to other limits from now on. What runs the simulations does not change.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// What the user should know, since this was asked last.
    pub fn messages(&mut self) -> Vec<String> {
        let mut messages = std::mem::take(&mut self.messages);
        messages.extend(self.executor.messages());
        messages
    }
}

fn reason(result: &SimulationResult) -> String {
    result.reason.clone().unwrap_or_else(|| result.outcome.words().to_owned())
}

/// The attempt that was begun before in the task's directory, if it is of the same simulation.
fn begun_before(task: &Task) -> Option<u32> {
    let before = Simulation::read(&task.directory.simulation()).ok()?;
    let same = Simulation { attempt: before.attempt, keep: before.keep, ..task.simulation.clone() };
    (before == same).then_some(before.attempt)
}
