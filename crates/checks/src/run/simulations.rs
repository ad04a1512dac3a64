//! What lies in the directories of the simulations, and what the journal says of them.

use std::fs;
use std::path::Path;

use journal::{CandidateRecord, Phase};
use simulation::{
    CandidateNumber, Finished, Simulation, SimulationDirectory, SimulationResult, listed,
};

use super::{Patient, is_at_work, place};
use crate::{Findings, Status};

const ABOUT: &str = "simulations";

/// Candidates that the journal calls running and that do not, by what became of them.
#[derive(Default)]
struct Ended {
    with_result: Vec<CandidateNumber>,
    without_result: Vec<CandidateNumber>,
    not_begun: Vec<CandidateNumber>,
    without_directory: Vec<CandidateNumber>,
}

/// Compares the journal with what is there.
pub fn look(patient: &Patient<'_>, findings: &mut Findings) {
    let before = findings.0.len();
    let mut ended = Ended::default();
    for record in &patient.state.candidates {
        let directory = patient.directory.simulation(record.number);
        if matches!(record.phase, Phase::Submitting | Phase::Submitted { .. }) {
            look_at_running(record, &directory, &mut ended, findings);
        } else if patient.controller.is_none() && is_at_work(&directory) {
            // A controller that runs may submit it in this moment.
            let (number, place) = (record.number, place(&directory));
            let message =
                format!("candidate {number} runs ({place}), but the journal knows nothing of it");
            let help = "wait for its end, or end it, before the search goes on";
            findings.add_with_help(ABOUT, Status::Problem, message, help);
        }
        if record.was_begun() {
            look_at_files(record, &directory, findings);
        }
    }
    ended.tell(patient, findings);
    look_at_data_stores(patient, findings);
    look_at_strangers(patient, findings);
    if findings.0.len() == before {
        let message = match patient.state.run_here().count() {
            0 => "none has ended".to_owned(),
            1 => "1 has ended, none runs".to_owned(),
            n => format!("{n} have ended, none runs"),
        };
        findings.add(ABOUT, Status::Ok, message);
    }
}

/// Whether a simulation is where the journal has it.
fn look_at_running(
    record: &CandidateRecord,
    directory: &SimulationDirectory,
    ended: &mut Ended,
    findings: &mut Findings,
) {
    let CandidateRecord { number, attempts, .. } = *record;
    let finished = durable::read_json::<Finished>(&directory.finished()).ok();
    if is_at_work(directory) {
        let message = format!("candidate {number} runs: attempt {attempts}, {}", place(directory));
        findings.add(ABOUT, Status::Ok, message);
    } else if finished.is_some_and(|finished| finished.attempt == attempts) {
        ended.with_result.push(number);
    } else if directory.started().exists() {
        ended.without_result.push(number);
    } else if directory.path().exists() {
        ended.not_begun.push(number);
    } else {
        ended.without_directory.push(number);
    }
}

impl Ended {
    fn tell(&self, patient: &Patient<'_>, findings: &mut Findings) {
        use Status::{Note, Warning};
        let kinds = [
            (
                &self.with_result,
                Note,
                "ended, which the journal does not know yet",
                "takes the results",
            ),
            (&self.without_result, Note, "ended without a result", "simulates them again"),
            (&self.not_begun, Note, "submitted, but not begun", "finds out what became of them"),
            (
                &self.without_directory,
                Warning,
                "submitted, but without a directory",
                "simulates them again",
            ),
        ];
        for (candidates, status, what, does) in kinds {
            if !candidates.is_empty() {
                let message = format!("{what}: {}", listed(candidates));
                add_for_controller(patient, status, message, does, findings);
            }
        }
    }
}

/// What a controller does about it: the one that runs, or the next.
fn add_for_controller(
    patient: &Patient<'_>,
    status: Status,
    message: String,
    does: &str,
    findings: &mut Findings,
) {
    let who = match patient.controller {
        Some(_) => "the controller".to_owned(),
        None if patient.journal_is_whole => patient.command("resume"),
        None => format!("after the repair {}", patient.command("resume")),
    };
    findings.add_with_help(ABOUT, status, message, format!("{who} {does}"));
}

/// Whether its files can be read, and are its own.
fn look_at_files(
    record: &CandidateRecord,
    directory: &SimulationDirectory,
    findings: &mut Findings,
) {
    let number = record.number;
    match durable::read_json::<Simulation>(&directory.simulation()) {
        Ok(simulation) if simulation.candidate == number && simulation.seed == record.seed => {}
        Ok(simulation) => findings.add_with_help(
            ABOUT,
            Status::Problem,
            format!(
                "the directory of candidate {number} holds the simulation of candidate {} (seed {})",
                simulation.candidate, simulation.seed
            ),
            "were directories moved or copied? what lies there is not what the journal says",
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => findings.add(ABOUT, Status::Warning, error.to_string()),
    }
    match durable::read_json::<SimulationResult>(&directory.result()) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            let help = match record.result() {
                Some(_) => "the journal has its outcome: nothing is lost",
                None => "it is taken for missing: the simulation is run again",
            };
            findings.add_with_help(ABOUT, Status::Warning, error.to_string(), help);
        }
    }
}

/// Data stores that are kept although the rule says no.
fn look_at_data_stores(patient: &Patient<'_>, findings: &mut Findings) {
    let Some(limits) = patient.limits().filter(|limits| !limits.keep_all) else { return };
    let best: Vec<CandidateNumber> = patient
        .state
        .ranked()
        .iter()
        .take(limits.keep_best)
        .map(|(record, _)| record.number)
        .collect();
    let is_left = |record: &&CandidateRecord| {
        let is_kept = record.result().is_none_or(|result| {
            best.contains(&record.number) || (limits.keep_failures && result.outcome.is_failure())
        });
        let directory = patient.directory.simulation(record.number);
        !is_kept && record.was_begun() && directory.data_store().exists()
    };
    let left: Vec<CandidateNumber> =
        patient.state.candidates.iter().filter(is_left).map(|record| record.number).collect();
    if !left.is_empty() {
        let message = format!("data stores that need not be kept are there, of {}", listed(&left));
        add_for_controller(patient, Status::Note, message, "removes them", findings);
    }
}

/// Directories that no candidate has.
fn look_at_strangers(patient: &Patient<'_>, findings: &mut Findings) {
    // A controller that runs has proposed more since.
    if patient.controller.is_some() {
        return;
    }
    let place = patient.directory.path().join("simulations");
    let entries = match fs::read_dir(&place) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("simulations/ cannot be read: {error}");
            return findings.add(ABOUT, Status::Problem, message);
        }
    };
    let mut unknown: Vec<CandidateNumber> = vec![];
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let Some(number) = number_of(&path) else {
            let message = format!("{} is no simulation of the search", path.display());
            findings.add(ABOUT, Status::Note, message);
            continue;
        };
        if patient.state.candidate(number).is_none() {
            unknown.push(number);
        }
    }
    unknown.sort_unstable();
    let at_work =
        unknown.iter().copied().filter(|&number| is_at_work(&patient.directory.simulation(number)));
    let at_work: Vec<CandidateNumber> = at_work.collect();
    if !at_work.is_empty() {
        let message =
            format!("simulations run that the journal does not know: {}", listed(&at_work));
        let help = "wait for their end, or end them, before the search goes on";
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    if !unknown.is_empty() {
        let message = format!("directories without a candidate: {}", listed(&unknown));
        let help = "what lies there is replaced when a candidate gets the number";
        let status = if patient.journal_is_whole { Status::Warning } else { Status::Note };
        findings.add_with_help(ABOUT, status, message, help);
    }
}

/// The candidate that has this directory: `simulations/000217`.
fn number_of(path: &Path) -> Option<CandidateNumber> {
    let name = path.file_name()?.to_str()?;
    let number = name.parse().ok()?;
    (name == format!("{number:06}")).then_some(number)
}
