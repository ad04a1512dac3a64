//! Slots, attempts, repetitions and adoption.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use configuration::{Configuration, ConfigurationError, ConfiguredTarget, ExecutorKind, Limits};
use executors::{Adopted, EndedJob, Executor, JobEnd, JobKey};
use simulation::{Blame, OutcomeClass, Simulation, SimulationResult};

use crate::clock::Clock;
use crate::ledger::{Fault, Ledger, Untold};
use crate::settled::Settled;
use crate::suspicion::{Consequence, Doubt, Suspicion, is_probe};
use crate::task::Task;
use crate::verdict::{Judge, Verdict};

/// The longest pause before an attempt is repeated.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// How long a result that cannot be read is read again and again.
const PATIENCE: Duration = Duration::from_mins(1);
/// A pause in which something may come to its end.
const A_MOMENT: Duration = Duration::from_secs(1);
/// So much of a log shows why nothing works.
const LOG_LINES: usize = 5;
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
    /// Since when the results of these, which ended, could not be read.
    unread: BTreeMap<JobKey, Duration>,
    suspicion: Suspicion,
    messages: Vec<String>,
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
    /// Nothing works any more that used to. What failed for it is to be simulated again.
    #[error("{message}")]
    Environment {
        /// What happened.
        message: String,
        /// The end of a log that shows it.
        log: Vec<String>,
    },
    /// A result is there, but cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
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
            unread: BTreeMap::new(),
            suspicion: Suspicion::default(),
            messages: vec![],
        })
    }

    /// Puts a simulation at the end of those that are to be begun.
    pub fn enqueue(&mut self, task: Task) {
        self.waiting.push_back(task);
    }

    /// A simulation that worked before: it is run again where nothing seems to work any more.
    pub fn has_worked(&mut self, task: Task, seconds: f64) {
        self.suspicion.has_worked(task, seconds);
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
        match self.judge().verdict(&JobEnd::Ended, &begun) {
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
        while self.running.len() < self.slots() && !self.suspicion.is_probing() {
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
        match task.directory.prepare(&task.simulation, self.prelude.as_deref()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return self.take_over(task, ledger);
            }
            Err(source) => {
                let path = task.directory.path().to_owned();
                return Err(DispatchError::Unprepared { path, source });
            }
        }
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
                let reason = format!("cannot be started: {error}");
                let result = self.judge().fault(Blame::Environment, reason);
                let settled = self.repeat(task, result, ledger)?;
                self.never_begun.extend(settled);
                Ok(())
            }
        }
    }

    /// A job that nobody expected is at work in the directory: an earlier controller submitted it,
    /// and it began after we had looked. It is watched as if it were ours.
    fn take_over<L: Ledger>(
        &mut self,
        mut task: Task,
        ledger: &mut L,
    ) -> Result<(), DispatchError<L::Error>> {
        if let Ok(simulation) = Simulation::read(&task.directory.simulation()) {
            task.simulation.attempt = simulation.attempt;
        }
        let key = task.key;
        ledger.submitting(key, task.simulation.attempt).map_err(DispatchError::Ledger)?;
        match self.executor.adopt(task.job()).map_err(DispatchError::Executor)? {
            Adopted::Running => {
                self.running.insert(key, task);
            }
            Adopted::Ended => {
                self.ended.push(EndedJob { key, end: JobEnd::Ended });
                self.running.insert(key, task);
            }
            Adopted::Gone => {
                let reason = "another job was at work in its directory";
                ledger.interrupted(key, reason, None).map_err(DispatchError::Ledger)?;
                task.not_before = self.clock.now() + A_MOMENT;
                self.waiting.push_front(task);
                return Ok(());
            }
        }
        ledger.submitted(key, "found at work").map_err(DispatchError::Ledger)
    }

    /// Waits until jobs end, at most this long, and gives the outcomes that are known by then.
    pub fn wait<L: Ledger>(
        &mut self,
        at_most: Duration,
        ledger: &mut L,
    ) -> Result<Vec<Settled>, DispatchError<L::Error>> {
        let mut ended = std::mem::take(&mut self.ended);
        let mut settled = std::mem::take(&mut self.never_begun);
        let known = ended.len() > self.unread.len() || !settled.is_empty();
        let at_most = if known { Duration::ZERO } else { at_most };
        ended.extend(self.executor.wait(at_most).map_err(DispatchError::Executor)?);
        for EndedJob { key, end } in ended {
            let Some(task) = self.running.remove(&key) else { continue };
            settled.extend(self.settle(task, end, ledger)?);
        }
        self.resolve(settled, ledger)
    }

    /// What of this is an outcome, and what has to wait until it is known whether anything works.
    fn resolve<L: Ledger>(
        &mut self,
        settled: Vec<Settled>,
        ledger: &mut L,
    ) -> Result<Vec<Settled>, DispatchError<L::Error>> {
        let mut outcomes = vec![];
        for settled in settled {
            match self.suspicion.take(settled) {
                Consequence::Outcomes(known) => outcomes.extend(known),
                Consequence::Wait => {}
                Consequence::NothingWorks { again, probe } => {
                    for task in again {
                        let reason = "nothing worked any more";
                        ledger
                            .interrupted(task.key, reason, None)
                            .map_err(DispatchError::Ledger)?;
                    }
                    return Err(nothing_works(&probe));
                }
            }
        }
        let idle = self.running.is_empty() && self.waiting.is_empty();
        match self.suspicion.look(&self.limits, idle) {
            Some(Doubt::Outcomes(known)) => outcomes.extend(known),
            Some(Doubt::Probe(task)) => {
                let held = self.suspicion.held();
                let why = self.suspicion.last_failure().map(reason).unwrap_or_default();
                self.messages.push(format!(
                    "{held} simulations in a row failed ({why}): candidate {}, which worked, is \
                     simulated again to see whether anything still works",
                    task.key.candidate
                ));
                self.begin(*task, &mut Untold::default())?;
            }
            None => {}
        }
        Ok(outcomes)
    }

    /// Takes the outcome of a job that ended, if it has one.
    fn settle<L: Ledger>(
        &mut self,
        task: Task,
        end: JobEnd,
        ledger: &mut L,
    ) -> Result<Option<Settled>, DispatchError<L::Error>> {
        let verdict = self.judge().verdict(&end, &task);
        if !matches!(verdict, Verdict::Later(_)) {
            self.unread.remove(&task.key);
        }
        match verdict {
            Verdict::Outcome(result) => {
                let result = *result;
                let result = match result.started {
                    None => result.ended_now(&task.directory, task.simulation.attempt),
                    Some(_) => result,
                };
                if result.outcome.is_the_models_own() {
                    self.executor.judged(task.key, result.host.as_deref(), true);
                }
                Ok(Some(Settled { task, result }))
            }
            Verdict::Fault(result) if is_probe(&task) => {
                Ok(Some(Settled { task, result: *result }))
            }
            Verdict::Fault(result) => {
                if result.outcome == OutcomeClass::NodeFailure {
                    self.executor.judged(task.key, result.host.as_deref(), false);
                }
                self.repeat(task, *result, ledger)
            }
            Verdict::Cancelled if is_probe(&task) => Ok(None),
            Verdict::Cancelled => {
                let reason = "cancelled by the user";
                ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
                self.waiting.push_front(task);
                Ok(None)
            }
            Verdict::Later(source) => {
                let now = self.clock.now();
                let key = task.key;
                let since = *self.unread.entry(key).or_insert(now);
                if now.saturating_sub(since) > PATIENCE {
                    return Err(DispatchError::Unreadable {
                        path: task.directory.result(),
                        source,
                    });
                }
                self.ended.push(EndedJob { key, end });
                self.running.insert(key, task);
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
        // Its own directory may be gone; the next attempt makes it again.
        let path = task.directory.path();
        let path = path.parent().unwrap_or(path);
        durable::has_room(path)
            .map_err(|source| DispatchError::NoRoom { path: path.to_owned(), source })?;
        let reason = reason(&result);
        let out_of_memory = result.outcome == OutcomeClass::OutOfMemory;
        task.faults += 1;
        let successes = self.suspicion.successes();
        let since = *task.successes_before_faults.get_or_insert(successes);
        if task.faults > self.limits.retries {
            if result.blame == Some(Blame::Environment) && since == successes {
                return stop_for_the_environment(&task, &reason, ledger);
            }
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

    /// How many have no outcome yet: they run, are to be begun, or are held back until it is known
    /// whether anything works.
    pub fn unsettled(&self) -> usize {
        self.running.len() + self.waiting.len() + self.suspicion.held()
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

/// What cannot depend on the parameters failed each time, and nothing else worked meanwhile.
fn stop_for_the_environment<L: Ledger>(
    task: &Task,
    reason: &str,
    ledger: &mut L,
) -> Result<Option<Settled>, DispatchError<L::Error>> {
    ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
    let message = match task.faults {
        1 => format!("{}: {reason}", task.key),
        faults => format!("{}: {reason}, {faults} times, and nothing else worked", task.key),
    };
    Err(DispatchError::Environment { message, log: task.directory.log_of_failure(LOG_LINES) })
}

/// The end of a search in which nothing works any more, as the probe showed it.
fn nothing_works<E>(probe: &Settled) -> DispatchError<E> {
    let Settled { task, result } = probe;
    let message = format!(
        "nothing works any more: candidate {}, which worked before, fails, too: {}",
        task.key.candidate,
        reason(result)
    );
    DispatchError::Environment { message, log: task.directory.log_of_failure(LOG_LINES) }
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
