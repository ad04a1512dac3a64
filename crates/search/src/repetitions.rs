//! Candidates are simulated again: the one that has all targets within their norms, before it ends
//! the search, and the best ones at its end. With noise, the least total that was seen belongs to a
//! lucky simulation as often as to good parameters, and some of the luckiest explode the next time.

use std::convert::Infallible;

use configuration::{FidelityNumber, SimulationSeed};
use dispatcher::{NoLedger, Settled, Task};
use executors::JobKey;
use journal::{Event, Repetition, Validated};
use simulation::{Attempt, CandidateNumber, Keep, Simulation, SimulationResult};

use crate::claim::{Claim, Ground};
use crate::error::SearchError;
use crate::interrupt::Wish;
use crate::replay::tell_again;
use crate::search::{Search, TICK};
use crate::seeds;

/// How many candidates are compared.
const COMPARED: usize = 3;

impl Search {
    /// Simulates the candidate again that has all targets within their norms, unless that was done.
    /// If the claim holds, the candidate is the one to recommend. Returns false if the user does
    /// not want to wait for it.
    pub(crate) fn repeat_claimed(&mut self, claim: Claim) -> Result<bool, SearchError> {
        let Claim { candidate, ground } = claim;
        match ground {
            Ground::Unrepeated | Ground::Fixed => {}
            Ground::Repetitions(_) => self.log_validated(&[candidate])?,
            Ground::Untested => {
                let words = "has every target within its norm of what is wanted";
                self.watcher.say(&format!("candidate {candidate} {words}: simulating it again"));
                if !self.repeat(&[candidate])? {
                    return Ok(false);
                }
                if let Some(objection) = self.objection(candidate) {
                    self.watcher.say(&format!(
                        "candidate {candidate} was lucky ({objection}): the search goes on"
                    ));
                }
            }
        }
        Ok(true)
    }

    /// Simulates the candidates that the optimizer recommends again, with seeds of their own, and
    /// writes down how they did. Returns false if the user does not want to wait for it.
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
        if !self.repeat(&compared)? {
            return Ok(false);
        }
        self.log_validated(&compared)?;
        Ok(true)
    }

    /// Writes down how candidates did when they were simulated again, so that the best of them is
    /// recommended.
    fn log_validated(&mut self, candidates: &[CandidateNumber]) -> Result<(), SearchError> {
        if self.book.state.validated().is_some() {
            return Ok(());
        }
        let validated = |&candidate: &CandidateNumber| {
            Validated::of(candidate, &self.book.state.candidate(candidate)?.repetitions)
        };
        let candidates: Vec<_> = candidates.iter().filter_map(validated).collect();
        for validated in &candidates {
            self.watcher.say(&validated.in_words());
        }
        if !candidates.is_empty() {
            self.book.log(&[Event::Validated { candidates, job_seconds: 0.0 }])?;
        }
        Ok(())
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

    /// Simulates candidates as often again as is wanted, as far as that was not done; writes down
    /// what came out, and tells the optimizer. Returns false if the user stopped it.
    ///
    /// What was simulated stands in the files of `validation/` and is not simulated again. It is
    /// told when all of it is there, in the order of its numbers, so that a search that was
    /// interrupted is told the same.
    fn repeat(&mut self, candidates: &[CandidateNumber]) -> Result<bool, SearchError> {
        let mut repetitions = vec![];
        let keys = self.missing_repetitions(candidates);
        let total = keys.len();
        for key in keys {
            let task = self.repetition(key);
            let good = |result: &SimulationResult| !result.outcome.is_fault();
            if let Some(settled) = self.dispatcher.take_up::<Infallible>(task, good)? {
                repetitions.push(self.take_repetition(settled));
            }
        }
        while self.dispatcher.unsettled() > 0 {
            self.book.lock.beat();
            self.take_requests()?;
            match self.interrupt.wish() {
                Wish::GoOn => {}
                Wish::HandOver => return Ok(false),
                _ if self.dispatcher.running() == 0 => return Ok(false),
                Wish::StopAfterRunning => {}
                Wish::Cancel => self.dispatcher.cancel_all(),
            }
            if self.may_begin() {
                self.dispatcher.submit(&mut NoLedger::default())?;
            }
            for message in self.dispatcher.messages() {
                self.watcher.say(&message);
            }
            let done = repetitions.len();
            self.watcher.count(&format!("repetitions: {done} of {total} simulations"));
            for settled in self.dispatcher.wait(TICK, &mut NoLedger::default())? {
                repetitions.push(self.take_repetition(settled));
            }
        }
        if self.interrupt.wish() != Wish::GoOn {
            return Ok(false);
        }
        if !repetitions.is_empty() {
            repetitions.sort_by_key(|it| (it.candidate, it.repetition));
            self.book.log(&[Event::Repeated { repetitions: repetitions.clone() }])?;
            let told = tell_again(self.optimizer.as_mut(), &self.configuration, &repetitions);
            told.map_err(|error| SearchError::Optimizer(error.to_string()))?;
        }
        Ok(true)
    }

    /// The repetitions that are wanted and were not run.
    fn missing_repetitions(&self, candidates: &[CandidateNumber]) -> Vec<JobKey> {
        let wanted = 1..=self.book.limits.validate_best;
        let keys = candidates.iter().flat_map(|&candidate| {
            wanted.clone().map(move |repetition| JobKey { candidate, repetition })
        });
        let is_known = |key: &JobKey| {
            let record = &self.book.state.candidates[key.candidate.index()];
            record.repetitions.iter().any(|known| known.repetition == key.repetition)
        };
        keys.filter(|key| !is_known(key)).collect()
    }

    fn take_repetition(&self, Settled { task, result }: Settled) -> Repetition {
        let JobKey { candidate, repetition } = task.key;
        let seed = task.simulation.seed;
        let taken = Repetition { candidate, repetition, seed, result };
        if !taken.counts() {
            let why = taken.result.reason.as_deref().unwrap_or_default();
            self.watcher.say(&format!("{} does not count: {why}", task.key));
        }
        taken
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
