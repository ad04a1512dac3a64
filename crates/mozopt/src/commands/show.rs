//! `mozopt show N`: everything about one candidate.

use comfy_table::CellAlignment;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Number;

use journal::{CandidateRecord, OptimizationDirectory, Phase, Repetition, Validated};
use simulation::{Attempt, CandidateNumber, SimulationResult};

use crate::cli::ShowArguments;
use crate::failure::{FINISHED, Failure};
use crate::report::{amount, named_parameters, place, table, targets_table};
use simulation::quoted;

const LOG_LINES: usize = 10;

#[derive(Serialize)]
struct Shown<'a> {
    candidate: CandidateNumber,
    generation: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fidelity: Option<&'a str>,
    seed: u64,
    attempts: Attempt,
    directory: String,
    parameters: IndexMap<String, Number>,
    result: Option<&'a SimulationResult>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    differences: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repetitions: Vec<ShownRepetition<'a>>,
    log: Vec<String>,
}

#[derive(Serialize)]
struct ShownRepetition<'a> {
    repetition: u32,
    seed: u64,
    counts: bool,
    directory: String,
    result: &'a SimulationResult,
}

/// Prints everything about the candidate.
pub fn show(arguments: &ShowArguments) -> Result<u8, Failure> {
    let directory = super::find(&arguments.optimization)?;
    let (configuration, state) = super::read(&directory)?;
    let Some(record) = state.candidate(arguments.candidate) else {
        let message = format!("there is no candidate {}", arguments.candidate);
        let help = match state.candidates.len() {
            0 => "none has been proposed yet".to_owned(),
            n => format!("the candidates are 0 to {}", n - 1),
        };
        return Err(Failure::bad_input(message, help));
    };
    let simulation = directory.simulation(record.number);
    let log = simulation.log_of(record.result().map(|result| result.outcome), LOG_LINES);
    if arguments.json {
        super::print_json(&Shown {
            candidate: record.number,
            generation: record.generation,
            fidelity: configuration.fidelity_name(record.fidelity),
            seed: record.seed,
            attempts: record.attempts,
            directory: simulation.path().display().to_string(),
            parameters: named_parameters(&configuration, record),
            result: record.result(),
            differences: &record.differences,
            repetitions: record.repetitions.iter().map(|it| shown(&directory, it)).collect(),
            log,
        })?;
        return Ok(FINISHED);
    }
    let mut text = format!(
        "candidate {} of generation {}{}: {}\nseed {}\n",
        record.number,
        record.generation,
        configuration
            .fidelity_name(record.fidelity)
            .map(|name| format!(", fidelity {name}"))
            .unwrap_or_default(),
        outcome(record),
        record.seed
    );
    let mut parameters = table(&["parameter", "value", "range", "position"]);
    for (parameter, &value) in configuration.parameters.iter().zip(&record.parameters) {
        let place = place(parameter, value);
        parameters.add_row([
            parameter.path.clone(),
            amount(value),
            format!("{} – {}", amount(parameter.low), amount(parameter.high)),
            format!("{:.0} %", 100.0 * place),
        ]);
    }
    for column in 1..4 {
        if let Some(column) = parameters.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    text.push_str(&format!("{parameters}\n"));
    if let Some(result) = record.result() {
        text.push_str(&format!(
            "\n{}\n",
            targets_table(&configuration.targets()?, &result.targets, &record.repetitions)
        ));
    }
    text.push_str(&repetitions(&directory, record));
    if let Some(versions) = record.result().and_then(|result| result.versions.as_ref()) {
        text.push_str(&format!("\nversions: {versions}\n"));
    }
    if !record.differences.is_empty() {
        let lines = record.differences.join("\n  ");
        text.push_str(&format!("\nnot as when the search began:\n  {lines}\n"));
    }
    if !log.is_empty() {
        let path = simulation.log();
        let failed = record.result().is_some_and(|result| result.outcome.is_failure());
        let title = if failed { "from the log" } else { "end of the log" };
        let lines = log.join("\n  ");
        text.push_str(&format!("\n{title}, {}:\n  {lines}\n", path.display()));
    }
    if simulation.data_store().exists() {
        text.push_str(&format!("\nits data store: {}\n", simulation.data_store().display()));
    }
    let script = quoted(&simulation.job_script());
    text.push_str(&format!(
        "\nto run it again: bash {script} --again ./candidate-{:06}\n",
        record.number
    ));
    super::print(&text)?;
    Ok(FINISHED)
}

fn shown<'a>(directory: &OptimizationDirectory, of: &'a Repetition) -> ShownRepetition<'a> {
    let &Repetition { candidate, repetition, seed, ref result } = of;
    let directory = directory.validation(candidate, repetition).path().display().to_string();
    ShownRepetition { repetition, seed, counts: of.counts(), directory, result }
}

/// What came out when the candidate was simulated again; nothing where it was not.
fn repetitions(directory: &OptimizationDirectory, record: &CandidateRecord) -> String {
    if record.repetitions.is_empty() {
        return String::new();
    }
    let validated = Validated::of(record.number, &record.repetitions);
    let summary = validated.map_or_else(|| "none counts".to_owned(), |it| it.in_words());
    let mut table = table(&["repetition", "seed", "outcome", "total", "directory"]);
    for of in &record.repetitions {
        let result = &of.result;
        let aside = if of.counts() { "" } else { " (does not count)" };
        table.add_row([
            of.repetition.to_string(),
            of.seed.to_string(),
            format!("{}{aside}", result.outcome.words()),
            format!("{:.3}", result.total),
            shown(directory, of).directory,
        ]);
    }
    for column in [0, 1, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("\nsimulated again: {summary}\n{table}\n")
}

fn outcome(record: &CandidateRecord) -> String {
    match &record.phase {
        Phase::Waiting => "waits to be simulated".to_owned(),
        Phase::Submitting => "was being submitted".to_owned(),
        Phase::Submitted { job } => format!("submitted as {job}"),
        Phase::Finished(result) => {
            let reason = result.reason.as_ref().map(|reason| format!(", {reason}"));
            format!(
                "{}{}; total {:.3}, after {:.1} s",
                result.outcome.words(),
                reason.unwrap_or_default(),
                result.total,
                result.simulation_seconds
            )
        }
    }
}
