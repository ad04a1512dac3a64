//! Data stores of either kind: mozaik's, and those of the embedded model.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recording::Recording;
use recording::store::{INDEX, StoreError};

/// Data stores lie at most this deep in a directory that holds many.
const DEEPEST: usize = 8;

/// A data store that was opened.
pub struct DataStore {
    path: PathBuf,
    format: Format,
}

/// The kind of a data store.
pub enum Format {
    /// A directory of NumPy arrays.
    Mozopt(recording::store::Store),
    /// A directory of pickles.
    Mozaik(mozaik_datastore::Store),
}

/// A data store that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// One of the embedded model.
    #[error(transparent)]
    Mozopt(#[from] StoreError),
    /// One of mozaik, or nothing at all.
    #[error(transparent)]
    Mozaik(#[from] mozaik_datastore::Error),
}

impl DataStore {
    /// Opens the store in this directory.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let format = if path.join(INDEX).exists() {
            Format::Mozopt(recording::store::Store::open(path)?)
        } else {
            Format::Mozaik(mozaik_datastore::Store::open(path)?)
        };
        Ok(Self { path: path.to_owned(), format })
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which kind it is.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// What it holds.
    pub fn recording(&self) -> &dyn Recording {
        match &self.format {
            Format::Mozopt(store) => store,
            Format::Mozaik(store) => store,
        }
    }

    /// What is missing from it, in sentences.
    pub fn deficiencies(&self) -> &[String] {
        match &self.format {
            Format::Mozopt(_) => &[],
            Format::Mozaik(store) => store.deficiencies(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mozopt(_) => "mozopt",
            Self::Mozaik(_) => "mozaik",
        })
    }
}

/// Whether a data store lies in this directory itself.
fn is_store(directory: &Path) -> bool {
    directory.join(INDEX).is_file() || mozaik_datastore::Store::is_at(directory)
}

/// The data stores in a directory: itself, or all below it, sorted. Links are not followed.
pub fn find(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    search(directory, DEEPEST, &mut found)?;
    found.sort();
    Ok(found)
}

fn search(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if is_store(directory) {
        found.push(directory.to_owned());
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            search(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

/// How many bytes the files of a store have, and the largest of them.
pub fn sizes(store: &Path) -> io::Result<(u64, u64)> {
    let mut sum = 0;
    let mut largest = 0;
    for entry in fs::read_dir(store)? {
        let size = entry?.metadata()?.len();
        sum += size;
        largest = largest.max(size);
    }
    Ok((sum, largest))
}
