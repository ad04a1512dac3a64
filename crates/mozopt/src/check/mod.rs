//! What can be found wrong with a search before it costs anything.

mod budget;
mod cell_models;
mod environment;
mod launcher;
mod overrides;
mod plastic_synapses;
mod protocol;
mod recording;
mod required_parameters;
mod script;
mod shell;
mod trial;

use std::path::Path;

use serde::Serialize;

use configuration::Configuration;
use reading::{Examined, Loaded, Settings};

use crate::failure::Failure;
pub use trial::{Trial, look as look_at_trial, run as run_trial};

/// Everything that was found.
#[derive(Default)]
pub struct Findings(pub Vec<Finding>);

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub about: &'static str,
    /// How it stands.
    pub status: Status,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The place in a file, ready to be printed.
    #[serde(skip)]
    pub report: Option<miette::Report>,
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// May go wrong.
    Warning,
    /// Will go wrong.
    Problem,
}

impl Findings {
    /// Notes something.
    pub fn add(&mut self, about: &'static str, status: Status, message: impl Into<String>) {
        let message = message.into();
        self.0.push(Finding { about, status, message, help: None, report: None });
    }

    /// Notes something about which something is to be done.
    pub fn add_with_help(
        &mut self,
        about: &'static str,
        status: Status,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(about, status, message);
        if let Some(last) = self.0.last_mut() {
            last.help = Some(help.into());
        }
    }

    fn add_failure(&mut self, about: &'static str, failure: Failure) {
        let reports = match failure {
            Failure::BadInput(reports) => reports,
            Failure::Failed(report) => vec![report],
        };
        for report in reports {
            self.0.push(Finding {
                about,
                status: Status::Problem,
                message: report.to_string(),
                help: report.help().map(|help| help.to_string()),
                report: Some(report),
            });
        }
    }

    /// The worst of them.
    pub fn worst(&self) -> Status {
        self.0.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok)
    }
}

/// Looks at everything that needs no simulation. Also gives the configuration, if it is whole.
pub fn look(
    directory: &Path,
    config: Option<&Path>,
    output: &Path,
    flags: Settings,
) -> (Findings, Option<Loaded>) {
    let mut findings = Findings::default();
    let mut examined = Examined::new(directory, config, flags);
    let mistakes = std::mem::take(&mut examined.mistakes);
    let are_any = !mistakes.is_empty();
    for mistake in mistakes {
        findings.add_failure("configuration", mistake.into());
    }
    if let Some(loaded) = &examined.loaded {
        let Configuration { parameters, .. } = &loaded.configuration;
        let targets = loaded.configuration.target_count();
        if !are_any {
            let message = format!("{} parameters, {targets} targets", parameters.len());
            findings.add("configuration", Status::Ok, message);
        }
        for notice in &loaded.notices {
            findings.add("configuration", Status::Note, notice.clone());
        }
    }
    overrides::look(&examined, &mut findings);
    recording::look(&examined, &mut findings);
    let answer = environment::look(&examined, output, &mut findings);
    protocol::look(&examined, answer.as_ref(), &mut findings);
    budget::look(&examined, output, &mut findings);
    (findings, examined.loaded.filter(|_| !are_any))
}
