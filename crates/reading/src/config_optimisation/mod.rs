//! `param_optim/config_optimisation`: WHAT is searched. A JSON file of the predecessor's form,
//! which must work unchanged: `parameters` with ranges, `optimiser_centroid`, `targets`.

mod reader;

use configuration::ConfiguredTarget;
use jsonc_parser::common::Range;

use crate::mistake::{Mistake, Source};
use reader::Reader;

/// The JSON Schema of the file.
pub const SCHEMA: &str = include_str!("schema.json");

/// The file, with all checks that need no model.
#[derive(Debug)]
pub struct ConfigOptimisation {
    /// The searched parameters, in the order of the file.
    pub parameters: Vec<SearchedParameter>,
    /// The targets, in the order of the file.
    pub targets: Vec<ConfiguredTarget>,
    /// Keys of the user's own, which say nothing here.
    pub unread: Vec<String>,
}

/// A parameter with its range.
#[derive(Debug)]
pub struct SearchedParameter {
    /// The dotted path into the model's parameters.
    pub path: String,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// Whether both ends were written as integers.
    pub written_as_integers: bool,
    /// `"type"`, where given.
    pub kind: Option<ParameterType>,
    /// `"scale"`, where given.
    pub log_scale: Option<bool>,
    /// Its `optimiser_centroid`, where given.
    pub centroid: Option<f64>,
    /// Where its name stands.
    pub name_span: Range,
    /// Where its range stands.
    pub range_span: Range,
    /// Where its centroid stands.
    pub centroid_span: Option<Range>,
}

/// What a parameter's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// Whole numbers, passed to the simulator as such.
    Int,
    /// Real numbers.
    Float,
}

impl ConfigOptimisation {
    /// Reads the file's text: what can be understood of it, and every mistake in it.
    pub fn parse(source: &Source) -> (Option<Self>, Vec<Mistake>) {
        Reader::read(source)
    }
}
