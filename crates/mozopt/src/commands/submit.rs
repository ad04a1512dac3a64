//! `mozopt submit`: the controller as a job of Slurm.

use std::io;

use executors::ControllerJob;
use journal::{self, ControllerLock, OptimizationDirectory};
use printable::program;

use crate::cli::{RunArguments, SubmitArguments};
use crate::failure::{FINISHED, Failure};

/// Begins an optimization, or takes one that is there, and submits its controller.
pub fn submit(arguments: &SubmitArguments) -> Result<u8, Failure> {
    let SubmitArguments { path, time, options } = arguments;
    let directory = if path.join(journal::FILE_NAME).exists() {
        super::find(path)?
    } else {
        let run = RunArguments { quiet: true, ..RunArguments::on(path.clone()) };
        super::run::begin(run)?.directory().clone()
    };
    if let Some(holder) = ControllerLock::holder_of(directory.path()) {
        let message = format!("process {} on {} is already running it", holder.pid, holder.host);
        return Err(Failure::bad_input(message, stop_help(&directory)));
    }
    let failed = |error: io::Error| {
        Failure::failed(
            error,
            format!("nothing was submitted; fix the cause and run {}", directory.shown()),
        )
    };
    let (configuration, state) = super::read(&directory)?;
    let slurm = &state.limits.as_ref().unwrap_or(&configuration.limits).slurm;
    let job = ControllerJob::prepare(directory.path(), *time, slurm, options).map_err(failed)?;
    let active = job.active().map_err(|trouble| failed(io::Error::other(trouble)))?;
    if let Some(id) = active.first() {
        let message = format!("it is already submitted, as job {id}");
        return Err(Failure::bad_input(message, stop_help(&directory)));
    }
    let id = job.submit(directory.path()).map_err(|trouble| {
        let help = format!(
            "fix the cause and run `{} submit {}`, which refuses if the job exists after all",
            program(),
            directory.shown()
        );
        Failure::failed(trouble, help)
    })?;
    super::print(&format!(
        "{}\nits controller is job {id}; follow it with: {} status {}\n",
        directory.shown(),
        program(),
        directory.shown()
    ))?;
    Ok(FINISHED)
}

fn stop_help(directory: &OptimizationDirectory) -> String {
    format!("stop it with `{} stop {}`", program(), directory.shown())
}
