//! When a search ends, and why.

use std::collections::BTreeSet;

use configuration::{Limits, SimulationSeed};
use journal::Event;
use simulation::{OutcomeClass, SimulationResult};

use crate::end::End;
use crate::error::SearchError;
use crate::interrupt::Wish;
use crate::search::Search;

impl Search {
    /// Whether, and why, to end now. Nothing ends while simulations run.
    pub(crate) fn end(&mut self) -> Result<Option<End>, SearchError> {
        let wish = self.interrupt.wish();
        if let Some(words) = wish.in_words() {
            self.watcher.say_once(words);
        }
        match wish {
            Wish::GoOn => {}
            Wish::HandOver => return Ok(Some(End::HandedOver)),
            Wish::StopAfterRunning => {
                return Ok((self.dispatcher.running() == 0).then_some(End::StoppedByUser));
            }
            Wish::Cancel => {
                self.dispatcher.cancel_all();
                return Ok((self.dispatcher.running() == 0).then_some(End::StoppedByUser));
            }
        }
        if self.dispatcher.unsettled() > 0 || self.book.state.paused {
            return Ok(None);
        }
        let reason = self.reason_to_ask_no_more();
        // One that exploded was measured all the same.
        let measured = |result: &SimulationResult| {
            matches!(result.outcome, OutcomeClass::Completed | OutcomeClass::Exploded)
        };
        if reason.is_some() && !self.book.state.run_here().any(|(_, result)| measured(result)) {
            self.fail_for_nothing_was_measured()?;
        }
        Ok(reason.map(End::Finished))
    }

    /// Why no further candidate is proposed, if so.
    pub(crate) fn reason_to_ask_no_more(&self) -> Option<String> {
        let proposed = self.book.state.proposed();
        let Limits { max_ngen, max_simulations, .. } = self.book.limits;
        if let Some(claim) = self.claim() {
            return Some(claim.in_words());
        }
        if let Some(points) = self.points_of_exhausted_space() {
            return Some(format!(
                "all {points} points of the space were simulated, with the seed that every simulation has"
            ));
        }
        if proposed >= max_ngen.saturating_mul(self.optimizer.offspring_size() as u64) {
            return Some(format!("the limit max_ngen = {max_ngen} is reached"));
        }
        if let Some(limit) = max_simulations.filter(|&limit| proposed >= limit) {
            return Some(format!("the limit max_simulations = {limit} is reached"));
        }
        if let Some(limit) = self.book.limits.max_time
            && self.book.state.ran_for(jiff::Timestamp::now()) >= limit.seconds() as f64
        {
            return Some(format!("the limit max_time = {limit} is reached"));
        }
        if let Some(limit) = self.book.limits.max_core_hours
            && self.book.state.core_hours(&self.configuration) >= limit
        {
            return Some(format!("the limit max_core_hours = {limit} is reached"));
        }
        if self.nothing_works() {
            return Some("none of the simulations could be evaluated".to_owned());
        }
        self.optimizer.stop_reason()
    }

    /// How many points there are, if each was simulated with the fixed seed: nothing new can come.
    fn points_of_exhausted_space(&self) -> Option<usize> {
        let SimulationSeed::Fixed(seed) = self.configuration.simulator.seed else { return None };
        let candidates = &self.book.state.candidates;
        let mut points = 1_usize;
        for parameter in &self.configuration.parameters {
            let values = match parameter.integer {
                true => parameter.high.floor() - parameter.low.ceil() + 1.0,
                false if parameter.low == parameter.high => 1.0,
                false => return None,
            };
            points = points.saturating_mul(values as usize);
            if points > candidates.len() {
                return None;
            }
        }
        let same_seed = self
            .book
            .state
            .finished()
            .filter(|(it, _)| it.fidelity.is_full() && it.seed == u64::from(seed));
        let same_seed = same_seed.filter(|(_, result)| {
            !matches!(result.outcome, OutcomeClass::NoData | OutcomeClass::NodeFailure)
        });
        let bits = |value: &f64| value.to_bits();
        let simulated: BTreeSet<Vec<u64>> =
            same_seed.map(|(it, _)| it.parameters.iter().map(bits).collect()).collect();
        (simulated.len() >= points).then_some(points)
    }

    /// A model that never works is a mistake in the set-up, not a search.
    fn nothing_works(&self) -> bool {
        let broken = |result: &SimulationResult| {
            use OutcomeClass::{Crashed, NoData, NodeFailure};
            matches!(result.outcome, Crashed | NoData | NodeFailure)
        };
        self.book.state.run_here().count() >= self.optimizer.offspring_size()
            && self.book.state.run_here().all(|(_, result)| broken(result))
    }

    /// A search that ends without a result fails, with the reason of its last simulation.
    fn fail_for_nothing_was_measured(&mut self) -> Result<(), SearchError> {
        let finished: Vec<_> = self.book.state.run_here().collect();
        if finished.is_empty() {
            return Ok(());
        }
        let (record, result) = finished[finished.len() - 1];
        let number = record.number;
        let reason = result.reason.clone().unwrap_or_else(|| result.outcome.words().to_owned());
        let error = SearchError::NothingMeasured {
            simulations: finished.len(),
            candidate: number,
            reason,
            log: self.directory.simulation(number).log_of_failure(5),
        };
        self.book.log(&[Event::Stopped { reason: error.to_string() }])?;
        Err(error)
    }
}
