//! The final answer is simulated again. With noise, the least total that was seen belongs to a lucky
//! simulation as often as to good parameters, and some of the luckiest explode the next time.

use std::collections::{BTreeMap, VecDeque};

use configuration::SimulationSeed;
use durable::read_json;
use executors::{Adopted, Job, JobEnd};
use journal::{Event, Validated};
use simulation::{Keep, OutcomeClass, Simulation, SimulationResult};

use super::{Search, TICK, broken, seeds};
use crate::failure::Failure;
use crate::interrupt::Wish;

/// How many candidates are compared.
const COMPARED: usize = 3;

/// One more simulation of a candidate.
#[derive(Debug, Clone, Copy)]
struct Repetition {
    candidate: u64,
    /// 1, 2, ….
    number: u32,
    attempt: u32,
    /// How many of the attempts before ended for want of memory.
    out_of_memory: u32,
}

impl Search {
    /// Simulates the candidates that the optimizer recommends again, with seeds of their own, and
    /// writes down what came out. Returns false if the user does not want to wait for it.
    ///
    /// What was simulated stands in the files of `validation/` and is not simulated again.
    pub(super) fn validate(&mut self) -> Result<bool, Failure> {
        let repetitions = self.limits.validate_best;
        let drawn = matches!(self.configuration.simulator.seed, SimulationSeed::Drawn(_));
        if repetitions == 0 || !drawn || self.state.validated().is_some() {
            return Ok(true);
        }
        let compared = self.compared();
        if compared.is_empty() {
            return Ok(true);
        }
        let names: Vec<_> = compared.iter().map(u64::to_string).collect();
        self.watcher.say(&format!(
            "simulating the best candidates again, {repetitions} times each: {}",
            names.join(", ")
        ));
        let wanted: VecDeque<_> = compared
            .iter()
            .flat_map(|&candidate| {
                (1..=repetitions).map(move |number| Repetition {
                    candidate,
                    number,
                    attempt: 1,
                    out_of_memory: 0,
                })
            })
            .collect();
        let Some(results) = self.repeat(wanted)? else { return Ok(false) };
        let candidates: Vec<_> = compared
            .iter()
            .filter_map(|candidate| Validated::of(*candidate, results.get(candidate)?))
            .collect();
        for validated in &candidates {
            self.watcher.say(&validated.in_words());
        }
        if !candidates.is_empty() {
            self.log(&[Event::Validated { candidates }])?;
        }
        Ok(true)
    }

    /// The candidates that may be the best: those that the optimizer recommends, and the luckiest.
    fn compared(&self) -> Vec<u64> {
        let recommended = self.optimizer.recommend(COMPARED).into_iter().map(|r| r.candidate);
        let luckiest = self.state.best().map(|(record, _)| record.number);
        let mut compared: Vec<u64> = vec![];
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
        mut waiting: VecDeque<Repetition>,
    ) -> Result<Option<BTreeMap<u64, Vec<SimulationResult>>>, Failure> {
        let mut results: BTreeMap<u64, Vec<SimulationResult>> = BTreeMap::new();
        let mut running: BTreeMap<u64, Repetition> = BTreeMap::new();
        let total = waiting.len();
        // The executor knows jobs by numbers.
        let key =
            |repetition: &Repetition| (repetition.candidate << 16) + u64::from(repetition.number);
        while !(waiting.is_empty() && running.is_empty()) {
            self.heed_requests()?;
            match self.interrupt.wish() {
                Wish::GoOn => {}
                Wish::HandOver => return Ok(None),
                _ if running.is_empty() => return Ok(None),
                Wish::StopAfterRunning => waiting.clear(),
                Wish::Cancel => self.executor.cancel_all(),
            }
            while running.len() < self.slots() && self.may_begin() {
                let Some(repetition) = waiting.pop_front() else { break };
                if let Some(result) = self.begin_repetition(key(&repetition), repetition)? {
                    results.entry(repetition.candidate).or_default().push(result);
                } else {
                    running.insert(key(&repetition), repetition);
                }
            }
            for message in self.executor.messages() {
                self.watcher.say(&message);
            }
            let done: usize = results.values().map(Vec::len).sum();
            self.watcher.count(&format!("validation: {done} of {total} simulations"));
            let ended = self.executor.wait(TICK);
            for ended in ended.map_err(|error| broken(error, &self.directory))? {
                let Some(mut repetition) = running.remove(&ended.candidate) else { continue };
                let result = match ended.end {
                    JobEnd::Cancelled => continue,
                    JobEnd::TimedOut => Some(self.timed_out()),
                    JobEnd::OutOfMemory => Some(self.out_of_memory(&self.directory_of(repetition))),
                    JobEnd::Fault(_) => None,
                    JobEnd::Ended => read_json(&self.directory_of(repetition).result()).ok(),
                };
                let outcome = result.as_ref().map_or(OutcomeClass::NodeFailure, |it| it.outcome);
                match result {
                    _ if outcome.is_fault() && repetition.attempt <= self.limits.retries => {
                        repetition.attempt += 1;
                        if outcome == OutcomeClass::OutOfMemory {
                            repetition.out_of_memory += 1;
                            self.run_fewer();
                        }
                        waiting.push_back(repetition);
                    }
                    // A machine that failed says nothing about the candidate.
                    None => {}
                    Some(_) if outcome == OutcomeClass::NodeFailure => {}
                    Some(result) => results.entry(repetition.candidate).or_default().push(result),
                }
            }
        }
        Ok((self.interrupt.wish() == Wish::GoOn).then_some(results))
    }

    /// Begins a simulation, or finds the result of one that was begun before.
    fn begin_repetition(
        &mut self,
        key: u64,
        repetition: Repetition,
    ) -> Result<Option<SimulationResult>, Failure> {
        let failed = |error: std::io::Error| broken(error, &self.directory);
        let directory = self.directory_of(repetition);
        let Repetition { attempt, out_of_memory, .. } = repetition;
        let job = Job { candidate: key, attempt, out_of_memory, directory: directory.clone() };
        if repetition.attempt == 1 && directory.simulation().exists() {
            match self.executor.adopt(job.clone()).map_err(failed)? {
                Adopted::Running => return Ok(None),
                Adopted::Ended | Adopted::Gone => {}
            }
            if let Ok(result) = read_json::<SimulationResult>(&directory.result())
                && !result.outcome.is_fault()
            {
                return Ok(Some(result));
            }
        }
        let record = &self.state.candidates[repetition.candidate as usize];
        let keep = Keep { all: self.limits.keep_all, failures: false, below: None };
        let simulation = Simulation::new(
            &self.configuration,
            repetition.candidate,
            seeds::of_repetition(
                self.configuration.optimizer.seed,
                repetition.candidate,
                repetition.number,
            ),
            &record.parameters,
            repetition.attempt,
            keep,
        );
        let prelude = self.configuration.simulator.prelude.as_deref();
        let failed = |error: std::io::Error| broken(error, &self.directory);
        directory.prepare(&simulation, prelude).map_err(failed)?;
        self.executor.submit(job).map_err(failed)?;
        Ok(None)
    }

    fn timed_out(&self) -> SimulationResult {
        let reason = format!("it ran longer than {}", self.limits.time_limit);
        self.without_values(OutcomeClass::TimedOut, reason)
    }

    fn directory_of(&self, repetition: Repetition) -> simulation::SimulationDirectory {
        self.directory.validation(repetition.candidate, repetition.number)
    }
}
