//! What is wrong with an optimization: `mozopt doctor`. Everything is only looked at, so that it
//! may run meanwhile, and so that a damaged one can be examined as well as a sound one.

mod controller;
mod journal;
mod leftovers;
mod requests;
mod simulations;
mod slurm;
mod surroundings;
mod versions;

use std::fs::{File, TryLockError};
use std::path::Path;

use ::journal::{ControllerLock, Damage, Entry, Event, Holder, OptimizationDirectory, State};
use configuration::{Configuration, Limits};
use printable::program;
use simulation::{SimulationDirectory, Started};

use crate::Findings;

/// The optimization, as far as it can be read.
struct Patient<'a> {
    directory: &'a OptimizationDirectory,
    configuration: Option<Configuration>,
    entries: Vec<Entry>,
    state: State,
    /// Whether the journal can be read to its end, so that what it does not say has not happened.
    journal_is_whole: bool,
    /// Who runs it.
    controller: Option<Holder>,
}

/// Looks at everything.
pub fn examine(directory: &OptimizationDirectory) -> Findings {
    let mut findings = Findings::default();
    // Before the journal is read: one that begins meanwhile is then no puzzle.
    let controller = ControllerLock::holder_of(directory.path());
    let salvage = journal::look(directory, controller.is_some(), &mut findings);
    let configuration = Configuration::read(&directory.configuration());
    let journal_is_whole = salvage
        .as_ref()
        .is_some_and(|salvage| salvage.damage.is_none() || salvage.damage == Some(Damage::Torn));
    let (entries, state) =
        salvage.map(|salvage| (salvage.entries, salvage.state)).unwrap_or_default();
    let hash = entries.first().and_then(|entry| match &entry.event {
        Event::Created { configuration, .. } => Some(configuration.as_str()),
        _ => None,
    });
    surroundings::look_at_configuration(directory, &configuration, hash, &mut findings);
    let configuration = configuration.ok();
    let patient =
        Patient { directory, configuration, entries, state, journal_is_whole, controller };
    controller::look(&patient, &mut findings);
    simulations::look(&patient, &mut findings);
    leftovers::look(&patient, &mut findings);
    requests::look(&patient, &mut findings);
    slurm::look(&patient, &mut findings);
    surroundings::look_at_disk(&patient, &mut findings);
    surroundings::look_at_model(&patient, &mut findings);
    versions::look(&patient, &mut findings);
    findings
}

impl Patient<'_> {
    /// The limits in force, as far as they are known.
    fn limits(&self) -> Option<&Limits> {
        self.state.limits.as_ref().or(self.configuration.as_ref().map(|it| &it.limits))
    }

    /// A command on this optimization, to be copied.
    fn command(&self, command: &str) -> String {
        format!("`{} {command} {}`", program(), self.directory.shown())
    }
}

/// Whether a job is at work in this directory, on whatever machine.
///
/// A lock can only be looked at by taking it for a moment, and a job that begins in this moment
/// would take us for another one. So this is asked only of jobs that have begun.
pub fn is_at_work(directory: &SimulationDirectory) -> bool {
    directory.started().exists() && is_locked(&directory.lock())
}

fn is_locked(path: &Path) -> bool {
    let file = File::open(path);
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Where a simulation's job runs: `process 4711 on node3`.
pub fn place(directory: &SimulationDirectory) -> String {
    match durable::read_json::<Started>(&directory.started()) {
        Ok(Started { host, pid, slurm_job_id: None, .. }) => format!("process {pid} on {host}"),
        Ok(Started { host, slurm_job_id: Some(id), .. }) => format!("Slurm job {id} on {host}"),
        Err(_) => "an unknown process".to_owned(),
    }
}
