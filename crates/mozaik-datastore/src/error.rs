use std::io;
use std::path::{Path, PathBuf};

use pickle::{Graph, Value};

use crate::stimulus_text::StimulusTextError;

/// A file of a data store that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct Error {
    /// The file, or the store's directory.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a file of a data store.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no pickle, or a damaged one.
    #[error(transparent)]
    Pickle(#[from] pickle::Error),
    /// The pickle holds something else than expected.
    #[error("{0}")]
    Contents(String),
    /// A stimulus is described in a way that mozaik does not.
    #[error(transparent)]
    Stimulus(#[from] StimulusTextError),
    /// There is no data store.
    #[error("the directory holds neither datastore.recordings.pickle nor a Segment file")]
    NoStore,
}

impl Problem {
    pub(crate) fn at(self, path: &Path) -> Error {
        Error { path: path.to_owned(), problem: self }
    }

    pub(crate) fn contents(why: impl Into<String>) -> Self {
        Self::Contents(why.into())
    }
}

/// The attribute of a Python object that must have it.
pub(crate) fn attribute(graph: &Graph<'_>, object: Value, name: &str) -> Result<Value, Problem> {
    graph.attribute(object, name).ok_or_else(|| {
        let class = graph.class(object).map_or("object", |(_, class)| class);
        Problem::contents(format!("the {class} has no {name}"))
    })
}
