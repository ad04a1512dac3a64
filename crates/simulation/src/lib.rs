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

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod allowed_cores;
mod attempt;
mod birth;
mod candidate_number;
pub mod data_store;
mod directory;
mod evaluation;
mod excerpt;
mod experiment_script;
mod host;
pub mod job;
mod log;
mod out_of_memory;
mod outcome;
pub mod process;
mod protocol;
mod result;
mod script;
mod simulation;
mod simulator;
mod used;
mod versions;

pub use attempt::{Attempt, Shortages};
pub use candidate_number::{CandidateNumber, listed};
pub use directory::{Finished, SimulationDirectory, Started};
pub use evaluation::{evaluate, measure_by_commands};
pub use experiment_script::{
    FILE as EXPERIMENT_FILE, SCRIPT as EXPERIMENT_SCRIPT, write as write_experiment,
};
pub use host::host;
pub use log::read_end;
pub use out_of_memory::peak_in_words;
pub use outcome::OutcomeClass;
pub use protocol::Protocol;
pub use result::{Blame, Origin, SimulationResult, TargetId, TargetResult};
pub use script::{program, quoted};
pub use simulation::{Keep, SIMULATION_VARIABLE, Simulation, number};
pub use versions::Versions;
