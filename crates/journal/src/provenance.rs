//! `provenance.json`: where an optimization comes from, as far as its configuration does not say
//! it.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use simulation::{Versions, host};

/// More than git has to say of any model.
const MOST_PRINTED_BYTES: u64 = 16 << 20;
/// The name of the file.
pub const FILE_NAME: &str = "provenance.json";

/// Where an optimization comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// How it was begun.
    pub command_line: Vec<String>,
    /// The machine on which it was begun.
    pub host: String,
    /// The version of the model; `None` if it is not under version control by git.
    pub model: Option<Commit>,
    /// The versions that the first simulation to end ran with, as far as the simulator says them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub versions: Option<Versions>,
}

/// A version in git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its hash.
    pub commit: String,
    /// The files that differ from it, as `git status --porcelain` tells them; new files do not
    /// count.
    pub changed: Vec<String>,
}

impl Provenance {
    /// Of an optimization of this model that begins now.
    pub fn now(model_directory: &Path) -> Self {
        let arguments = std::env::args_os();
        Self {
            command_line: arguments.map(|word| word.to_string_lossy().into_owned()).collect(),
            host: host(),
            model: Commit::of(model_directory),
            versions: None,
        }
    }
}

impl Commit {
    /// The one that is checked out in this directory.
    pub fn of(directory: &Path) -> Option<Self> {
        let commit = git(directory, &["rev-parse", "HEAD"])?.trim().to_owned();
        let changed =
            git(directory, &["status", "--porcelain", "--untracked-files=no", "--", "."])?;
        Some(Self { commit, changed: changed.lines().map(str::to_owned).collect() })
    }

    /// `4f2a… with 2 changed files: M model.py, M run.py`.
    pub fn in_words(&self) -> String {
        match self.changed.len() {
            0 => format!("{}, unchanged", self.commit),
            n => format!("{}, and {n} files changed: {}", self.commit, self.changed.join(", ")),
        }
    }
}

fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(arguments);
    git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // `Command::output` panics where a pipe cannot be read.
    let mut child = git.spawn().ok()?;
    let mut printed = vec![];
    let read = child.stdout.take()?.take(MOST_PRINTED_BYTES).read_to_end(&mut printed);
    let status = child.wait().ok()?;
    (read.is_ok() && status.success()).then(|| String::from_utf8_lossy(&printed).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Commit, git};

    #[test]
    fn a_models_commit_and_its_changes_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(Commit::of(path), None);
        std::fs::write(path.join("model.py"), "a = 1\n").unwrap();
        git(path, &["init", "-q"]).unwrap();
        git(path, &["add", "model.py"]).unwrap();
        let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
        git(path, &[&author[..], &["commit", "-qm", "first"]].concat()).unwrap();
        let clean = Commit::of(path).unwrap();
        assert_eq!((clean.commit.len(), clean.changed.len()), (40, 0));
        std::fs::write(path.join("model.py"), "a = 2\n").unwrap();
        std::fs::write(path.join("new.py"), "").unwrap();
        let changed = Commit::of(path).unwrap();
        assert_eq!(changed.commit, clean.commit);
        assert_eq!(changed.changed, [" M model.py"]);
    }
}
