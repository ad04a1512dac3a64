//! `mozopt evaluate`: values and scores of the targets on data stores that are there.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use comfy_table::CellAlignment;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use targets::{Target, measure, measure_as_predecessor};

use configuration::ConfiguredTarget;
use reading::read_targets;
use simulation::{TargetResult, measure_by_commands};

use crate::cli::EvaluateArguments;
use crate::data_store::memory::{Memory, available, needed_for};
use crate::failure::{FAILED, FINISHED, Failure};
use crate::report::{table, targets_table};
use simulation::data_store::{self, DataStore};

/// What is known of one store; what is printed with `--json`.
#[derive(Debug, Serialize)]
struct Evaluation {
    store: String,
    exploded: bool,
    /// The sum of the scores; `None` if the store cannot be read.
    total: Option<f64>,
    targets: Vec<TargetResult>,
    /// What is missing from the store.
    deficiencies: Vec<String>,
    /// Whether the predecessor's rules were followed, defects included.
    predecessor: bool,
    /// Why the store cannot be read.
    error: Option<String>,
}

/// Evaluates the stores and prints what was found.
pub fn evaluate(arguments: &EvaluateArguments) -> Result<u8, Failure> {
    let (targets, model_directory) = read_targets(&arguments.config)?;
    let stores = find_all(&arguments.stores)?;
    let limit = arguments.memory_limit.unwrap_or_else(available);
    let jobs = arguments
        .jobs
        .map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let evaluations = evaluate_all(&stores, jobs.min(stores.len()), &Memory::new(limit), |store| {
        evaluate_store(store, &model_directory, &targets, arguments.predecessor)
    });
    if arguments.json {
        match &evaluations[..] {
            [only] => super::print_json(only)?,
            several => super::print_json(&several)?,
        }
    } else if let [only] = &evaluations[..] {
        super::print(&described(only, &targets))?;
    } else {
        super::print(&listed(&evaluations))?;
    }
    let broken = evaluations.iter().filter(|evaluation| evaluation.error.is_some()).count();
    if broken > 0 {
        say!("{broken} of {} stores could not be evaluated", evaluations.len());
        return Ok(FAILED);
    }
    Ok(FINISHED)
}

fn find_all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut stores = vec![];
    for path in paths {
        let found = data_store::find(path).map_err(|error| {
            let message = format!("cannot read the directory {}: {error}", path.display());
            Failure::bad_input(message, "name the directory of a data store")
        })?;
        if found.is_empty() {
            return Err(Failure::bad_input(
                format!("there is no data store in {}", path.display()),
                "a data store is a directory with datastore.recordings.pickle and \
                 Segment0.pickle … (mozaik), or recording.json (the embedded model)",
            ));
        }
        stores.extend(found);
    }
    Ok(stores)
}

/// Evaluates stores in parallel within the memory limit; results in the order of the stores.
fn evaluate_all(
    stores: &[PathBuf],
    jobs: usize,
    memory: &Memory,
    evaluate: impl Fn(&Path) -> Evaluation + Sync,
) -> Vec<Evaluation> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![]);
    let progress = progress(stores.len());
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(store) = stores.get(i) else { break };
            let taken = memory.take(needed_for(store));
            let evaluation = evaluate(store);
            drop(taken);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((i, evaluation));
            progress.inc(1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs {
            // What no thread can be had for is done by this one.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    progress.finish_and_clear();
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|&(i, _)| i);
    done.into_iter().map(|(_, evaluation)| evaluation).collect()
}

fn progress(stores: usize) -> ProgressBar {
    if stores < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{pos} of {len} data stores evaluated [{bar:30}] {eta} left";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(stores as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn evaluate_store(
    path: &Path,
    model_directory: &Path,
    targets: &[ConfiguredTarget],
    predecessor: bool,
) -> Evaluation {
    let store = match DataStore::open(path) {
        Ok(store) => store,
        Err(error) => return Evaluation::failed(path, error.to_string()),
    };
    let recording = store.recording();
    let measured: Vec<_> = targets.iter().map(|configured| &configured.target).collect();
    let values = if predecessor {
        match measure_as_predecessor(recording, &measured) {
            Ok(values) => values,
            Err(error) => return Evaluation::failed(path, error.to_string()),
        }
    } else {
        measure(recording, &measured)
    };
    let score = if predecessor { Target::score_as_predecessor } else { Target::score };
    let values = measure_by_commands(values, path, model_directory, targets);
    let scored: Vec<_> = targets
        .iter()
        .zip(&values)
        .map(|(target, value)| TargetResult::new(target, value, score(&target.target, value)))
        .collect();
    Evaluation {
        store: path.display().to_string(),
        exploded: recording.explosion_detected(),
        total: Some(scored.iter().map(|target| target.score).sum()),
        targets: scored,
        deficiencies: store.deficiencies().to_vec(),
        predecessor,
        error: None,
    }
}

impl Evaluation {
    fn failed(path: &Path, error: String) -> Self {
        Self {
            store: path.display().to_string(),
            exploded: false,
            total: None,
            targets: vec![],
            deficiencies: vec![],
            predecessor: false,
            error: Some(error),
        }
    }
}

/// One store for people.
fn described(evaluation: &Evaluation, targets: &[ConfiguredTarget]) -> String {
    let mut text = format!("data store {}\n", evaluation.store);
    if let Some(error) = &evaluation.error {
        return format!("{text}cannot be evaluated: {error}\n");
    }
    if evaluation.exploded {
        text.push_str("exploded: the network's activity ran away\n");
    }
    for deficiency in &evaluation.deficiencies {
        text.push_str(&format!("incomplete: {deficiency}\n"));
    }
    text.push_str(&targets_table(targets, &evaluation.targets, &[]));
    let total = evaluation.total.unwrap_or_default();
    let rules = if evaluation.predecessor { ", by the predecessor's rules" } else { "" };
    text + &format!("\ntotal {total:.4}{rules}\n")
}

/// Several stores for people.
fn listed(evaluations: &[Evaluation]) -> String {
    let mut rows = table(&["data store", "total", "values", "worst targets"]);
    for evaluation in evaluations {
        let Some(total) = evaluation.total else {
            rows.add_row([&*evaluation.store, "none", "none", "cannot be evaluated"]);
            continue;
        };
        let targets = &evaluation.targets;
        let mut worst: Vec<_> = targets.iter().filter(|target| target.score > 0.0).collect();
        worst.sort_by(|a, b| b.score.total_cmp(&a.score));
        let worst: Vec<_> = worst
            .iter()
            .take(3)
            .map(|target| format!("{} {:.1}", target.target.name, target.score))
            .collect();
        let measured = targets.iter().filter(|target| target.value.is_some()).count();
        let exploded = if evaluation.exploded { "exploded; " } else { "" };
        rows.add_row([
            evaluation.store.clone(),
            format!("{total:.2}"),
            format!("{measured} of {}", targets.len()),
            format!("{exploded}{}", worst.join(", ")),
        ]);
    }
    for column in 1..3 {
        if let Some(column) = rows.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!("{rows}\n");
    for evaluation in evaluations {
        for words in evaluation.deficiencies.iter().chain(&evaluation.error) {
            text.push_str(&format!("{}: {words}\n", evaluation.store));
        }
    }
    text
}
