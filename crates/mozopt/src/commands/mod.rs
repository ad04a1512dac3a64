//! The commands, one file each.

pub mod check;
pub mod datastore;
pub mod evaluate;
pub mod export;
pub mod figures;
pub mod inspect;
pub mod job;
pub mod parameters;
pub mod prepare;
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

use serde::Serialize;

use configuration::Configuration;
use journal::{self, OptimizationDirectory, State};

use crate::failure::Failure;

/// Prints data to stdout. A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
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

/// Reads an optimization without taking it over.
fn read(directory: &OptimizationDirectory) -> Result<(Configuration, State), Failure> {
    let configuration = Configuration::read(&directory.configuration())?;
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(error.to_string(), "the journal is damaged; nothing was changed")
    };
    let read = journal::read(&directory.journal()).map_err(|error| failed(&error))?;
    let state = State::of(&read.entries).map_err(|error| failed(&error))?;
    Ok((configuration, state))
}
