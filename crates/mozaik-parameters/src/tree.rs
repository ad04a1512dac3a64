//! A model's parameters as they are written: files expanded, references not yet resolved.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::error::{Error, Problem};
use crate::path::Path;
use crate::source::SourceFile;
use crate::value::{Dict, Value};

/// The parameters as they are written. [`load`](Self::load) reads them, [`with`](Self::with)
/// applies overrides and [`resolve`](Self::resolve) follows the references: mozaik's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    root: Dict,
}

/// A value that replaces the one at a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Which parameter.
    pub path: Path,
    /// Its new value; no dictionary.
    pub value: Value,
}

/// What an override did besides what it says.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Note {
    #[error("{path} was {formula}; with its own value it no longer follows what that refers to")]
    LinkCut { path: Path, formula: String },
    #[error("{path} is given more than once; the last value counts")]
    Repeated { path: Path },
}

/// Where an entry is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// In which file.
    pub file: Arc<SourceFile>,
    /// At which path inside this file.
    pub path: Path,
}

impl Tree {
    pub(crate) fn new(root: Dict) -> Tree {
        Tree { root }
    }

    /// The tree, to be looked up and listed.
    pub fn root(&self) -> &Dict {
        &self.root
    }

    /// The tree with other values. Like mozaik, this comes before references are resolved: what
    /// refers to a replaced value follows it, and a reference that is replaced is cut off.
    ///
    /// # Errors
    /// A path is unknown (mozaik would add a stray key), or lies below a value or a reference, or
    /// its value is a dictionary, which mozaik would not make part of its tree.
    pub fn with(&self, overrides: &[Override]) -> Result<(Tree, Vec<Note>), Error> {
        let mut notes = Vec::new();
        let mut values = IndexMap::new();
        for Override { path, value } in overrides {
            if values.insert(path, value).is_some() {
                notes.push(Note::Repeated { path: path.clone() });
            }
        }
        let mut root = self.root.clone();
        for (path, value) in values {
            if matches!(value, Value::Dict(_)) {
                return Err(Problem::OverrideIsDict { path: path.clone() }.into());
            }
            let entry = root.entry_mut(path)?;
            if let Value::Formula(_) = entry.value {
                notes.push(Note::LinkCut { path: path.clone(), formula: entry.value.repr() });
            }
            entry.value = value.clone();
            entry.origin = None;
        }
        Ok((Tree { root }, notes))
    }

    /// Where the entry at `path` is written: what a [`Document`](crate::Document) of that file
    /// needs to edit it.
    ///
    /// # Errors
    /// There is no such entry, or it was not read from a file.
    pub fn locate(&self, path: &Path) -> Result<Location, Error> {
        self.root.entry(path)?;
        let mut file = None;
        let mut inside = Path::default();
        for (level, component) in path.components().iter().enumerate() {
            let dict = self.root.dict(&path.first(level))?;
            let dict_file = dict.origin.as_ref().map(|origin| &origin.file);
            match (dict_file, file) {
                (Some(new), Some(old)) if Arc::ptr_eq(new, old) => {}
                _ => inside = Path::default(),
            }
            file = dict_file;
            inside = inside.child(component);
        }
        match file {
            Some(file) => Ok(Location { file: Arc::clone(file), path: inside }),
            None => Err(Problem::NotInAFile { path: path.clone() }.into()),
        }
    }
}
