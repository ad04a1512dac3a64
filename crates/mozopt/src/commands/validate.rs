//! `mozopt validate`: the full protocol on the best candidates.

use std::path::Path;

use configuration::Configuration;
use dispatcher::Task;
use journal::{CandidateRecord, State};
use search::Interrupt;
use simulation::SimulationResult;

use super::figures::cannot_write;
use super::inspect::Inspection;
use crate::cli::{InspectFormat, ValidateArguments};
use crate::failure::{FAILED, FINISHED, Failure, STOPPED};
use crate::validation::{CandidateComparison, Comparison, Counted, results, task};

/// More simulations of a candidate tell nothing more.
const MOST_SEEDS: u32 = 1000;

/// Simulates, inspects, compares, and prints the comparison.
pub fn validate(arguments: &ValidateArguments) -> Result<u8, Failure> {
    if arguments.seeds.get() > MOST_SEEDS {
        let message = format!("--seeds {}: at most {MOST_SEEDS} make sense", arguments.seeds);
        return Err(Failure::bad_input(message, "3 are usual"));
    }
    let optimization = super::find(&arguments.optimization)?;
    let (configuration, state) = super::read(&optimization)?;
    let records = chosen(arguments, &state)?;
    let script = script(arguments, &configuration)?;
    let run = |record: &CandidateRecord, number| {
        let ValidateArguments { protocol, vary, .. } = arguments;
        let mut run = task(&optimization, &configuration, record, number, protocol, *vary);
        if let (Some(script), Some(mozaik)) = (script, &mut run.simulation.mozaik) {
            mozaik.script = Some(script.to_owned());
        }
        run
    };
    let seeds = 1..=arguments.seeds.get();
    let runs: Vec<Task> =
        records.iter().flat_map(|record| seeds.clone().map(|number| run(record, number))).collect();

    let mut limits = state.limits.clone().unwrap_or_else(|| configuration.limits.clone());
    limits.executor = arguments.executor.unwrap_or(limits.executor);
    limits.slots = arguments.slots.map_or(limits.slots, usize::from);
    limits.time_limit = arguments.time_limit.unwrap_or(limits.time_limit);
    let interrupt = Interrupt::listen()
        .map_err(|error| Failure::failed(error, "signals cannot be received on this system"))?;
    say!("{} simulations of the protocol {}", runs.len(), arguments.protocol);
    if let Some(notice) = arguments.vary.notice(&configuration.simulator) {
        say!("note: {notice}");
    }
    let results = results(&configuration, limits, &runs, &interrupt, &|words| say!("{words}"))?;
    let Some(results) = results else {
        say!("stopped; finished simulations are kept: run the same command to continue");
        return Ok(STOPPED);
    };

    let mut known: Vec<(&Task, Option<SimulationResult>, Option<String>)> = vec![];
    for (run, result) in runs.iter().zip(results) {
        let page = inspected(run, arguments.keep)?;
        known.push((run, result, page));
    }
    let new_networks = !arguments.vary.further_seeds(&configuration.simulator).is_empty();
    let targets =
        Counted::of(configuration.targets()?, known.iter().filter_map(|it| it.1.as_ref()));
    let of_record = |record: &&CandidateRecord| {
        let is_its = |(run, ..): &&(&Task, _, _)| run.simulation.candidate == record.number;
        let runs: Vec<_> = known.iter().filter(is_its).cloned().collect();
        CandidateComparison::new(&optimization, &configuration, &targets, record, &runs)
    };
    let candidates = records.iter().map(of_record).collect();
    let comparison = Comparison {
        optimization: optimization.path().display().to_string(),
        protocol: arguments.protocol.to_string(),
        new_networks,
        candidates,
        targets,
    };
    let directory = optimization.protocol(&arguments.protocol, new_networks);
    let json = comparison.json()?;
    for (name, content) in [("comparison.json", &json), ("comparison.html", &comparison.html())] {
        let path = directory.join(name);
        durable::write(&path, content.as_bytes()).map_err(|error| cannot_write(&path, &error))?;
        say!("written: {}", path.display());
    }
    if arguments.json {
        super::print(&format!("{json}\n"))?;
    } else {
        super::print(&comparison.in_words())?;
    }
    let measured = comparison.candidates.iter().any(CandidateComparison::is_measured);
    Ok(if measured { FINISHED } else { FAILED })
}

/// The candidates that the user means, once each.
fn chosen<'s>(
    arguments: &ValidateArguments,
    state: &'s State,
) -> Result<Vec<&'s CandidateRecord>, Failure> {
    let mut records: Vec<&CandidateRecord> = vec![];
    let mut add = |record: &'s CandidateRecord| {
        if !records.iter().any(|known| known.number == record.number) {
            records.push(record);
        }
    };
    if arguments.candidates.is_empty() {
        let best = state.recommended().into_iter().chain(state.ranked());
        best.for_each(|(record, _)| add(record));
        records.truncate(arguments.best.map_or(1, usize::from));
        if records.is_empty() {
            let message = "no candidate has been measured yet";
            return Err(Failure::bad_input(message, "name candidates with --candidates"));
        }
        return Ok(records);
    }
    for &number in &arguments.candidates {
        let record = state.candidate(number).ok_or_else(|| {
            let message = format!("there is no candidate {number}");
            Failure::bad_input(
                message,
                format!("{} candidates were proposed", state.candidates.len()),
            )
        })?;
        add(record);
    }
    Ok(records)
}

/// The run script to use instead of that of the search. A run script presents one protocol, which
/// is that of the search.
fn script<'a>(
    arguments: &'a ValidateArguments,
    configuration: &Configuration,
) -> Result<Option<&'a str>, Failure> {
    let given = arguments.script.as_deref();
    let own = configuration.simulator.mozaik.as_ref().and_then(|mozaik| mozaik.script.as_ref());
    match (given, own) {
        (None, Some(own)) => Err(Failure::bad_input(
            format!("the search runs {own}, which presents only one protocol"),
            format!(
                "name the run script that presents the protocol {} with --script",
                arguments.protocol
            ),
        )),
        (Some(_), _) if configuration.simulator.mozaik.is_none() => Err(Failure::bad_input(
            "--script is only for mozaik models with their own run script",
            "leave it out",
        )),
        (given, _) => Ok(given),
    }
}

/// Inspects what a run left, once; the page, relative to the comparison. The data goes where it is
/// not kept.
fn inspected(run: &Task, keep: bool) -> Result<Option<String>, Failure> {
    let directory = run.directory.path();
    let page = directory.join("inspection.html");
    let store = run.directory.data_store();
    if store.exists() && is_newer(&run.directory.result(), &page) {
        say!("inspecting {}", directory.display());
        match Inspection::of(&store, &[]) {
            Ok(inspection) => {
                inspection.write(InspectFormat::Json, None, directory)?;
                inspection.write(InspectFormat::Html, None, directory)?;
            }
            Err(failure) => {
                for report in failure.reports() {
                    say!("{report:?}");
                }
            }
        }
    }
    if !keep {
        run.directory.remove_data_store().map_err(|error| {
            let message = format!("cannot remove {}: {error}", store.display());
            Failure::failed(message, "remove it yourself")
        })?;
    }
    let name = directory.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(name.filter(|_| page.exists()).map(|name| format!("{name}/inspection.html")))
}

/// Whether a file was written after another one, or the other is not there.
fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    time(file) > time(than)
}
