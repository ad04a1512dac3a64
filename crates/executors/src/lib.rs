//! Executors: what runs simulations. Each job is a directory with a script; an executor starts it,
//! knows it again after the controller died, and says how it ended as far as it can tell.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod executor;
mod local;
mod slurm;

use configuration::{Configuration, ExecutorKind, Limits};

pub use executor::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey};
pub use local::{Local, end_left};
#[doc(hidden)]
pub use slurm::lists as slurm_lists;
pub use slurm::{ControllerJob, HANDED_OVER, JobLeft, Slurm, Trouble, cancel_left, jobs_left};

/// The configured executor.
pub fn executor(configuration: &Configuration, limits: &Limits) -> Box<dyn Executor> {
    match limits.executor {
        ExecutorKind::Local => Box::new(Local::new(limits.time_limit)),
        ExecutorKind::Slurm => Box::new(Slurm::new(configuration, limits)),
    }
}
