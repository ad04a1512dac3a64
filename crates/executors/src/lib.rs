//! Executors: what runs simulations. Each job is a directory with a script; an executor starts it,
//! knows it again after the controller died, and says how it ended as far as it can tell.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod error;
mod executor;
mod leader;
mod local;
mod slurm;

use configuration::{Configuration, ExecutorKind, Limits};

pub use error::ExecutorError;
pub use executor::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey, Room};
pub use local::{Local, end_left};
#[doc(hidden)]
pub use slurm::lists as slurm_lists;
pub use slurm::{
    ControllerJob, HANDED_OVER, JobLeft, Slurm, Steps, Trouble, cancel_left, end_left_steps,
    jobs_left,
};

/// The configured executor.
///
/// # Errors
/// When simulations are to be steps of an allocation of Slurm, and there is none, or it is too
/// small; when the environment names several clusters.
pub fn executor(
    configuration: &Configuration,
    limits: &Limits,
) -> Result<Box<dyn Executor>, ExecutorError> {
    Ok(match limits.executor {
        ExecutorKind::Local => {
            let limit = |number| configuration.limits_of(number, limits).time_limit;
            let limits: Vec<_> = configuration.fidelity_numbers().map(limit).collect();
            Box::new(Local::with_limits(&limits))
        }
        ExecutorKind::Slurm => Box::new(Slurm::new(configuration, limits)?),
        ExecutorKind::Srun => Box::new(Steps::new(configuration, limits)?),
    })
}
