//! Reading parameter files, and the files they include.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Problem};
use crate::evaluate::{Evaluator, subtree};
use crate::source::{Origin, SourceFile};
use crate::tree::Tree;

/// How large one file may be.
const FILE_SIZE_LIMIT: u64 = 4 << 20;

/// How many files may be read for one tree, repetitions included.
const FILE_LIMIT: usize = 1000;

impl Tree {
    /// Reads the parameters of a model, included files and all. `root` and every `url` are relative
    /// to `base`, the directory in which mozaik would be started; a `url` may lead out of it.
    /// Nothing is executed.
    ///
    /// # Errors
    /// A file cannot be read, is larger than 4 MiB or includes itself; it does not follow the
    /// grammar or holds no dictionary; there are more than 1000 files, 200 000 values or 200
    /// levels.
    pub fn load(root: impl AsRef<FilePath>, base: impl AsRef<FilePath>) -> Result<Tree, Error> {
        let name = root.as_ref().to_string_lossy();
        let mut includes = Includes { base: base.as_ref().to_owned(), read: 0, open: Vec::new() };
        let file = includes.open(&name, None)?;
        let mut evaluator = Evaluator { includes: Some(includes), values: 0 };
        let value = evaluator.file(&file, 0)?;
        Ok(Tree::new(subtree(value, &file)?))
    }
}

/// The files that are being read.
pub(crate) struct Includes {
    base: PathBuf,
    read: usize,
    /// From the root file to the one that is being evaluated: names and true paths.
    open: Vec<(String, PathBuf)>,
}

impl Includes {
    /// Reads the file that a `url` written at `origin` names.
    pub fn open(
        &mut self,
        name: &str,
        origin: impl Into<Option<Origin>>,
    ) -> Result<Arc<SourceFile>, Error> {
        self.try_open(name).map_err(|problem| problem.at(origin))
    }

    /// The innermost file is done.
    pub fn close(&mut self) {
        self.open.pop();
    }

    fn try_open(&mut self, name: &str) -> Result<Arc<SourceFile>, Problem> {
        let path = self.base.join(name);
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            return Err(Problem::Unsupported { what: "a YAML file".to_owned() });
        }
        self.read += 1;
        if self.read > FILE_LIMIT {
            return Err(Problem::TooManyFiles { limit: FILE_LIMIT });
        }
        let unreadable = |reason: String| Problem::Unreadable { name: name.to_owned(), reason };
        let true_path = path.canonicalize().map_err(|error| unreadable(error.to_string()))?;
        if let Some(first) = self.open.iter().position(|(_, open)| *open == true_path) {
            let mut chain: Vec<String> =
                self.open[first..].iter().map(|(name, _)| name.clone()).collect();
            chain.push(name.to_owned());
            return Err(Problem::FileCycle { chain });
        }
        let mut bytes = Vec::new();
        durable::open_as(OpenOptions::new().read(true), &path)
            .and_then(|file| file.take(FILE_SIZE_LIMIT + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > FILE_SIZE_LIMIT {
            return Err(Problem::FileTooLarge { name: name.to_owned(), limit: FILE_SIZE_LIMIT });
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            unreadable(format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
        })?;
        self.open.push((name.to_owned(), true_path));
        Ok(Arc::new(SourceFile { name: name.to_owned(), path, text }))
    }
}
