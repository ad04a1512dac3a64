//! The final answer is simulated again. With noise, the least total that was seen belongs to a
//! lucky simulation as often as to good parameters, and some of the luckiest explode the next time.

use std::collections::BTreeMap;
use std::convert::Infallible;

use configuration::{FidelityNumber, SimulationSeed};
use dispatcher::{NoLedger, Settled, Task};
use executors::JobKey;
use journal::{Event, Validated};
use simulation::{Attempt, CandidateNumber, Keep, OutcomeClass, Simulation, SimulationResult};

use crate::error::SearchError;
use crate::interrupt::Wish;
use crate::search::{Search, TICK};
use crate::seeds;

/// How many candidates are compared.
const COMPARED: usize = 3;

impl Search {
    /// Simulates the candidates that the optimizer recommends again, with seeds of their own, and
    /// writes down what came out. Returns false if the user does not want to wait for it.
    ///
    /// What was simulated stands in the files of `validation/` and is not simulated again.
    pub(crate) fn repeat_best(&mut self) -> Result<bool, SearchError> {
        let repetitions = self.book.limits.validate_best;
        let drawn = matches!(self.configuration.simulator.seed, SimulationSeed::Drawn(_));
        if repetitions == 0 || !drawn || self.book.state.validated().is_some() {
            return Ok(true);
        }
        let compared = self.compared();
        if compared.is_empty() {
            return Ok(true);
        }
        let names: Vec<_> = compared.iter().map(ToString::to_string).collect();
        self.watcher.say(&format!(
            "simulating the best candidates again, {repetitions} times each: {}",
            names.join(", ")
        ));
        let keys = compared.iter().flat_map(|&candidate| {
            (1..=repetitions).map(move |repetition| JobKey { candidate, repetition })
        });
        let Some(results) = self.repeat(keys.collect())? else { return Ok(false) };
        let candidates: Vec<_> = compared
            .iter()
            .filter_map(|candidate| Validated::of(*candidate, results.get(candidate)?))
            .collect();
        for validated in &candidates {
            self.watcher.say(&validated.in_words());
        }
        if !candidates.is_empty() {
            let simulated = results.values().flatten();
            let job_seconds = simulated.map(SimulationResult::job_seconds).sum();
            self.book.log(&[Event::Validated { candidates, job_seconds }])?;
        }
        Ok(true)
    }

    /// The candidates that may be the best: those that the optimizer recommends, and the luckiest.
    fn compared(&self) -> Vec<CandidateNumber> {
        let recommended = self.optimizer.recommend(COMPARED).into_iter();
        let recommended = recommended.map(|it| CandidateNumber(it.candidate));
        let luckiest = self.book.state.best().map(|(record, _)| record.number);
        let mut compared = vec![];
        for candidate in recommended.chain(luckiest) {
            if !compared.contains(&candidate) {
                compared.push(candidate);
            }
        }
        compared
    }

    /// Runs simulations that the optimizer is not told of; `None` if the user stopped them.
    fn repeat(
        &mut self,
        keys: Vec<JobKey>,
    ) -> Result<Option<BTreeMap<CandidateNumber, Vec<SimulationResult>>>, SearchError> {
        let mut results: BTreeMap<CandidateNumber, Vec<SimulationResult>> = BTreeMap::new();
        let total = keys.len();
        let mut done = 0;
        for key in keys {
            let task = self.repetition(key);
            let good = |result: &SimulationResult| !result.outcome.is_fault();
            if let Some(settled) = self.dispatcher.take_up::<Infallible>(task, good)? {
                self.take_repetition(settled, &mut results);
                done += 1;
            }
        }
        while self.dispatcher.unsettled() > 0 {
            self.book.lock.beat();
            self.take_requests()?;
            match self.interrupt.wish() {
                Wish::GoOn => {}
                Wish::HandOver => return Ok(None),
                _ if self.dispatcher.running() == 0 => return Ok(None),
                Wish::StopAfterRunning => {}
                Wish::Cancel => self.dispatcher.cancel_all(),
            }
            if self.may_begin() {
                self.dispatcher.submit(&mut NoLedger::default())?;
            }
            for message in self.dispatcher.messages() {
                self.watcher.say(&message);
            }
            self.watcher.count(&format!("repetitions: {done} of {total} simulations"));
            for settled in self.dispatcher.wait(TICK, &mut NoLedger::default())? {
                self.take_repetition(settled, &mut results);
                done += 1;
            }
        }
        Ok((self.interrupt.wish() == Wish::GoOn).then_some(results))
    }

    fn take_repetition(
        &self,
        Settled { task, result }: Settled,
        results: &mut BTreeMap<CandidateNumber, Vec<SimulationResult>>,
    ) {
        match result.outcome {
            // A machine that failed says nothing about the candidate, nor does an error where the
            // candidate itself was simulated without one.
            OutcomeClass::NodeFailure | OutcomeClass::Crashed | OutcomeClass::NoData => {
                let why = result.reason.unwrap_or_default();
                self.watcher.say(&format!("{} does not count: {why}", task.key));
            }
            _ => results.entry(task.key.candidate).or_default().push(result),
        }
    }

    /// One more simulation of a candidate.
    fn repetition(&self, key: JobKey) -> Task {
        let JobKey { candidate, repetition } = key;
        let record = &self.book.state.candidates[candidate.index()];
        let keep = Keep { all: self.book.limits.keep_all, failures: false, below: None };
        let search_seed = self.configuration.optimizer.seed;
        let seed = seeds::of_repetition(search_seed, candidate, repetition);
        let simulation = Simulation::new(
            &self.configuration,
            FidelityNumber::FULL,
            candidate,
            seed,
            &record.parameters,
            Attempt::NONE,
            keep,
        );
        Task::new(key, self.directory.validation(candidate, repetition), simulation, Attempt::NONE)
    }
}
