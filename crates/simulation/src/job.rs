//! `mozopt job`: what runs inside a job. It starts the simulator, evaluates what it left, and
//! writes down how it went, so that any controller can find out later.

use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use configuration::{Configuration, ConfigurationError, ConfiguredTarget};
use serde::Serialize;

use crate::allowed_cores::AllowedCores;
use crate::attempt::Attempt;
use crate::birth::Birth;
use crate::directory::{Finished, SimulationDirectory, Started};
use crate::evaluation::evaluate;
use crate::excerpt;
use crate::host::host;
use crate::out_of_memory::{OutOfMemoryKills, peak_in_words, was_killed};
use crate::outcome::OutcomeClass;
use crate::process::end_survivors;
use crate::result::{Blame, Origin, SimulationResult};
use crate::script::FAILED;
use crate::simulation::Simulation;
use crate::simulator::{simulate, was_ended_from_outside};
use crate::used::{cpu_seconds_of_children, other_cores_than, peak_memory_of_children};
use crate::versions::Versions;

/// How long after an error a result is written again.
const WRITE_AGAIN_AFTER: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_mins(1),
];

/// Why a job could not do its work. That says nothing about the parameters.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The directory holds no simulation.
    #[error(transparent)]
    NotASimulation(io::Error),
    /// The copy for another run cannot be made.
    #[error("{}: {source}", path.display())]
    NoCopy {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is a result already.
    #[error("this simulation has finished")]
    HasFinished,
    /// The frozen configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The exit code of a job that finds another one at work in its directory.
pub const ALREADY_RUNNING: u8 = 75;
/// The exit code of a job that was told to end.
pub const INTERRUPTED: u8 = 143;
/// The exit codes by which a shell says that it could not run a command, or found none.
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;
/// The exit code by which a program says that what it runs in is set up wrongly (`EX_CONFIG` of
/// sysexits.h).
const WRONGLY_SET_UP: i32 = 78;
/// The longest error in a reason, characters.
const LONGEST_ERROR: usize = 300;

/// Runs the simulation of this directory, or a copy of it in `again`.
///
/// The directory may have been made ready for another attempt since this job was submitted: one
/// that was submitted for `attempt` does nothing then.
pub fn run(
    directory: &Path,
    again: Option<&Path>,
    attempt: Option<Attempt>,
) -> Result<Ended, JobError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| JobError::Io { path, source }
    };
    let directory = std::path::absolute(directory).map_err(failed(directory))?;
    let original = SimulationDirectory::new(directory.clone());
    let read = || Simulation::read(&original.simulation()).map_err(JobError::NotASimulation);
    let place = match again {
        None => original.clone(),
        Some(copy) => {
            let mut simulation = read()?;
            simulation.keep.all = true;
            simulation.configuration = directory.join(&simulation.configuration);
            copy_for_another_run(copy, &simulation)?
        }
    };
    // What the directory says counts once nobody else can change it.
    let _lock = match place.take_lock() {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return Ok(Ended::AlreadyRunning);
        }
        Err(error) => return Err(failed(&place.lock())(error)),
    };
    let simulation = Simulation::read(&place.simulation()).map_err(JobError::NotASimulation)?;
    let directory = place;
    if again.is_none() && attempt.is_some_and(|attempt| attempt != simulation.attempt) {
        return Ok(Ended::Superseded);
    }
    if directory.finished().exists() {
        return Err(JobError::HasFinished);
    }
    let survivors = end_survivors(&directory);
    if survivors > 0 {
        say(&format!("{survivors} processes of an earlier attempt were still running: ended"));
    }
    let configuration_path = directory.path().join(&simulation.configuration);
    let configuration = Configuration::read(&configuration_path)?;
    let targets = configuration.targets()?;
    let started = Started {
        attempt: simulation.attempt,
        host: host(),
        pid: std::process::id(),
        slurm_job_id: std::env::var("SLURM_JOB_ID").ok(),
        restart_count: restart_count(),
        time: jiff::Timestamp::now(),
        birth: Birth::of(std::process::id()),
    };
    durable::write_json(&directory.started(), &started).map_err(failed(&directory.started()))?;
    if std::fs::metadata(directory.log()).is_ok_and(|log| log.len() > 0) {
        say(&excerpt::attempt_begins(simulation.attempt));
    }
    let (result, status) = match prelude_failed() {
        Some(reason) => {
            say(&reason);
            (SimulationResult::fault(Blame::Environment, reason, &targets), None)
        }
        None => match simulate_and_evaluate(&directory, &simulation, &configuration, &targets) {
            Some(ended) => ended,
            None => return Ok(Ended::Interrupted),
        },
    };
    let mut result = result.of_job(&started);
    result.fidelity.clone_from(&simulation.fidelity);
    result.of = Some(Origin {
        candidate: simulation.candidate,
        attempt: simulation.attempt,
        seed: simulation.seed,
        configuration: simulation.configuration_hash.clone(),
    });
    // A simulator that had no room to write says nothing about the parameters: without a result it
    // is run again when there is room.
    if matches!(result.outcome, OutcomeClass::Crashed | OutcomeClass::NoData) {
        durable::has_room(directory.path()).map_err(failed(directory.path()))?;
    }
    write_for_sure(&directory.result(), &result).map_err(failed(&directory.result()))?;
    if !result.is_kept(&simulation.keep) {
        let failure = result.outcome.is_failure();
        directory.discard(failure).map_err(failed(directory.path()))?;
    }
    let finished = Finished {
        attempt: simulation.attempt,
        exit_code: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
        time: jiff::Timestamp::now(),
    };
    write_for_sure(&directory.finished(), &finished).map_err(failed(&directory.finished()))?;
    Ok(Ended::Finished { directory: directory.path().to_owned(), result: Box::new(result) })
}

/// Writes what a simulation of hours came to: an error that may pass is no reason to lose it. Where
/// there is no room, another attempt must wait for that anyway.
fn write_for_sure(path: &Path, value: &impl Serialize) -> io::Result<()> {
    use io::ErrorKind as Kind;
    for pause in WRITE_AGAIN_AFTER {
        match durable::write_json(path, value) {
            Err(error)
                if !matches!(
                    error.kind(),
                    Kind::StorageFull
                        | Kind::QuotaExceeded
                        | Kind::ReadOnlyFilesystem
                        | Kind::NotFound
                ) =>
            {
                say(&format!("{}: {error}; it is tried again", path.display()));
                thread::sleep(pause);
            }
            other => return other,
        }
    }
    durable::write_json(path, value)
}

/// Prints a line to the log. Nobody may be reading any more, which is no reason to end.
fn say(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

/// How a job ended.
pub enum Ended {
    /// The simulation is done, well or not.
    Finished {
        /// Where its files are.
        directory: PathBuf,
        /// What became of it.
        result: Box<SimulationResult>,
    },
    /// Another process runs this simulation now.
    AlreadyRunning,
    /// Its directory was made ready for another attempt before this one began.
    Superseded,
    /// It was told to end before the simulator did. That says nothing about the parameters: there
    /// is no result.
    Interrupted,
}

/// Why nothing is simulated: a line of the prelude failed in `job.sh`, and whatever would run
/// without it is not what the user wants.
fn prelude_failed() -> Option<String> {
    let line = std::env::var(FAILED).ok().filter(|line| !line.is_empty())?;
    Some(format!("the prelude fails at `{line}`"))
}

fn copy_for_another_run(
    copy: &Path,
    simulation: &Simulation,
) -> Result<SimulationDirectory, JobError> {
    let failed = |source| JobError::NoCopy { path: copy.to_owned(), source };
    std::fs::create_dir(copy).map_err(failed)?;
    let copy = SimulationDirectory::new(std::path::absolute(copy).map_err(failed)?);
    durable::write_json(&copy.simulation(), simulation).map_err(failed)?;
    Ok(copy)
}

fn restart_count() -> u32 {
    std::env::var("SLURM_RESTART_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// The result and how the simulator ended; `None` if this job was told to end before.
fn simulate_and_evaluate(
    directory: &SimulationDirectory,
    simulation: &Simulation,
    configuration: &Configuration,
    targets: &[ConfiguredTarget],
) -> Option<(SimulationResult, Option<ExitStatus>)> {
    let began = Instant::now();
    let kills_before = OutOfMemoryKills::so_far();
    let allowed_cores = AllowedCores::default();
    let status = match simulate(directory, simulation, &allowed_cores) {
        Ok(None) => return None,
        Ok(Some(status)) => Ok(status),
        Err(error) => Err(error),
    };
    let simulation_seconds = began.elapsed().as_secs_f64();
    // Commands of targets are children, too: look before they run.
    let peak_memory = peak_memory_of_children();
    let cpu_seconds = cpu_seconds_of_children();
    let evaluated = Instant::now();
    let mut result = match &status {
        Ok(status) if status.success() => evaluate(directory, &configuration.directory, targets),
        Ok(status) => {
            let out_of_memory =
                was_killed(*status) && OutOfMemoryKills::so_far().more_than(&kills_before);
            let saved = saved_before_an_error(directory, configuration, targets)
                .or_else(|| complete_before_a_signal(*status, directory, configuration, targets));
            saved.unwrap_or_else(|| {
                if out_of_memory {
                    let words = words(*status);
                    let reason =
                        format!("the kernel ended the simulator for want of memory ({words})");
                    let reason = reason + &peak_in_words(peak_memory);
                    return SimulationResult::without_values(
                        OutcomeClass::OutOfMemory,
                        reason,
                        targets,
                    );
                }
                bad_end(*status, directory, peak_memory, targets)
            })
        }
        Err(error) => {
            let place = simulation.model_directory.display();
            let reason = format!("the simulator could not be started in {place}: {error}");
            SimulationResult::fault(Blame::Environment, reason, targets)
        }
    };
    if let OutcomeClass::Completed | OutcomeClass::Exploded = result.outcome
        && directory.late_error().exists()
    {
        let error = excerpt::tail(&directory.late_error(), 1).pop().unwrap_or_default();
        let error = excerpt::shortened(&error, LONGEST_ERROR);
        let before = result.reason.map(|reason| format!("{reason}; ")).unwrap_or_default();
        result.reason = Some(format!("{before}after the last presentation: {error}"));
    }
    result.versions = versions(directory, simulation).map(Arc::new);
    result.simulation_seconds = simulation_seconds;
    let fidelity = simulation.fidelity.as_deref();
    let fidelity = fidelity.and_then(|name| configuration.fidelity_named(name)).unwrap_or_default();
    let asked = configuration.cores(fidelity, &configuration.limits);
    result.cores = other_cores_than(asked);
    result.cores_allowed = allowed_cores.fewer_than(asked);
    result.cpu_seconds = cpu_seconds;
    result.peak_memory = peak_memory;
    result.data_store_size = size_of(&directory.data_store());
    result.evaluation_seconds = evaluated.elapsed().as_secs_f64();
    Some((result, status.ok()))
}

/// The result of a simulator that failed when it had saved everything, and said so.
fn saved_before_an_error(
    directory: &SimulationDirectory,
    configuration: &Configuration,
    targets: &[ConfiguredTarget],
) -> Option<SimulationResult> {
    if !directory.late_error().exists() {
        return None;
    }
    let result = evaluate(directory, &configuration.directory, targets);
    (result.outcome != OutcomeClass::NoData).then_some(result)
}

/// The result of a simulator that a signal ended when it had written everything, as extension
/// modules do that fail while Python ends.
fn complete_before_a_signal(
    status: ExitStatus,
    directory: &SimulationDirectory,
    configuration: &Configuration,
    targets: &[ConfiguredTarget],
) -> Option<SimulationResult> {
    status.signal()?;
    let mut result = evaluate(directory, &configuration.directory, targets);
    let complete = matches!(result.outcome, OutcomeClass::Completed | OutcomeClass::Exploded)
        && result.targets.iter().all(|target| target.value.is_some());
    let ended = format!("ended by {} after everything was written", words(status));
    result.reason =
        Some(result.reason.map_or(ended.clone(), |reason| format!("{reason}; {ended}")));
    complete.then_some(result)
}

/// What an end is that was not for want of memory: the model's own fault, or somebody else's.
fn bad_end(
    status: ExitStatus,
    directory: &SimulationDirectory,
    peak_memory: Option<u64>,
    targets: &[ConfiguredTarget],
) -> SimulationResult {
    if was_ended_from_outside(status) {
        // An administrator, a program that watches the memory, or a machine that shuts down: a
        // model does not end itself so.
        let words = words(status);
        let by_whom = if was_killed(status) { ", not by the kernel" } else { "" };
        let reason = format!("the simulator was killed from outside ({words}){by_whom}");
        let reason = reason + &peak_in_words(peak_memory);
        return SimulationResult::fault(Blame::Machine, reason, targets);
    }
    // Of one that a signal ended, an error in the log was not the end.
    let error = status.code().and_then(|_| excerpt::error(&directory.log()));
    let last = error.clone().or_else(|| excerpt::tail(&directory.log(), 1).pop());
    if let Some(what) = missing(status, last.as_deref().unwrap_or_default()) {
        let last = last.map(|line| format!(": {line}")).unwrap_or_default();
        let reason = format!("{what} ({}){last}", words(status));
        return SimulationResult::fault(Blame::Environment, reason, targets);
    }
    let error = error.map(|error| format!(": {error}")).unwrap_or_default();
    let reason = format!("the simulator ended with {}{error}", words(status));
    SimulationResult::without_values(OutcomeClass::Crashed, reason, targets)
}

/// What the simulator lacks, if that is why it ended: something that no parameter changes.
fn missing(status: ExitStatus, last: &str) -> Option<&'static str> {
    match status.code()? {
        NOT_EXECUTABLE => return Some("the simulator could not be started"),
        NOT_FOUND => return Some("the simulator or something that it needs was not found"),
        WRONGLY_SET_UP => return Some("the simulator refuses this environment"),
        _ => {}
    }
    let begins = |words: &[&str]| words.iter().any(|word| last.starts_with(word));
    let holds = |words: &[&str]| words.iter().any(|word| last.contains(word));
    if begins(&["ModuleNotFoundError:", "ImportError:"]) {
        Some("a module of Python is missing")
    } else if holds(&["can't open file", "error while loading shared libraries"]) {
        Some("the simulator could not be started")
    } else if holds(&["Resource temporarily unavailable", "can't start new thread"]) {
        Some("there were too many processes")
    } else {
        None
    }
}

/// What the simulator says about its versions.
fn versions(directory: &SimulationDirectory, simulation: &Simulation) -> Option<Versions> {
    if simulation.command.is_none() {
        return Some(Versions::of_this_program());
    }
    Versions::read(&directory.versions()).unwrap_or_else(|why| {
        say(&format!("versions.json is ignored: {why}"));
        None
    })
}

fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

/// The size of all files below a directory; `None` if there is none.
fn size_of(directory: &Path) -> Option<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(directory).ok()?.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        size +=
            if metadata.is_dir() { size_of(&entry.path()).unwrap_or(0) } else { metadata.len() };
    }
    Some(size)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_cannot_be_written_now_is_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("file");
        std::fs::write(&place, "in the way").unwrap();
        let path = place.join("result.json");
        let clears = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(300));
            std::fs::remove_file(&place).unwrap();
            std::fs::create_dir(&place).unwrap();
        });
        super::write_for_sure(&path, &1.5).unwrap();
        clears.join().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1.5\n");
    }
}
