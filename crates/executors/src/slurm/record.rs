//! `slurm.json` in a simulation's directory: the name under which it was handed to Slurm. It is on
//! disk before the submission, so that a job can be found by its name whatever happens to the
//! controller or to the answer.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::executor::Job;
use simulation::host;
use simulation::{Attempt, SimulationDirectory};

const FILE_NAME: &str = "slurm.json";

/// A submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The attempt that was handed over.
    pub attempt: Attempt,
    /// The job's name, which no other job has.
    pub name: String,
    /// Its number, once Slurm has said it.
    pub id: Option<u64>,
    /// When the submission began.
    pub time: jiff::Timestamp,
    /// Whether it was cancelled by us.
    pub cancelled: bool,
}

impl Record {
    /// A submission that has not happened yet.
    pub fn new(job: &Job) -> Self {
        let time = jiff::Timestamp::now();
        let path = job.directory.path();
        let directory = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("mozopt-{directory}-{}-{}", job.attempt, unique(path));
        Self { attempt: job.attempt, name, id: None, time, cancelled: false }
    }

    /// Reads the last submission from this directory; `None` if there was none.
    pub fn read(directory: &SimulationDirectory) -> io::Result<Option<Self>> {
        match durable::read_json(&path(directory.path())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Writes it into the directory.
    pub fn write(&self, directory: &SimulationDirectory) -> io::Result<()> {
        durable::write_json(&path(directory.path()), self)
    }
}

/// A word that is made once: for this place, this process and this moment.
pub fn unique(place: &Path) -> String {
    let time = jiff::Timestamp::now();
    let words = format!("{} {} {time} {}", host(), std::process::id(), place.display());
    let digest = Sha256::digest(words);
    let digest = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{:012x}", digest >> 16)
}

fn path(directory: &Path) -> PathBuf {
    directory.join(FILE_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::JobKey;
    use configuration::FidelityNumber;
    use simulation::{CandidateNumber, Shortages};

    #[test]
    fn no_two_submissions_have_the_same_name() {
        let job = |attempt, path: &str| Job {
            key: JobKey::of(CandidateNumber(3)),
            fidelity: FidelityNumber::FULL,
            attempt,
            shortages: Shortages::default(),
            directory: SimulationDirectory::new(path.into()),
        };
        let names = [
            job(Attempt::FIRST, "/a/000003"),
            job(Attempt::FIRST, "/b/000003"),
            job(Attempt::FIRST, "/a/000003"),
        ]
        .map(|job| Record::new(&job).name);
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2], "{names:?}");
        assert!(names[0].starts_with("mozopt-000003-1-"), "{names:?}");
    }
}
