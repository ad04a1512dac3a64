//! `mozopt submit`: the controller as a job of Slurm.

use std::io;
use std::num::NonZeroU32;

use configuration::{Configuration, ExecutorKind};
use executors::{ControllerJob, Executor, Local};
use journal::{self, ControllerLock, OptimizationDirectory};
use printable::program;

use crate::cli::{RunArguments, SubmitArguments};
use crate::failure::{FINISHED, Failure};

/// Begins an optimization, or takes one that is there, and submits its controller.
pub fn submit(arguments: &SubmitArguments) -> Result<u8, Failure> {
    let SubmitArguments { path, nodes, time, options } = arguments;
    let directory = if path.join(journal::FILE_NAME).exists() {
        super::find(path)?
    } else {
        let run = RunArguments { quiet: true, ..RunArguments::on(path.clone()) };
        // This process runs no simulation.
        let none = |configuration: &Configuration| {
            Ok(Box::new(Local::new(configuration.limits.time_limit)) as Box<dyn Executor>)
        };
        super::run::begin(run, none)?.directory().clone()
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
    let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
    let nodes = match limits.executor {
        ExecutorKind::Srun => Some(nodes.unwrap_or(NonZeroU32::MIN)),
        _ if nodes.is_some() => {
            return Err(Failure::bad_input(
                "--nodes is for executor = \"srun\", which runs simulations on the controller's nodes",
                format!("leave it out, or run `{} resume --executor srun`", program()),
            ));
        }
        _ => None,
    };
    let job = ControllerJob::prepare(directory.path(), *time, nodes, &limits.slurm, options)
        .map_err(failed)?;
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
