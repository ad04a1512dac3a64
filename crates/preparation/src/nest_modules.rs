//! Which extension modules the model's run scripts install into NEST: read in their texts, which
//! are never run.

use std::fmt;
use std::path::Path;

use crate::model_class::python_files;

/// A module, and the scripts that install it.
#[derive(Debug, PartialEq, Eq)]
pub struct NestModule {
    /// How NEST knows it.
    pub name: String,
    /// The files' names.
    pub scripts: Vec<String>,
}

impl fmt::Display for NestModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the NEST module {} is installed by {}", self.name, listed(&self.scripts))
    }
}

/// The modules that the Python files of the model's directory install.
pub fn find(model_directory: &Path, notes: &mut Vec<String>) -> Vec<NestModule> {
    let mut modules: Vec<NestModule> = vec![];
    let mut unclear = vec![];
    for (path, text) in python_files(model_directory) {
        let script = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = mozaik_parameters::nest_modules(&text);
        for name in found.names {
            match modules.iter_mut().find(|module| module.name == name) {
                Some(module) => module.scripts.push(script.clone()),
                None => modules.push(NestModule { name, scripts: vec![script.clone()] }),
            }
        }
        if found.others {
            unclear.push(script);
        }
    }
    if !unclear.is_empty() {
        notes.push(format!(
            "{} installs a NEST module whose name is not written out: add it to `nest_modules` in \
             mozopt.toml",
            listed(&unclear)
        ));
    }
    modules
}

/// The first of these names, and how many others there are.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}
