//! The Slurm cluster that `tests/slurm/with-cluster` started, and what can be done to it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// One test at a time: what one does to the cluster, others would feel.
static CLUSTER: Mutex<()> = Mutex::new(());

/// A cluster of three nodes with four cores each.
pub struct Cluster {
    directory: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Cluster {
    /// The cluster, for one test alone.
    pub fn alone() -> Self {
        let alone = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = std::env::var_os("MOZOPT_SLURM");
        let directory = directory.expect("run this by tests/slurm/with-cluster").into();
        let cluster = Self { directory, _alone: alone };
        cluster.restore();
        cluster
    }

    /// Whether it has accounting.
    pub fn has_accounting(&self) -> bool {
        self.directory.join("slurmdbd.conf").exists()
    }

    /// Whether jobs get no more memory than they asked for.
    pub fn limits_memory(&self) -> bool {
        self.settings().contains("task/cgroup")
    }

    fn settings(&self) -> String {
        fs::read_to_string(self.directory.join("slurm.conf")).unwrap()
    }

    fn nodes(&self) -> Vec<String> {
        let name =
            |line: &str| line.strip_prefix("NodeName=")?.split(' ').next().map(str::to_owned);
        self.settings().lines().filter_map(name).collect()
    }

    /// Starts whatever does not run, and waits until every node can take jobs.
    fn restore(&self) {
        let _ = self.signal("slurmctld", Signal::CONT);
        if self.has_accounting() && self.pid("slurmdbd").is_none() {
            start("slurmdbd", &[]);
        }
        if self.pid("slurmctld").is_none() {
            start("slurmctld", &[]);
        }
        let nodes = self.nodes();
        for node in &nodes {
            if self.pid(&format!("slurmd.{node}")).is_none() {
                start("slurmd", &["-N", node]);
            }
        }
        eventually("no job is left, and every node is idle", || {
            slurm("scancel", &["-p", "main"]);
            // A node on which a number was used twice gets no further jobs.
            let all = format!("nodename={}", nodes.join(","));
            slurm("scontrol", &["update", &all, "state=resume"]);
            let states = slurm("sinfo", &["-h", "-N", "-o", "%T"]);
            states.lines().filter(|state| *state == "idle").count() == nodes.len()
        });
    }

    fn pid(&self, daemon: &str) -> Option<Pid> {
        let text = fs::read_to_string(self.directory.join(format!("{daemon}.pid"))).ok()?;
        let pid = Pid::from_raw(text.trim().parse().ok()?)?;
        let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
        (!command.is_empty()).then_some(pid)
    }

    fn signal(&self, daemon: &str, signal: Signal) -> Option<()> {
        kill_process(self.pid(daemon)?, signal).ok()
    }

    /// `slurmctld` neither answers nor ends.
    pub fn freeze(&self) {
        self.signal("slurmctld", Signal::STOP).unwrap();
    }

    /// It answers again.
    pub fn thaw(&self) {
        self.signal("slurmctld", Signal::CONT).unwrap();
    }

    /// `kill -9` of this daemon.
    pub fn kill(&self, daemon: &str) {
        self.signal(daemon, Signal::KILL).unwrap();
        eventually("it is gone", || self.pid(daemon).is_none());
    }

    /// What `slurmctld` knows now and will not know afterwards.
    pub fn memory(&self) -> Memory<'_> {
        // A change, so that there is something to save.
        slurm("scancel", &[&strangers_job(300)]);
        self.saves();
        self.freeze();
        let copy = self.directory.join("state.before");
        let _ = fs::remove_dir_all(&copy);
        copy_directory(&self.directory.join("state"), &copy);
        self.thaw();
        Memory { cluster: self, copy }
    }

    /// Waits until `slurmctld` has saved what has changed up to now: it does so within 5 s.
    pub fn saves(&self) {
        let before = SystemTime::now();
        eventually("slurmctld saved its jobs", || {
            let saved = fs::metadata(self.directory.join("state/job_state"));
            saved.is_ok_and(|file| file.modified().unwrap() > before)
        });
    }

    /// The power of a node is switched off: its daemon, its jobs and all that belongs to them.
    pub fn power_off(&self, node: &str) {
        self.kill(&format!("slurmd.{node}"));
        let jobs = slurm("squeue", &["-h", "-w", node, "-o", "%A"]);
        for process in processes() {
            let command = text(&format!("/proc/{process}/cmdline"));
            let job = |id: &str| command.starts_with(&format!("slurmstepd: [{id}."));
            if jobs.lines().any(job) {
                kill_with_children(process);
            }
        }
    }
}

fn start(daemon: &str, arguments: &[&str]) {
    let started = Command::new(daemon).args(arguments).status().unwrap();
    assert!(started.success(), "{daemon}: {started}");
}

/// Starts `slurmctld` again.
pub fn start_slurmctld() {
    start("slurmctld", &[]);
    eventually("slurmctld answers", || slurm("scontrol", &["ping"]).contains(" UP"));
}

/// What `slurmctld` knew.
pub struct Memory<'a> {
    cluster: &'a Cluster,
    copy: PathBuf,
}

impl Memory<'_> {
    /// `slurmctld` is killed, forgets everything since, and is started again.
    pub fn comes_back_after_a_kill(self) {
        self.cluster.kill("slurmctld");
        let state = self.cluster.directory.join("state");
        fs::remove_dir_all(&state).unwrap();
        fs::rename(&self.copy, &state).unwrap();
        start_slurmctld();
    }
}

fn copy_directory(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn processes() -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn text(path: &str) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn kill_with_children(process: i32) {
    let children = text(&format!("/proc/{process}/task/{process}/children"));
    let _ = kill_process(Pid::from_raw(process).unwrap(), Signal::KILL);
    for child in children.split_whitespace() {
        kill_with_children(child.parse().unwrap());
    }
}

/// What a command of Slurm prints.
pub fn slurm(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Slurm's commands with a log of their calls.
pub struct CallsOfSlurm {
    directory: TempDir,
}

impl CallsOfSlurm {
    /// Commands that note that they are called, then do what they always do.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("calls");
        for command in ["sbatch", "squeue", "sacct", "scontrol", "scancel"] {
            let path = std::env::var_os("PATH").unwrap();
            let mut places = std::env::split_paths(&path).map(|place| place.join(command));
            let real = places.find(|place| place.exists()).unwrap();
            let script = format!(
                "#!/bin/sh\necho {command} >> '{}'\nexec '{}' \"$@\"\n",
                log.display(),
                real.display()
            );
            let noting = directory.path().join(command);
            fs::write(&noting, script).unwrap();
            fs::set_permissions(&noting, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { directory }
    }

    /// `PATH` with these commands.
    pub fn path(&self) -> String {
        format!("{}:{}", self.directory.path().display(), std::env::var("PATH").unwrap())
    }

    /// How often this command was called.
    pub fn of(&self, command: &str) -> usize {
        self.log().lines().filter(|call| *call == command).count()
    }

    /// How many calls there were.
    pub fn all(&self) -> usize {
        self.log().lines().count()
    }

    fn log(&self) -> String {
        text(&self.directory.path().join("calls").display().to_string())
    }
}

/// A job that is none of mozopt's.
pub fn strangers_job(seconds: u32) -> String {
    let sleep = format!("--wrap=exec sleep {seconds}");
    let id = slurm("sbatch", &["--parsable", "-o", "/dev/null", "--mem=10", "-J", "other", &sleep]);
    id.trim().to_owned()
}

/// The state of a job.
pub fn state_of(id: &str) -> String {
    let list = slurm("squeue", &["-h", "-t", "all", "-o", "%A %T"]);
    let line = list.lines().find_map(|line| line.strip_prefix(&format!("{id} ")));
    line.unwrap_or("none").to_owned()
}

/// Names and states of mozopt's jobs that have not ended.
pub fn our_jobs() -> Vec<String> {
    let list = slurm("squeue", &["-h", "-o", "%j %T"]);
    list.lines().filter(|line| line.starts_with("mozopt-")).map(str::to_owned).collect()
}

/// Waits for something that a cluster does within a minute and a half.
#[track_caller]
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !happened() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
