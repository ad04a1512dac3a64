//! Whether the root of the parameter tree has the keys on which the model class insists: the first
//! thing in which versions of mozaik differ.

use mozaik_parameters::{Dict, Resolved};

use reading::suggestion;

use super::script::Answer;
use crate::{Findings, Status};

const ABOUT: &str = "parameters";

/// Compares the keys of the root with those that mozaik's model class and its bases require.
pub fn look(tree: &Resolved, answer: &Answer, file: &str, findings: &mut Findings) {
    let Some(required) = &answer.required_parameters else { return };
    let root = tree.root();
    let missing: Vec<&str> = required
        .iter()
        .map(String::as_str)
        .filter(|key| !root.entries.contains_key(*key))
        .collect();
    let superfluous: Vec<&str> = root
        .entries
        .keys()
        .map(String::as_str)
        .filter(|key| !required.iter().any(|required| required == key))
        .collect();
    for &key in &missing {
        let message = format!("the model class requires `{key}`, which {file} does not have");
        let help = suggestion(key, superfluous.iter().copied()).map_or_else(
            || format!("{MOZAIK}: add it to {file}"),
            |meant| meant.replace("did you mean", "is it"),
        );
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    for &key in &superfluous {
        let message = format!("the model class does not know `{key}` ({})", place(root, key, file));
        let help = suggestion(key, missing.iter().copied())
            .or_else(|| suggestion(key, required.iter().map(String::as_str)))
            .unwrap_or_else(|| format!("{MOZAIK}: remove it"));
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    if missing.is_empty() && superfluous.is_empty() {
        let message =
            format!("{file} has the {} keys that the model class requires", required.len());
        findings.add(ABOUT, Status::Ok, message);
    }
}

const MOZAIK: &str = "mozaik requires exactly the keys that its version knows";

fn place(root: &Dict, key: &str, file: &str) -> String {
    let origin = root.entries.get(key).and_then(|entry| entry.key.as_ref());
    origin.map_or_else(|| file.to_owned(), ToString::to_string)
}
