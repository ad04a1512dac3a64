//! Several optimizations side by side.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use figures::{Page, Search, convergence, escaped};
use indexmap::IndexMap;
use serde_json::Value;

use configuration::Configuration;
use journal::State;

use super::html::{cell, number, table, text};
use super::{amount, wanted};
use crate::failure::Failure;

/// One of the optimizations.
pub struct Compared {
    /// What tells it from the others.
    pub name: String,
    /// Its configuration.
    pub configuration: Configuration,
    /// What is known of it.
    pub state: State,
    /// The same for figures.
    pub search: Search,
}

/// The page that compares them.
pub fn page(compared: &[Compared]) -> Result<String, Failure> {
    let title = format!("{} optimizations", compared.len());
    let mut body = format!("<h1>{}</h1>\n", escaped(&title));
    let figure = convergence(&searches(compared));
    match &figure {
        Ok(figure) => body.push_str(&Page::slot(figure)),
        Err(why) => {
            let _ = writeln!(body, "<p>Nothing to draw yet: {why}.</p>");
        }
    }
    body.push_str("<h2>Best candidates</h2>\n");
    body.push_str(&best(compared));
    body.push_str("<h2>Targets of the best candidates</h2>\n");
    body.push_str(&targets(compared)?);
    body.push_str("<h2>Settings that differ</h2>\n");
    body.push_str(&settings(compared)?);
    let figures: Vec<_> = figure.into_iter().collect();
    Ok(Page { title: &title, body, figures: &figures, theme: None }.html())
}

/// What the figure of all is made from.
pub fn searches(compared: &[Compared]) -> Vec<(&str, &Search)> {
    compared.iter().map(|one| (one.name.as_str(), &one.search)).collect()
}

fn best(compared: &[Compared]) -> String {
    let rows = compared.iter().map(|Compared { name, state, .. }| {
        let mut row = format!("{}{}{}", text(name), cell(state.simulated()), cell(state.failed()));
        match state.recommended() {
            Some((record, result)) => {
                let met = result.targets.iter().filter(|target| target.score <= 1.0).count();
                row.push_str(&cell(record.number));
                row.push_str(&number(result.total));
                row.push_str(&cell(format!("{met} of {}", result.targets.len())));
            }
            None => row.push_str("<td></td><td></td><td></td>"),
        }
        let again = state.validated().map(journal::Validated::in_words);
        row.push_str(&text(&again.unwrap_or_default()));
        row.push_str(&number(state.running_seconds / 3600.0));
        row.push_str(&text(state.stopped.as_deref().unwrap_or("running, or killed")));
        row
    });
    let headings = [
        "optimization",
        "simulations",
        "failed",
        "best candidate",
        "total",
        "targets met",
        "simulated again",
        "hours",
        "stopped",
    ];
    table(&headings, &[0, 6, 8], rows)
}

/// The value and the score of each target that one of them has.
fn targets(compared: &[Compared]) -> Result<String, Failure> {
    let mut rows: IndexMap<String, (String, Vec<String>)> = IndexMap::new();
    for (i, Compared { configuration, state, .. }) in compared.iter().enumerate() {
        let result = state.recommended().map(|(_, result)| result);
        for (t, configured) in configuration.targets()?.iter().enumerate() {
            let target = &configured.target;
            let measured = result.and_then(|result| result.targets.get(t));
            let shown = measured.map_or_else(String::new, |measured| {
                let value = measured.value.map_or_else(|| "none".to_owned(), amount);
                format!("{value} ({:.2})", measured.score)
            });
            let row = rows.entry(target.name.clone());
            let (_, cells) = row.or_insert_with(|| (wanted(&target.scoring), vec![]));
            cells.resize(i, String::new());
            cells.push(shown);
        }
    }
    let names = compared.iter().map(|one| format!("{}: value (score)", one.name));
    let headings: Vec<String> =
        ["target".to_owned(), "wanted".to_owned()].into_iter().chain(names).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let rows = rows.into_iter().map(|(name, (wanted, mut cells))| {
        cells.resize(compared.len(), String::new());
        text(&name) + &cell(wanted) + &cells.iter().map(cell).collect::<String>()
    });
    Ok(table(&headings, &[0], rows))
}

/// The settings in which they are not all the same.
fn settings(compared: &[Compared]) -> Result<String, Failure> {
    let mut all: Vec<IndexMap<String, String>> = vec![];
    for one in compared {
        let mut configuration = serde_json::to_value(&one.configuration)
            .map_err(|error| Failure::failed(error, "this is a bug in mozopt"))?;
        if let Some(limits) = &one.state.limits {
            configuration["limits"] = serde_json::to_value(limits).unwrap_or_default();
        }
        let mut settings = IndexMap::new();
        flatten("", &configuration, &mut settings);
        all.push(settings);
    }
    let mut keys: Vec<&String> = vec![];
    for settings in &all {
        for key in settings.keys() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let differs = |key: &&String| {
        let values: BTreeSet<_> = all.iter().map(|settings| settings.get(*key)).collect();
        values.len() > 1
    };
    let rows: Vec<String> = keys
        .into_iter()
        .filter(differs)
        .map(|key| {
            let shown = |settings: &IndexMap<String, String>| {
                text(settings.get(key).map_or("—", String::as_str))
            };
            text(key) + &all.iter().map(shown).collect::<String>()
        })
        .collect();
    if rows.is_empty() {
        return Ok("<p>None: they differ by chance only.</p>\n".to_owned());
    }
    let headings: Vec<&str> =
        ["setting"].into_iter().chain(compared.iter().map(|one| one.name.as_str())).collect();
    let words: Vec<usize> = (0..headings.len()).collect();
    Ok(table(&headings, &words, rows.into_iter()))
}

/// Every setting by its path. Parts of lists are called by their names, where they have any.
fn flatten(path: &str, value: &Value, settings: &mut IndexMap<String, String>) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&below(key), value, settings);
            }
        }
        Value::Array(parts) if parts.iter().all(Value::is_object) => {
            for (i, part) in parts.iter().enumerate() {
                let name = part["path"].as_str().or(part["name"].as_str());
                flatten(&below(name.unwrap_or(&i.to_string())), part, settings);
            }
        }
        Value::String(words) => {
            settings.insert(path.to_owned(), words.clone());
        }
        other => {
            settings.insert(path.to_owned(), other.to_string());
        }
    }
}
