//! What makes a mozaik model ready for a search: a parameter tree whose recorders see what the targets
//! need, a `config_optimisation` and a `mozopt.toml` to begin from, and the experiment script.

mod model_class;
mod parameter_files;
mod plan;
mod proposal;
mod recorders;

use std::path::{Path, PathBuf};

use mozaik_parameters::{Dict, Path as ParameterPath, Value};

use crate::configuration::EXPERIMENT_SCRIPT;
use crate::failure::Failure;
use crate::model::MozaikParameters;
use crate::optimization_directory::EXPERIMENT_FILE;
pub use plan::{Plan, PlannedFile, State};

/// What to prepare, and where.
pub struct Preparation<'a> {
    /// The model's directory, in which mozaik starts.
    pub model_directory: &'a Path,
    /// Where the files go: the model's directory or another one.
    pub into: &'a Path,
    /// The directory of the model's parameter files, in the model's directory.
    pub param: &'a str,
    /// The root parameter file in it.
    pub root: &'a str,
    /// The new directory of parameter files.
    pub param_optim: &'a str,
    /// Module and class of the model; `None`: look for it.
    pub model_class: Option<&'a str>,
}

impl Preparation<'_> {
    /// Works out every file. Nothing is written.
    pub fn plan(&self) -> Result<Plan, Failure> {
        let root = format!("{}/{}", self.param, self.root);
        let model = MozaikParameters::load(&root, self.model_directory)?;
        let sheets = sheets(model.resolved.root());
        if sheets.is_empty() {
            return Err(Failure::bad_input(
                format!("{root} has no sheets: there is nothing to record or to fit"),
                "mozaik keeps sheets under `sheets`, each with its `component` and `params`",
            ));
        }
        // What url() names is relative to the model's directory.
        let (into, model_directory) = (absolute(self.into)?, absolute(self.model_directory)?);
        let prefix = relative(&into.join(self.param_optim), &model_directory);
        let mut notes = vec![];
        let mut files = parameter_files::rewritten(self, &model, &sheets, &prefix, &mut notes)?;
        let at = |name: &str| into.join(name);
        files.push(PlannedFile::new(
            at("param_optim/config_optimisation"),
            proposal::config_optimisation(&model, &sheets),
            "parameters with ranges around their defaults, and targets: adjust both",
        ));
        let class = match self.model_class {
            Some(class) => Some(class.to_owned()),
            None => model_class::find(&model_directory, &mut notes),
        };
        let settings = proposal::mozopt_toml(
            class.as_deref(),
            (into != model_directory).then(|| relative(&model_directory, &into)).as_deref(),
            &format!("{prefix}/{}", self.root),
        );
        files.push(PlannedFile::new(at("mozopt.toml"), settings, "how the search is run"));
        let script = EXPERIMENT_SCRIPT.to_owned();
        files.push(PlannedFile::new(at(EXPERIMENT_FILE), script, "presents the protocol"));
        Ok(Plan { files, notes })
    }
}

/// A sheet of the model, or several that one entry stands for (an LGN).
pub struct Sheet {
    /// Its key below `sheets`.
    pub key: String,
    /// How the data store calls it; `None` for an LGN, whose sheets have fixed names.
    pub name: Option<String>,
    /// mozaik's component.
    pub component: String,
    /// Whether its cells are NEST's own models and not PyNN's.
    pub native_nest: bool,
}

impl Sheet {
    /// Whether it lies in cortex: its cells have positions in visual space, and it can be fitted.
    pub fn is_cortical(&self) -> bool {
        self.name.is_some() && self.component.contains("Cortical")
    }

    /// The path of its recorders.
    pub fn recorders(&self) -> ParameterPath {
        ["sheets", &self.key, "params", "recorders"]
            .iter()
            .fold(ParameterPath::default(), |path, component| path.child(component))
    }
}

/// The sheets of a resolved tree, in its order.
pub fn sheets(root: &Dict) -> Vec<Sheet> {
    let Ok(sheets) = root.dict(&"sheets".into()) else { return vec![] };
    let sheet = |key: &String| {
        let text = |path: &str| match root.value(&format!("sheets.{key}.{path}").as_str().into()) {
            Ok(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let native = format!("sheets.{key}.params.cell.native_nest");
        Some(Sheet {
            component: text("component")?,
            name: text("params.name"),
            native_nest: root.value(&native.as_str().into()) == Ok(&Value::Boolean(true)),
            key: key.clone(),
        })
    };
    sheets.entries.keys().filter_map(sheet).collect()
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let canonical = path.canonicalize().or_else(|_| std::path::absolute(path));
    canonical.map_err(|error| {
        Failure::bad_input(format!("{}: {error}", path.display()), "give a directory")
    })
}

/// `path` as seen from `base`, with slashes.
fn relative(path: &Path, base: &Path) -> String {
    pathdiff::diff_paths(path, base).unwrap_or_else(|| path.to_owned()).display().to_string()
}
