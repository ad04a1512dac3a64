//! What is known about the parameters of the simulated model: their names and default values.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::configuration::{Model, Settings, Simulator};
use crate::durable;
use crate::failure::{Failure, suggestion};

/// Larger than any file of parameters.
const MAX_PARAMETERS_BYTES: u64 = 64 << 20;

/// The model's parameters. `None` where nothing is known about them.
pub struct ModelParameters(Option<BTreeMap<String, DefaultValue>>);

/// The value that a parameter has when nobody changes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DefaultValue {
    /// The value.
    pub value: f64,
    /// Whether it is a whole number by nature.
    pub integer: bool,
}

/// A path that the model does not have.
pub struct UnknownPath {
    /// "did you mean …?"
    pub suggestion: Option<String>,
}

impl ModelParameters {
    /// The parameters of the configured model.
    pub fn of(
        simulator: &Simulator,
        settings: &Settings,
        model_directory: &Path,
    ) -> Result<Self, Failure> {
        let file = settings.simulator.parameters.as_deref();
        match (simulator.model, file) {
            (Model::V1, None) => Ok(Self(Some(embedded()))),
            (Model::V1, Some(_)) => Err(Failure::bad_input(
                "`parameters` is given, but the embedded model has its own",
                "leave it out",
            )),
            (Model::Command, None) => Ok(Self(None)),
            (Model::Command, Some(file)) => read(&model_directory.join(file)),
        }
    }

    /// The default of this parameter, if the model's parameters are known at all.
    pub fn default(&self, path: &str) -> Result<Option<DefaultValue>, UnknownPath> {
        let Some(known) = &self.0 else { return Ok(None) };
        match known.get(path) {
            Some(&default) => Ok(Some(default)),
            None => {
                Err(UnknownPath { suggestion: suggestion(path, known.keys().map(String::as_str)) })
            }
        }
    }
}

fn embedded() -> BTreeMap<String, DefaultValue> {
    v1_model::Parameters::defaults()
        .iter()
        .map(|(path, value)| {
            let integer = v1_model::Parameters::is_integer(path);
            (path.to_owned(), DefaultValue { value, integer })
        })
        .collect()
}

fn read(path: &Path) -> Result<ModelParameters, Failure> {
    let wrong = |why: String| {
        let help = "it must be a JSON object with the default value of every parameter";
        Failure::bad_input(format!("{}: {why}", path.display()), help)
    };
    let text =
        durable::read_bounded(path, MAX_PARAMETERS_BYTES).map_err(|e| wrong(e.to_string()))?;
    let tree: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if !tree.is_object() {
        return Err(wrong("this is not an object".to_owned()));
    }
    let mut parameters = BTreeMap::new();
    flatten("", &tree, &mut parameters);
    Ok(ModelParameters(Some(parameters)))
}

/// Collects the numbers of nested objects under their dotted paths.
fn flatten(prefix: &str, value: &Value, parameters: &mut BTreeMap<String, DefaultValue>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&path, value, parameters);
            }
        }
        Value::Number(number) => {
            if let Some(value) = number.as_f64() {
                let integer = number.is_i64() || number.is_u64();
                parameters.insert(prefix.to_owned(), DefaultValue { value, integer });
            }
        }
        _ => {}
    }
}
