//! The search itself: ask the optimizer, run simulations, tell it what came out, until there is a
//! reason to stop. Every step is in the journal before it is taken.

mod ending;
mod outcomes;
mod replay;
mod requests;
pub mod seeds;
mod tidying;
mod validation;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use optimizers::{Candidate, Optimizer};

use configuration::{Configuration, ConfiguredTarget, Limits, Mode, SimulationSeed};
use executors::{Adopted, EndedJob, Executor, Job, JobEnd, executor};
use journal::{
    self, ControllerLock, Entry, Event, Holder, Journal, OptimizationDirectory, Phase, Proposal,
    Requests, State,
};
use simulation::{Keep, Simulation, Versions};

use crate::failure::{Failure, program};
use crate::interrupt::{Interrupt, Wish};
use crate::warm_start::{Earlier, WarmStart};
use crate::watcher::{Progress, Watcher};

pub use ending::End;
use replay::{import, optimizer, outcome, replay};
use tidying::Tidying;

/// How long the controller sleeps at most before it looks around.
const TICK: Duration = Duration::from_millis(200);

/// A running optimization.
pub struct Search {
    directory: OptimizationDirectory,
    configuration: Configuration,
    targets: Vec<ConfiguredTarget>,
    limits: Limits,
    journal: Journal,
    state: State,
    optimizer: Box<dyn Optimizer>,
    executor: Box<dyn Executor>,
    watcher: Watcher,
    interrupt: Interrupt,
    requests: Requests,
    looked_for_requests: Instant,
    tidying: Tidying,
    /// Candidates to submit, in order.
    waiting: VecDeque<u64>,
    /// How many simulations fewer run at the same time, since there was not the memory for all.
    fewer_slots: usize,
    /// Versions that simulations were seen to have.
    versions: Vec<Arc<Versions>>,
    _lock: ControllerLock,
}

impl Search {
    /// Begins a new optimization in its directory.
    pub fn begin(
        directory: OptimizationDirectory,
        configuration: Configuration,
        warm_starts: Vec<WarmStart>,
        watcher: Watcher,
        interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        let lock = lock(&directory)?;
        durable::write_json(&directory.configuration(), &configuration)
            .map_err(|error| broken(error, &directory))?;
        let mut journal =
            Journal::create(&directory.journal()).map_err(|error| broken(error, &directory))?;
        let created = Event::Created {
            format: journal::FORMAT,
            mozopt_version: env!("CARGO_PKG_VERSION").to_owned(),
            configuration: configuration.hash(),
        };
        let entries = journal.append(&[created]).map_err(|error| broken(error, &directory))?;
        let limits = configuration.limits.clone();
        let opened = Opened { journal, entries, lock };
        let mut search =
            Self::continue_from(directory, configuration, limits, opened, watcher, interrupt)?;
        for warm in warm_starts {
            search.take_over(warm)?;
        }
        Ok(search)
    }

    /// Tells the optimizer what is known from before, and lets it begin at further points.
    fn take_over(&mut self, warm: WarmStart) -> Result<(), Failure> {
        let WarmStart { from, simulations, starts, elsewhere } = warm;
        let incomplete = match simulations.iter().filter(|earlier| earlier.is_incomplete()).count()
        {
            0 => String::new(),
            count => format!(
                "; {count} lack values of present targets: the others' are learnt from, and the best are \
                 simulated again"
            ),
        };
        let known = simulations.len();
        if !simulations.is_empty() {
            let first = self.state.candidates.len() as u64;
            let proposal = |(i, earlier): (usize, &Earlier)| Proposal {
                candidate: first + i as u64,
                seed: earlier.seed,
                parameters: earlier.parameters.clone(),
            };
            let candidates: Vec<_> = simulations.iter().enumerate().map(proposal).collect();
            let results: Vec<_> = simulations.into_iter().map(|earlier| earlier.result).collect();
            let imported = import(self.optimizer.as_mut(), &candidates, &results);
            let generation = imported.ok_or_else(|| cannot_take_over(&from))?;
            self.log(&[Event::Imported { from: from.clone(), generation, candidates, results }])?;
        }
        self.watcher.say(&format!(
            "taken over from {from}: {known} simulations, {} points to begin from; {elsewhere} simulations lie \
             elsewhere{incomplete}",
            starts.len(),
        ));
        if !starts.is_empty() {
            let candidates = self.optimizer.repeat(&starts);
            let same = candidates.iter().zip(&starts).all(|(c, start)| c.parameters == *start);
            if !same {
                return Err(cannot_take_over(&from));
            }
            self.log_proposed(candidates)?;
        }
        Ok(())
    }

    /// Continues an optimization that was stopped, killed or finished.
    pub fn resume(
        directory: OptimizationDirectory,
        change: impl FnOnce(&mut Limits),
        watcher: Watcher,
        interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        let lock = lock(&directory)?;
        let configuration = Configuration::read(&directory.configuration())?;
        let (journal, read) =
            Journal::open(&directory.journal()).map_err(|error| broken(error, &directory))?;
        if read.torn_bytes > 0 {
            watcher.say(&format!(
                "the last line of the journal was torn ({} bytes): it was cut off, nothing it \
                 announced had happened yet",
                read.torn_bytes
            ));
        }
        if let Some(Event::Created { configuration: hash, .. }) =
            read.entries.first().map(|e| &e.event)
        {
            Configuration::check_unchanged(&directory.configuration(), hash)?;
        }
        let before = State::of(&read.entries).map_err(|error| broken(error, &directory))?;
        let mut limits = before.limits.unwrap_or_else(|| configuration.limits.clone());
        change(&mut limits);
        limits.check()?;
        let opened = Opened { journal, entries: read.entries, lock };
        Self::continue_from(directory, configuration, limits, opened, watcher, interrupt)
    }

    fn continue_from(
        directory: OptimizationDirectory,
        configuration: Configuration,
        limits: Limits,
        opened: Opened,
        watcher: Watcher,
        interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        let Opened { mut journal, mut entries, lock } = opened;
        let Holder { host, pid, .. } = Holder::this_process();
        let controller = Event::Controller { host, pid, limits: limits.clone() };
        entries.extend(journal.append(&[controller]).map_err(|error| broken(error, &directory))?);
        let state = State::of(&entries).map_err(|error| broken(error, &directory))?;
        let mut optimizer = optimizer(&configuration)?;
        replay(optimizer.as_mut(), &configuration, &entries, &state)?;
        let requests = Requests::of(directory.path());
        requests.forget().map_err(|error| broken(error, &directory))?;
        let mut search = Self {
            targets: configuration.targets()?,
            executor: executor(&configuration, &limits),
            directory,
            configuration,
            limits,
            journal,
            state,
            optimizer,
            watcher,
            interrupt,
            requests,
            looked_for_requests: Instant::now(),
            tidying: Tidying::begin(),
            waiting: VecDeque::new(),
            fewer_slots: 0,
            versions: vec![],
            _lock: lock,
        };
        search.adopt()?;
        Ok(search)
    }

    /// The directory of the optimization.
    pub fn directory(&self) -> &OptimizationDirectory {
        &self.directory
    }

    /// What is known.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Runs until there is a reason to stop.
    pub fn run(&mut self) -> Result<End, Failure> {
        let end = loop {
            self.heed_requests()?;
            self.tell()?;
            if let Some(end) = self.end()? {
                self.watch();
                let validated = !matches!(end, End::Finished(_)) || self.validate()?;
                break match self.interrupt.wish() {
                    _ if validated => end,
                    Wish::HandOver => End::HandedOver,
                    _ => End::StoppedByUser,
                };
            }
            self.propose()?;
            self.submit()?;
            self.watch();
            for ended in self.executor.wait(TICK).map_err(|error| broken(error, &self.directory))? {
                self.settle(&ended)?;
            }
        };
        if end != End::HandedOver {
            self.tidying.finish();
        }
        self.log(&[Event::Stopped { reason: end.reason().to_owned() }])?;
        self.watch();
        self.watcher.close();
        Ok(end)
    }

    /// Writes events to the journal, then into the state.
    fn log(&mut self, events: &[Event]) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        let entries =
            self.journal.append(events).map_err(|error| broken(error, &self.directory))?;
        for entry in &entries {
            self.state.apply(entry).map_err(|error| broken(error, &self.directory))?;
        }
        Ok(())
    }

    /// Finds out what became of the simulations that an earlier controller submitted.
    fn adopt(&mut self) -> Result<(), Failure> {
        let mut adopted = 0;
        let mut ended = vec![];
        for record in self.state.candidates.clone() {
            let candidate = record.number;
            match record.phase {
                Phase::Finished(_) => {}
                Phase::Waiting => self.waiting.push_back(candidate),
                Phase::Submitting | Phase::Submitted { .. } => {
                    let found = self.executor.adopt(self.job(candidate, record.attempts));
                    match found.map_err(|error| broken(error, &self.directory))? {
                        Adopted::Running => adopted += 1,
                        Adopted::Ended => ended.push(candidate),
                        Adopted::Gone => {
                            let reason = "it ended with its controller".to_owned();
                            self.log(&[Event::ended_by_us(candidate, reason)])?;
                            self.waiting.push_back(candidate);
                        }
                    }
                }
            }
        }
        if adopted > 0 {
            self.watcher.say(&format!("{adopted} simulations still run and are adopted"));
        }
        for candidate in ended {
            self.settle(&EndedJob { candidate, end: JobEnd::Ended })?;
        }
        self.tidy();
        Ok(())
    }

    fn job(&self, candidate: u64, attempt: u32) -> Job {
        let out_of_memory = self.state.candidates[candidate as usize].out_of_memory;
        Job { candidate, attempt, out_of_memory, directory: self.directory.simulation(candidate) }
    }

    /// How many simulations may run at the same time.
    fn slots(&self) -> usize {
        self.limits.slots.saturating_sub(self.fewer_slots).max(1)
    }

    /// Tells the optimizer what it may know: in generational mode the outcomes of a whole
    /// generation, in the order of their numbers, so that a resumed search is told the same.
    fn tell(&mut self) -> Result<(), Failure> {
        let untold = self.state.candidates.iter().filter(|record| !record.told);
        let known: Vec<u64> = match self.configuration.mode {
            Mode::Generational => {
                if untold.clone().any(|record| record.result().is_none()) {
                    return Ok(());
                }
                untold.map(|record| record.number).collect()
            }
            Mode::Asynchronous => {
                let mut known: Vec<_> = untold.filter(|record| record.result().is_some()).collect();
                known.sort_by_key(|record| record.finished);
                known.iter().map(|record| record.number).collect()
            }
        };
        for &candidate in &known {
            let Some(result) = self.state.candidates[candidate as usize].result() else { continue };
            let outcome = outcome(result);
            self.log(&[Event::Told { candidate }])?;
            self.optimizer
                .tell(candidate, &outcome)
                .map_err(|error| broken(error, &self.directory))?;
        }
        Ok(())
    }

    /// Asks for new candidates when it is time, and writes them down.
    fn propose(&mut self) -> Result<(), Failure> {
        if !self.may_begin() {
            return Ok(());
        }
        while self.reason_to_ask_no_more().is_none() {
            let proposed = self.state.candidates.len() as u64;
            let offspring = self.optimizer.offspring_size() as u64;
            let count = match self.configuration.mode {
                Mode::Generational if self.state.candidates.iter().any(|record| !record.told) => 0,
                Mode::Generational => offspring - proposed % offspring,
                Mode::Asynchronous => {
                    let busy = self.executor.running() + self.waiting.len();
                    u64::from(busy < self.slots())
                }
            };
            let left =
                self.limits.max_simulations.map_or(u64::MAX, |limit| limit - self.state.proposed());
            let count = count.min(left);
            if count == 0 {
                break;
            }
            let candidates = self.optimizer.ask(count as usize);
            if candidates.is_empty() {
                break;
            }
            self.log_proposed(candidates)?;
        }
        Ok(())
    }

    fn log_proposed(&mut self, candidates: Vec<Candidate>) -> Result<(), Failure> {
        let Some(first) = candidates.first() else { return Ok(()) };
        let generation = first.generation;
        let candidates: Vec<_> = candidates
            .into_iter()
            .map(|candidate| Proposal {
                candidate: candidate.number,
                seed: self.simulation_seed(candidate.number),
                parameters: candidate.parameters,
            })
            .collect();
        let numbers: Vec<_> = candidates.iter().map(|proposal| proposal.candidate).collect();
        self.log(&[Event::Proposed { generation, candidates }])?;
        self.waiting.extend(numbers);
        Ok(())
    }

    fn simulation_seed(&self, candidate: u64) -> u64 {
        match self.configuration.simulator.seed {
            SimulationSeed::Fixed(seed) => u64::from(seed),
            SimulationSeed::Drawn(_) => {
                seeds::of_candidate(self.configuration.optimizer.seed, candidate)
            }
        }
    }

    /// Fills the free slots.
    fn submit(&mut self) -> Result<(), Failure> {
        while self.may_begin() && self.executor.running() < self.slots() {
            let Some(candidate) = self.waiting.pop_front() else { break };
            let attempt = self.state.candidates[candidate as usize].attempts + 1;
            let job = self.job(candidate, attempt);
            let record = &self.state.candidates[candidate as usize];
            let (seed, parameters) = (record.seed, &record.parameters);
            let simulation = Simulation::new(
                &self.configuration,
                candidate,
                seed,
                parameters,
                attempt,
                self.keep(),
            );
            let prelude = self.configuration.simulator.prelude.as_deref();
            job.directory
                .prepare(&simulation, prelude)
                .map_err(|error| broken(error, &self.directory))?;
            self.log(&[Event::Submitting { candidate, attempt }])?;
            match self.executor.submit(job) {
                Ok(job) => self.log(&[Event::Submitted { candidate, job }])?,
                Err(error) if error.kind() == ErrorKind::InvalidInput => {
                    return Err(broken(error, &self.directory));
                }
                Err(error) => self.retry(candidate, &format!("cannot be started: {error}"))?,
            }
        }
        Ok(())
    }

    fn keep(&self) -> Keep {
        let Limits { keep_best, keep_failures, keep_all, .. } = self.limits;
        let below = keep_best.checked_sub(1).map(|last| {
            let ranked = self.state.ranked();
            ranked.get(last).map_or(f64::MAX, |(_, result)| result.total)
        });
        Keep { all: keep_all, failures: keep_failures, below }
    }

    fn watch(&mut self) {
        for message in self.executor.messages() {
            self.watcher.say(&message);
        }
        for trouble in self.tidying.troubles() {
            self.watcher.say_once(&trouble);
        }
        self.watcher.show(&Progress {
            state: &self.state,
            configuration: &self.configuration,
            limits: &self.limits,
            running: self.executor.running(),
        });
    }
}

/// A journal that is open, and the right to write it.
struct Opened {
    journal: Journal,
    entries: Vec<Entry>,
    lock: ControllerLock,
}

fn lock(directory: &OptimizationDirectory) -> Result<ControllerLock, Failure> {
    ControllerLock::take(directory.path()).map_err(|held| {
        let help = format!(
            "one controller at a time: stop it there (Ctrl-C), or look at it with `{} status {}`",
            program(),
            directory.shown()
        );
        Failure::bad_input(held, help)
    })
}

fn cannot_take_over(from: &str) -> Failure {
    Failure::bad_input(
        format!("this optimizer cannot take over what is known from {from}"),
        "algorithm = \"composite\" can",
    )
}

fn broken(error: impl std::fmt::Display, directory: &OptimizationDirectory) -> Failure {
    let help = format!(
        "nothing that was learnt is lost: when the cause is mended, continue with `{} resume {}`; \
         simulations that still run will be adopted",
        program(),
        directory.shown()
    );
    Failure::failed(error, help)
}
