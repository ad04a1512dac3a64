//! `mozopt report`: everything about an optimization in one HTML file, or several side by side.

use std::io;
use std::path::{Path, PathBuf};

use ::figures::{Kind, Page, Search, escaped};

use journal::OptimizationDirectory;

use crate::cli::ReportArguments;
use crate::failure::{FINISHED, Failure};
use crate::figure_data;
use crate::report::{Compared, comparison, html};
use crate::usage::Usage;

/// Writes the report and prints the path of its file.
pub fn report(arguments: &ReportArguments) -> Result<u8, Failure> {
    let ReportArguments { optimizations, output } = arguments;
    let directories = find_all(optimizations)?;
    let name = if directories.len() == 1 { "report.html" } else { "comparison.html" };
    let beside = || directories.first().map(|directory| directory.path().join(name));
    let path = output.clone().or_else(beside).unwrap_or_else(|| PathBuf::from(name));
    let written = match &directories[..] {
        [directory] => write(directory, &path)?,
        several => durable::write(&path, comparison::page(&compared(several)?)?.as_bytes()),
    };
    written.map_err(|error| {
        let message = format!("cannot write {}: {error}", path.display());
        Failure::bad_input(message, "choose another path with --output")
    })?;
    super::print(&format!("{}\n", path.display()))?;
    Ok(FINISHED)
}

/// The optimizations that the user means.
pub fn find_all(optimizations: &[PathBuf]) -> Result<Vec<OptimizationDirectory>, Failure> {
    optimizations.iter().map(|given| super::find(given)).collect()
}

/// Reads several optimizations to be compared.
pub fn compared(directories: &[OptimizationDirectory]) -> Result<Vec<Compared>, Failure> {
    let alike = |name: &str| directories.iter().filter(|other| other.name() == name).count() > 1;
    let one = |directory: &OptimizationDirectory| {
        let (configuration, state) = super::read(directory)?;
        let search = figure_data::search(&configuration, &state)?;
        let name = directory.name();
        let name = if alike(&name) { directory.shown() } else { name };
        Ok(Compared { name, configuration, state, search })
    };
    directories.iter().map(one).collect()
}

/// Writes the report of one optimization.
fn write(directory: &OptimizationDirectory, path: &Path) -> Result<io::Result<()>, Failure> {
    let (configuration, state) = super::read(directory)?;
    let title = directory.name();
    let mut head = format!("<h1>{}</h1>\n", escaped(&title));
    head.push_str(
        "<nav><ul><li><a href=\"#search\">Search</a></li><li><a href=\"#best\">Best candidate</a></li>\
         <li><a href=\"#figures\">Figures</a></li><li><a href=\"#candidates\">Candidates</a></li>\
         <li><a href=\"#provenance\">Provenance</a></li></ul></nav>\n",
    );
    let usage = Usage::of(directory, &configuration, &state);
    head.push_str(&html::what_was_searched(&configuration, &state, Some(&usage)));
    head.push_str(&html::best_candidate(&configuration, &state)?);
    // The table of all candidates is by far the longest: the rest is put around it.
    let mut body = html::candidates(&configuration, &state);
    body.push_str(&html::provenance(directory, &configuration)?);

    let model = figure_data::model(directory, &configuration, &state)?;
    let search = Search { model, ..figure_data::search_of(&configuration, state)? };
    let made: Vec<_> = Kind::ALL.iter().map(|kind| (kind.name, kind.figure(&search))).collect();
    drop(search);
    head.push_str("<h2 id=\"figures\">Figures</h2>\n");
    if !configuration.fidelities.is_empty() {
        head.push_str("<p>Figures show full simulations only.</p>\n");
    }
    for (name, figure) in &made {
        match figure {
            Ok(figure) => head.push_str(&Page::slot(figure)),
            Err(why) => head.push_str(&format!("<p>No {name} yet: {why}.</p>\n")),
        }
    }
    body.insert_str(0, &head);
    let figures: Vec<_> = made.into_iter().filter_map(|(_, figure)| figure.ok()).collect();
    let page = Page { title: &title, body, figures: &figures, theme: None };
    Ok(durable::write_with(path, |file| page.write(file)))
}
