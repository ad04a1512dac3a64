//! What a search depends on beside its own directory: the environment in which it was begun, and
//! the files of the model. When these change, results before and after are not of the same model,
//! perhaps.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use configuration::Configuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::provenance::Commit;

/// The name of the file.
pub const FILE_NAME: &str = "surroundings.json";
/// Variables that decide which programs and modules are found.
const VARIABLES: [&str; 7] = [
    "PATH",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "LOADEDMODULES",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "NEST_MODULE_PATH",
];
/// Files lie at most so deep in a model's directory, and no more entries of it are looked at: it
/// may be somebody's home.
const DEEPEST: usize = 4;
const MOST_ENTRIES: usize = 5000;
/// Larger files are known by size and time alone, bytes.
const HASHED: u64 = 256 << 10;
/// What a model is written in, beside files without an ending, as mozaik's parameters are.
const ENDINGS: [&str; 10] =
    ["py", "sh", "json", "toml", "yaml", "yml", "cfg", "ini", "so", "param"];
/// The longest value of a variable that is shown, characters.
const LONGEST: usize = 200;

/// The environment and the model's files at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Variables of the environment that are set.
    pub variables: BTreeMap<String, String>,
    /// The model's version in git.
    pub commit: Option<String>,
    /// A mark of the content of each file of the model, by its path in the model's directory.
    pub files: BTreeMap<String, String>,
}

impl Surroundings {
    /// Those of now.
    pub fn now(configuration: &Configuration) -> Self {
        let variable = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
        let model = &configuration.model_directory;
        Self {
            variables: VARIABLES.iter().filter_map(variable).collect(),
            commit: Commit::of(model).map(|commit| commit.commit),
            files: marks(model),
        }
    }

    /// What is another one than before, a sentence each. Files that are new do not count:
    /// simulations write some.
    pub fn differences_to(&self, before: &Self) -> Vec<String> {
        let mut differences = vec![];
        for name in VARIABLES {
            let (then, now) = (before.variables.get(name), self.variables.get(name));
            if then != now {
                let shown = |value: Option<&String>| match value {
                    None => "not set".to_owned(),
                    Some(value) if value.chars().count() > LONGEST => {
                        format!("{}…", value.chars().take(LONGEST).collect::<String>())
                    }
                    Some(value) => format!("\"{value}\""),
                };
                differences.push(format!("{name} is {}, it was {}", shown(now), shown(then)));
            }
        }
        if let (Some(then), Some(now)) = (&before.commit, &self.commit)
            && then != now
        {
            differences.push(format!("the model is at commit {now}, it was at {then}"));
        }
        for (path, then) in &before.files {
            match self.files.get(path) {
                None => differences.push(format!("{path} is gone from the model's directory")),
                Some(now) if now != then => differences.push(format!("{path} has changed")),
                Some(_) => {}
            }
        }
        differences
    }
}

/// Marks of the sources below a directory, on the same file system.
fn marks(root: &Path) -> BTreeMap<String, String> {
    let mut walk = Walk { root, marks: BTreeMap::new(), entries: 0 };
    // The root of a machine is nobody's model.
    if let Ok(metadata) = fs::metadata(root)
        && root.parent().is_some()
    {
        walk.collect(Path::new(""), 0, metadata.dev());
    }
    walk.marks
}

struct Walk<'a> {
    root: &'a Path,
    marks: BTreeMap<String, String>,
    entries: usize,
}

impl Walk<'_> {
    fn collect(&mut self, below: &Path, depth: usize, device: u64) {
        let Ok(entries) = fs::read_dir(self.root.join(below)) else { return };
        let mut entries: Vec<_> = entries.flatten().take(MOST_ENTRIES).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = entry.metadata() else { continue };
            let path = below.join(&name);
            if metadata.is_dir() {
                let not_of_the_model = name.starts_with(['.', '_'])
                    || name.ends_with("_Optimization")
                    || name.ends_with("_Trial")
                    || metadata.dev() != device;
                if !not_of_the_model && depth < DEEPEST {
                    self.collect(&path, depth + 1, device);
                }
            } else if metadata.is_file()
                && is_source(&path)
                && let Some(mark) = mark(&entry.path())
            {
                self.marks.insert(path.display().to_string(), mark);
            }
        }
    }
}

fn is_source(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !hidden && ending.is_none_or(|ending| ENDINGS.contains(&ending.as_str()))
}

fn mark(path: &PathBuf) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.len() <= HASHED {
        let digest = Sha256::digest(fs::read(path).ok()?);
        let first = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        return Some(format!("sha256 {first:016x}"));
    }
    let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(format!("{} bytes, {time}", metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(root: &Path) -> Surroundings {
        Surroundings { variables: BTreeMap::new(), commit: None, files: marks(root) }
    }

    #[test]
    fn what_changed_is_told_and_what_simulations_write_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("param")).unwrap();
        fs::create_dir_all(root.join("20260101-000000_Optimization")).unwrap();
        for (path, text) in [
            ("model.py", "a = 1"),
            ("param/defaults", "{}"),
            ("gone.py", ""),
            ("notes.txt", "1"),
            ("20260101-000000_Optimization/configuration.json", "{}"),
        ] {
            fs::write(root.join(path), text).unwrap();
        }
        let mut before = files(root);
        before.variables.insert("VIRTUAL_ENV".to_owned(), "/venv".to_owned());
        before.commit = Some("1".to_owned());
        assert_eq!(before.files.len(), 3, "{:?}", before.files);
        // The same text again is no change.
        for (path, text) in
            [("model.py", "a = 1"), ("param/defaults", "{1}"), ("notes.txt", "2"), ("new.py", "")]
        {
            fs::write(root.join(path), text).unwrap();
        }
        fs::remove_file(root.join("gone.py")).unwrap();
        let mut now = files(root);
        now.commit = Some("2".to_owned());
        assert_eq!(
            now.differences_to(&before),
            [
                "VIRTUAL_ENV is not set, it was \"/venv\"",
                "the model is at commit 2, it was at 1",
                "gone.py is gone from the model's directory",
                "param/defaults has changed",
            ]
        );
        assert_eq!(now.differences_to(&now), Vec::<String>::new());
    }
}
