//! The sections of the report in HTML.

use std::fmt::Display;

use figures::escaped;

use configuration::{Configuration, ConfiguredTarget};
use durable::read_json;
use journal::{
    CandidateRecord, Commit, OptimizationDirectory, Phase, Provenance, Repetition, State,
};
use simulation::TargetResult;

use super::{amount, none_measured, place, repeated, wanted};
use crate::failure::Failure;
use crate::overview::Overview;
use crate::usage::Usage;

/// What was searched, how, why it stopped, and what that used, where it was looked at.
pub fn what_was_searched(
    configuration: &Configuration,
    state: &State,
    usage: Option<&Usage>,
) -> String {
    let optimizer = &configuration.optimizer;
    let (algorithm, mode) = (json_word(&optimizer.algorithm), json_word(&configuration.mode));
    let ended = match &state.stopped {
        Some(reason) => reason.as_str(),
        None => "it has not stopped: it is running, or its controller was killed",
    };
    let overview = Overview::of(configuration, state);
    let failures = match overview.failures_in_words() {
        none if none.is_empty() => none,
        words => format!(" ({words})"),
    };
    let time = |time: Option<jiff::Timestamp>| {
        time.map_or_else(|| "—".to_owned(), |time| format!("{time:.0}"))
    };
    let mut pairs = vec![
        (
            "Searched",
            format!(
                "{} parameters for {} targets",
                configuration.parameters.len(),
                configuration.target_count()
            ),
        ),
        ("Simulator", configuration.simulator.kind.to_string()),
        (
            "Optimizer",
            format!(
                "{algorithm}, {mode}, {} candidates a generation, seed {}",
                optimizer.offspring_size, optimizer.seed
            ),
        ),
        ("Stopped", ended.to_owned()),
        (
            "Simulations",
            format!(
                "{} in {} generations, {} failed{failures}",
                state.finished().count(),
                overview.generations,
                overview.failed()
            ),
        ),
        ("Began", time(state.began)),
        ("Last entry", time(state.last)),
        ("Running time", format!("{:.2} h", state.running_seconds / 3600.0)),
    ];
    pairs.extend(usage.map(|usage| ("Used", usage.in_words().trim().replace('\n', "; "))));
    format!("<h2 id=\"search\">Search</h2>\n{}", definitions(&pairs))
}

/// The recommended candidate: every target's value against what is wanted, every parameter.
pub fn best_candidate(configuration: &Configuration, state: &State) -> Result<String, Failure> {
    let mut html = "<h2 id=\"best\">Best candidate</h2>\n".to_owned();
    let Some((record, result)) = state.recommended() else {
        let why = none_measured(state).replacen('n', "N", 1);
        html.push_str(&format!("<p>{why}.</p>\n"));
        return Ok(html);
    };
    html.push_str(&format!(
        "<p>Candidate {} of generation {}: total score {}.</p>\n",
        record.number,
        record.generation,
        amount(result.total)
    ));
    html.push_str(&match state.validated() {
        Some(validated) => {
            format!(
                "<p>Simulated again with other seeds: {}.</p>\n",
                escaped(&validated.in_words())
            )
        }
        None => {
            "<p>It was not simulated again: its total may owe something to luck.</p>\n".to_owned()
        }
    });
    html.push_str("<h3>Targets</h3>\n");
    html.push_str(&targets(&configuration.targets()?, &result.targets, &record.repetitions));
    html.push_str("<h3>Parameters</h3>\n");
    html.push_str(&parameters(configuration, record));
    Ok(html)
}

/// A candidate's targets: value, what it was on average where the simulation was repeated, what is
/// wanted, score.
pub fn targets(
    targets: &[ConfiguredTarget],
    results: &[TargetResult],
    repetitions: &[Repetition],
) -> String {
    let is_repeated = !repetitions.is_empty();
    let rows = targets.iter().zip(results).enumerate().map(|(i, (configured, measured))| {
        let target = &configured.target;
        let reason = measured.reason.as_deref().unwrap_or("none");
        let value = measured.value.map_or_else(|| cell(reason), number);
        let score = format!("{:.2}", measured.score);
        let met = if measured.score <= 1.0 { " class=\"met\"" } else { "" };
        let again = if is_repeated { cell(repeated(repetitions, i)) } else { String::new() };
        format!(
            "{}{value}{again}{}{}{}<td{met} data-value=\"{}\">{score}</td>",
            text(&measured.target.name),
            text(target.class.unit().unwrap_or("")),
            cell(wanted(&target.scoring)),
            number(target.scoring.norm()),
            measured.score
        )
    });
    let mut headings = vec!["target", "value", "unit", "wanted", "norm", "score (✓: within 1)"];
    let mut words = vec![0, 2];
    if is_repeated {
        headings.insert(2, "repeated (mean ± SD)");
        words = vec![0, 2, 3];
    }
    table(&headings, &words, rows)
}

/// A candidate's parameters, and where in their ranges they lie.
pub fn parameters(configuration: &Configuration, record: &CandidateRecord) -> String {
    let values = configuration.parameters.iter().zip(&record.parameters);
    let rows = values.map(|(parameter, &value)| {
        let place = place(parameter, value);
        let bound = if (0.02..=0.98).contains(&place) { "" } else { " (at a bound)" };
        format!(
            "{}{}{}{}<td data-value=\"{place}\">{:.0} %{bound}</td>",
            text(&parameter.path),
            number(value),
            number(parameter.low),
            number(parameter.high),
            100.0 * place
        )
    });
    table(&["parameter", "value", "lowest", "highest", "position in the range"], &[0], rows)
}

/// Every candidate whose outcome is known.
pub fn candidates(configuration: &Configuration, state: &State) -> String {
    let rows = state.finished().map(|(record, _)| candidate_cells(configuration, record));
    let heading = "<h2 id=\"candidates\">Candidates</h2>\n<p class=\"caption\">Parameters, values and scores of \
         each: <code>mozopt export --format csv</code>; one with its log: <code>mozopt show N</code>.</p>\n";
    heading.to_owned() + &table(&CANDIDATE_HEADINGS, &[2, 5, 7], rows)
}

const CANDIDATE_HEADINGS: [&str; 8] = [
    "candidate",
    "generation",
    "outcome",
    "total",
    "targets met",
    "worst target (score)",
    "seconds",
    "reason",
];

/// A candidate's row in the table of all.
pub fn candidate_row(configuration: &Configuration, record: &CandidateRecord) -> String {
    format!("<tr>{}</tr>\n", candidate_cells(configuration, record))
}

fn candidate_cells(configuration: &Configuration, record: &CandidateRecord) -> String {
    let cheaper = configuration.fidelity(record.fidelity);
    let cheaper = cheaper.map(|fidelity| format!(" ({})", fidelity.name)).unwrap_or_default();
    let outcome = text(&(phase(record) + &cheaper));
    let mut cells = format!("{}{}{outcome}", cell(record.number), cell(record.generation));
    let Some(result) = record.result() else {
        return cells + "<td></td><td></td><td></td><td></td><td></td>";
    };
    let met = result.targets.iter().filter(|target| target.score <= 1.0).count();
    let worst = result.targets.iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let worst = worst.map_or_else(String::new, |t| format!("{} ({:.2})", t.target.name, t.score));
    cells.push_str(&number(result.total));
    cells.push_str(&cell(met));
    cells.push_str(&text(&worst));
    cells.push_str(&number(result.simulation_seconds));
    cells.push_str(&text(result.reason.as_deref().unwrap_or("")));
    cells
}

/// How far a candidate is, in words.
pub fn phase(record: &CandidateRecord) -> String {
    let words = match &record.phase {
        Phase::Waiting => "waits",
        Phase::Submitting | Phase::Submitted { .. } => "runs or is queued",
        Phase::Finished(result) => result.outcome.words(),
    };
    words.to_owned()
}

/// Where it comes from.
pub fn provenance(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
) -> Result<String, Failure> {
    let frozen = serde_json::to_string_pretty(configuration)
        .map_err(|error| Failure::failed(error, "this is a bug in mozopt"))?;
    let provenance = read_json::<Provenance>(&directory.provenance()).ok();
    let not_recorded = || "not recorded".to_owned();
    let commit = provenance.as_ref().map(|provenance| {
        let commit = provenance.model.as_ref();
        commit.map_or_else(|| "not under version control".to_owned(), Commit::in_words)
    });
    let versions = provenance.as_ref().and_then(|provenance| provenance.versions.as_ref());
    let versions = versions.map_or_else(not_recorded, ToString::to_string);
    let began = provenance
        .map(|provenance| format!("{}, on {}", provenance.command_line.join(" "), provenance.host));
    let pairs = [
        ("Optimization", directory.path().display().to_string()),
        ("Model", configuration.model_directory.display().to_string()),
        ("Commit of the model", commit.unwrap_or_else(not_recorded)),
        ("Versions of the simulator", versions),
        ("Begun with", began.unwrap_or_else(not_recorded)),
        ("Begun by", format!("mozopt {}", configuration.mozopt_version)),
        ("Report by", format!("mozopt {}", env!("CARGO_PKG_VERSION"))),
        ("Configuration", format!("hash {}", configuration.hash())),
    ];
    Ok(format!(
        "<h2 id=\"provenance\">Provenance</h2>\n{}<details>\n<summary>The whole configuration</summary>\n\
         <pre>{}</pre>\n</details>\n",
        definitions(&pairs),
        escaped(&frozen)
    ))
}

/// Terms with what they stand for.
pub fn definitions(pairs: &[(&str, String)]) -> String {
    let pair =
        |(term, text): &(&str, String)| format!("<dt>{term}</dt><dd>{}</dd>\n", escaped(text));
    format!("<dl>\n{}</dl>\n", pairs.iter().map(pair).collect::<String>())
}

/// A table; the columns of words, by their numbers, are aligned to the left.
pub(super) fn table(
    headings: &[&str],
    words: &[usize],
    rows: impl Iterator<Item = String>,
) -> String {
    let heading = |(column, heading): (usize, &&str)| {
        let class = if words.contains(&column) { " class=\"text\"" } else { "" };
        format!("<th scope=\"col\"{class}>{}</th>", escaped(heading))
    };
    let head = headings.iter().enumerate().map(heading).collect::<Vec<_>>().concat();
    let mut table = format!(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\">\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n"
    );
    for row in rows {
        table.push_str("<tr>");
        table.push_str(&row);
        table.push_str("</tr>\n");
    }
    table + "</tbody>\n</table></div>\n"
}

pub(super) fn cell(shown: impl Display) -> String {
    format!("<td>{}</td>", escaped(&shown.to_string()))
}

pub(super) fn text(shown: &str) -> String {
    format!("<td class=\"text\">{}</td>", escaped(shown))
}

/// A number that is sorted by its exact value.
pub(super) fn number(value: f64) -> String {
    format!("<td data-value=\"{value}\">{}</td>", amount(value))
}

/// A setting as it is written in a configuration.
fn json_word(setting: &impl serde::Serialize) -> String {
    serde_json::to_value(setting)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
