//! A candidate's values in a copy of the model's parameter files: what mozaik needs to go on
//! without mozopt. Comments and layout stay, and what is written is read again: it must resolve to
//! exactly the parameters that the candidate was simulated with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use mozaik_parameters::{
    Dict, Document, Override, Path as ParameterPath, Resolved, SourceFile, Tree, Value,
};

use crate::error::PreparationError;
use crate::{absolute, relative};

/// Larger than any parameter file.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The parameters of a model and the values that replace some of them.
///
/// ```
/// use mozaik_parameters::{Override, Value};
/// use preparation::ParameterFolder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let place = tempfile::tempdir()?;
/// # let (model, copy) = (&place.path().join("model"), &place.path().join("best"));
/// # std::fs::create_dir_all(model.join("param"))?;
/// std::fs::write(model.join("param/defaults"), "{'K': 100, 'tau': 15.0}  # of the cortex")?;
/// let overrides = [Override { path: "tau".into(), value: Value::Float(12.5) }];
/// ParameterFolder { model_directory: model, root: "param/defaults", overrides: &overrides }
///     .write(copy)?;
/// let written = std::fs::read_to_string(copy.join("defaults"))?;
/// assert_eq!(written, "{'K': 100, 'tau': 12.5}  # of the cortex");
/// # Ok(())
/// # }
/// ```
pub struct ParameterFolder<'a> {
    /// The directory in which mozaik starts.
    pub model_directory: &'a Path,
    /// The root parameter file, relative to it.
    pub root: &'a str,
    /// The values.
    pub overrides: &'a [Override],
}

impl ParameterFolder<'_> {
    /// Writes all files into a new directory, and gives the root file as mozaik's command line
    /// names it. Nothing is left there if something goes wrong.
    pub fn write(&self, directory: &Path) -> Result<String, PreparationError> {
        let failed = |error: std::io::Error| {
            let message = format!("cannot write {}: {error}", directory.display());
            PreparationError::input(message, "choose another directory with --output")
        };
        let is_taken = match fs::read_dir(directory) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => directory.symlink_metadata().is_ok(),
        };
        if is_taken {
            let message = format!("{} already exists", directory.display());
            return Err(PreparationError::input(message, "name a new directory with --output"));
        }
        let (tree, _) = Tree::load(self.root, self.model_directory)?.with(self.overrides)?;
        let wanted = tree.resolve()?;

        let full = std::path::absolute(directory).map_err(failed)?;
        let (Some(parent), Some(name)) = (full.parent(), full.file_name()) else {
            let message = format!("{} is not a directory name", directory.display());
            return Err(PreparationError::input(message, "name a new directory with --output"));
        };
        fs::create_dir_all(parent).map_err(failed)?;
        let parent = parent.canonicalize().map_err(failed)?;
        let directory = parent.join(name);
        let prefix = relative(&directory, &absolute(self.model_directory)?);
        let (root, files) = self.files(&prefix)?;

        let temporary = tempfile::tempdir_in(&parent).map_err(failed)?;
        let written = temporary.path().join(name);
        for (name, text) in &files {
            let path = written.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&written)).map_err(failed)?;
            durable::write(&path, text.as_bytes()).map_err(failed)?;
        }
        fs::rename(&written, &directory).map_err(failed)?;
        durable::sync_directory(&parent).map_err(failed)?;
        let root = format!("{prefix}/{root}");
        if let Err(failure) = self.compare(&root, &wanted) {
            fs::remove_dir_all(&directory).map_err(failed)?;
            return Err(failure);
        }
        Ok(root)
    }

    /// The name of the root file and the texts of all, by their names in the directory that `url`
    /// calls `prefix`.
    fn files(&self, prefix: &str) -> Result<(String, BTreeMap<String, String>), PreparationError> {
        let root = plain(self.root);
        let mut copies = Copies {
            folder: self,
            prefix,
            parent: root.parent().unwrap_or(Path::new("")).to_owned(),
            root: root.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            files: BTreeMap::new(),
        };
        let text = copies.copied(self.root, &ParameterPath::default())?;
        let files = copies.files.into_iter().map(|(name, copy)| (name, copy.text));
        let mut files: BTreeMap<_, _> = files.collect();
        files.insert(copies.root.clone(), text);
        Ok((copies.root, files))
    }

    /// Whether the files that were written say what they should.
    fn compare(&self, root: &str, wanted: &Resolved) -> Result<(), PreparationError> {
        let written = Tree::load(root, self.model_directory)?.resolve()?;
        match first_difference(wanted.root(), written.root()) {
            None => Ok(()),
            Some(path) => Err(PreparationError::output(
                format!("{path} cannot be written into a copy of the parameter files"),
                "use the values of `mozopt export --format overrides`; nothing was written",
            )),
        }
    }
}

/// The files as they are written. One that is included at several places becomes several where its
/// values differ from place to place.
struct Copies<'a> {
    folder: &'a ParameterFolder<'a>,
    prefix: &'a str,
    /// The directory of the root file: names of files in it stay.
    parent: PathBuf,
    /// The root file's name, which no other gets.
    root: String,
    files: BTreeMap<String, Copy>,
}

/// One file.
struct Copy {
    /// Which file it is a copy of.
    of: PathBuf,
    text: String,
}

impl Copies<'_> {
    /// The text of a file that is included at `at`, with the values that lie in it; and all files
    /// that it includes.
    fn copied(&mut self, url: &str, at: &ParameterPath) -> Result<String, PreparationError> {
        let path = self.folder.model_directory.join(url);
        let text = durable::read_bounded(&path, MAX_FILE_BYTES).map_err(|error| {
            PreparationError::input(format!("cannot read {error}"), "is it readable?")
        })?;
        let file = SourceFile { name: url.to_owned(), path, text };
        let mut document = Document::new(Arc::new(file))?;
        let mut included = vec![];
        for (inside, url) in document.urls() {
            let below = inside.components().iter().fold(at.clone(), |path, key| path.child(key));
            let text = self.copied(&url, &below)?;
            let name = self.named(&url, text);
            let url = Value::Text(format!("{}/{name}", self.prefix)).repr();
            document.replace(&inside, &format!("url({url})"))?;
            included.push(below);
        }
        for Override { path, value } in self.folder.overrides {
            if !path.is_within(at) || included.iter().any(|below| path.is_within(below)) {
                continue;
            }
            let inside = &path.components()[at.components().len()..];
            let inside = inside.iter().fold(ParameterPath::default(), |path, key| path.child(key));
            document.replace(&inside, &value.repr()).map_err(|_| {
                let message = format!("{path} is not written out in {url}");
                PreparationError::input(message, "write it there, or use --format overrides")
            })?;
        }
        Ok(document.text().to_owned())
    }

    /// The name of a copy of this file with this text.
    fn named(&mut self, url: &str, text: String) -> String {
        let of = plain(url);
        let there = self.files.iter().find(|(_, copy)| copy.of == of && copy.text == text);
        if let Some((name, _)) = there {
            return name.clone();
        }
        let base = match of.strip_prefix(&self.parent) {
            Ok(inside) if inside.components().all(|c| matches!(c, Component::Normal(_))) => inside,
            // It lies elsewhere, shared by several models.
            _ => Path::new(of.file_name().unwrap_or_default()),
        };
        let base = base.to_string_lossy().into_owned();
        let mut name = base.clone();
        let mut number = 1;
        while name == self.root || self.files.contains_key(&name) {
            number += 1;
            name = format!("{base}_{number}");
        }
        self.files.insert(name.clone(), Copy { of, text });
        name
    }
}

/// A path without `./`.
fn plain(path: &str) -> PathBuf {
    Path::new(path).components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

/// The first value that is not the same, its type included.
fn first_difference(wanted: &Dict, written: &Dict) -> Option<ParameterPath> {
    let values = |tree: &Dict| -> Vec<(ParameterPath, String)> {
        let leaves = tree.leaves().into_iter();
        leaves.map(|(path, entry)| (path, entry.value.repr())).collect()
    };
    let (wanted, written) = (values(wanted), values(written));
    let longer = if wanted.len() < written.len() { &written } else { &wanted };
    let mut places = 0..longer.len();
    let place = places.find(|&place| wanted.get(place) != written.get(place))?;
    Some(longer[place].0.clone())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    use mozaik_parameters::{Override, Tree, Value};
    use proptest::prelude::*;

    use super::{ParameterFolder, first_difference};
    use crate::error::PreparationError;

    fn test_model() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mozaik/model")
    }

    fn of(path: &str, value: Value) -> Override {
        Override { path: path.into(), value }
    }

    /// The numbers of the test model that an override can reach; to find them takes its time.
    static NUMBERS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let tree = Tree::load("param/defaults", test_model()).unwrap();
        let leaves = tree.root().leaves().into_iter();
        leaves
            .filter(|(_, entry)| {
                matches!(entry.value, Value::Integer(_) | Value::Float(_) | Value::Formula(_))
            })
            .map(|(path, _)| path.to_string())
            .filter(|path| tree.with(&[of(path, Value::Float(0.5))]).unwrap().0.resolve().is_ok())
            .collect()
    });

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_numbers_can_be_written(
            chosen in prop::collection::vec((any::<prop::sample::Index>(), any::<f64>(), any::<bool>()), 0..20),
        ) {
            let model = test_model();
            let tree = Tree::load("param/defaults", &model).unwrap();
            let overrides: Vec<_> = chosen.iter().filter(|(_, value, _)| value.is_finite()).map(|(index, value, whole)| {
                let value = if *whole { Value::Integer(*value as i64) } else { Value::Float(*value) };
                of(&NUMBERS[index.index(NUMBERS.len())], value)
            }).collect();
            let wanted = tree.with(&overrides).unwrap().0.resolve();
            prop_assume!(wanted.is_ok());
            let place = tempfile::tempdir().unwrap();
            let folder = ParameterFolder { model_directory: &model, root: "param/defaults", overrides: &overrides };
            let root = folder.write(&place.path().join("best")).unwrap();
            let written = Tree::load(root, &model).unwrap().resolve().unwrap();
            prop_assert_eq!(first_difference(wanted.unwrap().root(), written.root()), None);
        }
    }

    /// Two sheets and a file that both include, one of them shared by several models.
    fn shared() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "model/param/defaults",
            "{\n  'exc': url('param/sheet'), # excitatory\n  'inh': url(\"./param/sheet\"),\n  'copy': ref('inh.cell.tau'),\n}\n",
        );
        write("model/param/sheet", "{'cell': url('../shared/defaults'), 'K': 2*3}");
        write("shared/defaults", "{ # of all\n  'tau': 10.0,\n 'v': -1}");
        directory
    }

    fn export(
        directory: &Path,
        to: &str,
        overrides: &[Override],
    ) -> Result<String, PreparationError> {
        let model_directory = &directory.join("model");
        ParameterFolder { model_directory, root: "param/defaults", overrides }
            .write(&directory.join(to))
    }

    #[test]
    fn a_file_that_is_included_twice_becomes_two_where_values_differ() {
        let directory = shared();
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        let root = export(directory.path(), "model/same", &[]).unwrap();
        assert_eq!(root, "same/defaults");
        assert_eq!(fs::read_dir(directory.path().join("model/same")).unwrap().count(), 3);
        let overrides = [of("inh.cell.tau", Value::Float(12.5)), of("exc.K", Value::Integer(7))];
        export(directory.path(), "model/best", &overrides).unwrap();
        assert_eq!(
            read("model/best/defaults"),
            "{\n  'exc': url('best/sheet'), # excitatory\n  'inh': url('best/sheet_2'),\n  'copy': ref('inh.cell.tau'),\n}\n"
        );
        assert_eq!(read("model/best/sheet"), "{'cell': url('best/defaults_2'), 'K': 7}");
        assert_eq!(read("model/best/sheet_2"), "{'cell': url('best/defaults_3'), 'K': 2*3}");
        assert_eq!(read("model/best/defaults_3"), "{ # of all\n  'tau': 12.5,\n 'v': -1}");
        assert_eq!(read("shared/defaults"), "{ # of all\n  'tau': 10.0,\n 'v': -1}");
        let elsewhere = export(directory.path(), "results/best", &overrides).unwrap();
        assert_eq!(elsewhere, "../results/best/defaults");
    }

    #[test]
    fn what_is_there_is_left_alone_and_nothing_is_left_of_a_failure() {
        let directory = shared();
        let entries = |of: &Path| fs::read_dir(of).unwrap().count();
        fs::create_dir(directory.path().join("empty")).unwrap();
        export(directory.path(), "empty", &[]).unwrap();
        let before = entries(directory.path());
        let again = export(directory.path(), "empty", &[]).unwrap_err().to_string();
        assert!(again.contains("already exists"), "{again}");
        let unknown = [of("inh.cell.tua", Value::Float(1.0))];
        assert!(export(directory.path(), "new", &unknown).unwrap_err().to_string().contains("tua"));
        // Of a key that is written twice, mozaik takes the last.
        fs::write(
            directory.path().join("model/param/sheet"),
            "{'cell': {'tau': 1, 'w': 1}, 'cell': ParameterSet({'tau': 2}), 'K': 1}",
        )
        .unwrap();
        let root =
            export(directory.path(), "new", &[of("inh.cell.tau", Value::Integer(3))]).unwrap();
        let tree = Tree::load(root, directory.path().join("model")).unwrap();
        assert_eq!(tree.root().value(&"inh.cell.tau".into()), Ok(&Value::Integer(3)));
        assert_eq!(entries(directory.path()), before + 1, "no temporary directory is left");
    }
}
