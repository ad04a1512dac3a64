//! What follows from an end: an outcome, another attempt after a pause, or the end of everything.

use std::time::Duration;

use configuration::ExecutorKind;
use executors::{EndedJob, JobEnd, JobKey};
use simulation::{Blame, OutcomeClass, SimulationResult};

use super::Dispatcher;
use crate::clock::Clock;
use crate::error::{DispatchError, NothingWorks};
use crate::ledger::{Fault, Ledger, Untold};
use crate::settled::Settled;
use crate::suspicion::{Consequence, is_probe};
use crate::task::Task;
use crate::verdict::Verdict;

/// The longest pause before an attempt is repeated.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// By what the pause grows with each fault of a simulation.
const PAUSE_GROWS: u32 = 6;
/// At least this many jobs in a row may end before they begin, however few run at the same time.
const LEAST_UNBEGUN: usize = 6;
/// How long a result that cannot be read is read again and again.
const PATIENCE: Duration = Duration::from_mins(1);
/// So much of a log shows why nothing works.
const LOG_LINES: usize = 5;

impl<C: Clock> Dispatcher<C> {
    /// What of this is an outcome, and what has to wait until it is known whether anything works.
    pub(super) fn resolve<L: Ledger>(
        &mut self,
        settled: Vec<Settled>,
        ledger: &mut L,
    ) -> Result<Vec<Settled>, DispatchError<L::Error>> {
        let mut outcomes = vec![];
        for settled in settled {
            match self.suspicion.take(settled) {
                Consequence::Outcomes(known) => outcomes.extend(known),
                Consequence::Again(known, again) => {
                    outcomes.extend(known);
                    self.run_again(again, ledger)?;
                }
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
        if let Some(task) = self.suspicion.probe(&self.limits, idle) {
            let why = self.suspicion.last_failure().map(reason).unwrap_or_default();
            let failed = match self.suspicion.held() {
                1 => "the last simulation failed".to_owned(),
                held => format!("{held} simulations in a row failed"),
            };
            self.messages.push(format!(
                "{failed} ({why}): candidate {}, which worked, is simulated again to see whether \
                 anything still works",
                task.key.candidate
            ));
            self.begin(task, &mut Untold::default())?;
        }
        Ok(outcomes)
    }

    /// Runs simulations again that failed in a row, where that many are no chance.
    fn run_again<L: Ledger>(
        &mut self,
        again: Vec<Task>,
        ledger: &mut L,
    ) -> Result<(), DispatchError<L::Error>> {
        self.messages.push(format!(
            "{} simulations failed in a row and others work again, which is hardly chance: they are run \
             once more",
            again.len()
        ));
        for task in again.into_iter().rev() {
            let reason = "failed in a row with others";
            ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
            self.waiting.push_front(task);
        }
        Ok(())
    }

    /// Takes the outcome of a job that ended, if it has one.
    pub(super) fn settle<L: Ledger>(
        &mut self,
        task: Task,
        end: JobEnd,
        ledger: &mut L,
    ) -> Result<Option<Settled>, DispatchError<L::Error>> {
        let verdict = self.judge(&task).verdict(&end, &task);
        if !matches!(verdict, Verdict::NeverBegan(_)) {
            self.never_began = 0;
        }
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
            Verdict::NeverBegan(reason) => self.submit_again(task, &reason, ledger),
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
    pub(super) fn repeat<L: Ledger>(
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
        let fault = match result.outcome {
            OutcomeClass::OutOfMemory => Fault::OutOfMemory,
            OutcomeClass::TimedOut => Fault::OutOfTime,
            _ => Fault::Other,
        };
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
        match fault {
            Fault::OutOfMemory => task.shortages.memory += 1,
            Fault::OutOfTime => task.shortages.time += 1,
            Fault::Other => {}
        }
        let more = self.more(fault, &task);
        self.messages.push(format!("{}: {reason}; it is run again{more}", task.key));
        ledger.interrupted(task.key, &reason, Some(fault)).map_err(DispatchError::Ledger)?;
        if fault == Fault::OutOfMemory {
            self.run_fewer();
        }
        task.not_before = self.clock.now() + self.pause_after(&task);
        self.waiting.push_front(task);
        Ok(None)
    }

    /// Submits a job again that ended in the queue, unless that happens to one after the other.
    fn submit_again<L: Ledger>(
        &mut self,
        mut task: Task,
        reason: &str,
        ledger: &mut L,
    ) -> Result<Option<Settled>, DispatchError<L::Error>> {
        self.never_began += 1;
        if !is_probe(&task) {
            ledger.interrupted(task.key, reason, None).map_err(DispatchError::Ledger)?;
        }
        // Whatever cancelled all that waited at the same time may not do so again.
        if self.never_began > (2 * self.slots()).max(LEAST_UNBEGUN) {
            let message =
                format!("{} jobs in a row ended before they began: {reason}", self.never_began);
            return Err(NothingWorks { message, log: vec![] }.into());
        }
        self.messages.push(format!("{}: {reason} before it began; submitted again", task.key));
        let first = Duration::from_secs(self.limits.retry_pause.seconds());
        let pause = first.saturating_mul(u32::try_from(self.never_began).unwrap_or(u32::MAX));
        task.not_before = self.clock.now() + pause.min(LONGEST_PAUSE.max(first));
        self.waiting.push_front(task);
        Ok(None)
    }

    /// What made one attempt fail may need a moment, or minutes, until it is gone. What failed
    /// together is not begun again in the same moment: up to a quarter more, by the candidate.
    fn pause_after(&self, task: &Task) -> Duration {
        let first = Duration::from_secs(self.limits.retry_pause.seconds());
        let factor = PAUSE_GROWS.saturating_pow(task.faults.saturating_sub(1));
        let pause = first.saturating_mul(factor).min(LONGEST_PAUSE.max(first));
        let JobKey { candidate, repetition } = task.key;
        // The golden ratio spreads numbers that follow each other.
        let spread = (candidate.0 as f64 + f64::from(repetition) / 7.0) * 0.618_033_988_749_895;
        pause.mul_f64(1.0 + spread.fract() / 4.0)
    }

    /// How much more a repetition gets of what ran out, in words.
    fn more(&self, fault: Fault, task: &Task) -> String {
        let (limits, shortages) = (self.limits_of(task), task.shortages);
        let slurm = &limits.slurm;
        match (fault, slurm.mem_after(shortages.memory)) {
            (Fault::OutOfTime, _) => {
                format!(" with up to {}", limits.time_limit_after(shortages.time))
            }
            (Fault::OutOfMemory, _) if self.limits.executor == ExecutorKind::Local => String::new(),
            (Fault::OutOfMemory, Some(mem)) if slurm.mem_retry.is_some() => {
                format!(" with mem = {mem}")
            }
            (Fault::OutOfMemory, _) => {
                " (`mem_retry = 2` under [slurm] would give it more memory)".to_owned()
            }
            (Fault::Other, _) => String::new(),
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
    Err(NothingWorks { message, log: task.directory.log_of_failure(LOG_LINES) }.into())
}

/// The end of a search in which nothing works any more, as the probe showed it.
fn nothing_works<E>(probe: &Settled) -> DispatchError<E> {
    let Settled { task, result } = probe;
    let message = format!(
        "nothing works any more: candidate {}, which worked before, fails, too: {}",
        task.key.candidate,
        reason(result)
    );
    NothingWorks { message, log: task.directory.log_of_failure(LOG_LINES) }.into()
}

fn reason(result: &SimulationResult) -> String {
    result.reason.clone().unwrap_or_else(|| result.outcome.words().to_owned())
}
