//! `mozopt export`: parameters and results for other programs.

use std::fmt::Write as _;
use std::path::Path;

use mozaik_parameters::{Override, Value};
use serde_json::Number;

use configuration::{Configuration, Objectives};
use journal::{CandidateRecord, Repetition, State};
use preparation::ParameterFolder;
use simulation::{CandidateNumber, SimulationResult};

use crate::cli::{ExportArguments, ExportFormat};
use crate::failure::{FINISHED, Failure};
use crate::report::named_parameters;

/// Exports the parameters of one candidate, or the table of all.
pub fn export(arguments: &ExportArguments) -> Result<u8, Failure> {
    let directory = super::find(&arguments.optimization)?;
    let (configuration, state) = super::read(&directory)?;
    let text = match arguments.format {
        ExportFormat::Json => {
            let record = chosen(&state, arguments.candidate)?;
            let parameters = named_parameters(&configuration, record);
            let json = serde_json::to_string_pretty(&parameters);
            format!(
                "{}\n",
                json.map_err(|error| Failure::failed(error, "this is a bug in mozopt"))?
            )
        }
        ExportFormat::Overrides => overrides(&configuration, chosen(&state, arguments.candidate)?),
        ExportFormat::Params => {
            let record = chosen(&state, arguments.candidate)?;
            return params(&configuration, record, arguments.output.as_deref());
        }
        ExportFormat::Csv => printable::escaped(&csv(&configuration, &state)?).into_owned(),
        ExportFormat::Front => {
            let table = front(&configuration, &state, arguments.objectives)?;
            printable::escaped(&table).into_owned()
        }
    };
    match &arguments.output {
        None => super::print(&text)?,
        Some(path) => durable::write(path, text.as_bytes()).map_err(|error| {
            let message = format!("cannot write {}: {error}", path.display());
            Failure::bad_input(message, "choose another path with --output")
        })?,
    }
    Ok(FINISHED)
}

fn chosen(state: &State, candidate: Option<CandidateNumber>) -> Result<&CandidateRecord, Failure> {
    match candidate {
        Some(number) => state.candidate(number).ok_or_else(|| {
            let help = "list the candidates with `mozopt export --format csv`";
            Failure::bad_input(format!("there is no candidate {number}"), help)
        }),
        None => state.recommended().map(|(record, _)| record).ok_or_else(|| {
            let help = "choose one with --candidate";
            Failure::bad_input("no candidate has been measured yet", help)
        }),
    }
}

/// `PATH VALUE` pairs, as mozaik's command line takes them before the name of the run.
fn overrides(configuration: &Configuration, record: &CandidateRecord) -> String {
    let mut text = String::new();
    for (path, value) in named_parameters(configuration, record) {
        let separator = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{separator}{path} {value}");
    }
    text.push('\n');
    text
}

/// A copy of the model's parameter files with the candidate's values.
fn params(
    configuration: &Configuration,
    record: &CandidateRecord,
    output: Option<&Path>,
) -> Result<u8, Failure> {
    let Some(mozaik) = &configuration.simulator.mozaik else {
        let kind = configuration.simulator.kind;
        let message = format!(
            "only mozaik models have parameter files, and this search has kind = \"{kind}\""
        );
        return Err(Failure::bad_input(message, "use --format json for the values"));
    };
    let Some(directory) = output else {
        let help = "name a new one with --output, preferably in the model's directory";
        return Err(Failure::bad_input("the parameter files need a directory", help));
    };
    let overrides: Vec<Override> = named_parameters(configuration, record)
        .iter()
        .map(|(path, number)| Override { path: path.as_str().into(), value: value(number) })
        .collect();
    let model_directory = &*configuration.model_directory;
    let root = &*mozaik.parameters_file;
    let root = ParameterFolder { model_directory, root, overrides: &overrides }.write(directory)?;
    let script = mozaik.script.as_deref().unwrap_or("run.py");
    say!(
        "{}: candidate {}, {} values. To run it, in {}:\n  {} {script} nest {} {root} NAME",
        directory.display(),
        record.number,
        overrides.len(),
        model_directory.display(),
        mozaik.python,
        configuration.threads,
    );
    Ok(FINISHED)
}

/// A number as mozaik was given it.
fn value(number: &Number) -> Value {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => Value::Integer(integer),
        (None, float) => Value::Float(float.unwrap_or(f64::NAN)),
    }
}

/// The columns of a simulation's bill.
const BILLED: [&str; 6] =
    ["queue_seconds", "job_seconds", "cores", "cpu_seconds", "cpu_efficiency", "peak_memory"];

/// How long a simulation waited and ran, on how many cores, and how much of them and of the memory
/// (bytes) it used.
fn bill(
    submitted: Option<jiff::Timestamp>,
    result: Option<&SimulationResult>,
    asked: usize,
) -> [String; 6] {
    let Some(result) = result else { return Default::default() };
    let number = |number: Option<f64>| number.map_or_else(String::new, exact);
    let waited = submitted
        .zip(result.started)
        .map(|(submitted, started)| started.duration_since(submitted).as_secs_f64().max(0.0));
    let cores = result.cores.map_or(asked as f64, f64::from);
    let ran = result.job_seconds();
    let efficiency = result.cpu_seconds.filter(|_| ran > 0.0).map(|used| used / (cores * ran));
    [
        number(waited),
        exact(ran),
        exact(cores),
        number(result.cpu_seconds),
        number(efficiency),
        result.peak_memory.map_or_else(String::new, |bytes| bytes.to_string()),
    ]
}

/// The column that numbers the repetitions of a candidate.
const REPEAT: &str = "repeat";

/// One line for each candidate: what was proposed and what came out; then one for each repetition,
/// if there are any.
fn csv(configuration: &Configuration, state: &State) -> Result<String, Failure> {
    let targets = configuration.targets()?;
    let names = || targets.iter().map(|configured| configured.target.name.as_str());
    let mut header: Vec<String> =
        ["candidate", "generation", "seed", "attempts", "outcome", "reason", "total", "seconds"]
            .map(str::to_owned)
            .to_vec();
    header.extend(configuration.parameters.iter().map(|parameter| parameter.path.clone()));
    header.extend(names().map(|name| format!("value {name}")));
    header.extend(names().map(|name| format!("score {name}")));
    // What a site bills is of interest where there is one; other tables stay as they are.
    let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
    let is_billed = limits.executor.is_slurms();
    header.extend(BILLED.iter().filter(|_| is_billed).map(|name| (*name).to_owned()));
    let has_cheaper = !configuration.fidelities.is_empty();
    header.extend(has_cheaper.then(|| "fidelity".to_owned()));
    let repetitions = || {
        state.candidates.iter().flat_map(|record| {
            record.repetitions.iter().map(move |repetition| (record, Some(repetition)))
        })
    };
    let has_repetitions = repetitions().next().is_some();
    header.extend(has_repetitions.then(|| REPEAT.to_owned()));
    let failed = |error: csv::Error| Failure::failed(error, "this is a bug in mozopt");
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(&header).map_err(failed)?;
    let candidates = state.candidates.iter().map(|record| (record, None::<&Repetition>));
    for (record, repetition) in candidates.chain(repetitions()) {
        let result = repetition.map_or(record.result(), |repetition| Some(&repetition.result));
        let mut row = vec![
            record.number.to_string(),
            record.generation.to_string(),
            repetition.map_or(record.seed, |repetition| repetition.seed).to_string(),
            repetition.map_or_else(|| record.attempts.to_string(), |_| String::new()),
            result.map_or("", |result| result.outcome.words()).to_owned(),
            result.and_then(|result| result.reason.clone()).unwrap_or_default(),
            result.map_or_else(String::new, |result| exact(result.total)),
            result.map_or_else(String::new, |result| exact(result.simulation_seconds)),
        ];
        row.extend(named_parameters(configuration, record).values().map(ToString::to_string));
        let measured = |i: usize| result.and_then(|result| result.targets.get(i));
        let all = 0..targets.len();
        row.extend(
            all.clone().map(|i| {
                measured(i).and_then(|target| target.value).map_or_else(String::new, exact)
            }),
        );
        row.extend(all.map(|i| measured(i).map_or_else(String::new, |target| exact(target.score))));
        if is_billed {
            let submitted = record.submitted.filter(|_| repetition.is_none());
            row.extend(bill(submitted, result, configuration.cores(record.fidelity, limits)));
        }
        row.extend(configuration.fidelity_name(record.fidelity).map(str::to_owned));
        let number = |it: &Repetition| it.repetition.to_string();
        row.extend(has_repetitions.then(|| repetition.map(number).unwrap_or_default()));
        writer.write_record(&row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One line for each candidate that no other beats: the sums of scores that are its objectives.
fn front(
    configuration: &Configuration,
    state: &State,
    objectives: Option<Objectives>,
) -> Result<String, Failure> {
    let of = objectives.unwrap_or(configuration.optimizer.objectives);
    let (groups, names) = configuration.objectives(of)?;
    let completed = state.ranked();
    let sums: Vec<Vec<f64>> = completed
        .iter()
        .map(|(_, result)| {
            let mut sums = vec![0.0; names.len()];
            for (target, &group) in result.targets.iter().zip(&groups) {
                sums[group] += target.score;
            }
            sums
        })
        .collect();
    let points: Vec<&[f64]> = sums.iter().map(Vec::as_slice).collect();
    let failed = |error: csv::Error| Failure::failed(error, "this is a bug in mozopt");
    let mut writer = csv::Writer::from_writer(vec![]);
    let mut header = vec!["candidate".to_owned(), "total".to_owned()];
    header.extend(names.iter().map(|name| format!("objective {name}")));
    header.extend(configuration.parameters.iter().map(|parameter| parameter.path.clone()));
    writer.write_record(&header).map_err(failed)?;
    for i in optimizers::pareto_front(&points) {
        let (record, result) = completed[i];
        let mut row = vec![record.number.to_string(), exact(result.total)];
        row.extend(sums[i].iter().map(|&sum| exact(sum)));
        row.extend(named_parameters(configuration, record).values().map(ToString::to_string));
        writer.write_record(&row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The shortest text that gives back the same number.
fn exact(value: f64) -> String {
    Number::from_f64(value).map_or_else(String::new, |number| number.to_string())
}
