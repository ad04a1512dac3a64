//! Files, and places in them.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A parameter file as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// How messages name it: the root file as it was given, others as their `url` names them.
    pub name: String,
    /// Where it was read from; empty for a text that comes from no file.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// A place in a file. Displayed as `name:line:column`, both counted from 1, columns in characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes of its text.
    pub span: Range<usize>,
}

impl Origin {
    /// What is written there.
    pub fn text(&self) -> &str {
        self.file.text.get(self.span.clone()).unwrap_or_default()
    }

    /// Line and column of the first character, counted from 1.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_and_column();
        write!(f, "{}:{line}:{column}", self.file.name)
    }
}

// A whole file in every debug print would hide what is looked for.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:?}", self.text())
    }
}
