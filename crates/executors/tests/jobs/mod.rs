//! Jobs written by hand: scripts that leave the files which `mozopt job` leaves.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use configuration::FidelityNumber;
use executors::{EndedJob, Executor, Job, JobEnd, JobKey};
use simulation::{Attempt, CandidateNumber, Shortages, SimulationDirectory};
use tempfile::TempDir;

/// Longer than a loaded machine, or a cluster, takes for anything.
const PATIENCE: Duration = Duration::from_secs(90);

/// `job.sh`: it holds the lock as long as it lives, but nothing that it starts does. `finish` ends
/// it as a simulator's end is noted, by exit code and signal. `wait_for` waits for a file.
const SCRIPT: &str = r#"#!/bin/bash
cd "$(dirname "$0")" || exit 1
exec 9> job.lock
flock -n 9 || exit 75
now() { date -u +%FT%T.%NZ; }
write() { cat > "$1.new" && mv "$1.new" "$1"; }
write started.json << END
{
  "attempt": ATTEMPT,
  "host": "$(hostname)",
  "pid": $$,
  "slurm_job_id": null,
  "restart_count": 0,
  "time": "$(now)"
}
END
finish() {
    write finished.json << END
{ "attempt": ATTEMPT, "exit_code": $1, "signal": $2, "time": "$(now)" }
END
    exit
}
wait_for() { until [ -e "$1" ]; do sleep 0.05 9>&-; done; }
"#;

/// A script's lines after which it runs until it is ended. Its processes are noted in `processes`.
pub const ENDLESS: &str = "sleep 600 9>&- & echo $$ $! > processes; sleep 600 9>&-";

/// Directories of simulations.
pub struct Jobs(TempDir);

impl Jobs {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The first attempt of this candidate, which runs these lines.
    pub fn job(&self, candidate: u64, lines: &str) -> Job {
        self.attempt(candidate, Attempt::FIRST, lines)
    }

    /// An attempt.
    pub fn attempt(&self, candidate: u64, attempt: Attempt, lines: &str) -> Job {
        let path = self.0.path().join(format!("{candidate:06}"));
        fs::create_dir_all(&path).unwrap();
        let directory = SimulationDirectory::new(path);
        let script = SCRIPT.replace("ATTEMPT", &attempt.to_string());
        fs::write(directory.job_script(), format!("{script}{lines}\n")).unwrap();
        Job {
            key: JobKey::of(CandidateNumber(candidate)),
            fidelity: FidelityNumber::FULL,
            attempt,
            shortages: Shortages::default(),
            directory,
        }
    }
}

/// The ends of this many jobs, by candidate. Afterwards there are none.
#[track_caller]
pub fn ends(executor: &mut dyn Executor, jobs: usize) -> Vec<JobEnd> {
    assert_eq!(executor.running(), jobs);
    let mut ended: Vec<EndedJob> = vec![];
    let deadline = Instant::now() + PATIENCE;
    while ended.len() < jobs {
        assert!(Instant::now() < deadline, "only {ended:?} ended: {:?}", executor.messages());
        ended.extend(executor.wait(Duration::from_millis(200)).unwrap());
        assert_eq!(executor.running(), jobs - ended.len());
    }
    assert!(executor.wait(Duration::from_millis(300)).unwrap().is_empty(), "one ended twice");
    ended.sort_by_key(|job| job.key);
    assert!(ended.windows(2).all(|two| two[0].key < two[1].key), "one ended twice: {ended:?}");
    ended.into_iter().map(|job| job.end).collect()
}

/// The end of the one job that there is.
#[track_caller]
pub fn end(executor: &mut dyn Executor) -> JobEnd {
    ends(executor, 1).remove(0)
}

/// Waits until a job has written this file.
#[track_caller]
pub fn appears(path: &Path) {
    eventually(&format!("{} is there", path.display()), || path.exists());
}

/// Waits until the processes that an endless job has noted are gone.
#[track_caller]
pub fn processes_are_gone(job: &Job) {
    let noted = fs::read_to_string(job.directory.path().join("processes")).unwrap();
    assert_eq!(noted.split_whitespace().count(), 2);
    eventually("its processes are gone", || !noted.split_whitespace().any(lives));
}

/// Whether a process is there that nobody has to bury.
fn lives(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

#[track_caller]
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
