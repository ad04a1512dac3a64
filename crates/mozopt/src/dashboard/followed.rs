//! An optimization that is followed while somebody looks at it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use configuration::{Configuration, Limits};
use journal::{ControllerLock, Follower, Holder, JournalError, OptimizationDirectory, State};
use printable::{duration, program};
use simulation::CandidateNumber;

use super::modelled::Modelled;
use super::pictures::Pictures;
use crate::failure::Failure;
use crate::overview::{Overview, latest};
use crate::report::html;
use crate::usage::of_fidelities;

/// How often the journal is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// How many of the latest outcomes are told.
const LATEST: usize = 8;

/// An optimization, up to where its journal was read.
pub struct Followed {
    /// Its directory.
    pub directory: OptimizationDirectory,
    /// Its configuration.
    pub configuration: Configuration,
    state: RwLock<Known>,
    pictures: Mutex<Pictures>,
    modelled: Mutex<Modelled>,
    news: watch::Sender<Arc<str>>,
}

/// What is known after a number of entries.
#[derive(Default)]
pub struct Known {
    /// The state.
    pub state: State,
    /// The entries of the journal it follows from.
    pub entries: u64,
}

/// Where the optimization stands, as the page is told.
#[derive(Serialize)]
struct Status<'a> {
    /// How many entries it follows from: what was computed for another number is out of date.
    entries: u64,
    controller: Option<Holder>,
    paused: bool,
    stopping: bool,
    stopped: Option<&'a str>,
    /// What continues the optimization, where nothing runs it.
    resume: Option<String>,
    limits: &'a Limits,
    generations: u64,
    proposed: u64,
    simulations: u64,
    /// How many it runs at most.
    simulations_to_run: u64,
    last_generation: u64,
    running: usize,
    /// How long the rest takes, from the latest simulations.
    time_left: Option<String>,
    failures: BTreeMap<&'static str, usize>,
    /// Each version of the simulation in words, where there are cheaper ones.
    fidelities: Vec<String>,
    running_seconds: f64,
    best: Option<(CandidateNumber, f64)>,
    first_total: Option<f64>,
    latest: Vec<Latest<'a>>,
    /// Why nothing more can be read, now or ever.
    trouble: Option<&'a str>,
}

#[derive(Serialize)]
struct Latest<'a> {
    candidate: CandidateNumber,
    outcome: &'static str,
    total: f64,
    finished: Option<jiff::Timestamp>,
    reason: Option<&'a str>,
}

/// How far the journal was read, and what was told of it.
struct Reading {
    follower: Follower,
    told: Option<(u64, Option<Holder>, Option<String>)>,
    trouble: Option<String>,
    /// Nothing after a damaged entry can be understood.
    damaged: bool,
}

impl Followed {
    /// The optimization in this directory, of whose journal nothing was read yet.
    pub fn new(directory: OptimizationDirectory) -> Result<Self, Failure> {
        let configuration = crate::commands::configuration(&directory)?;
        Ok(Self {
            directory,
            configuration,
            state: RwLock::default(),
            pictures: Mutex::default(),
            modelled: Mutex::default(),
            news: watch::Sender::new("{}".into()),
        })
    }

    /// Reads up to now, so that the next request is answered in full, and then on, in a thread of
    /// its own.
    pub fn follow(self: &Arc<Self>) -> io::Result<()> {
        let follower = Follower::new(&self.directory.journal());
        let mut reading = Reading { follower, told: None, trouble: None, damaged: false };
        self.read_up_to_now(&mut reading);
        let followed = Arc::clone(self);
        thread::Builder::new().spawn(move || {
            loop {
                thread::sleep(INTERVAL);
                followed.read_up_to_now(&mut reading);
            }
        })?;
        Ok(())
    }

    /// Reads what is there and tells what is new.
    fn read_up_to_now(&self, reading: &mut Reading) {
        while !reading.damaged {
            match self.read(&mut reading.follower) {
                // There may be more at once.
                Ok(true) => {}
                Ok(false) => {
                    reading.trouble = None;
                    break;
                }
                Err(error) => {
                    // A file server may come back; what is damaged stays so.
                    reading.damaged = !matches!(error, JournalError::Io { .. });
                    reading.trouble = Some(error.to_string());
                    break;
                }
            }
        }
        let holder = ControllerLock::holder_of(self.directory.path());
        let now = (reading.follower.entries(), holder, reading.trouble.clone());
        if reading.told.as_ref() != Some(&now) {
            self.news.send_replace(self.status(now.1.clone(), now.2.as_deref()));
            reading.told = Some(now);
        }
    }

    /// Reads the next entries; false if there were none.
    fn read(&self, follower: &mut Follower) -> Result<bool, JournalError> {
        let entries = follower.read()?;
        let mut known = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for entry in &entries {
            known.state.apply(entry).map_err(|error| JournalError::Damaged {
                path: self.directory.journal(),
                line: entry.seq as usize + 1,
                why: error.to_string(),
            })?;
        }
        known.entries = follower.entries();
        Ok(!entries.is_empty())
    }

    /// What is known now.
    pub fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The figures that were made.
    pub fn pictures(&self) -> MutexGuard<'_, Pictures> {
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The figures of its model that were made.
    pub fn modelled(&self) -> MutexGuard<'_, Modelled> {
        self.modelled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the optimization stands, in JSON; told again whenever that changes.
    pub fn news(&self) -> watch::Receiver<Arc<str>> {
        self.news.subscribe()
    }

    /// What continues the optimization.
    pub fn resume(&self) -> String {
        format!("{} resume {}", program(), self.directory.shown())
    }

    /// The HTML of a section of the report.
    pub fn section(&self, name: &str) -> Result<Option<String>, Failure> {
        let known = self.known();
        Ok(match name {
            "search" => Some(html::what_was_searched(&self.configuration, &known.state, None)),
            "best" => Some(html::best_candidate(&self.configuration, &known.state)?),
            "provenance" => Some(html::provenance(&self.directory, &self.configuration)?),
            _ => None,
        })
    }

    fn status(&self, controller: Option<Holder>, trouble: Option<&str>) -> Arc<str> {
        let known = self.known();
        let state = &known.state;
        let overview = Overview::of(&self.configuration, state);
        let latest = latest(state, LATEST).into_iter().map(|(record, result)| Latest {
            candidate: record.number,
            outcome: result.outcome.words(),
            total: result.total,
            finished: record.finished,
            reason: result.reason.as_deref(),
        });
        let ranked = state.ranked();
        let limits = state.limits.as_ref().unwrap_or(&self.configuration.limits);
        let status = Status {
            entries: known.entries,
            paused: state.paused,
            stopping: state.stopping,
            stopped: state.stopped.as_deref(),
            resume: controller.is_none().then(|| self.resume()),
            controller,
            limits,
            generations: overview.generations,
            proposed: state.proposed(),
            simulations: overview.simulations,
            simulations_to_run: overview.simulations_to_run,
            last_generation: overview.last_generation,
            running: overview.running,
            time_left: overview.time_left.map(duration),
            failures: overview.failures,
            fidelities: of_fidelities(&self.configuration, state)
                .iter()
                .map(ToString::to_string)
                .collect(),
            running_seconds: state.running_seconds,
            best: state.recommended().map(|(record, result)| (record.number, result.total)),
            first_total: ranked
                .iter()
                .find(|(record, _)| record.generation == 1)
                .map(|(_, result)| result.total),
            latest: latest.collect(),
            trouble,
        };
        serde_json::to_string(&status).unwrap_or_default().into()
    }
}
