//! An executor that does what it is told, a clock that is set by hand, a ledger that notes words.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use configuration::{Configuration, ConfiguredTarget, FidelityNumber, Limits};
use executors::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey};
use simulation::{
    Attempt, Blame, CandidateNumber, Finished, Keep, Origin, OutcomeClass, Shortages, Simulation,
    SimulationDirectory, SimulationResult, Started,
};
use tempfile::TempDir;

use crate::*;

/// What the next attempt does.
pub enum Play {
    /// It leaves a result with this outcome, and ends so.
    Leaves(OutcomeClass, JobEnd),
    /// It leaves nothing, and ends so.
    Ends(JobEnd),
    /// Its simulator finds something missing.
    Lacks,
    /// It begins, leaves no result, and ends so.
    Dies(JobEnd),
    /// It leaves a result of the candidate with this number.
    Copies(u64),
    /// Its result cannot be read when it has ended.
    Hides,
    /// It leaves this text as its result, and ends by itself.
    Writes(&'static str),
    /// It cannot be handed over.
    Refuses(io::ErrorKind),
    /// It goes on until it is cancelled.
    Runs,
}

#[derive(Default)]
pub struct Stage {
    pub plays: RefCell<VecDeque<Play>>,
    pub ends: RefCell<Vec<EndedJob>>,
    pub runs: RefCell<Vec<JobKey>>,
    pub submitted: RefCell<Vec<(JobKey, u32, Shortages)>>,
    pub judged: RefCell<Vec<(u64, bool)>>,
    pub adopted: Cell<Option<Adopted>>,
    pub most: Cell<usize>,
}

struct Player {
    stage: Rc<Stage>,
    targets: Vec<ConfiguredTarget>,
}

impl Executor for Player {
    fn submit(&mut self, job: Job) -> io::Result<String> {
        let play = self.stage.plays.borrow_mut().pop_front().expect("an attempt nobody expected");
        self.stage.submitted.borrow_mut().push((job.key, job.attempt.0, job.shortages));
        let end = |end| self.stage.ends.borrow_mut().push(EndedJob { key: job.key, end });
        match play {
            Play::Refuses(kind) => return Err(io::Error::new(kind, "no")),
            Play::Runs => self.stage.runs.borrow_mut().push(job.key),
            Play::Ends(how) => end(how),
            Play::Lacks => {
                let reason = "the simulator was not found (exit code 127)".to_owned();
                let result = SimulationResult::fault(Blame::Environment, reason, &self.targets);
                durable::write_json(&job.directory.result(), &result).unwrap();
                end(JobEnd::Ended);
            }
            Play::Dies(how) => {
                begin(&job);
                end(how);
            }
            Play::Copies(candidate) => {
                let values = vec![Ok(1.5); self.targets.len()];
                let mut result = SimulationResult::measured(
                    OutcomeClass::Completed,
                    None,
                    &self.targets,
                    &values,
                );
                let simulation = Simulation::read(&job.directory.simulation()).unwrap();
                let configuration = simulation.configuration_hash;
                result.of = Some(Origin {
                    candidate: CandidateNumber(candidate),
                    attempt: Attempt::FIRST,
                    seed: 1,
                    configuration,
                });
                durable::write_json(&job.directory.result(), &result).unwrap();
                end(JobEnd::Ended);
            }
            Play::Hides => {
                // A directory in its place can be opened, but not read.
                std::fs::create_dir(job.directory.result()).unwrap();
                end(JobEnd::Ended);
            }
            Play::Writes(text) => {
                std::fs::write(job.directory.result(), text)?;
                end(JobEnd::Ended);
            }
            Play::Leaves(outcome, how) => {
                leave(&job.directory, outcome, job.attempt, &self.targets);
                end(how);
            }
        }
        let there = self.stage.ends.borrow().len() + self.stage.runs.borrow().len();
        self.stage.most.set(self.stage.most.get().max(there));
        Ok("job 1".to_owned())
    }

    fn adopt(&mut self, _: Job) -> io::Result<Adopted> {
        Ok(self.stage.adopted.take().expect("an adoption nobody expected"))
    }

    fn wait(&mut self, _: Duration) -> io::Result<Vec<EndedJob>> {
        Ok(std::mem::take(&mut self.stage.ends.borrow_mut()))
    }

    fn judged(&mut self, key: JobKey, _: Option<&str>, worked: bool) {
        self.stage.judged.borrow_mut().push((key.candidate.0, worked));
    }

    fn cancel_all(&mut self) {
        for key in self.stage.runs.borrow_mut().drain(..) {
            self.stage.ends.borrow_mut().push(EndedJob { key, end: JobEnd::Cancelled });
        }
    }

    fn running(&self) -> usize {
        self.stage.ends.borrow().len() + self.stage.runs.borrow().len()
    }
}

fn begin(job: &Job) {
    let started = Started {
        attempt: job.attempt,
        host: "n1".to_owned(),
        pid: 1,
        slurm_job_id: None,
        restart_count: 0,
        time: jiff::Timestamp::now(),
        birth: None,
    };
    durable::write_json(&job.directory.started(), &started).unwrap();
}

pub fn leave(
    directory: &SimulationDirectory,
    outcome: OutcomeClass,
    attempt: Attempt,
    targets: &[ConfiguredTarget],
) {
    let values = vec![Ok(1.5); targets.len()];
    let result = SimulationResult::measured(outcome, None, targets, &values);
    durable::write_json(&directory.result(), &result).unwrap();
    let time = jiff::Timestamp::now();
    let finished = Finished { attempt, exit_code: Some(0), signal: None, time };
    durable::write_json(&directory.finished(), &finished).unwrap();
}

#[derive(Clone, Default)]
pub struct Hand(pub Rc<Cell<Duration>>);

impl Clock for Hand {
    fn now(&self) -> Duration {
        self.0.get()
    }
}

/// What the ledger was told, as words.
#[derive(Default)]
pub struct Notes(pub Vec<String>);

impl Ledger for Notes {
    type Error = String;

    fn keep(&self, _: &Simulation) -> Keep {
        Keep { all: true, failures: false, below: None }
    }

    fn submitting(&mut self, key: JobKey, attempt: Attempt) -> Result<(), String> {
        self.0.push(format!("submitting {} {attempt}", key.candidate));
        Ok(())
    }

    fn submitted(&mut self, key: JobKey, job: &str) -> Result<(), String> {
        self.0.push(format!("submitted {} {job}", key.candidate));
        Ok(())
    }

    fn interrupted(
        &mut self,
        key: JobKey,
        reason: &str,
        fault: Option<Fault>,
    ) -> Result<(), String> {
        self.0.push(format!("interrupted {} {fault:?}: {reason}", key.candidate));
        Ok(())
    }
}

pub struct Scene {
    pub place: TempDir,
    pub stage: Rc<Stage>,
    pub clock: Hand,
    pub configuration: Configuration,
    pub dispatcher: Dispatcher<Hand>,
    pub notes: Notes,
}

fn configuration(place: &TempDir) -> Configuration {
    let text = serde_json::json!({
        "format": 1, "mozopt_version": "0", "directory": place.path(),
        "model_directory": place.path(), "threads": 1, "mode": "generational",
        "parameters": [{"path": "a", "low": 0.0, "high": 1.0, "integer": false,
            "log_scale": false, "centroid": 0.5}],
        "targets": [{"name": "rate", "class": "TargetValue", "target_value": 2.0,
            "sheet_name": "V1", "norm": 1.0, "max_score": 20.0}],
        "simulator": {"kind": "command", "command": "true", "prelude": null, "seed": 1},
        "optimizer": {"algorithm": "random", "variant": "active", "offspring_size": 2, "seed": 1,
            "sigma": 0.3},
        "limits": {"executor": "local", "slots": 2, "time_limit": "1h", "retries": 2,
            "retry_pause": "5s", "max_ngen": 1, "max_simulations": null, "keep_best": 1,
            "keep_failures": false, "keep_all": false}
    });
    serde_json::from_value(text).unwrap()
}

impl Scene {
    pub fn new(plays: impl IntoIterator<Item = Play>) -> Self {
        let place = tempfile::tempdir().unwrap();
        let configuration = configuration(&place);
        let stage = Rc::new(Stage::default());
        stage.plays.borrow_mut().extend(plays);
        let player = Player { stage: Rc::clone(&stage), targets: configuration.targets().unwrap() };
        let (clock, limits) = (Hand::default(), configuration.limits.clone());
        let dispatcher =
            Dispatcher::new(Box::new(player), clock.clone(), &configuration, limits).unwrap();
        Self { place, stage, clock, configuration, dispatcher, notes: Notes::default() }
    }

    pub fn with_limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = self.configuration.limits.clone();
        change(&mut limits);
        self.dispatcher.set_limits(limits);
        self
    }

    pub fn task(&self, candidate: u64) -> Task {
        let path = self.place.path().join(format!("{candidate:06}"));
        let keep = Keep { all: false, failures: false, below: None };
        let simulation = Simulation::new(
            &self.configuration,
            FidelityNumber::FULL,
            CandidateNumber(candidate),
            1,
            &[0.5],
            Attempt::NONE,
            keep,
        );
        Task::new(
            JobKey::of(CandidateNumber(candidate)),
            SimulationDirectory::new(path),
            simulation,
            Attempt::NONE,
        )
    }

    /// Runs all there is, and moves the clock on where only that helps.
    pub fn run(&mut self) -> Vec<(u64, SimulationResult)> {
        let mut settled = vec![];
        while self.dispatcher.unsettled() > 0 {
            self.dispatcher.submit(&mut self.notes).unwrap();
            let now = self.dispatcher.wait(Duration::ZERO, &mut self.notes).unwrap();
            if now.is_empty() {
                self.clock.0.set(self.clock.0.get() + Duration::from_secs(1));
            }
            settled.extend(now.into_iter().map(|it| (it.task.key.candidate.0, it.result)));
        }
        settled
    }

    /// The outcome of one task, its reason, and how often it was begun.
    pub fn outcome(mut self) -> (OutcomeClass, String, usize) {
        self.dispatcher.enqueue(self.task(0));
        let (_, result) = self.run().remove(0);
        (result.outcome, result.reason.unwrap_or_default(), self.stage.submitted.borrow().len())
    }

    /// Runs until that is no longer possible.
    pub fn error(&mut self) -> DispatchError<String> {
        loop {
            if let Err(error) = self.dispatcher.submit(&mut self.notes) {
                return error;
            }
            match self.dispatcher.wait(Duration::ZERO, &mut self.notes) {
                Err(error) => return error,
                Ok(settled) if settled.is_empty() => {
                    assert!(self.dispatcher.unsettled() > 0, "it came to an end");
                    self.clock.0.set(self.clock.0.get() + Duration::from_secs(1));
                }
                Ok(_) => {}
            }
        }
    }

    pub fn enqueue(&mut self, candidates: std::ops::Range<u64>) {
        for candidate in candidates {
            self.dispatcher.enqueue(self.task(candidate));
        }
    }
}

pub fn done() -> Play {
    Play::Leaves(OutcomeClass::Completed, JobEnd::Ended)
}

pub fn crash() -> Play {
    Play::Leaves(OutcomeClass::Crashed, JobEnd::Ended)
}

pub fn fault(why: &str) -> Play {
    Play::Ends(JobEnd::Fault(why.to_owned()))
}
