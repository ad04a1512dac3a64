//! Whether NEST has the extension modules and the cell models that a model needs.

use std::collections::BTreeMap;

use mozaik_parameters::{Dict, Path, Resolved, Value};

use super::script::Answer;
use crate::{Findings, Status};

const ABOUT: &str = "NEST";
/// An extension module that models of visual cortex use for the cells of the LGN, and how the names
/// of its cell models end.
const KNOWN_MODULE: (&str, &str) = ("stepcurrentmodule", "_sc_nc");

/// NEST's own cell models that the tree names, each with the paths of its name: what mozaik does
/// not take from PyNN since `native_nest` is set.
pub fn named_in(tree: &Resolved) -> BTreeMap<String, Vec<Path>> {
    let mut models = BTreeMap::new();
    collect(tree.root(), &Path::default(), &mut models);
    models
}

fn collect(dict: &Dict, at: &Path, models: &mut BTreeMap<String, Vec<Path>>) {
    let value = |key: &str| dict.entries.get(key).map(|entry| &entry.value);
    if let (Some(Value::Text(model)), Some(Value::Boolean(true)), Some(Value::Dict(_))) =
        (value("model"), value("native_nest"), value("params"))
    {
        models.entry(model.clone()).or_default().push(at.child("model"));
    }
    for (key, entry) in &dict.entries {
        if let Value::Dict(below) = &entry.value {
            collect(below, &at.child(key), models);
        }
    }
}

/// Judges what the script found out about them.
pub fn look(
    tree: &Resolved,
    models: &BTreeMap<String, Vec<Path>>,
    answer: &Answer,
    findings: &mut Findings,
) {
    let mut not_loaded = vec![];
    for (module, error) in &answer.nest_modules {
        let Some(error) = error else { continue };
        not_loaded.push(module.as_str());
        let message = format!("NEST cannot load the module {module}");
        let help = format!("{error}; `nest_modules` under [simulator] names it");
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    let mut are_there = vec![];
    for (model, paths) in models {
        match answer.nest_models.get(model) {
            None => {}
            Some(true) => are_there.push(model.as_str()),
            Some(false) => {
                let message =
                    format!("NEST has no cell model {model}, which {}", places(tree, paths));
                let help = how_to_get(model, answer, &not_loaded);
                findings.add_with_help(ABOUT, Status::Problem, message, help);
            }
        }
    }
    if !are_there.is_empty() {
        findings.add(ABOUT, Status::Ok, format!("it has {}", are_there.join(", ")));
    }
}

/// Where the tree names a model: every path, and the file of the first.
fn places(tree: &Resolved, paths: &[Path]) -> String {
    let names: Vec<_> = paths.iter().map(Path::to_string).collect();
    let origin = paths.first().and_then(|path| tree.root().entry(path).ok()?.origin.clone());
    let file = origin.map(|origin| format!(" ({origin})")).unwrap_or_default();
    let verb = if names.len() == 1 { "names" } else { "name" };
    format!("{} {verb}{file}", names.join(", "))
}

fn how_to_get(model: &str, answer: &Answer, not_loaded: &[&str]) -> String {
    if !not_loaded.is_empty() {
        return format!("perhaps it comes with {}, which cannot be loaded", not_loaded.join(", "));
    }
    let (module, ending) = KNOWN_MODULE;
    if model.ends_with(ending) && !answer.nest_modules.contains_key(module) {
        return format!("set nest_modules = [\"{module}\"] under [simulator]");
    }
    "if an extension module provides it, set nest_modules = [\"…\"] under [simulator]: the model's \
     run scripts call nest.Install(\"…\") with its name"
        .to_owned()
}
