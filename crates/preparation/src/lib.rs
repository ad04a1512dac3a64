//! Copies of a mozaik model's parameter files. Before a search: a tree whose recorders see what the
//! targets need, with a `config_optimisation`, a `mozopt.toml` and the experiment script. After it:
//! a tree with a candidate's values. Comments and layout stay, and nobody's file is overwritten
//! unasked.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod error;

mod model_class;
mod nest_modules;
mod parameter_files;
mod parameter_folder;
mod plan;
mod proposal;
mod recorders;
mod sheet;

use std::path::{Path, PathBuf};

use reading::{MozaikParameters, has_known_seed};
use simulation::{EXPERIMENT_FILE, EXPERIMENT_SCRIPT};

pub use error::PreparationError;
pub use nest_modules::NestModule;
pub use parameter_folder::ParameterFolder;
pub use plan::{Plan, PlannedFile, State};
pub use sheet::{Sheet, sheets};

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
    pub fn plan(&self) -> Result<Plan, PreparationError> {
        let root = format!("{}/{}", self.param, self.root);
        let model = MozaikParameters::load(&root, self.model_directory)?;
        let sheets = sheets(model.resolved.root());
        if sheets.is_empty() {
            return Err(PreparationError::input(
                format!("{root} has no sheets: there is nothing to record or to fit"),
                "a sheet is a sub-tree with a `component` and, in its `params`, `recorders`",
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
            proposal::config_optimisation(&model, &sheets, &mut notes),
            "parameters with ranges around their defaults, and targets: adjust both",
        ));
        let class = match self.model_class {
            Some(class) => Some(class.to_owned()),
            None => model_class::find(&model_directory, &mut notes),
        };
        let nest_modules = nest_modules::find(&model_directory, &mut notes);
        let settings = proposal::mozopt_toml(
            class.as_deref(),
            (into != model_directory).then(|| relative(&model_directory, &into)).as_deref(),
            &format!("{prefix}/{}", self.root),
            &nest_modules,
            has_known_seed(&model),
            &proposal::fidelity(&model, &sheets),
        );
        files.push(PlannedFile::new(at("mozopt.toml"), settings, "how the search runs"));
        let script = EXPERIMENT_SCRIPT.to_owned();
        files.push(PlannedFile::new(at(EXPERIMENT_FILE), script, "presents the protocol"));
        Ok(Plan { files, notes, nest_modules })
    }
}

/// A path from the root, without symbolic links if it exists.
fn absolute(path: &Path) -> Result<PathBuf, PreparationError> {
    let canonical = path.canonicalize().or_else(|_| std::path::absolute(path));
    canonical.map_err(|error| {
        PreparationError::input(format!("{}: {error}", path.display()), "name a directory")
    })
}

/// `path` as seen from `base`, with slashes.
fn relative(path: &Path, base: &Path) -> String {
    pathdiff::diff_paths(path, base).unwrap_or_else(|| path.to_owned()).display().to_string()
}
