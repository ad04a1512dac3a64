//! What can be found wrong with a search before it costs anything: `mozopt check`.

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

use configuration::Configuration;
use reading::{Examined, Loaded, Settings};

use crate::{Findings, Status};
pub use trial::{
    Trial, TrialError, compare as compare_trials, look as look_at_trial, run as run_trials,
};

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
        findings.add_mistake("configuration", mistake);
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
