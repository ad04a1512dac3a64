//! `mozopt stop`: ends an optimization's controller and its simulations, and nothing else.

use std::thread;
use std::time::{Duration, Instant};

use configuration::{Configuration, ExecutorKind};
use executors::{ControllerJob, cancel_left, end_left, end_left_steps};
use journal::{ControllerLock, Held, OptimizationDirectory, Phase, Request, Requests};
use printable::program;

use crate::cli::StopArguments;
use crate::failure::{FINISHED, Failure};

/// How long a controller may take to end.
const PATIENCE: Duration = Duration::from_mins(3);
const A_MOMENT: Duration = Duration::from_millis(200);

/// Stops an optimization wherever it runs.
pub fn stop(arguments: &StopArguments) -> Result<u8, Failure> {
    let directory = super::find(&arguments.optimization)?;
    let help = "try again; cancelled jobs stay cancelled";
    let failed = |error: &dyn std::fmt::Display| Failure::failed(error, help);
    let job = ControllerJob::of(directory.path()).map_err(|error| failed(&error))?;
    let jobs = match &job {
        Some(job) => job.active().map_err(|trouble| failed(&trouble))?,
        None => vec![],
    };
    match job {
        // Of several jobs, some wait to take over.
        Some(job) if !jobs.is_empty() => job.cancel().map_err(|trouble| failed(&trouble))?,
        _ if ControllerLock::holder_of(directory.path()).is_some() => {
            let requests = Requests::of(directory.path());
            requests.ask(&Request::Stop { cancel: true }).map_err(|error| failed(&error))?;
        }
        _ => {}
    }
    let _lock = wait_for_the_lock(&directory)?;
    // Whatever was done to its configuration: what runs can be stopped.
    let state = super::state(&directory)?;
    let limits = match state.limits.clone() {
        Some(limits) => limits,
        None => Configuration::read(&directory.configuration())?.limits,
    };
    let unfinished = state.candidates.iter().filter(|r| !matches!(r.phase, Phase::Finished(_)));
    let mut left: Vec<_> = unfinished.map(|record| directory.simulation(record.number)).collect();
    left.extend(directory.validations().map_err(|error| failed(&error))?);
    // A controller that ended by itself has left none; one that was killed has.
    let cancelled = match limits.executor {
        ExecutorKind::Local => {
            let (ended, notes) = end_left(left).map_err(|error| failed(&error))?;
            for note in notes {
                say!("{note}");
            }
            ended
        }
        ExecutorKind::Slurm => cancel_left(left).map_err(|error| failed(&error))?,
        ExecutorKind::Srun => end_left_steps(&left).map_err(|error| failed(&error))?,
    };
    say!("stopped; {cancelled} jobs cancelled");
    say!("continue with: {} resume {}", program(), directory.shown());
    Ok(FINISHED)
}

/// No controller submits anything while its jobs are cancelled.
fn wait_for_the_lock(directory: &OptimizationDirectory) -> Result<ControllerLock, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ControllerLock::take(directory.path()) {
            Ok(lock) => return Ok(lock),
            // What cannot be locked now cannot be locked in a minute.
            Err(error @ Held::Io { .. }) => {
                let help = "name it where it can be written: nothing was stopped";
                return Err(Failure::failed(error, help));
            }
            Err(held) if Instant::now() > deadline => {
                return Err(Failure::failed(held, "its controller has not ended yet: try again"));
            }
            Err(_) => thread::sleep(A_MOMENT),
        }
    }
}
