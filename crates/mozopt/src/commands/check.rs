//! `mozopt check`: finds problems before a week is spent on them.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use checks::setup::{Trial, compare_trials, look, look_at_trial, run_trials};
use checks::{Finding, Status};
use printable::duration;
use printable::program;
use reading::Loaded;
use simulation::{OutcomeClass, SimulationResult};

use crate::cli::CheckArguments;
use crate::failure::{BAD_INPUT, FAILED, FINISHED, Failure, STOPPED, report};
use crate::report::targets_table;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    checks: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    simulation: Option<&'a SimulationResult>,
    /// Those of cheaper versions, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fidelities: BTreeMap<&'a str, &'a SimulationResult>,
}

/// Looks at everything, and simulates once if that was asked for.
pub fn check(arguments: CheckArguments) -> Result<u8, Failure> {
    let CheckArguments { directory, config, output, simulate, json, settings } = arguments;
    let output = output.as_deref().unwrap_or(&directory);
    let (mut findings, loaded) = look(&directory, config.as_deref(), output, *settings);
    if !json {
        super::print(&listed(&findings.0))?;
    }
    let blocked = findings.worst() == Status::Problem;
    let before = findings.0.len();
    let trials = match &loaded {
        Some(loaded) if simulate && !blocked => {
            let Some(trials) = simulated(loaded, output)? else { return Ok(STOPPED) };
            for trial in &trials {
                look_at_trial(trial, &mut findings);
            }
            compare_trials(&trials, &mut findings);
            trials
        }
        _ => vec![],
    };
    let ok = findings.worst() != Status::Problem;
    if json {
        let simulation = trials.first().map(|trial| &trial.result);
        let cheaper = trials.iter().skip(1);
        let fidelities = cheaper.filter_map(|it| Some((it.name.as_deref()?, &it.result)));
        let fidelities = fidelities.collect();
        super::print_json(&Report { ok, checks: &findings.0, simulation, fidelities })?;
    } else if let (false, Some(loaded)) = (trials.is_empty(), &loaded) {
        for trial in &trials {
            super::print(&described(trial, loaded))?;
        }
        super::print(&listed(&findings.0[before..]))?;
    }
    match (ok, blocked && simulate) {
        _ if json => {}
        (true, _) => say!("ready: {} run {}", program(), directory.display()),
        (false, true) => say!("not simulated: fix the problems first"),
        (false, false) => say!("not ready"),
    }
    Ok(match (blocked, ok) {
        (true, _) => BAD_INPUT,
        (false, false) => FAILED,
        (false, true) => FINISHED,
    })
}

/// Runs the centroid, and shows the elapsed time.
fn simulated(loaded: &Loaded, output: &std::path::Path) -> Result<Option<Vec<Trial>>, Failure> {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("{spinner} simulating the centroid · {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let trials = run_trials(loaded, output, || bar.tick());
    bar.finish_and_clear();
    Ok(trials?)
}

pub(super) fn listed(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.status {
            Status::Ok => style("✓").green(),
            Status::Note => style("·").dim(),
            Status::Warning => style("!").yellow(),
            Status::Problem => style("✗").red(),
        };
        if let Some(mistake) = &finding.mistake {
            // It shows the place in the file, and the help.
            let report = format!("{:?}", report(mistake.clone()));
            let report = report.trim_end().replace('\n', "\n  ");
            text.push_str(&format!("{mark} {}\n  {}\n", finding.about, report.trim_start()));
            continue;
        }
        text.push_str(&format!("{mark} {:<14} {}\n", finding.about, finding.message));
        if let Some(help) = &finding.help {
            text.push_str(&format!("  {:<14} {}\n", "", style(help).dim()));
        }
    }
    text
}

fn described(trial: &Trial, loaded: &Loaded) -> String {
    let result = &trial.result;
    let seconds = Duration::from_secs_f64(trial.seconds());
    let megabytes = |bytes: Option<u64>| {
        bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))
    };
    let mut text = format!(
        "\n{}: {}{}\n",
        trial.called(),
        result.outcome.words(),
        result.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default()
    );
    text.push_str(&format!(
        "wall time {} ({:.1} s of it evaluation), memory {} (the largest process), data store {}\n",
        duration(seconds),
        result.evaluation_seconds,
        megabytes(result.peak_memory),
        megabytes(result.data_store_size),
    ));
    // What ended early says nothing about how long a simulation takes.
    if result.outcome == OutcomeClass::Completed && trial.name.is_none() {
        let configuration = &loaded.configuration;
        let offspring = configuration.optimizer.offspring_size as f64;
        let rounds =
            (offspring / configuration.expected_slots(&configuration.limits) as f64).ceil();
        let generation = seconds.mul_f64(rounds);
        text.push_str(&format!(
            "a generation of {offspring} would take about {}, {} generations {}\n",
            duration(generation),
            configuration.limits.max_ngen,
            duration(generation.mul_f64(configuration.limits.max_ngen as f64)),
        ));
    }
    if result.targets.iter().any(|target| target.value.is_some()) {
        text.push_str(&targets_table(&trial.targets, &result.targets, &[]));
        text.push_str(&format!("\ntotal {:.2}\n", result.total));
    } else {
        for line in trial.directory.log_of_failure(10) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push_str(&format!("its files: {}\n", trial.directory.path().display()));
    text
}
