//! `mozopt inspect`: the biology of one simulation.

use std::fs;
use std::path::Path;

use ::figures::{BiologyKind, Engine, Figure, NotEnough, Page, Theme, escaped};
use indexmap::IndexMap;
use inspection::SheetInspection;
use serde::Serialize;

use super::datastore::{chosen, open};
use super::figures::{SCALE, cannot_draw, cannot_write};
use crate::cli::{InspectArguments, InspectFormat, ThemeChoice};
use crate::failure::{FINISHED, Failure};
use crate::inspection_summary::summary;

/// What `--format json` writes.
#[derive(Serialize)]
pub struct Inspection {
    /// The data store.
    pub store: String,
    /// Whether the network's activity ran away.
    pub exploded: bool,
    /// What is missing from the store, in sentences.
    pub deficiencies: Vec<String>,
    /// Its sheets.
    pub sheets: Vec<SheetInspection>,
}

/// Inspects a data store, writes what was asked for and prints a summary.
pub fn inspect(arguments: &InspectArguments) -> Result<u8, Failure> {
    let inspection = Inspection::of(&arguments.store, &arguments.sheet)?;
    super::print(&inspection.in_words())?;
    let paths = inspection.write(arguments.format, arguments.theme, &arguments.output)?;
    say!("written: {}", paths.join(", "));
    Ok(FINISHED)
}

impl Inspection {
    /// Inspects these sheets of a store, or all.
    pub fn of(store: &Path, sheets: &[String]) -> Result<Self, Failure> {
        let store = open(store)?;
        let recording = store.recording();
        let sheets = chosen(recording, sheets)?;
        Ok(Self {
            store: store.path().display().to_string(),
            exploded: recording.explosion_detected(),
            deficiencies: store.deficiencies().to_vec(),
            sheets: sheets.into_iter().map(|sheet| inspection::inspect(recording, sheet)).collect(),
        })
    }

    /// Writes figures, page or numbers into a directory; the paths of the files.
    pub fn write(
        &self,
        format: InspectFormat,
        theme: Option<ThemeChoice>,
        output: &Path,
    ) -> Result<Vec<String>, Failure> {
        fs::create_dir_all(output).map_err(|error| cannot_write(output, &error))?;
        let mut paths = vec![];
        let mut write = |name: &str, content: &[u8]| {
            let path = output.join(name);
            durable::write(&path, content).map_err(|error| cannot_write(&path, &error))?;
            paths.push(path.display().to_string());
            Ok::<(), Failure>(())
        };
        match format {
            InspectFormat::Json => {
                let text = serde_json::to_string_pretty(self)
                    .map_err(|error| Failure::failed(error, "this is a bug in mozopt"))?;
                write("inspection.json", text.as_bytes())?;
            }
            InspectFormat::Html => {
                write("inspection.html", self.page(theme.map(Theme::from)).as_bytes())?;
            }
            InspectFormat::Svg | InspectFormat::Png => {
                let theme = theme.map_or(Theme::Light, Theme::from);
                let engine = Engine::new().map_err(cannot_draw)?;
                for (name, figure) in self.figures() {
                    let figure = match figure {
                        Ok(figure) => figure,
                        Err(why) => {
                            say!("no {name}: it needs {}", why.needed);
                            continue;
                        }
                    };
                    let svg = engine.svg(&figure.specification(theme)).map_err(cannot_draw)?.svg;
                    if format == InspectFormat::Svg {
                        write(&format!("{name}.svg"), svg.as_bytes())?;
                    } else {
                        let png = engine.png(&svg, SCALE).map_err(cannot_draw)?;
                        write(&format!("{name}.png"), &png)?;
                    }
                }
            }
        }
        Ok(paths)
    }

    fn figures(&self) -> impl Iterator<Item = (&'static str, Result<Figure, NotEnough>)> {
        BiologyKind::ALL.iter().map(|kind| (kind.name, kind.figure(&self.sheets)))
    }

    /// One page with everything.
    pub fn page(&self, theme: Option<Theme>) -> String {
        let mut body = format!("<h1>{}</h1>\n", escaped(&self.store));
        for remark in self.remarks() {
            body.push_str(&format!("<p>{}</p>\n", escaped(&remark)));
        }
        body.push_str(&summary(&self.sheets).html());
        body.push_str(&self.missing_html());
        let mut figures = vec![];
        for (name, figure) in self.figures() {
            match figure {
                Ok(figure) => {
                    body.push_str(&Page::slot(&figure));
                    figures.push(figure);
                }
                Err(why) => body.push_str(&format!("<p>No {name}: it needs {}.</p>\n", why.needed)),
            }
        }
        Page { title: &self.store, body, figures: &figures, theme }.html()
    }

    /// The summary for a terminal.
    pub fn in_words(&self) -> String {
        let mut text = format!("data store {}\n", self.store);
        for remark in self.remarks() {
            text.push_str(&format!("{remark}\n"));
        }
        text.push_str(&summary(&self.sheets).text());
        for words in self.missing() {
            text.push_str(&format!("{words}\n"));
        }
        text
    }

    fn remarks(&self) -> Vec<String> {
        let exploded =
            self.exploded.then(|| "exploded: the network's activity ran away".to_owned());
        let incomplete = self.deficiencies.iter().map(|words| format!("incomplete: {words}"));
        exploded.into_iter().chain(incomplete).collect()
    }

    /// What is not there, each with the sheets that lack it.
    fn missing(&self) -> Vec<String> {
        let mut sheets: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for sheet in &self.sheets {
            for missing in &sheet.missing {
                sheets.entry(missing).or_default().push(&sheet.sheet);
            }
        }
        sheets.iter().map(|(missing, of)| format!("{missing}: {}", of.join(", "))).collect()
    }

    fn missing_html(&self) -> String {
        let items =
            self.missing().into_iter().map(|words| format!("<li>{}</li>\n", escaped(&words)));
        let items: String = items.collect();
        if items.is_empty() {
            return items;
        }
        format!("<h2>Not in this recording</h2>\n<ul>\n{items}</ul>\n<h2>Figures</h2>\n")
    }
}
