//! Processes on this machine. Each job is a process group of its own, so that Ctrl-C in the
//! terminal does not reach it, and so that all of it can be ended at once. It outlives its
//! controller: another one recognizes a running job by the lock that it holds on `job.lock`.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use configuration::TimeLimit;
use durable::read_json;
use rustix::process::{Pid, Signal, kill_process_group};
use simulation::job::ALREADY_RUNNING;
use simulation::{Finished, SimulationDirectory, Started};

use crate::executor::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey};

/// How long a job that was asked to end may take for it.
const GRACE: Duration = Duration::from_secs(10);

/// Runs jobs as processes on this machine.
pub struct Local {
    time_limit: Duration,
    running: HashMap<JobKey, RunningJob>,
    ends: Receiver<JobKey>,
    report_end: Sender<JobKey>,
}

struct RunningJob {
    group: Option<Pid>,
    deadline: Option<Instant>,
    ending: Option<Ending>,
}

/// A job that was asked to end.
struct Ending {
    as_what: JobEnd,
    kill_at: Option<Instant>,
}

impl Local {
    /// An executor whose jobs may run this long.
    pub fn new(time_limit: TimeLimit) -> Self {
        let (report_end, ends) = channel();
        let time_limit = Duration::from_secs(time_limit.seconds());
        Self { time_limit, running: HashMap::new(), ends, report_end }
    }

    fn watch(&mut self, key: JobKey, group: Option<Pid>, has_run: Duration) {
        let left = self.time_limit.saturating_sub(has_run);
        let deadline = Instant::now().checked_add(left);
        self.running.insert(key, RunningJob { group, deadline, ending: None });
    }

    /// Asks overdue jobs to end, and ends those that did not listen.
    fn keep_time(&mut self) {
        let now = Instant::now();
        for job in self.running.values_mut() {
            match &mut job.ending {
                None if job.deadline.is_some_and(|deadline| now >= deadline) => {
                    job.end_as(JobEnd::TimedOut);
                }
                Some(Ending { kill_at, .. }) if kill_at.is_some_and(|at| now >= at) => {
                    *kill_at = None;
                    signal(job.group, Signal::KILL);
                }
                _ => {}
            }
        }
    }

    /// When the next job is overdue.
    fn next_deadline(&self) -> Option<Instant> {
        let deadline = |job: &RunningJob| match &job.ending {
            Some(ending) => ending.kill_at,
            None => job.deadline,
        };
        self.running.values().filter_map(deadline).min()
    }
}

impl RunningJob {
    fn end_as(&mut self, as_what: JobEnd) {
        signal(self.group, Signal::TERM);
        self.ending = Some(Ending { as_what, kill_at: Some(Instant::now() + GRACE) });
    }
}

fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        // It may have ended in this moment: its end is reported all the same.
        let _ = kill_process_group(group, signal);
    }
}

/// Reports the end of a job that is not our child: it holds its lock as long as it lives.
fn report_when_unlocked(lock: File, key: JobKey, report_end: Sender<JobKey>) {
    thread::spawn(move || {
        let _ = lock.lock();
        let _ = report_end.send(key);
    });
}

fn open_lock(directory: &SimulationDirectory) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(directory.lock())
}

impl Executor for Local {
    fn submit(&mut self, job: Job) -> io::Result<String> {
        let log = OpenOptions::new().create(true).append(true).open(job.directory.log())?;
        let mut child = Command::new("bash")
            .arg(job.directory.job_script())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()?;
        let pid = Pid::from_child(&child);
        self.watch(job.key, Some(pid), Duration::ZERO);
        let (report_end, key) = (self.report_end.clone(), job.key);
        thread::spawn(move || {
            let status = child.wait();
            let already = status.is_ok_and(|status| status.code() == Some(ALREADY_RUNNING.into()));
            match open_lock(&job.directory) {
                // A job that an earlier controller started while it died was quicker: wait for it.
                Ok(lock) if already => report_when_unlocked(lock, key, report_end),
                _ => drop(report_end.send(key)),
            }
        });
        Ok(format!("process {}", pid.as_raw_nonzero()))
    }

    fn adopt(&mut self, job: Job) -> io::Result<Adopted> {
        let lock = match open_lock(&job.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Adopted::Gone),
            other => other?,
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {
                let finished = read_json::<Finished>(&job.directory.finished());
                let ours = finished.is_ok_and(|finished| finished.attempt == job.attempt);
                return Ok(if ours { Adopted::Ended } else { Adopted::Gone });
            }
        }
        let started = read_json::<Started>(&job.directory.started()).ok();
        let group = started.as_ref().and_then(|started| Pid::from_raw(started.pid as i32));
        let has_run = started.map(|started| jiff::Timestamp::now().duration_since(started.time));
        let has_run = has_run.and_then(|time| Duration::try_from(time).ok()).unwrap_or_default();
        self.watch(job.key, group, has_run);
        report_when_unlocked(lock, job.key, self.report_end.clone());
        Ok(Adopted::Running)
    }

    fn wait(&mut self, at_most: Duration) -> io::Result<Vec<EndedJob>> {
        self.keep_time();
        let until_deadline =
            self.next_deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let at_most = until_deadline.map_or(at_most, |until| until.min(at_most));
        let first = self.ends.recv_timeout(at_most).ok();
        let ended = first.into_iter().chain(self.ends.try_iter());
        let running = &mut self.running;
        Ok(ended
            .filter_map(|key| {
                let job = running.remove(&key)?;
                let end = job.ending.map_or(JobEnd::Ended, |ending| ending.as_what);
                Some(EndedJob { key, end })
            })
            .collect())
    }

    fn cancel_all(&mut self) {
        for job in self.running.values_mut().filter(|job| job.ending.is_none()) {
            job.end_as(JobEnd::Cancelled);
        }
    }

    fn running(&self) -> usize {
        self.running.len()
    }
}
