//! The table of candidates, a window of it at a time, and everything about one of them.

use std::cmp::Ordering;
use std::path::PathBuf;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use figures::escaped;
use serde::Deserialize;
use serde_json::json;

use durable::read_json;
use journal::{CandidateRecord, Phase};
use simulation::{CandidateNumber, SimulationDirectory, Started, quoted, read_end};

use super::followed::Followed;
use super::{Answer, Refusal, Shared, computed};
use crate::failure::Failure;
use crate::report::{amount, html};

/// Rows that are sent at once.
const MOST_ROWS: usize = 200;
const LOG_LINES: usize = 40;
/// Of a longer file the end is sent.
const MOST_BYTES: u64 = 2 << 20;

/// Which rows are wanted, in which order.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Window {
    sort: Column,
    down: bool,
    from: usize,
    rows: usize,
}

/// What the table can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Column {
    Candidate,
    Generation,
    Outcome,
    Total,
    Met,
    Seconds,
}

impl Column {
    /// What a candidate is sorted by; `None`: at the end.
    fn key(self, record: &CandidateRecord) -> Option<f64> {
        let result = record.result();
        match self {
            Self::Candidate => Some(record.number.0 as f64),
            Self::Generation => Some(record.generation as f64),
            Self::Outcome => Some(result.map_or(-1.0, |result| f64::from(result.outcome as u8))),
            Self::Total => result.map(|result| result.total),
            Self::Met => {
                result.map(|result| result.targets.iter().filter(|t| t.score <= 1.0).count() as f64)
            }
            Self::Seconds => result.map(|result| result.simulation_seconds),
        }
    }
}

/// Sorts candidates; equal ones stay in the order of their numbers.
fn sorted(records: &[CandidateRecord], column: Column, down: bool) -> Vec<&CandidateRecord> {
    let mut keyed: Vec<_> = records.iter().map(|record| (column.key(record), record)).collect();
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if down => b.total_cmp(a),
        (Some(a), Some(b)) => a.total_cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    keyed.into_iter().map(|(_, record)| record).collect()
}

/// Some rows of the table.
pub async fn table(State(followed): Shared, Query(window): Query<Window>) -> Answer {
    let Window { sort, down, from, rows } = window;
    let (count, html) = computed(move || {
        let known = followed.known();
        let candidates = &known.state.candidates;
        let shown = sorted(candidates, sort, down).into_iter().skip(from).take(rows.min(MOST_ROWS));
        Ok((
            candidates.len(),
            shown
                .map(|record| html::candidate_row(&followed.configuration, record))
                .collect::<String>(),
        ))
    })
    .await?;
    Ok(Json(json!({"count": count, "html": html})).into_response())
}

/// Everything about one candidate.
pub async fn candidate(State(followed): Shared, Path(number): Path<CandidateNumber>) -> Answer {
    let html = computed(move || details(&followed, number)).await?;
    let html = html.ok_or_else(|| Refusal::not_found("there is no such candidate"))?;
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

fn details(followed: &Followed, number: CandidateNumber) -> Result<Option<String>, Failure> {
    let record = match followed.known().state.candidate(number) {
        Some(record) => record.clone(),
        None => return Ok(None),
    };
    let directory = followed.directory.simulation(number);
    let mut facts = vec![("Outcome", html::phase(&record))];
    if let Some(result) = record.result() {
        facts.push(("Total score", amount(result.total)));
        if let Some(reason) = &result.reason {
            facts.push(("Reason", reason.clone()));
        }
        facts.push(("Simulated for", format!("{:.1} s", result.simulation_seconds)));
        if let Some(bytes) = result.peak_memory {
            facts.push(("Peak memory", format!("{:.2} GB", bytes as f64 / 1e9)));
        }
        if let Some(versions) = &result.versions {
            facts.push(("Versions", versions.to_string()));
        }
    }
    if let Phase::Submitted { job } = &record.phase {
        facts.push(("Job", job.clone()));
    }
    if let Some(name) = followed.configuration.fidelity_name(record.fidelity) {
        facts.push(("Fidelity", name.to_owned()));
    }
    facts.push(("Seed", record.seed.to_string()));
    facts.push(("Attempts", record.attempts.to_string()));
    if let Ok(started) = read_json::<Started>(&directory.started()) {
        facts.push(("Ran on", format!("{}, process {}", started.host, started.pid)));
    }
    facts.push(("Directory", directory.path().display().to_string()));
    if directory.data_store().exists() {
        facts.push(("Data store", directory.data_store().display().to_string()));
    }
    let again = format!("bash {} --again ./candidate-{number:06}", quoted(&directory.job_script()));
    facts.push(("To run it again", again));

    let mut html = format!(
        "<h2 id=\"candidate-title\">Candidate {number} of generation {}</h2>\n{}",
        record.generation,
        html::definitions(&facts)
    );
    if let Some(result) = record.result() {
        html.push_str("<h3>Targets</h3>\n");
        html.push_str(&html::targets(
            &followed.configuration.targets()?,
            &result.targets,
            &record.repetitions,
        ));
    }
    html.push_str("<h3>Parameters</h3>\n");
    html.push_str(&html::parameters(&followed.configuration, &record));
    if directory.data_store().exists() {
        html.push_str(&format!(
            "<p><a data-file href=\"/api/candidates/{number}/biology\">Its spikes, tuning curves and \
             conductances</a></p>\n"
        ));
    }
    html.push_str("<h3>Files</h3>\n<ul>\n");
    for (name, path) in files(&directory) {
        if path.exists() {
            html.push_str(&format!(
                "<li><a data-file href=\"/api/candidates/{number}/files/{name}\">{name}</a></li>\n"
            ));
        }
    }
    html.push_str("</ul>\n");
    let log = directory.log_of(record.result().map(|result| result.outcome), LOG_LINES);
    if !log.is_empty() {
        let log = escaped(&log.join("\n"));
        html.push_str(&format!("<h3>End of the log</h3>\n<pre tabindex=\"0\">{log}</pre>\n"));
    }
    Ok(Some(html))
}

/// The files of a simulation that can be looked at.
fn files(directory: &SimulationDirectory) -> [(&'static str, PathBuf); 9] {
    [
        ("output.log", directory.log()),
        ("simulation.json", directory.simulation()),
        ("job.sh", directory.job_script()),
        ("started.json", directory.started()),
        ("result.json", directory.result()),
        ("values.json", directory.values()),
        ("versions.json", directory.versions()),
        ("late_error.txt", directory.late_error()),
        ("finished.json", directory.finished()),
    ]
}

/// A file of a candidate's simulation: one of those that are offered, found by its name and not by
/// a path.
pub async fn file(
    State(followed): Shared,
    Path((number, name)): Path<(CandidateNumber, String)>,
) -> Answer {
    let no_such_file = || Refusal::not_found("there is no such file");
    let directory = followed.directory.simulation(number);
    let path = files(&directory).into_iter().find(|(known, _)| *known == name);
    let (_, path) = path.ok_or_else(no_such_file)?;
    let bytes = computed(move || Ok(read_end(&path, MOST_BYTES))).await?;
    let text = String::from_utf8_lossy(&bytes.map_err(|_| no_such_file())?).into_owned();
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
