//! What is known about the parameters of the simulated model: their names and default values.

use std::collections::BTreeMap;
use std::path::Path;

use configuration::{Simulator, SimulatorKind};
use mozaik_parameters::{Resolved, Tree, Value};
use serde_json::Value as Json;

use crate::mistake::{Mistake, suggestion};
use crate::settings::SimulatorSettings;

/// Larger than any file of parameters.
const MAX_PARAMETERS_BYTES: u64 = 64 << 20;

/// The model's parameters.
pub enum ModelParameters {
    /// Nothing is known about them.
    Unknown,
    /// All numbers there are.
    Numbers(BTreeMap<String, DefaultValue>),
    /// Those of a mozaik model.
    Mozaik(Box<MozaikParameters>),
}

/// A mozaik model's parameters.
pub struct MozaikParameters {
    /// As they are written.
    pub tree: Tree,
    /// What mozaik builds the model from.
    pub resolved: Resolved,
}

/// The value that a parameter has when nobody changes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DefaultValue {
    /// The value.
    pub value: f64,
    /// Whether it is a whole number by nature.
    pub integer: bool,
}

/// Why a path cannot be searched.
pub struct Unfit {
    /// What is wrong.
    pub message: String,
    /// The same in a word or two.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ModelParameters {
    /// The parameters of the configured model.
    pub fn of(
        simulator: &Simulator,
        settings: &SimulatorSettings,
        model_directory: &Path,
    ) -> Result<Self, Mistake> {
        let file = settings.parameters.as_deref();
        match (simulator.kind, &simulator.mozaik, file) {
            (SimulatorKind::V1, ..) => Ok(embedded()),
            (_, Some(mozaik), _) => {
                let parameters = MozaikParameters::load(&mozaik.parameters_file, model_directory)?;
                Ok(Self::Mozaik(Box::new(parameters)))
            }
            (_, None, None) => Ok(Self::Unknown),
            (_, None, Some(file)) => read(&model_directory.join(file)),
        }
    }

    /// The default of this parameter, if the model's parameters are known at all.
    pub fn default(&self, path: &str) -> Result<Option<DefaultValue>, Unfit> {
        match self {
            Self::Unknown => Ok(None),
            Self::Mozaik(model) => model.default(path),
            Self::Numbers(known) => known.get(path).copied().map(Some).ok_or_else(|| Unfit {
                message: format!("the model has no parameter `{path}`"),
                label: "not in the model".to_owned(),
                help: suggestion(path, known.keys().map(String::as_str)),
            }),
        }
    }
}

impl MozaikParameters {
    /// Reads a root parameter file; it and all it includes are relative to the model's directory.
    pub fn load(file: impl AsRef<Path>, model_directory: &Path) -> Result<Self, Mistake> {
        let tree = Tree::load(file, model_directory)?;
        let resolved = tree.resolve()?;
        Ok(Self { tree, resolved })
    }

    /// The number at this path; `None` where it is something that a number may replace.
    pub fn default(&self, path: &str) -> Result<Option<DefaultValue>, Unfit> {
        let unfit = |error: mozaik_parameters::Error| Unfit {
            message: error.problem.to_string(),
            label: "cannot be searched".to_owned(),
            help: error.problem.advice(),
        };
        let at = mozaik_parameters::Path::from(path);
        // An override comes before references are resolved: it must find its place in the tree as
        // it is written.
        self.tree.root().entry(&at).map_err(unfit)?;
        let value = self.resolved.root().value(&at).map_err(unfit)?;
        match *value {
            Value::Integer(value) => Ok(Some(DefaultValue { value: value as f64, integer: true })),
            Value::Float(value) => Ok(Some(DefaultValue { value, integer: false })),
            _ if value.accepts(&Value::Float(0.0)) => Ok(None),
            _ => Err(Unfit {
                message: format!("`{path}` is {}, and only numbers can be searched", value.kind()),
                label: "not a number".to_owned(),
                help: None,
            }),
        }
    }
}

fn embedded() -> ModelParameters {
    let defaults = v1_model::Parameters::defaults();
    let numbers = defaults.iter().map(|(path, value)| {
        let integer = v1_model::Parameters::is_integer(path);
        (path.to_owned(), DefaultValue { value, integer })
    });
    ModelParameters::Numbers(numbers.collect())
}

fn read(path: &Path) -> Result<ModelParameters, Mistake> {
    let help = "it must be a JSON object with the default value of every parameter";
    let wrong = |why: String| Mistake::new(format!("{}: {why}", path.display()), help);
    let text = durable::read_bounded(path, MAX_PARAMETERS_BYTES)
        .map_err(|error| Mistake::new(error.to_string(), help))?;
    let tree: Json = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if !tree.is_object() {
        return Err(wrong("this is not an object".to_owned()));
    }
    let mut parameters = BTreeMap::new();
    flatten("", &tree, &mut parameters);
    Ok(ModelParameters::Numbers(parameters))
}

/// Collects the numbers of nested objects under their dotted paths.
fn flatten(prefix: &str, value: &Json, parameters: &mut BTreeMap<String, DefaultValue>) {
    match value {
        Json::Object(entries) => {
            for (key, value) in entries {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&path, value, parameters);
            }
        }
        Json::Number(number) => {
            if let Some(value) = number.as_f64() {
                let integer = number.is_i64() || number.is_u64();
                parameters.insert(prefix.to_owned(), DefaultValue { value, integer });
            }
        }
        _ => {}
    }
}
