//! The loop.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use configuration::{
    Configuration, ConfiguredTarget, FidelityNumber, Limits, Mode, SimulationSeed,
};
use dispatcher::{Dispatcher, SystemClock, Task};
use executors::{Executor, JobKey, Room, executor};
use journal::{
    ControllerLock, Entry, Event, FORMAT, Holder, Journal, OptimizationDirectory, Phase, Proposal,
    Requests, State,
};
use optimizers::{Candidate, Optimizer};
use simulation::{Attempt, CandidateNumber, Keep, Simulation, SimulationResult, Versions};

use crate::book::Book;
use crate::end::End;
use crate::error::SearchError;
use crate::interrupt::{Interrupt, Wish};
use crate::known::{Earlier, WarmStart};
use crate::replay::{import, optimizer, outcome, replay};
use crate::tidying::Tidying;
use crate::watcher::{Progress, Watcher};
use crate::{memory, seeds};

/// How long the controller sleeps at most before it looks around.
pub(crate) const TICK: Duration = Duration::from_millis(200);

/// A running optimization.
pub struct Search {
    pub(crate) directory: OptimizationDirectory,
    pub(crate) configuration: Configuration,
    pub(crate) targets: Vec<ConfiguredTarget>,
    pub(crate) book: Book,
    pub(crate) optimizer: Box<dyn Optimizer>,
    pub(crate) dispatcher: Dispatcher<SystemClock>,
    pub(crate) watcher: Box<dyn Watcher>,
    pub(crate) interrupt: Interrupt,
    pub(crate) requests: Requests,
    pub(crate) looked_for_requests: Instant,
    pub(crate) looked_around: Instant,
    /// Requests that were done and could not be removed.
    pub(crate) done_requests: BTreeSet<PathBuf>,
    pub(crate) tidying: Tidying,
    /// Versions that simulations were seen to have.
    pub(crate) versions: Vec<Arc<Versions>>,
    /// How many candidates were proposed when it was written down what the optimizer has learnt.
    pub(crate) memorized: usize,
}

impl Search {
    /// Begins a new optimization in its directory.
    pub fn begin(
        directory: OptimizationDirectory,
        configuration: Configuration,
        warm_starts: Vec<WarmStart>,
        executor: Box<dyn Executor>,
        watcher: Box<dyn Watcher>,
        interrupt: Interrupt,
    ) -> Result<Self, SearchError> {
        let lock = ControllerLock::take(directory.path())?;
        let path = directory.configuration();
        durable::write_json(&path, &configuration)
            .map_err(|source| SearchError::Io { path, source })?;
        let mut journal = Journal::create(&directory.journal())?;
        let created = Event::Created {
            format: FORMAT,
            mozopt_version: env!("CARGO_PKG_VERSION").to_owned(),
            configuration: configuration.hash(),
        };
        let entries = journal.append(&[created])?;
        let limits = configuration.limits.clone();
        let opened = Opened { journal, entries, lock };
        let mut search = Self::continue_from(
            directory,
            configuration,
            limits,
            opened,
            executor,
            watcher,
            interrupt,
        )?;
        for warm in warm_starts {
            search.take_over(warm)?;
        }
        Ok(search)
    }

    /// Tells the optimizer what is known from before, and lets it begin at further points.
    fn take_over(&mut self, warm: WarmStart) -> Result<(), SearchError> {
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
            let first = self.book.state.candidates.len();
            let proposal = |(i, earlier): (usize, &Earlier)| Proposal {
                candidate: CandidateNumber::at(first + i),
                fidelity: earlier.fidelity,
                seed: earlier.seed,
                parameters: earlier.parameters.clone(),
            };
            let candidates: Vec<_> = simulations.iter().enumerate().map(proposal).collect();
            let results: Vec<_> = simulations.into_iter().map(|earlier| earlier.result).collect();
            let imported =
                import(self.optimizer.as_mut(), &self.configuration, &candidates, &results);
            let generation =
                imported.ok_or_else(|| SearchError::CannotTakeOver { from: from.clone() })?;
            self.book.log(&[Event::Imported {
                from: from.clone(),
                generation,
                candidates,
                results,
            }])?;
        }
        self.watcher.say(&format!(
            "taken over from {from}: {known} simulations, {} points to begin from; {elsewhere} simulations lie \
             elsewhere{incomplete}",
            starts.len(),
        ));
        if !starts.is_empty() {
            let earlier: Vec<_> = starts.iter().cloned().map(Into::into).collect();
            let candidates = self.optimizer.repeat(&earlier);
            let same = candidates.iter().zip(&starts).all(|(c, start)| c.parameters == *start);
            if !same {
                return Err(SearchError::CannotTakeOver { from });
            }
            self.log_proposed(candidates)?;
        }
        Ok(())
    }

    /// Continues an optimization that was stopped, killed or finished.
    pub fn resume(
        directory: OptimizationDirectory,
        change: impl FnOnce(&mut Limits),
        watcher: Box<dyn Watcher>,
        interrupt: Interrupt,
    ) -> Result<Self, SearchError> {
        let lock = ControllerLock::take(directory.path())?;
        let configuration = Configuration::read(&directory.configuration())?;
        let (journal, read) = Journal::open(&directory.journal())?;
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
        let before = State::of(&read.entries)?;
        let mut limits = before.limits.unwrap_or_else(|| configuration.limits.clone());
        change(&mut limits);
        limits.check()?;
        look_for_model(&configuration)?;
        let opened = Opened { journal, entries: read.entries, lock };
        let executor = executor(&configuration, &limits)?;
        Self::continue_from(directory, configuration, limits, opened, executor, watcher, interrupt)
    }

    fn continue_from(
        directory: OptimizationDirectory,
        configuration: Configuration,
        limits: Limits,
        opened: Opened,
        executor: Box<dyn Executor>,
        watcher: Box<dyn Watcher>,
        interrupt: Interrupt,
    ) -> Result<Self, SearchError> {
        let Opened { mut journal, mut entries, lock } = opened;
        let Holder { host, pid, .. } = Holder::this_process();
        let room = executor.room();
        let room = room.map(|Room { simulations, cores }| journal::Room { simulations, cores });
        let controller = Event::Controller { host, pid, limits: limits.clone(), room };
        entries.extend(journal.append(&[controller])?);
        let state = State::of(&entries)?;
        let optimizer = replayed(&directory, &configuration, &entries, &state)?;
        let requests = Requests::of(directory.path());
        let done_requests = requests.forget();
        let mut search = Self {
            targets: configuration.targets()?,
            dispatcher: Dispatcher::new(
                executor,
                SystemClock::default(),
                &configuration,
                limits.clone(),
            )?,
            directory,
            configuration,
            book: Book { journal, lock, state, limits },
            optimizer,
            watcher,
            interrupt,
            requests,
            looked_for_requests: Instant::now(),
            looked_around: Instant::now(),
            done_requests,
            tidying: Tidying::begin(),
            versions: vec![],
            memorized: 0,
        };
        search.compare_surroundings()?;
        search.adopt()?;
        Ok(search)
    }

    /// The directory of the optimization.
    pub fn directory(&self) -> &OptimizationDirectory {
        &self.directory
    }

    /// What is known.
    pub fn state(&self) -> &State {
        &self.book.state
    }

    /// Its configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Runs until there is a reason to stop.
    pub fn run(&mut self) -> Result<End, SearchError> {
        let ended = self.run_to_end();
        if let Err(error @ SearchError::Environment(_)) = &ended {
            self.book.log(&[Event::Stopped { reason: error.to_string() }])?;
            self.watch();
        }
        self.watcher.close();
        ended
    }

    fn run_to_end(&mut self) -> Result<End, SearchError> {
        let end = loop {
            self.book.lock.beat();
            self.look_around()?;
            self.take_requests()?;
            self.tell()?;
            if let Some(end) = self.end()? {
                self.watch();
                let claim = self.claim().filter(|_| matches!(end, End::Finished(_)));
                let is_to_be_tested = claim.is_some_and(|claim| !claim.is_tested());
                let repeated = match (&end, claim) {
                    (End::Finished(_), Some(claim)) => self.repeat_claimed(claim)?,
                    (End::Finished(_), None) => self.repeat_best()?,
                    _ => true,
                };
                match self.interrupt.wish() {
                    // It is an end if the claim holds.
                    _ if repeated && is_to_be_tested => continue,
                    _ if repeated => break end,
                    Wish::HandOver => break End::HandedOver,
                    _ => break End::StoppedByUser,
                }
            }
            self.propose()?;
            if self.may_begin() {
                self.dispatcher.submit(&mut self.book)?;
            }
            self.watch();
            for settled in self.dispatcher.wait(TICK, &mut self.book)? {
                self.finish(settled.task.key.candidate, settled.result)?;
            }
        };
        if end != End::HandedOver {
            self.tidying.finish();
        }
        self.book.log(&[Event::Stopped { reason: end.reason().to_owned() }])?;
        self.watch();
        Ok(end)
    }

    /// Finds out what became of the simulations that an earlier controller submitted.
    fn adopt(&mut self) -> Result<(), SearchError> {
        let mut adopted = 0;
        for record in self.book.state.candidates.clone() {
            let task = self.task(&record.proposal(), record.attempts);
            let task = task.after(record.faults, record.shortages);
            match record.phase {
                Phase::Finished(_) => {}
                Phase::Waiting => self.dispatcher.enqueue(task),
                Phase::Submitting | Phase::Submitted { .. } => {
                    adopted += usize::from(self.dispatcher.adopt(task, &mut self.book)?);
                }
            }
        }
        let worked = |result: &SimulationResult| result.outcome.is_the_models_own();
        let last = self.book.state.run_here().filter(|(_, result)| worked(result)).last();
        if let Some((record, _)) = last {
            let task = self.task(&record.proposal(), record.attempts);
            self.dispatcher.has_worked(task);
        }
        if adopted > 0 {
            self.watcher.say(&format!("{adopted} simulations still run and are adopted"));
        }
        self.tidy();
        Ok(())
    }

    /// A candidate's simulation.
    fn task(&self, proposal: &Proposal, attempts: Attempt) -> Task {
        let &Proposal { candidate, fidelity, seed, ref parameters } = proposal;
        let keep = Keep { all: false, failures: false, below: None };
        let simulation = Simulation::new(
            &self.configuration,
            fidelity,
            candidate,
            seed,
            parameters,
            attempts,
            keep,
        );
        let directory = self.directory.simulation(candidate);
        Task::new(JobKey::of(candidate), directory, simulation, attempts).at(fidelity)
    }

    /// Tells the optimizer what it may know: in generational mode the outcomes of a whole
    /// generation, in the order of their numbers, so that a resumed search is told the same.
    fn tell(&mut self) -> Result<(), SearchError> {
        let untold = self.book.state.candidates.iter().filter(|record| !record.told);
        let known: Vec<CandidateNumber> = match self.configuration.mode {
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
            let record = &self.book.state.candidates[candidate.index()];
            let Some(result) = record.result() else { continue };
            let outcome = outcome(&self.configuration, record.fidelity, result);
            self.book.log(&[Event::Told { candidate }])?;
            let told = self.optimizer.tell(candidate.0, &outcome);
            told.map_err(|error| SearchError::Optimizer(error.to_string()))?;
        }
        Ok(())
    }

    /// Asks for new candidates when it is time, and writes them down.
    fn propose(&mut self) -> Result<(), SearchError> {
        if !self.may_begin() {
            return Ok(());
        }
        while self.reason_to_ask_no_more().is_none() {
            let proposed = self.book.state.candidates.len() as u64;
            let offspring = self.optimizer.offspring_size() as u64;
            let count = match self.configuration.mode {
                Mode::Generational
                    if self.book.state.candidates.iter().any(|record| !record.told) =>
                {
                    0
                }
                Mode::Generational => offspring - proposed % offspring,
                Mode::Asynchronous => {
                    let busy = self.dispatcher.running() + self.dispatcher.waiting();
                    u64::from(busy < self.dispatcher.slots())
                }
            };
            let left = self
                .book
                .limits
                .max_simulations
                .map_or(u64::MAX, |limit| limit - self.book.state.proposed());
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

    fn log_proposed(&mut self, candidates: Vec<Candidate>) -> Result<(), SearchError> {
        let Some(first) = candidates.first() else { return Ok(()) };
        let generation = first.generation;
        let candidates: Vec<_> = candidates
            .into_iter()
            .map(|Candidate { number, parameters, fidelity, .. }| {
                let (candidate, fidelity) = (CandidateNumber(number), FidelityNumber(fidelity));
                let seed = self.simulation_seed(candidate);
                Proposal { candidate, fidelity, seed, parameters }
            })
            .collect();
        let tasks: Vec<_> = candidates.iter().map(|it| self.task(it, Attempt::NONE)).collect();
        self.book.log(&[Event::Proposed { generation, candidates }])?;
        for task in tasks {
            self.dispatcher.enqueue(task);
        }
        self.memorize();
        Ok(())
    }

    /// Writes down what the optimizer has learnt, once a generation.
    fn memorize(&mut self) {
        let proposed = self.book.state.candidates.len();
        if proposed < self.memorized + self.optimizer.offspring_size() {
            return;
        }
        self.memorized = proposed;
        let Book { journal, state, .. } = &self.book;
        let path = self.directory.optimizer();
        if let Err(error) = memory::write(&path, self.optimizer.as_ref(), journal, state) {
            self.watcher.say_once(&format!(
                "optimizer.json cannot be written ({error}): no result is lost, but resume will take \
                 longer"
            ));
        }
    }

    fn simulation_seed(&self, candidate: CandidateNumber) -> u64 {
        match self.configuration.simulator.seed {
            SimulationSeed::Fixed(seed) => u64::from(seed),
            SimulationSeed::Drawn(_) => {
                seeds::of_candidate(self.configuration.optimizer.seed, candidate)
            }
        }
    }

    fn watch(&mut self) {
        for message in self.dispatcher.messages() {
            self.watcher.say(&message);
        }
        for trouble in self.tidying.troubles() {
            self.watcher.say_once(&trouble);
        }
        self.watcher.show(&Progress {
            state: &self.book.state,
            configuration: &self.configuration,
            limits: &self.book.limits,
            running: self.dispatcher.running(),
        });
    }
}

/// A journal that is open, and the right to write it.
struct Opened {
    journal: Journal,
    entries: Vec<Entry>,
    lock: ControllerLock,
}

/// Refuses to go on where no simulation could begin.
fn look_for_model(configuration: &Configuration) -> Result<(), SearchError> {
    let path = &configuration.model_directory;
    let found = fs::read_dir(path).map(drop);
    found.map_err(|source| SearchError::NoModel { path: path.clone(), source })
}

/// The optimizer, brought to where it was.
fn replayed(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
    entries: &[Entry],
    state: &State,
) -> Result<Box<dyn Optimizer>, SearchError> {
    if let Some((snapshot, _)) = memory::read(&directory.optimizer(), entries) {
        let mut optimizer = optimizer(configuration)?;
        optimizer.restore(snapshot);
        let replayed = replay(optimizer.as_mut(), configuration, entries, state);
        if replayed.is_ok() && optimizer.is_restored() {
            return Ok(optimizer);
        }
    }
    let mut optimizer = optimizer(configuration)?;
    replay(optimizer.as_mut(), configuration, entries, state)?;
    Ok(optimizer)
}
