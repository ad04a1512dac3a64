//! The simulations of a protocol. What was simulated before is found in its directory.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use configuration::{Configuration, ExecutorKind, Limits};
use durable::read_json;
use executors::{Adopted, Executor, Job, JobEnd, executor};
use journal::{CandidateRecord, OptimizationDirectory};
use simulation::{Keep, OutcomeClass, Protocol, Simulation, SimulationDirectory, SimulationResult};

use crate::failure::Failure;
use crate::interrupt::{Interrupt, Wish};
use crate::search::seeds;

use super::Vary;

const TICK: Duration = Duration::from_millis(200);

/// One simulation.
#[derive(Debug, Clone)]
pub struct Run {
    /// What is simulated.
    pub simulation: Simulation,
    /// Its files.
    pub directory: SimulationDirectory,
    /// How many attempts ended for want of memory.
    out_of_memory: u32,
}

/// Simulations of candidates in a protocol.
pub struct Runs<'a> {
    configuration: &'a Configuration,
    limits: Limits,
    executor: Box<dyn Executor>,
}

impl Run {
    /// A candidate's simulation 1, 2, … in a protocol.
    pub fn new(
        optimization: &OptimizationDirectory,
        configuration: &Configuration,
        record: &CandidateRecord,
        number: u32,
        protocol: &Protocol,
        vary: Vary,
    ) -> Self {
        // The data is inspected before it may be removed.
        let keep = Keep { all: true, failures: true, below: None };
        let seed = seeds::of_repetition(configuration.optimizer.seed, record.number, number);
        let mut simulation =
            Simulation::new(configuration, record.number, seed, &record.parameters, 1, keep);
        simulation.protocol = protocol.clone();
        let further_seeds = vary.further_seeds(&configuration.simulator);
        let new_networks = !further_seeds.is_empty();
        if let Some(mozaik) = &mut simulation.mozaik {
            mozaik.seed_parameters.extend(further_seeds);
        } else {
            let seeds = further_seeds.into_iter().map(|path| (path, seed.into()));
            simulation.parameters.extend(seeds);
        }
        let directory = optimization.protocol(protocol, new_networks);
        let directory = directory.join(format!("{:06}-{number}", record.number));
        Self { simulation, directory: SimulationDirectory::new(directory), out_of_memory: 0 }
    }

    fn job(&self, key: u64) -> Job {
        let attempt = self.simulation.attempt;
        let (out_of_memory, directory) = (self.out_of_memory, self.directory.clone());
        Job { candidate: key, attempt, out_of_memory, directory }
    }

    /// The attempt that was begun before, if it is of the same simulation.
    fn begun_before(&self) -> Option<u32> {
        let before = Simulation::read(&self.directory.simulation()).ok()?;
        let same = Simulation { attempt: before.attempt, ..self.simulation.clone() };
        (before == same).then_some(before.attempt)
    }
}

impl<'a> Runs<'a> {
    /// Simulations within these limits.
    pub fn new(configuration: &'a Configuration, limits: Limits) -> Self {
        let executor = executor(configuration, &limits);
        Self { configuration, limits, executor }
    }

    /// Simulates, and gives the result of each run in their order; `None` for one whose machine failed
    /// under it every time. `said` is told what happens. No results if the user stopped it.
    pub fn results(
        mut self,
        runs: &[Run],
        interrupt: &Interrupt,
        said: &dyn Fn(&str),
    ) -> Result<Option<Vec<Option<SimulationResult>>>, Failure> {
        let mut results: Vec<Option<SimulationResult>> = vec![None; runs.len()];
        let mut waiting: VecDeque<(usize, Run)> = runs.iter().cloned().enumerate().collect();
        let mut running: BTreeMap<u64, Run> = BTreeMap::new();
        while !(waiting.is_empty() && running.is_empty()) {
            match interrupt.wish() {
                Wish::GoOn => {}
                Wish::HandOver => return Ok(None),
                _ if running.is_empty() => return Ok(None),
                Wish::StopAfterRunning => waiting.clear(),
                Wish::Cancel => self.executor.cancel_all(),
            }
            while running.len() < self.limits.slots && interrupt.wish() == Wish::GoOn {
                let Some((i, mut run)) = waiting.pop_front() else { break };
                match self.begin(i as u64, &mut run).map_err(broken)? {
                    Some(result) => results[i] = Some(result),
                    None => {
                        running.insert(i as u64, run);
                    }
                }
            }
            for message in self.executor.messages() {
                said(&message);
            }
            for ended in self.executor.wait(TICK).map_err(broken)? {
                let Some(mut run) = running.remove(&ended.candidate) else { continue };
                let (i, directory) = (ended.candidate as usize, &run.directory);
                let result = match ended.end {
                    JobEnd::Cancelled => continue,
                    JobEnd::TimedOut => Some(self.without_values(OutcomeClass::TimedOut)?),
                    JobEnd::OutOfMemory => Some(self.without_values(OutcomeClass::OutOfMemory)?),
                    JobEnd::Fault(_) => None,
                    JobEnd::Ended => read_json(&directory.result()).ok(),
                };
                let outcome = result.as_ref().map_or(OutcomeClass::NodeFailure, |it| it.outcome);
                match result {
                    _ if outcome.is_fault() && run.simulation.attempt <= self.limits.retries => {
                        run.simulation.attempt += 1;
                        if outcome == OutcomeClass::OutOfMemory {
                            run.out_of_memory += 1;
                            self.run_fewer(said);
                        }
                        waiting.push_back((i, run));
                    }
                    Some(result) => {
                        said(&format!(
                            "{}: {}",
                            directory.path().display(),
                            result.outcome.words()
                        ));
                        results[i] = Some(result);
                    }
                    None => said(&format!("{}: its machine failed", directory.path().display())),
                }
            }
        }
        Ok((interrupt.wish() == Wish::GoOn).then_some(results))
    }

    /// Begins a simulation, or finds the result of one that was begun before.
    fn begin(&mut self, key: u64, run: &mut Run) -> io::Result<Option<SimulationResult>> {
        if run.simulation.attempt == 1
            && let Some(attempt) = run.begun_before()
        {
            run.simulation.attempt = attempt;
            if self.executor.adopt(run.job(key))? == Adopted::Running {
                return Ok(None);
            }
            let result: io::Result<SimulationResult> = read_json(&run.directory.result());
            match result {
                Ok(result) if result.outcome.is_the_models_own() => return Ok(Some(result)),
                // What it died of may have been mended since.
                _ => run.simulation.attempt = 1,
            }
        }
        let prelude = self.configuration.simulator.prelude.as_deref();
        run.directory.prepare(&run.simulation, prelude)?;
        self.executor.submit(run.job(key))?;
        Ok(None)
    }

    /// On this machine simulations share the memory: with fewer of them each has more.
    fn run_fewer(&mut self, said: &dyn Fn(&str)) {
        let slots = self.limits.slots;
        if self.limits.executor == ExecutorKind::Local && slots > 1 {
            self.limits.slots -= 1;
            said(&format!(
                "memory is short: from now on {} at a time instead of {slots}",
                slots - 1
            ));
        }
    }

    fn without_values(&self, outcome: OutcomeClass) -> Result<SimulationResult, Failure> {
        let reason = match outcome {
            OutcomeClass::TimedOut => {
                format!("it ran longer than {}: raise --time-limit", self.limits.time_limit)
            }
            _ => outcome.words().to_owned(),
        };
        let targets = self.configuration.targets()?;
        Ok(SimulationResult::without_values(outcome, reason, &targets))
    }
}

fn broken(error: io::Error) -> Failure {
    let help = "what was simulated is kept: mend the cause and give the same command again";
    Failure::failed(error, help)
}
