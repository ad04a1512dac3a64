//! `param_optim/config_optimisation`: WHAT is searched. A JSON file of the predecessor's form, which
//! must work unchanged: `parameters` with ranges, `optimiser_centroid`, `targets`.

mod reader;

use jsonc_parser::common::Range;
use serde::{Deserialize, Serialize};
use targets::{Scoring, Target, TargetClass, Wanted};

use crate::failure::{InputError, Source};
use reader::Reader;

/// The JSON Schema of the file.
pub const SCHEMA: &str = include_str!("schema.json");

/// The file, checked as far as it can be without knowing the model.
#[derive(Debug)]
pub struct ConfigOptimisation {
    /// The searched parameters, in the order of the file.
    pub parameters: Vec<SearchedParameter>,
    /// The targets, in the order of the file.
    pub targets: Vec<ConfiguredTarget>,
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

/// A target, and where its value comes from if not from the recording.
#[derive(Debug, Clone)]
pub struct ConfiguredTarget {
    /// What is measured and how it is scored.
    pub target: Target,
    /// Of a `CommandTarget`: a shell line that gets the data store's path and the sheet, and prints the
    /// value.
    pub command: Option<String>,
}

/// A target as it is frozen into an optimization's configuration; its keys are those of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FrozenTarget {
    name: String,
    class: String,
    target_value: FrozenWanted,
    sheet_name: Option<String>,
    norm: f64,
    max_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum FrozenWanted {
    Number(f64),
    Range(f64, f64),
}

impl From<&ConfiguredTarget> for FrozenTarget {
    fn from(configured: &ConfiguredTarget) -> Self {
        let Target { name, class, sheet_name, scoring } = &configured.target;
        Self {
            name: name.clone(),
            class: class.name().to_owned(),
            target_value: match scoring.wanted() {
                Wanted::Number(value) => FrozenWanted::Number(value),
                Wanted::Range(low, high) => FrozenWanted::Range(low, high),
            },
            sheet_name: sheet_name.clone(),
            norm: scoring.norm(),
            max_score: scoring.max_score(),
            command: configured.command.clone(),
            rule: matches!(class, TargetClass::Command(_))
                .then(|| TargetClass::of_rule(class.rule()).name().to_owned()),
        }
    }
}

impl TryFrom<&FrozenTarget> for ConfiguredTarget {
    type Error = String;

    fn try_from(frozen: &FrozenTarget) -> Result<Self, String> {
        let parse = |name: &str| name.parse::<TargetClass>().map_err(|e| e.to_string());
        let class = match &frozen.rule {
            Some(rule) => TargetClass::Command(parse(rule)?.rule()),
            None => parse(&frozen.class)?,
        };
        let wanted = match frozen.target_value {
            FrozenWanted::Number(value) => Wanted::Number(value),
            FrozenWanted::Range(low, high) => Wanted::Range(low, high),
        };
        let scoring = Scoring::new(class.rule(), wanted, Some(frozen.norm), frozen.max_score)
            .map_err(|e| e.to_string())?;
        let (name, sheet_name) = (frozen.name.clone(), frozen.sheet_name.clone());
        Ok(Self {
            target: Target { name, class, sheet_name, scoring },
            command: frozen.command.clone(),
        })
    }
}

impl ConfigOptimisation {
    /// Reads the file's text: what can be understood of it, and every mistake in it.
    pub fn parse(source: &Source<'_>) -> (Option<Self>, Vec<InputError>) {
        Reader::read(source)
    }
}
