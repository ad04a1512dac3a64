//! `mozopt status`: where an optimization stands.

use std::collections::BTreeMap;

use serde::Serialize;

use durable::read_json;
use journal::{ControllerLock, Holder, Provenance};
use printable::{duration, program};
use simulation::Versions;

use crate::cli::StatusArguments;
use crate::failure::{FINISHED, Failure};
use crate::overview::Overview;
use crate::report::{Summary, closing};
use crate::usage::Usage;

#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    summary: Summary,
    controller: Option<Holder>,
    running: usize,
    failures: BTreeMap<&'static str, usize>,
    usage: Usage,
    versions: Option<Versions>,
}

/// Prints where the optimization stands.
pub fn status(arguments: &StatusArguments) -> Result<u8, Failure> {
    let directory = super::find(&arguments.optimization)?;
    let controller = ControllerLock::holder_of(directory.path());
    let (configuration, state) = super::read(&directory)?;
    let overview = Overview::of(&configuration, &state);
    let usage = Usage::of(&directory, &configuration, &state);
    let provenance: Option<Provenance> = read_json(&directory.provenance()).ok();
    let versions = provenance.and_then(|provenance| provenance.versions);
    if arguments.json {
        let summary = Summary::of(&directory, &configuration, &state);
        let Overview { running, failures, .. } = overview;
        let status = Status { summary, controller, running, failures, usage, versions };
        super::print_json(&status)?;
        return Ok(FINISHED);
    }
    let mut text = format!("{}\n", directory.shown());
    match (&controller, &state.stopped) {
        (Some(Holder { host, pid, since, .. }), _) => {
            text.push_str(&format!("running: process {pid} on {host} since {since:.0}\n"));
        }
        (None, Some(_)) => {}
        (None, None) => {
            let resume = format!("`{} resume {}`", program(), directory.shown());
            text.push_str(&format!("its controller was killed: continue with {resume}\n"));
        }
    }
    if state.paused && controller.is_some() {
        text.push_str("paused: nothing starts until you continue it in `mozopt serve`\n");
    }
    if overview.running > 0 {
        text.push_str(&format!("{} simulations submitted\n", overview.running));
    }
    if let (Some(_), Some(left)) = (&controller, overview.time_left) {
        text.push_str(&format!(
            "{} of {} simulations, about {} left\n",
            overview.simulations,
            overview.simulations_to_run,
            duration(left)
        ));
    }
    if !overview.failures.is_empty() {
        text.push_str(&format!("failures: {}\n", overview.failures_in_words()));
    }
    if let Some(versions) = &versions {
        text.push_str(&format!("versions: {versions}\n"));
    }
    text.push_str(&usage.in_words());
    text.push_str(&closing(&directory, &configuration, &state)?);
    super::print(&text)?;
    Ok(FINISHED)
}
