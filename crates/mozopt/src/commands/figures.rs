//! `mozopt figures`: the figures of an optimization, one file each.

use std::fs;
use std::path::Path;

use ::figures::{DrawError, Engine, Figure, Kind, Page, Search, Theme, convergence};

use crate::cli::{CONVERGENCE, FigureFormat, FiguresArguments};
use crate::failure::{FINISHED, Failure};
use crate::figure_data;
use crate::report::Compared;
use crate::report::comparison::searches;

/// Pixels of a PNG for each unit of a picture (1/96 inch).
pub const SCALE: f32 = 2.0;

/// Writes the figures and prints the paths of their files.
pub fn figures(arguments: &FiguresArguments) -> Result<u8, Failure> {
    let directories = super::report::find_all(&arguments.optimizations)?;
    let mut compared = super::report::compared(&directories)?;
    let beside = || directories.first().map(|directory| directory.path().join("figures"));
    let output = arguments.output.clone().or_else(beside).unwrap_or_default();
    fs::create_dir_all(&output).map_err(|error| cannot_write(&output, &error))?;
    let theme = Theme::from(arguments.theme);
    let asked = |name: &str| arguments.only.iter().any(|only| only == name);
    let figures = match (&mut compared[..], &directories[..]) {
        ([one], [directory]) if !asked(CONVERGENCE) => {
            let wanted = |kind: &Kind| arguments.only.is_empty() || asked(kind.name);
            if Kind::ALL.iter().any(|kind| kind.shows_model && wanted(kind)) {
                let Compared { configuration, state, search, .. } = one;
                search.model = figure_data::model(directory, configuration, state)?;
            }
            made(&one.search, wanted)
        }
        (several, _) => {
            let made = convergence(&searches(several));
            made.map_err(|why| say!("no {CONVERGENCE}: {why}")).into_iter().collect()
        }
    };
    let mut engine = None;
    for figure in figures {
        let (ending, content) = match arguments.format {
            FigureFormat::Json => {
                let text = figure.specification(theme).to_string();
                ("vl.json", text.into_bytes())
            }
            FigureFormat::Html => ("html", page(figure.clone(), theme).into_bytes()),
            FigureFormat::Svg | FigureFormat::Png => {
                let engine = match &engine {
                    Some(engine) => engine,
                    None => engine.insert(Engine::new().map_err(cannot_draw)?),
                };
                let svg = engine.svg(&figure.specification(theme)).map_err(cannot_draw)?.svg;
                if arguments.format == FigureFormat::Svg {
                    ("svg", svg.into_bytes())
                } else {
                    ("png", engine.png(&svg, SCALE).map_err(cannot_draw)?)
                }
            }
        };
        let path = output.join(format!("{}.{ending}", figure.name));
        durable::write(&path, &content).map_err(|error| cannot_write(&path, &error))?;
        super::print(&format!("{}\n", path.display()))?;
    }
    Ok(FINISHED)
}

/// The figures that can be made; says why of the others.
fn made(search: &Search, wanted: impl Fn(&Kind) -> bool) -> Vec<Figure> {
    let mut made = vec![];
    for kind in Kind::ALL.into_iter().filter(wanted) {
        match kind.figure(search) {
            Ok(figure) => made.push(figure),
            Err(not_enough) => say!("no {}: {not_enough}", kind.name),
        }
    }
    made
}

fn page(figure: Figure, theme: Theme) -> String {
    let (title, body) = (figure.title, Page::slot(&figure));
    Page { title, body, figures: &[figure], theme: Some(theme) }.html()
}

/// A file cannot be written.
pub fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot write {}: {error}", path.display());
    Failure::bad_input(message, "choose another directory with --output")
}

/// A figure cannot be drawn.
pub fn cannot_draw(error: DrawError) -> Failure {
    Failure::failed(error, "this is a bug in mozopt; `--format html` may work")
}
