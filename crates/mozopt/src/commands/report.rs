//! `mozopt report`: everything about an optimization in one HTML file.

use ::figures::{Kind, Page, escaped};

use crate::cli::ReportArguments;
use crate::durable;
use crate::failure::{FINISHED, Failure};
use crate::figure_data;
use crate::optimization_directory::OptimizationDirectory;
use crate::report::html;

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
    body.push_str(&html::what_was_searched(&configuration, &state));
    body.push_str(&html::best_candidate(&configuration, &state)?);
    body.push_str("<h2 id=\"figures\">Figures</h2>\n");
    for (name, figure) in &made {
        match figure {
            Ok(figure) => body.push_str(&Page::slot(figure)),
            Err(why) => body.push_str(&format!("<p>No {name} yet: {why}.</p>\n")),
        }
    }
    body.push_str(&html::candidates(&state));
    body.push_str(&html::provenance(&directory, &configuration)?);

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
