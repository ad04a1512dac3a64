//! `mozopt status`: where an optimization stands.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::StatusArguments;
use crate::failure::{FINISHED, Failure, program};
use crate::journal::{ControllerLock, Holder, Phase};
use crate::optimization_directory::OptimizationDirectory;
use crate::report::{Summary, closing};

#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    summary: Summary,
    controller: Option<Holder>,
    running: usize,
    failures: BTreeMap<&'static str, usize>,
}

/// Prints where the optimization stands.
pub fn status(arguments: &StatusArguments) -> Result<u8, Failure> {
    let directory = OptimizationDirectory::find(&arguments.optimization)?;
    let controller = ControllerLock::holder_of(directory.path());
    let (configuration, state) = super::read(&directory)?;
    let submitted = |phase: &Phase| matches!(phase, Phase::Submitted { .. });
    let running = state.candidates.iter().filter(|record| submitted(&record.phase)).count();
    let mut failures = BTreeMap::new();
    for (_, result) in state.finished().filter(|(_, result)| result.outcome.is_failure()) {
        *failures.entry(result.outcome.words()).or_default() += 1;
    }
    if arguments.json {
        let summary = Summary::of(&directory, &configuration, &state);
        super::print_json(&Status { summary, controller, running, failures })?;
        return Ok(FINISHED);
    }
    let mut text = format!("{}\n", directory.shown());
    match (&controller, &state.stopped) {
        (Some(Holder { host, pid, since }), _) => {
            text.push_str(&format!("running: process {pid} on {host} since {since:.0}\n"));
        }
        (None, Some(_)) => {}
        (None, None) => {
            let resume = format!("`{} resume {}`", program(), directory.shown());
            text.push_str(&format!("its controller was killed: continue with {resume}\n"));
        }
    }
    if running > 0 {
        text.push_str(&format!("{running} simulations submitted\n"));
    }
    if !failures.is_empty() {
        let words: Vec<_> = failures.iter().map(|(class, n)| format!("{n} {class}")).collect();
        text.push_str(&format!("failures: {}\n", words.join(", ")));
    }
    text.push_str(&closing(&directory, &configuration, &state)?);
    super::print(&text)?;
    Ok(FINISHED)
}
