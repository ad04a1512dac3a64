//! When a search ends, and why.

use configuration::Limits;
use journal::Event;
use simulation::{OutcomeClass, SimulationResult};

use super::Search;
use crate::failure::{Failure, program};
use crate::interrupt::Wish;

/// Why a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// There is nothing left to do, and why.
    Finished(String),
    /// The user asked for it.
    StoppedByUser,
    /// Another controller is to go on, with the simulations that run.
    HandedOver,
}

impl End {
    /// In words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Finished(reason) => reason,
            Self::StoppedByUser => "stopped by the user",
            Self::HandedOver => "left to the controller that follows",
        }
    }
}

impl Search {
    /// Whether, and why, to end now. Nothing ends while simulations run.
    pub(super) fn end(&mut self) -> Result<Option<End>, Failure> {
        match self.interrupt.wish() {
            Wish::GoOn => {}
            Wish::HandOver => return Ok(Some(End::HandedOver)),
            Wish::StopAfterRunning => {
                self.watcher.say_once(
                    "stopping when the running simulations have finished (Ctrl-C again to cancel \
                     them)",
                );
                return Ok((self.executor.running() == 0).then_some(End::StoppedByUser));
            }
            Wish::Cancel => {
                self.watcher.say_once("cancelling the running simulations");
                self.executor.cancel_all();
                return Ok((self.executor.running() == 0).then_some(End::StoppedByUser));
            }
        }
        if self.executor.running() > 0 || !self.waiting.is_empty() || self.state.paused {
            return Ok(None);
        }
        let reason = self.reason_to_ask_no_more();
        // One that exploded was measured all the same.
        let measured = |result: &SimulationResult| {
            matches!(result.outcome, OutcomeClass::Completed | OutcomeClass::Exploded)
        };
        if reason.is_some() && !self.state.run_here().any(|(_, result)| measured(result)) {
            self.fail_for_nothing_was_measured()?;
        }
        Ok(reason.map(End::Finished))
    }

    /// Why no further candidate is proposed, if so.
    pub(super) fn reason_to_ask_no_more(&self) -> Option<String> {
        let proposed = self.state.proposed();
        let Limits { max_ngen, max_simulations, .. } = self.limits;
        if self.targets_are_met() {
            return Some("every target is within its norm of what is wanted".to_owned());
        }
        if proposed >= max_ngen.saturating_mul(self.optimizer.offspring_size() as u64) {
            return Some(format!("the limit max_ngen = {max_ngen} is reached"));
        }
        if let Some(limit) = max_simulations.filter(|&limit| proposed >= limit) {
            return Some(format!("the limit max_simulations = {limit} is reached"));
        }
        if let Some(limit) = self.limits.max_time
            && self.state.ran_for(jiff::Timestamp::now()) >= limit.seconds() as f64
        {
            return Some(format!("the limit max_time = {limit} is reached"));
        }
        if let Some(limit) = self.limits.max_core_hours
            && self.core_hours() >= limit
        {
            return Some(format!("the limit max_core_hours = {limit} is reached"));
        }
        if self.nothing_works() {
            return Some("none of the simulations could be evaluated".to_owned());
        }
        self.optimizer.stop_reason()
    }

    /// What the simulations of this search took.
    fn core_hours(&self) -> f64 {
        let seconds: f64 = self.state.run_here().map(|(_, result)| result.simulation_seconds).sum();
        seconds * self.configuration.cores(&self.limits) as f64 / 3600.0
    }

    fn targets_are_met(&self) -> bool {
        let best = self.state.best();
        best.is_some_and(|(_, result)| result.targets.iter().all(|target| target.score <= 1.0))
    }

    /// A model that never works is a mistake in the set-up, not a search.
    fn nothing_works(&self) -> bool {
        let broken = |result: &SimulationResult| {
            use OutcomeClass::{Crashed, NoData, NodeFailure};
            matches!(result.outcome, Crashed | NoData | NodeFailure)
        };
        self.state.run_here().count() >= self.optimizer.offspring_size()
            && self.state.run_here().all(|(_, result)| broken(result))
    }

    /// A search that ends without a result fails, with the reason of its last simulation.
    fn fail_for_nothing_was_measured(&mut self) -> Result<(), Failure> {
        let finished: Vec<_> = self.state.run_here().collect();
        if finished.is_empty() {
            return Ok(());
        }
        let (record, result) = finished[finished.len() - 1];
        let number = record.number;
        let mut message = format!(
            "none of the first {} simulations could be evaluated; candidate {}: {}",
            finished.len(),
            number,
            result.reason.as_deref().unwrap_or(result.outcome.words()),
        );
        self.log(&[Event::Stopped { reason: message.clone() }])?;
        let log = self.directory.simulation(number).log_of_failure(5);
        if !log.is_empty() {
            message.push_str("\nthe end of its log:\n  ");
            message.push_str(&log.join("\n  "));
        }
        let help = format!(
            "look at it with `{} show {number} {}`; mend the model or mozopt.toml, then begin anew",
            program(),
            self.directory.shown()
        );
        Err(Failure::failed(message, help))
    }
}
