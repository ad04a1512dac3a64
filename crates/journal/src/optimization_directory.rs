//! The directory of an optimization: `YYYYmmdd-HHMMSS_Optimization` and what belongs to it.
//!
//! ```text
//! configuration.json      the frozen configuration
//! config_optimisation     a copy of the user's file, and of mozopt.toml
//! provenance.json         how it was begun, the model's commit, the versions of its simulator
//! surroundings.json       the environment and the model's files when it began
//! probe/000217/           a simulation that worked, run again to see whether anything still works
//! mozopt_experiment.py    what simulates a mozaik model, as it was when the optimization began;
//!                         with mozopt_run.py, mozopt_model.py, mozopt_ranks.py, mozopt_check.py
//! journal.jsonl           what happened: the one source of truth
//! optimizer.json          what the optimizer has learnt from it, so that `resume` is fast
//! optimization.log        the same in words
//! controller.lock         who runs it
//! requests/               what it is asked for while it runs
//! controller.sh           its controller as a job of Slurm; controller.json, .log: its name, what
//!                         it printed
//! simulations/000217/     one directory for each candidate
//! validation/000217-3/    the same for each further simulation of the best ones
//! validation-full/000217-3/    the same in another protocol (`validate`); comparison.json, .html
//! validation-full.model/…      the same with a new network each time (`validate --vary model`)
//! ```

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use simulation::{CandidateNumber, Protocol, SimulationDirectory, write_experiment};

use crate::event::Entry;
use crate::file::FILE_NAME;
use crate::{provenance, surroundings};

const CONFIGURATION: &str = "configuration.json";
const SUFFIX: &str = "_Optimization";
const TRIAL_SUFFIX: &str = "_Trial";
/// Larger than the first entry of a journal.
const MAX_CREATION_BYTES: u64 = 64 << 10;

/// The directory of an optimization.
#[derive(Debug, Clone)]
pub struct OptimizationDirectory(PathBuf);

/// Why there is no directory to work in.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A new one cannot be made.
    #[error("cannot make a directory in {}: {source}", parent.display())]
    NotMade {
        /// Where.
        parent: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// All names of this second are taken.
    #[error("too many searches began in {} at {time}", parent.display())]
    Full {
        /// Where.
        parent: PathBuf,
        /// The time that names begin with.
        time: String,
    },
    /// What was given is no directory.
    #[error("there is no directory {}", .0.display())]
    NoDirectory(PathBuf),
    /// What was given cannot be looked into.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is neither an optimization nor does it hold one.
    #[error("there is no optimization in {}", .0.display())]
    NoOptimization(PathBuf),
    /// The experiment script cannot be written.
    #[error("cannot write {0}")]
    NoScript(io::Error),
}

impl OptimizationDirectory {
    /// Makes a new one, named by the time, in `parent`.
    pub fn create(parent: &Path) -> Result<Self, DirectoryError> {
        Self::create_named(parent, SUFFIX)
    }

    /// Makes a directory of the same layout for a simulation that belongs to no search.
    pub fn create_trial(parent: &Path) -> Result<Self, DirectoryError> {
        Self::create_named(parent, TRIAL_SUFFIX)
    }

    fn create_named(parent: &Path, suffix: &str) -> Result<Self, DirectoryError> {
        let failed = |source| DirectoryError::NotMade { parent: parent.to_owned(), source };
        fs::create_dir_all(parent).map_err(failed)?;
        let parent = std::path::absolute(parent).map_err(failed)?;
        let time = jiff::ZonedDateTime::now().strftime("%Y%m%d-%H%M%S").to_string();
        // Two searches that begin in the same second get different names.
        for attempt in 1..100 {
            let name = match attempt {
                1 => format!("{time}{suffix}"),
                n => format!("{time}-{n}{suffix}"),
            };
            let path = parent.join(name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    fs::create_dir(path.join("simulations")).map_err(failed)?;
                    return Ok(Self(path));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(DirectoryError::Full { parent, time })
    }

    /// Finds the optimization that the user means: the directory itself, or the latest one in it.
    /// Where several are in it, the note says what the user might have expected otherwise.
    pub fn find(given: &Path) -> Result<(Self, Option<String>), DirectoryError> {
        if !given.is_dir() {
            return Err(DirectoryError::NoDirectory(given.to_owned()));
        }
        let failed = |source| DirectoryError::Unreadable { path: given.to_owned(), source };
        let given = std::path::absolute(given).map_err(failed)?;
        if given.join(FILE_NAME).exists() {
            return Ok((Self(given), None));
        }
        let mut found = vec![];
        for entry in fs::read_dir(&given).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let named = path.file_name().is_some_and(|n| n.to_string_lossy().ends_with(SUFFIX));
            if named && path.join(FILE_NAME).exists() {
                found.push(Self(path));
            }
        }
        latest(found).ok_or(DirectoryError::NoOptimization(given))
    }

    /// The first entry of the journal, if it can be read: when the optimization was created, and
    /// from which configuration.
    pub fn creation(&self) -> Option<Entry> {
        let mut line = vec![];
        let journal = durable::open(&self.journal()).ok()?;
        BufReader::new(journal.take(MAX_CREATION_BYTES)).read_until(b'\n', &mut line).ok()?;
        crate::pieces::parse(&line).ok()?.entries.pop()
    }

    /// The same, also when its journal is gone: its configuration must then be there.
    ///
    /// # Errors
    /// When there is neither.
    pub fn find_damaged(given: &Path) -> Result<Self, DirectoryError> {
        match std::path::absolute(given) {
            Ok(path) if path.join(CONFIGURATION).exists() => Ok(Self(path)),
            _ => Ok(Self::find(given)?.0),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Its path as the user would write it: relative to the working directory, where it lies below.
    pub fn shown(&self) -> String {
        let below = std::env::current_dir().ok();
        let below = below.and_then(|current| self.0.strip_prefix(current).ok().map(Path::to_owned));
        match below {
            Some(here) if here.as_os_str().is_empty() => ".".to_owned(),
            below => below.unwrap_or_else(|| self.0.clone()).display().to_string(),
        }
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.0.join(FILE_NAME)
    }

    /// The frozen configuration.
    pub fn configuration(&self) -> PathBuf {
        self.0.join(CONFIGURATION)
    }

    /// Its name: that of its directory.
    pub fn name(&self) -> String {
        self.0.file_name().map_or_else(|| self.shown(), |name| name.to_string_lossy().into_owned())
    }

    /// What it depends on, as it was when it began.
    pub fn surroundings(&self) -> PathBuf {
        self.0.join(surroundings::FILE_NAME)
    }

    /// Where it comes from.
    pub fn provenance(&self) -> PathBuf {
        self.0.join(provenance::FILE_NAME)
    }

    /// Freezes the script that simulates a mozaik model.
    pub fn write_experiment(&self, script: &str) -> Result<(), DirectoryError> {
        write_experiment(script, &self.0).map(drop).map_err(DirectoryError::NoScript)
    }

    /// What the optimizer has learnt.
    pub fn optimizer(&self) -> PathBuf {
        self.0.join("optimizer.json")
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        self.0.join("optimization.log")
    }

    /// The files of a further simulation of a candidate.
    pub fn validation(&self, candidate: CandidateNumber, repetition: u32) -> SimulationDirectory {
        SimulationDirectory::new(self.0.join(format!("validation/{candidate:06}-{repetition}")))
    }

    /// Where a protocol is presented to chosen candidates; whether to networks that are drawn anew
    /// each time.
    pub fn protocol(&self, protocol: &Protocol, new_networks: bool) -> PathBuf {
        // No protocol has a dot in its name.
        let networks = if new_networks { ".model" } else { "" };
        self.0.join(format!("validation-{protocol}{networks}"))
    }

    /// The files of all further simulations.
    pub fn validations(&self) -> io::Result<Vec<SimulationDirectory>> {
        let entries = match fs::read_dir(self.0.join("validation")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other?,
        };
        entries.map(|entry| Ok(SimulationDirectory::new(entry?.path()))).collect()
    }

    /// The files of a candidate's simulation.
    pub fn simulation(&self, candidate: CandidateNumber) -> SimulationDirectory {
        SimulationDirectory::new(self.0.join(format!("simulations/{candidate:06}")))
    }
}

/// The one that was created last. Names hold local time, which goes back in autumn and differs
/// between machines: what the journals say counts, and names where one of them cannot be read.
fn latest(
    mut found: Vec<OptimizationDirectory>,
) -> Option<(OptimizationDirectory, Option<String>)> {
    // A second one of the same second follows the first.
    found.sort_by_key(|one| one.0.to_string_lossy().trim_end_matches(SUFFIX).to_owned());
    let last_by_name = found.last()?.clone();
    let times: Option<Vec<_>> =
        found.iter().map(|one| one.creation().map(|created| created.time)).collect();
    let Some(times) = times else {
        let note = (found.len() > 1).then(|| {
            format!(
                "took {}, by its name: not every journal here says when it was created",
                last_by_name.name()
            )
        });
        return Some((last_by_name, note));
    };
    let (latest, time) = found.into_iter().zip(times).max_by_key(|&(_, time)| time)?;
    let note = (latest.0 != last_by_name.0).then(|| {
        format!(
            "took {}, created last, at {time:.0}; {} was created before it, whatever its name says",
            latest.name(),
            last_by_name.name()
        )
    });
    Some((latest, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, FORMAT};
    use crate::file::Journal;

    /// An optimization with this name, created now.
    fn created(parent: &Path, name: &str) -> OptimizationDirectory {
        let directory = OptimizationDirectory(parent.join(name));
        fs::create_dir(directory.path()).unwrap();
        let mut journal = Journal::create(&directory.journal()).unwrap();
        let created = Event::Created {
            format: FORMAT,
            mozopt_version: "1".to_owned(),
            configuration: "0".to_owned(),
        };
        journal.append(&[created]).unwrap();
        directory
    }

    #[test]
    fn the_latest_is_the_one_that_was_created_last() {
        let parent = tempfile::tempdir().unwrap();
        let find = || OptimizationDirectory::find(parent.path()).unwrap();
        let first = created(parent.path(), "20270101-090000_Optimization");
        assert_eq!(find().0.path(), first.path());
        assert_eq!(find().1, None);
        // In a place where it is earlier.
        let second = created(parent.path(), "20270101-000001_Optimization");
        let (found, note) = find();
        assert_eq!(found.path(), second.path());
        let note = note.unwrap();
        assert!(note.starts_with("took 20270101-000001_Optimization, created last"), "{note}");
        assert!(note.contains("20270101-090000_Optimization was created before it"), "{note}");
        // The directory itself needs no note.
        let (found, note) = OptimizationDirectory::find(first.path()).unwrap();
        assert_eq!((found.path(), note), (first.path(), None));
    }

    #[test]
    fn names_count_where_a_journal_does_not_say_when_it_was_created() {
        let parent = tempfile::tempdir().unwrap();
        let last = created(parent.path(), "20270101-090000_Optimization");
        let torn = created(parent.path(), "20270101-000001_Optimization");
        fs::write(torn.journal(), "{\"seq\":0").unwrap();
        let (found, note) = OptimizationDirectory::find(parent.path()).unwrap();
        assert_eq!(found.path(), last.path());
        assert!(note.unwrap().contains("by its name"));
    }
}
