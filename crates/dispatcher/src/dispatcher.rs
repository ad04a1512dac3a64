//! Slots, attempts and adoption: what is begun, and what is watched.

mod ends;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use configuration::{Configuration, ConfigurationError, ConfiguredTarget, Limits};
use executors::{Adopted, EndedJob, Executor, JobEnd, JobKey};
use simulation::{Attempt, Blame, Simulation, SimulationResult};

use crate::clock::Clock;
use crate::error::DispatchError;
use crate::ledger::Ledger;
use crate::settled::Settled;
use crate::suspicion::Suspicion;
use crate::task::Task;
use crate::verdict::{Judge, Verdict};

/// A pause in which something may come to its end.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Runs simulations until they end.
pub struct Dispatcher<C> {
    executor: Box<dyn Executor>,
    clock: C,
    configuration: Configuration,
    targets: Vec<ConfiguredTarget>,
    limits: Limits,
    /// The same for every version of the simulation.
    limits_of: Vec<Limits>,
    /// How many simulations fewer run at the same time, since there was not the memory for all.
    fewer_slots: usize,
    /// How many jobs in a row ended before they began.
    never_began: usize,
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
            targets: configuration.targets()?,
            limits_of: of_versions(configuration, &limits),
            configuration: configuration.clone(),
            limits,
            fewer_slots: 0,
            never_began: 0,
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
    pub fn has_worked(&mut self, task: Task) {
        self.suspicion.has_worked(task);
    }

    /// Finds out what became of the task's last attempt, which an earlier controller began. Returns
    /// whether it still runs; one that ended is settled next, one without a trace begun again.
    pub fn adopt<L: Ledger>(
        &mut self,
        task: Task,
        ledger: &mut L,
    ) -> Result<bool, DispatchError<L::Error>> {
        let found = self.executor.adopt(task.job()).map_err(DispatchError::Executor)?;
        let runs = found == Adopted::Running;
        if let Some(task) = self.watch(task, found) {
            let reason = "it ended with its controller";
            ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
            self.waiting.push_back(task);
        }
        Ok(runs)
    }

    /// Watches a job that another controller began, or has it settled next; gives the task back if
    /// there is no trace of it.
    fn watch(&mut self, task: Task, found: Adopted) -> Option<Task> {
        match found {
            Adopted::Gone => return Some(task),
            Adopted::Ended => self.ended.push(EndedJob { key: task.key, end: JobEnd::Ended }),
            Adopted::Running => {}
        }
        self.running.insert(task.key, task);
        None
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
        match self.judge(&begun).verdict(&JobEnd::Ended, &begun) {
            Verdict::Outcome(result) if good(&result) => {
                Ok(Some(Settled { task: begun, result: *result }))
            }
            // What it died of may have been fixed since.
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
        task.simulation.attempt = task.simulation.attempt.next();
        task.simulation.keep = ledger.keep(&task.simulation);
        let prelude = self.configuration.simulator_of(task.fidelity).prelude.as_deref();
        match task.directory.prepare(&task.simulation, prelude) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return self.take_over(task, ledger);
            }
            Err(error) => {
                let reason = format!("its directory cannot be made ready: {error}");
                return self.could_not_begin(task, reason, ledger);
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
            Err(error) => self.could_not_begin(task, format!("cannot be started: {error}"), ledger),
        }
    }

    fn could_not_begin<L: Ledger>(
        &mut self,
        task: Task,
        reason: String,
        ledger: &mut L,
    ) -> Result<(), DispatchError<L::Error>> {
        let result = self.judge(&task).fault(Blame::Environment, reason);
        let settled = self.repeat(task, result, ledger)?;
        self.never_begun.extend(settled);
        Ok(())
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
        let found = self.executor.adopt(task.job()).map_err(DispatchError::Executor)?;
        let Some(mut task) = self.watch(task, found) else {
            return ledger.submitted(key, "found at work").map_err(DispatchError::Ledger);
        };
        let reason = "another job was at work in its directory";
        ledger.interrupted(key, reason, None).map_err(DispatchError::Ledger)?;
        task.not_before = self.clock.now() + A_MOMENT;
        self.waiting.push_front(task);
        Ok(())
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

    fn judge(&self, task: &Task) -> Judge<'_> {
        Judge { targets: &self.targets, limits: self.limits_of(task) }
    }

    fn limits_of(&self, task: &Task) -> &Limits {
        self.limits_of.get(task.fidelity.0).unwrap_or(&self.limits)
    }

    /// How many simulations may run at the same time.
    pub fn slots(&self) -> usize {
        let room = self.executor.room().map_or(usize::MAX, |room| room.simulations);
        let slots = self.limits.slots.min(room);
        slots.saturating_sub(self.fewer_slots).max(1)
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
        self.limits_of = of_versions(&self.configuration, &limits);
        self.limits = limits;
    }

    /// What the user should know, since this was asked last.
    pub fn messages(&mut self) -> Vec<String> {
        let mut messages = std::mem::take(&mut self.messages);
        messages.extend(self.executor.messages());
        messages
    }
}

/// The limits of every version of the simulation.
fn of_versions(configuration: &Configuration, limits: &Limits) -> Vec<Limits> {
    configuration.fidelity_numbers().map(|number| configuration.limits_of(number, limits)).collect()
}

/// The attempt that was begun before in the task's directory, if it is of the same simulation.
fn begun_before(task: &Task) -> Option<Attempt> {
    let before = Simulation::read(&task.directory.simulation()).ok()?;
    let same = Simulation { attempt: before.attempt, keep: before.keep, ..task.simulation.clone() };
    (before == same).then_some(before.attempt)
}
