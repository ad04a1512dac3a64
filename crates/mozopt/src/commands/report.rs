//! `mozopt report`: everything about an optimization in one HTML file.

use std::collections::BTreeMap;
use std::fmt::Display;

use ::figures::{Kind, Page, escaped};

use crate::cli::ReportArguments;
use crate::configuration::Configuration;
use crate::durable;
use crate::failure::{FINISHED, Failure};
use crate::figure_data;
use crate::journal::{CandidateRecord, State};
use crate::optimization_directory::OptimizationDirectory;
use crate::report::{amount, place, wanted};
use crate::simulation::SimulationResult;

/// Writes the report and prints the path of its file.
pub fn report(arguments: &ReportArguments) -> Result<u8, Failure> {
    let directory = OptimizationDirectory::find(&arguments.optimization)?;
    let (configuration, state) = super::read(&directory)?;
    let search = figure_data::search(&configuration, &state)?;
    let made: Vec<_> = Kind::ALL.iter().map(|kind| (kind.name, kind.figure(&search))).collect();
    let title = directory.path().file_name().map(|name| name.to_string_lossy().into_owned());
    let title = title.unwrap_or_else(|| directory.shown());

    let mut body = format!("<h1>{}</h1>\n", escaped(&title));
    body.push_str(
        "<nav><ul><li><a href=\"#search\">Search</a></li><li><a href=\"#best\">Best candidate</a></li>\
         <li><a href=\"#figures\">Figures</a></li><li><a href=\"#candidates\">Candidates</a></li>\
         <li><a href=\"#provenance\">Provenance</a></li></ul></nav>\n",
    );
    body.push_str(&what_was_searched(&configuration, &state));
    body.push_str(&best_candidate(&configuration, &state)?);
    body.push_str("<h2 id=\"figures\">Figures</h2>\n");
    for (name, figure) in &made {
        match figure {
            Ok(figure) => body.push_str(&Page::slot(figure)),
            Err(why) => body.push_str(&format!("<p>No {name} yet: {why}.</p>\n")),
        }
    }
    body.push_str(&candidates(&state));
    body.push_str(&provenance(&directory, &configuration)?);

    let figures: Vec<_> = made.into_iter().filter_map(|(_, figure)| figure.ok()).collect();
    let page = Page { title: &title, body, figures: &figures, theme: None };
    let path = arguments.output.clone().unwrap_or_else(|| directory.path().join("report.html"));
    durable::write(&path, page.html().as_bytes()).map_err(|error| {
        let message = format!("cannot write {}: {error}", path.display());
        Failure::bad_input(message, "give another place with --output")
    })?;
    super::print(&format!("{}\n", path.display()))?;
    Ok(FINISHED)
}

fn what_was_searched(configuration: &Configuration, state: &State) -> String {
    let optimizer = &configuration.optimizer;
    let (algorithm, mode) = (json_word(&optimizer.algorithm), json_word(&configuration.mode));
    let ended = match &state.stopped {
        Some(reason) => reason.as_str(),
        None => "it has not stopped: it runs, or its controller was killed",
    };
    let mut failures: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, result) in state.finished().filter(|(_, result)| result.outcome.is_failure()) {
        *failures.entry(result.outcome.words()).or_default() += 1;
    }
    let failures: Vec<_> =
        failures.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let failures =
        if failures.is_empty() { String::new() } else { format!(" ({})", failures.join(", ")) };
    let time = |time: Option<jiff::Timestamp>| {
        time.map_or_else(|| "—".to_owned(), |time| format!("{time:.0}"))
    };
    let pairs = [
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
                state.generations(),
                state.failed()
            ),
        ),
        ("Began", time(state.began)),
        ("Last entry", time(state.last)),
        ("Running time", format!("{:.2} h", state.running_seconds / 3600.0)),
    ];
    format!("<h2 id=\"search\">Search</h2>\n{}", definitions(&pairs))
}

fn best_candidate(configuration: &Configuration, state: &State) -> Result<String, Failure> {
    let mut html = "<h2 id=\"best\">Best candidate</h2>\n".to_owned();
    let Some((record, result)) = state.recommended() else {
        html.push_str("<p>No candidate could be measured.</p>\n");
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
    let targets = configuration.targets()?;
    let rows = targets.iter().zip(&result.targets).map(|(configured, measured)| {
        let target = &configured.target;
        let reason = measured.reason.as_deref().unwrap_or("none");
        let value = measured.value.map_or_else(|| cell(reason), number);
        let score = format!("{:.2}", measured.score);
        let met = if measured.score <= 1.0 { " class=\"met\"" } else { "" };
        format!(
            "{}{value}{}{}{}<td{met} data-value=\"{}\">{score}</td>",
            text(&measured.name),
            text(target.class.unit().unwrap_or("")),
            cell(wanted(&target.scoring)),
            number(target.scoring.norm()),
            measured.score
        )
    });
    html.push_str(&table(
        &["target", "value", "unit", "wanted", "norm", "score (✓: within 1)"],
        &[0, 2],
        rows,
    ));
    html.push_str("<h3>Parameters</h3>\n");
    let rows =
        configuration.parameters.iter().zip(&record.parameters).map(|(parameter, &value)| {
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
    html.push_str(&table(
        &["parameter", "value", "lowest", "highest", "place in the range"],
        &[0],
        rows,
    ));
    Ok(html)
}

fn candidates(state: &State) -> String {
    let row = |(record, result): (&CandidateRecord, &SimulationResult)| {
        let met = result.targets.iter().filter(|target| target.score <= 1.0).count();
        let worst = result.targets.iter().max_by(|a, b| a.score.total_cmp(&b.score));
        let worst = worst.map_or_else(String::new, |t| format!("{} ({:.2})", t.name, t.score));
        format!(
            "{}{}{}{}{}{}{}{}",
            cell(record.number),
            cell(record.generation),
            text(result.outcome.words()),
            number(result.total),
            cell(met),
            text(&worst),
            number(result.simulation_seconds),
            text(result.reason.as_deref().unwrap_or(""))
        )
    };
    let headings = [
        "candidate",
        "generation",
        "outcome",
        "total",
        "targets met",
        "worst target (score)",
        "seconds",
        "reason",
    ];
    let ranked = table(&headings, &[2, 5, 7], state.finished().map(row));
    format!(
        "<h2 id=\"candidates\">Candidates</h2>\n<p class=\"caption\">Parameters, values and scores of \
         each: <code>mozopt export --format csv</code>; one with its log: <code>mozopt show N</code>.</p>\n\
         {ranked}"
    )
}

fn provenance(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
) -> Result<String, Failure> {
    let frozen = serde_json::to_string_pretty(configuration)
        .map_err(|error| Failure::failed(error, "this is a mistake in mozopt"))?;
    let pairs = [
        ("Optimization", directory.path().display().to_string()),
        ("Model", configuration.model_directory.display().to_string()),
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

fn definitions(pairs: &[(&str, String)]) -> String {
    let pair =
        |(term, text): &(&str, String)| format!("<dt>{term}</dt><dd>{}</dd>\n", escaped(text));
    format!("<dl>\n{}</dl>\n", pairs.iter().map(pair).collect::<String>())
}

/// A table; the columns of words, by their numbers, are aligned to the left.
fn table(headings: &[&str], words: &[usize], rows: impl Iterator<Item = String>) -> String {
    let heading = |(column, heading): (usize, &&str)| {
        let class = if words.contains(&column) { " class=\"text\"" } else { "" };
        format!("<th scope=\"col\"{class}>{heading}</th>")
    };
    let head = headings.iter().enumerate().map(heading).collect::<Vec<_>>().concat();
    let rows = rows.fold(String::new(), |rows, row| rows + "<tr>" + &row + "</tr>\n");
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\">\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn cell(shown: impl Display) -> String {
    format!("<td>{}</td>", escaped(&shown.to_string()))
}

fn text(shown: &str) -> String {
    format!("<td class=\"text\">{}</td>", escaped(shown))
}

/// A number that is sorted by its exact value.
fn number(value: f64) -> String {
    format!("<td data-value=\"{value}\">{}</td>", amount(value))
}

/// A setting as it is written in a configuration.
fn json_word(setting: &impl serde::Serialize) -> String {
    serde_json::to_value(setting)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
