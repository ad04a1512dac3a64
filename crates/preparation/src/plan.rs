//! What is going to be written, compared with what is there. Nobody's file is overwritten unasked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::PreparationError;
use crate::nest_modules::NestModule;

/// All files of a preparation.
pub struct Plan {
    /// In the order they are written.
    pub files: Vec<PlannedFile>,
    /// What the user should know or do.
    pub notes: Vec<String>,
    /// The modules that the planned mozopt.toml names.
    pub nest_modules: Vec<NestModule>,
}

/// A file to be written.
pub struct PlannedFile {
    /// Where.
    pub path: PathBuf,
    /// What it is, in a few words.
    pub description: String,
    contents: String,
}

/// What is there in place of a planned file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// The same text.
    Same,
    /// Another text: the user's own, or an older one.
    Different,
}

impl PlannedFile {
    /// This text, at this place.
    pub fn new(path: PathBuf, contents: String, description: &str) -> Self {
        Self { path, description: description.to_owned(), contents }
    }

    /// What is there now.
    pub fn state(&self) -> Result<State, PreparationError> {
        // One that is longer is another.
        match durable::read_bytes(&self.path, self.contents.len() as u64) {
            Ok(there) if there == self.contents.as_bytes() => Ok(State::Same),
            Ok(_) => Ok(State::Different),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(State::Different),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Absent),
            Err(error) => Err(PreparationError::not_written(error)),
        }
    }

    /// Writes it; what was there is kept beside it.
    pub fn write(&self, state: State) -> Result<(), PreparationError> {
        if state == State::Different {
            fs::rename(&self.path, self.earlier()).map_err(failed(&self.path))?;
        }
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory).map_err(failed(directory))?;
        durable::write(&self.path, self.contents.as_bytes()).map_err(failed(&self.path))
    }

    /// Where a file goes that is replaced.
    pub fn earlier(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push("~");
        PathBuf::from(name)
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> PreparationError {
    move |error| PreparationError::not_written(format_args!("{}: {error}", path.display()))
}
