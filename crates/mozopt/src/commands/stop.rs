//! `mozopt stop`: ends an optimization's controller and its simulations, and nothing else.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::cli::StopArguments;
use crate::configuration::ExecutorKind;
use crate::execution::{ControllerJob, cancel_left};
use crate::failure::{FINISHED, Failure, program};
use crate::journal::{ControllerLock, Holder, Phase, host};
use crate::optimization_directory::OptimizationDirectory;

/// How long a controller may take to end.
const PATIENCE: Duration = Duration::from_secs(180);
const A_MOMENT: Duration = Duration::from_millis(200);

/// Stops an optimization wherever it runs.
pub fn stop(arguments: &StopArguments) -> Result<u8, Failure> {
    let directory = OptimizationDirectory::find(&arguments.optimization)?;
    let help = "try again; what was cancelled stays so";
    let failed = |error: &dyn std::fmt::Display| Failure::failed(error, help);
    let job = ControllerJob::of(directory.path()).map_err(|error| failed(&error))?;
    let jobs = match &job {
        Some(job) => job.active().map_err(|trouble| failed(&trouble))?,
        None => vec![],
    };
    match (job, ControllerLock::holder_of(directory.path())) {
        (Some(job), _) if !jobs.is_empty() => job.cancel().map_err(|trouble| failed(&trouble))?,
        (_, Some(Holder { host: there, pid, .. })) if there == host() => {
            interrupt_twice(pid).map_err(|error| failed(&error))?;
        }
        (_, Some(Holder { host, pid, .. })) => {
            let message = format!("process {pid} on {host} runs it");
            return Err(Failure::bad_input(message, format!("give the same command on {host}")));
        }
        (_, None) => {}
    }
    let _lock = wait_for_the_lock(&directory)?;
    let (configuration, state) = super::read(&directory)?;
    let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
    let cancelled = match limits.executor {
        ExecutorKind::Local => 0,
        ExecutorKind::Slurm => {
            let unfinished =
                state.candidates.iter().filter(|r| !matches!(r.phase, Phase::Finished(_)));
            let mut left: Vec<_> =
                unfinished.map(|record| directory.simulation(record.number)).collect();
            left.extend(directory.validations().map_err(|error| failed(&error))?);
            cancel_left(left).map_err(|error| failed(&error))?
        }
    };
    say!("stopped; {cancelled} jobs were cancelled");
    say!("go on with: {} resume {}", program(), directory.shown());
    Ok(FINISHED)
}

/// The first asks it to stop, the second to cancel what runs.
fn interrupt_twice(pid: u32) -> std::io::Result<()> {
    let Some(pid) = Pid::from_raw(pid as i32) else { return Ok(()) };
    kill_process(pid, Signal::TERM)?;
    // Two signals at once are one.
    thread::sleep(A_MOMENT);
    // It may have ended by the first.
    let _ = kill_process(pid, Signal::TERM);
    Ok(())
}

/// No controller submits anything while its jobs are cancelled.
fn wait_for_the_lock(directory: &OptimizationDirectory) -> Result<ControllerLock, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ControllerLock::take(directory.path()) {
            Ok(lock) => return Ok(lock),
            Err(held) if Instant::now() > deadline => {
                return Err(Failure::failed(held, "its controller does not end: try again"));
            }
            Err(_) => thread::sleep(A_MOMENT),
        }
    }
}
