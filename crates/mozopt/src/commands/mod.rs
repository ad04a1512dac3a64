//! The commands, one file each.

pub mod check;
pub mod datastore;
pub mod doctor;
pub mod evaluate;
pub mod export;
pub mod figures;
pub mod forget;
pub mod inspect;
pub mod job;
pub mod parameters;
pub mod prepare;
pub mod repair;
pub mod report;
pub mod run;
pub mod schema;
pub mod serve;
pub mod show;
pub mod simulate;
pub mod status;
pub mod stop;
pub mod submit;
pub mod validate;

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use configuration::Configuration;
use journal::{Event, OptimizationDirectory, ReadError, State};

use printable::program;

use crate::failure::Failure;

/// Prints data to stdout. A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    // It may quote what came from outside, which must not steer a terminal.
    let shown = if console::colors_enabled() {
        printable::escaped_but_colours(text)
    } else {
        printable::escaped(text)
    };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(shown.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot print: {error}"), "is the disk full?"))
        }
        _ => Ok(()),
    }
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::failed(error, "this is a bug in mozopt"))?;
    print(&format!("{text}\n"))
}

/// Writes a file of an optimization.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    durable::write_json(path, value).map_err(|error| {
        let message = format!("cannot write {}: {error}", path.display());
        Failure::failed(message, "is the disk full?")
    })
}

/// Finds the optimization that the user means.
pub fn find(given: &Path) -> Result<OptimizationDirectory, Failure> {
    let (directory, note) = OptimizationDirectory::find(given)?;
    if let Some(note) = note {
        say!("note: {note}");
    }
    Ok(directory)
}

/// Reads an optimization without taking it over.
fn read(directory: &OptimizationDirectory) -> Result<(Configuration, State), Failure> {
    Ok((configuration(directory)?, state(directory)?))
}

/// What the journal says.
fn state(directory: &OptimizationDirectory) -> Result<State, Failure> {
    let failed = |error: ReadError| {
        let (program, shown) = (program(), directory.shown());
        let help = format!(
            "nothing was changed; `{program} doctor {shown}` says more, and `{program} repair {shown}` what \
             can be done"
        );
        Failure::failed(error, help)
    };
    State::read(&directory.journal()).map_err(failed)
}

/// The configuration of an optimization, which must be the one that it was created with.
pub fn configuration(directory: &OptimizationDirectory) -> Result<Configuration, Failure> {
    let configuration = Configuration::read(&directory.configuration())?;
    if let Some(Event::Created { configuration: hash, .. }) =
        directory.creation().map(|entry| entry.event)
    {
        Configuration::check_unchanged(&directory.configuration(), &hash)?;
    }
    Ok(configuration)
}
