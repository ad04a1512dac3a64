//! The files of a simulation's directory.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::birth::Birth;
use crate::outcome::OutcomeClass;
use crate::simulation::Simulation;
use crate::{excerpt, log, script};

/// `started.json`: a job that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The attempt that runs.
    pub attempt: Attempt,
    /// The machine.
    pub host: String,
    /// The job's process.
    pub pid: u32,
    /// The job's number in Slurm, where it runs there.
    pub slurm_job_id: Option<String>,
    /// How often Slurm started it again.
    pub restart_count: u32,
    /// When it started.
    pub time: jiff::Timestamp,
    /// What tells its process from others that had or will have the number; unknown to versions
    /// that did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<Birth>,
}

/// `finished.json`: how the simulator ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// The attempt that ended.
    pub attempt: Attempt,
    /// The simulator's exit code, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// When.
    pub time: jiff::Timestamp,
}

/// What the next attempt finds: the log, which goes on, and what executors and locks need.
const KEPT_BETWEEN_ATTEMPTS: [&str; 3] = ["output.log", "job.lock", "slurm.json"];

/// The files of one simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulationDirectory(PathBuf);

impl SimulationDirectory {
    /// The directory at this path.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is to be simulated.
    pub fn simulation(&self) -> PathBuf {
        self.0.join("simulation.json")
    }

    /// The script that runs it.
    pub fn job_script(&self) -> PathBuf {
        self.0.join("job.sh")
    }

    /// What it printed.
    pub fn log(&self) -> PathBuf {
        self.0.join("output.log")
    }

    /// Where it runs.
    pub fn started(&self) -> PathBuf {
        self.0.join("started.json")
    }

    /// How it ended.
    pub fn finished(&self) -> PathBuf {
        self.0.join("finished.json")
    }

    /// Values and scores.
    pub fn result(&self) -> PathBuf {
        self.0.join("result.json")
    }

    /// What the simulator wrote.
    pub fn data_store(&self) -> PathBuf {
        self.0.join("datastore")
    }

    /// What a simulator that measures itself wrote.
    pub fn values(&self) -> PathBuf {
        self.0.join("values.json")
    }

    /// What the simulator said about its versions.
    pub fn versions(&self) -> PathBuf {
        self.0.join("versions.json")
    }

    /// What went wrong after the simulator had saved everything.
    pub fn late_error(&self) -> PathBuf {
        self.0.join("late_error.txt")
    }

    /// Held locked by the job while it runs.
    pub fn lock(&self) -> PathBuf {
        self.0.join("job.lock")
    }

    /// Makes the directory ready for an attempt: whatever an earlier one left is removed, so that
    /// no attempt sees what another wrote. An error of the kind `WouldBlock` says that a job is at
    /// work in it, which nobody may disturb.
    pub fn prepare(&self, simulation: &Simulation, prelude: Option<&str>) -> io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let _lock = self.take_lock()?;
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            if KEPT_BETWEEN_ATTEMPTS.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let removed = if entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())
            } else {
                std::fs::remove_file(entry.path())
            };
            remove_if_there(removed)?;
        }
        durable::write_json(&self.simulation(), simulation)?;
        let script = script::script(simulation, prelude)?;
        durable::write(&self.job_script(), script.as_bytes())
    }

    /// The right to work in the directory, as long as the file is open.
    pub fn take_lock(&self) -> io::Result<File> {
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.lock())?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes what the simulator wrote.
    pub fn remove_data_store(&self) -> io::Result<()> {
        remove_if_there(std::fs::remove_dir_all(self.data_store()))
    }

    /// What becomes of a simulation that is not kept, once its result is safe: the data store is
    /// removed, and of the log the end is left.
    pub fn discard(&self, failed: bool) -> io::Result<()> {
        self.remove_data_store()?;
        log::shorten(&self.log(), failed)
    }

    /// The last lines of the log, at most `lines`.
    pub fn log_tail(&self, lines: usize) -> Vec<String> {
        excerpt::tail(&self.log(), lines)
    }

    /// What the log says about a failure: Python's last traceback, or else the last lines, at most
    /// `lines`.
    pub fn log_of_failure(&self, lines: usize) -> Vec<String> {
        excerpt::of_failure(&self.log(), lines)
    }

    /// What a line has room for of a failure: Python's last error, or else the last line of the
    /// log.
    pub fn last_words(&self) -> Option<String> {
        excerpt::error(&self.log()).or_else(|| self.log_tail(1).pop())
    }

    /// The part of the log that concerns an outcome, at most `lines` where it is not a traceback.
    pub fn log_of(&self, outcome: Option<OutcomeClass>, lines: usize) -> Vec<String> {
        match outcome {
            Some(outcome) if outcome.is_failure() => self.log_of_failure(lines),
            _ => self.log_tail(lines),
        }
    }
}

fn remove_if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
