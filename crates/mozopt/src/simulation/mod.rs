//! A simulation: the directory `simulations/000217`, the contract between optimizer and simulator.
//!
//! ```text
//! simulation.json   what is to be simulated; written first, with fsync
//! job.sh            the script that any executor runs, to be read and run again by a person
//! output.log        what it printed; of simulations that are not kept the end
//! started.json      by the job itself: where it runs, and since when
//! datastore/        whatever the simulator wrote; removed after the evaluation unless kept
//! values.json       instead of a data store, by simulators that measure themselves
//! versions.json     by simulators that say what they are: versions of Python, NEST and so on
//! late_error.txt    by simulators that have saved everything and failed afterwards: the error
//! result.json       by the job: outcome, every value and score
//! finished.json     by the job itself: how the simulator ended
//! ```

mod evaluation;
mod excerpt;
pub mod job;
mod log;
mod out_of_memory;
mod protocol;
mod result;
mod versions;

use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::configuration::{Configuration, Mozaik};
use crate::durable;

pub use evaluation::measure_by_commands;
pub use out_of_memory::peak_in_words;
pub use protocol::Protocol;
pub use result::{OutcomeClass, SimulationResult, TargetId, TargetResult};
pub use versions::Versions;

/// Larger than any file of the contract.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The environment variable that holds the path of `simulation.json`.
pub const SIMULATION_VARIABLE: &str = "MOZOPT_SIMULATION";

/// `simulation.json`: what is to be simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// The candidate's number.
    pub candidate: u64,
    /// 1, 2, …: which attempt this is.
    pub attempt: u32,
    /// The seed of the simulation.
    pub seed: u64,
    /// What is presented to the model.
    pub protocol: Protocol,
    /// The searched parameters' values by their paths; whole numbers are written as such.
    pub parameters: IndexMap<String, Number>,
    /// How many threads the simulator may use.
    pub threads: usize,
    /// The shell line that simulates; `None` for the embedded model.
    #[serde(default)]
    pub command: Option<String>,
    /// Of a model written with mozaik: what the experiment script needs to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mozaik: Option<Mozaik>,
    /// Where the command starts.
    pub model_directory: PathBuf,
    /// The frozen configuration, with the targets; relative to this file.
    pub configuration: PathBuf,
    /// Identifies that configuration.
    pub configuration_hash: String,
    /// What becomes of the data store.
    pub keep: Keep,
}

/// Which data stores survive the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// That of any simulation.
    pub all: bool,
    /// That of a simulation that failed.
    pub failures: bool,
    /// That of a simulation with a total below this: when it was submitted, it would have been among
    /// the best. `None`: no total is good enough.
    pub below: Option<f64>,
}

impl Keep {
    /// Whether the data store of this simulation is kept.
    pub fn keeps(&self, result: &SimulationResult) -> bool {
        let failed = result.outcome.is_failure();
        self.all
            || (failed && self.failures)
            || (!failed && self.below.is_some_and(|below| result.total < below))
    }
}

impl Simulation {
    /// What is to be simulated for this candidate.
    pub fn new(
        configuration: &Configuration,
        candidate: u64,
        seed: u64,
        parameters: &[f64],
        attempt: u32,
        keep: Keep,
    ) -> Self {
        let typed = |(parameter, &value): (&crate::configuration::Parameter, &f64)| {
            (parameter.path.clone(), number(value, parameter.integer))
        };
        Self {
            candidate,
            attempt,
            seed,
            protocol: Protocol::default(),
            parameters: configuration.parameters.iter().zip(parameters).map(typed).collect(),
            threads: configuration.threads,
            command: configuration.simulator.command.clone(),
            mozaik: configuration.simulator.mozaik.clone(),
            model_directory: configuration.model_directory.clone(),
            configuration: PathBuf::from("../../configuration.json"),
            configuration_hash: configuration.hash(),
            keep,
        }
    }

    /// Reads the file.
    pub fn read(path: &Path) -> io::Result<Self> {
        read_json(path)
    }
}

/// A number as JSON and mozaik know it: whole numbers without a decimal point.
pub fn number(value: f64, integer: bool) -> Number {
    if integer {
        Number::from(value as i64)
    } else {
        Number::from_f64(value).unwrap_or_else(|| Number::from(0))
    }
}

/// `started.json`: a job that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The attempt that runs.
    pub attempt: u32,
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
}

/// `finished.json`: how the simulator ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// The attempt that ended.
    pub attempt: u32,
    /// The simulator's exit code, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// When.
    pub time: jiff::Timestamp,
}

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

    /// Makes the directory ready for an attempt: what an earlier one left is removed.
    pub fn prepare(&self, simulation: &Simulation, prelude: Option<&str>) -> io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let leftovers = [
            self.started(),
            self.finished(),
            self.result(),
            self.values(),
            self.versions(),
            self.late_error(),
        ];
        for leftover in leftovers {
            remove_if_there(std::fs::remove_file(leftover))?;
        }
        self.remove_data_store()?;
        durable::write_json(&self.simulation(), simulation)?;
        let script = job::script(simulation, prelude)?;
        durable::write(&self.job_script(), script.as_bytes())
    }

    /// Removes what the simulator wrote.
    pub fn remove_data_store(&self) -> io::Result<()> {
        remove_if_there(std::fs::remove_dir_all(self.data_store()))
    }

    /// What becomes of a simulation that is not kept, once its result is safe: the data store is
    /// removed, and of the log the end is left.
    pub fn let_go(&self, failed: bool) -> io::Result<()> {
        self.remove_data_store()?;
        log::shorten(&self.log(), failed)
    }

    /// The last lines of the log, at most `lines`.
    pub fn log_tail(&self, lines: usize) -> Vec<String> {
        excerpt::tail(&self.log(), lines)
    }

    /// What the log says about a failure: Python's last traceback, or else the last lines, at most `lines`.
    pub fn log_of_failure(&self, lines: usize) -> Vec<String> {
        excerpt::of_failure(&self.log(), lines)
    }

    /// What a line has room for of a failure: Python's last error, or else the last line of the log.
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

/// Reads a JSON file of the contract.
pub fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<T> {
    let text = durable::read_bounded(path, MAX_FILE_BYTES)?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}
