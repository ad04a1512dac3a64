//! Which class the model is: found by reading the text of its Python files, never by running them.

use std::path::{Path, PathBuf};

/// A file with a model has no more.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Module and class of the model, where the files leave no doubt.
pub fn find(model_directory: &Path, notes: &mut Vec<String>) -> Option<String> {
    let mut found = vec![];
    for (path, text) in python_files(model_directory) {
        if let Some(module) = path.file_stem().and_then(|stem| stem.to_str()) {
            found.extend(models_in(&text).map(|class| format!("{module}.{class}")));
        }
    }
    found.sort();
    match &found[..] {
        [] => notes.push(
            "found no class derived from mozaik's Model: set `model_class` in mozopt.toml"
                .to_owned(),
        ),
        [_] => {}
        several => notes.push(format!(
            "found several models, {}: using the first; choose another with --model-class",
            several.join(", ")
        )),
    }
    found.into_iter().next()
}

/// The model's own Python files with their texts, by name.
pub fn python_files(model_directory: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(model_directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    let read = |path: PathBuf| {
        let text = durable::read_bounded(&path, MAX_FILE_BYTES).ok()?;
        Some((path, text))
    };
    paths.into_iter().filter_map(read).collect()
}

/// The classes of a module that are derived from mozaik's `Model`.
fn models_in(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (name, bases) = line.strip_prefix("class ")?.split_once('(')?;
        let mut bases = bases.split(')').next()?.split(',');
        let is_model = |base: &str| base.trim().rsplit('.').next() == Some("Model");
        bases.any(is_model).then(|| name.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::models_in;

    #[test]
    fn a_model_is_a_class_derived_from_model() {
        let text = "from mozaik.models import Model\nclass Sheet(object):\nclass V1(Model):  # ours\n\
                    class Other(mozaik.models.Model, Mixin):\n    class Inner(Model):\nclass ModelX(Models):\n";
        assert_eq!(models_in(text).collect::<Vec<_>>(), ["V1", "Other"]);
    }
}
