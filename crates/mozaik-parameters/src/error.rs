//! What can be wrong with parameters, and where.

use std::fmt;

use crate::number::{ArithmeticError, Operator};
use crate::path::Path;
use crate::source::Origin;

/// A problem and, if it has one, its place in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// What is wrong. [`Problem::advice`] says what to do about it.
    pub problem: Problem,
    /// Where: the file with its text, and the bytes in it.
    pub origin: Option<Origin>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error { problem, origin: None }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Problem {
    #[error("{name} cannot be read: {reason}")]
    Unreadable { name: String, reason: String },
    #[error("{name} is larger than {limit} bytes")]
    FileTooLarge { name: String, limit: u64 },
    #[error("more than {limit} files are included")]
    TooManyFiles { limit: usize },
    #[error("files include each other: {}", chain.join(" -> "))]
    FileCycle { chain: Vec<String> },
    #[error("the tree has more than {limit} values")]
    TooManyValues { limit: usize },
    #[error("brackets, operators or sub-trees lie more than {limit} levels inside each other")]
    TooDeep { limit: usize },

    #[error("Python does not read the character {character:?} here")]
    Character { character: char },
    #[error("this is not a Python expression: {message}")]
    Syntax { message: String },
    #[error("{what} has no place in a parameter file")]
    Unsupported { what: String },
    #[error("the integer does not fit into 64 bits")]
    IntegerTooLarge,
    #[error("the name {name} is not known")]
    UnknownName { name: String, suggestion: Option<String> },
    #[error("mozaik has no {name} any more: its distributions are PyNN's")]
    OldDistribution { name: String, instead: String },
    #[error("{function} needs {wanted}")]
    Arguments { function: String, wanted: &'static str },
    #[error("a file has to hold a dictionary, and this is {found}")]
    NotADictionary { found: &'static str },
    #[error("a key has to be a string")]
    KeyNotText,
    #[error("{key} is not allowed as a parameter name")]
    ForbiddenKey { key: String },
    #[error("the key {key:?} contains a dot, which separates the components of a path")]
    DottedKey { key: String },

    #[error("{operator} cannot be applied to {operand}")]
    NotArithmetic { operator: Operator, operand: &'static str },
    #[error("{0}")]
    Arithmetic(ArithmeticError),
    #[error("a reference has no sign")]
    SignedReference,
    #[error("a reference cannot be an exponent")]
    ReferenceAsExponent,

    #[error("there is no {path}")]
    UnknownComponent { path: Path, suggestion: Option<String> },
    #[error("the empty path names no parameter")]
    RootHasNoEntry,
    #[error("{at} is {found}: nothing lies below it")]
    NotASubTree { at: Path, found: &'static str },
    #[error(
        "{at} is a reference to {target}: nothing lies below it before references are resolved"
    )]
    BelowReference { at: Path, target: Path },
    #[error("references go round in a circle: {}", chain.iter().map(Path::to_string).collect::<Vec<_>>().join(" -> "))]
    ReferenceCycle { chain: Vec<Path> },
    #[error("{target} lies below {at}, which mozaik has not resolved yet when it comes here")]
    TargetBelowReference { target: Path, at: Path, instead: Path },
    #[error("{path} is given a dictionary, which mozaik would not make part of its tree")]
    OverrideIsDict { path: Path },
    #[error("{target} is a sub-tree: arithmetic cannot be applied to it")]
    ArithmeticOnSubTree { target: Path },
    #[error("{path} is no PyNNDistribution: {reason}")]
    BadDistribution { path: Path, reason: &'static str },

    #[error("the new text {text:?} is not one expression that can stand in a dictionary")]
    NotAValue { text: String },
    #[error("there is already a {path}")]
    AlreadyThere { path: Path },
    #[error("{path} is not written in a file")]
    NotInAFile { path: Path },
}

impl Problem {
    /// What to do about it, where the message alone does not say.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Problem::Unreadable { .. } => {
                "a url is relative to the directory that mozaik is started in, not to the file it stands in".to_owned()
            }
            Problem::FileCycle { .. } => "remove one of these urls".to_owned(),
            Problem::Character { .. } => "save the file as UTF-8 without a byte order mark".to_owned(),
            Problem::Unsupported { .. } => {
                "write literals, + - * / **, or, and, not, pi, url(..), ref(..) or a constructor of mozaik".to_owned()
            }
            Problem::SignedReference => "write -1*ref(..)".to_owned(),
            Problem::ReferenceAsExponent => "mozaik allows ref(..)**2, but not 2**ref(..)".to_owned(),
            Problem::NotArithmetic { .. } => "arithmetic is for numbers and references to them".to_owned(),
            Problem::UnknownName { suggestion: Some(name), .. }
            | Problem::UnknownComponent { suggestion: Some(name), .. } => format!("did you mean {name}?"),
            Problem::OldDistribution { instead, .. } => format!("write {instead}"),
            Problem::BelowReference { at, target } => {
                format!("change {target}, which changes {at} and whatever else refers to it, or replace the reference")
            }
            Problem::TargetBelowReference { instead, .. } => format!("refer to {instead} instead"),
            Problem::OverrideIsDict { .. } => "override the values in it one by one".to_owned(),
            Problem::ReferenceCycle { .. } => "give one of them a value".to_owned(),
            _ => return None,
        })
    }

    /// This problem, found there.
    pub(crate) fn at(self, origin: impl Into<Option<Origin>>) -> Error {
        Error { problem: self, origin: origin.into() }
    }
}
