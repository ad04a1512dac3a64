//! Processes on this machine. Each job is a session of its own, so that Ctrl-C in the terminal does
//! not reach it, and so that all of it can be ended at once. It outlives its
//! controller: another one recognizes a running job by the lock that it holds on `job.lock`.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use configuration::{FidelityNumber, TimeLimit};
use durable::read_json;
use rustix::process::{Signal, kill_process_group};
use simulation::job::ALREADY_RUNNING;
use simulation::process::end_survivors;
use simulation::{
    Attempt, CandidateNumber, Finished, Shortages, SimulationDirectory, Started, host,
};

use crate::executor::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey};
use crate::leader::Leader;

/// How long a job that was asked to end may take for it.
const GRACE: Duration = Duration::from_secs(10);

/// Runs jobs as processes on this machine.
pub struct Local {
    /// How long a job may run, by the version of the simulation.
    time_limits: Vec<Duration>,
    running: HashMap<JobKey, RunningJob>,
    ends: Receiver<JobKey>,
    report_end: Sender<JobKey>,
    messages: Vec<String>,
}

struct RunningJob {
    group: Group,
    /// Whether it runs on another machine.
    elsewhere: bool,
    deadline: Option<Instant>,
    ending: Option<Ending>,
}

/// The processes of a job.
struct Group {
    /// Our child that leads them.
    child: Option<Leader>,
    /// Where the job says itself who it is, for those that an earlier controller began.
    directory: SimulationDirectory,
}

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(child) = self.child.as_ref().filter(|child| child.lives()) {
            return child.signal(signal);
        }
        let started = read_json::<Started>(&self.directory.started()).ok();
        if let Some(leader) = started.and_then(|started| started.process(&self.directory)) {
            // It may have ended in this moment: its end is reported all the same.
            let _ = kill_process_group(leader, signal);
        }
    }
}

/// A job that was asked to end.
struct Ending {
    as_what: JobEnd,
    kill_at: Option<Instant>,
}

impl Local {
    /// An executor whose jobs may run this long.
    pub fn new(time_limit: TimeLimit) -> Self {
        Self::with_limits(&[time_limit])
    }

    /// An executor whose jobs may run this long, depending on the version of the simulation.
    pub fn with_limits(time_limits: &[TimeLimit]) -> Self {
        let (report_end, ends) = channel();
        let seconds = time_limits.iter().map(|limit| limit.seconds());
        let time_limits = seconds.map(Duration::from_secs).collect();
        Self { time_limits, running: HashMap::new(), ends, report_end, messages: vec![] }
    }

    fn watch(&mut self, job: &Job, group: Group, elsewhere: bool, has_run: Duration) {
        let limit = self.time_limits.get(job.fidelity.0).or(self.time_limits.first());
        let left = limit.copied().unwrap_or(Duration::MAX).saturating_sub(has_run);
        // What cannot be ended from here has no time limit.
        let deadline = Instant::now().checked_add(left).filter(|_| !elsewhere);
        self.running.insert(job.key, RunningJob { group, elsewhere, deadline, ending: None });
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
                    job.group.signal(Signal::KILL);
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
        self.group.signal(Signal::TERM);
        self.ending = Some(Ending { as_what, kill_at: Some(Instant::now() + GRACE) });
    }
}

/// Reports the end of a job that is not our child: it holds its lock as long as it lives.
fn report_when_unlocked(
    lock: File,
    key: JobKey,
    directory: SimulationDirectory,
    report_end: Sender<JobKey>,
) -> io::Result<()> {
    let watch = move || {
        let _ = lock.lock();
        end_what_is_left(&directory);
        let _ = report_end.send(key);
    };
    thread::Builder::new().name("job".to_owned()).spawn(watch).map(drop)
}

/// A job that was killed leaves its simulator running: nobody waits for that any more, and the next
/// attempt must not find it at work.
fn end_what_is_left(directory: &SimulationDirectory) {
    if !directory.finished().exists() && !directory.result().exists() {
        end_survivors(directory);
    }
}

/// Ends the jobs at work in these directories, and waits until they are gone. Returns how many
/// there were, and what is to be said about them.
pub fn end_left(directories: Vec<SimulationDirectory>) -> io::Result<(usize, Vec<String>)> {
    let mut executor = Local::new(TimeLimit::DEFAULT);
    for (i, directory) in directories.into_iter().enumerate() {
        let key = JobKey::of(CandidateNumber::at(i));
        executor.adopt(Job {
            key,
            fidelity: FidelityNumber::FULL,
            attempt: Attempt::NONE,
            shortages: Shortages::default(),
            directory,
        })?;
    }
    let left = executor.running.values().filter(|job| !job.elsewhere).count();
    executor.cancel_all();
    while executor.running() > 0 {
        executor.wait(GRACE)?;
    }
    Ok((left, executor.messages()))
}

fn open_lock(directory: &SimulationDirectory) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(directory.lock())
}

impl Executor for Local {
    fn submit(&mut self, job: Job) -> io::Result<String> {
        let log = OpenOptions::new().create(true).append(true).open(job.directory.log())?;
        let mut command = Command::new("bash");
        command
            .arg(job.directory.job_script())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let (report_end, key, directory) =
            (self.report_end.clone(), job.key, job.directory.clone());
        let ended = move |status: io::Result<ExitStatus>| {
            let already = status.is_ok_and(|status| status.code() == Some(ALREADY_RUNNING.into()));
            match open_lock(&directory) {
                // A job that an earlier controller started while it died was quicker: wait for it.
                Ok(lock) if already => drop(lock.lock()),
                _ => {}
            }
            end_what_is_left(&directory);
            let _ = report_end.send(key);
        };
        let child = Leader::start(&mut command, ended)?;
        let name = format!("process {}", child.pid.as_raw_nonzero());
        let group = Group { child: Some(child), directory: job.directory.clone() };
        self.watch(&job, group, false, Duration::ZERO);
        Ok(name)
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
                // What is complete counts, although its job died before it could say so.
                let complete = ours || job.directory.result().exists();
                return Ok(if complete { Adopted::Ended } else { Adopted::Gone });
            }
        }
        let started = read_json::<Started>(&job.directory.started()).ok();
        let elsewhere = started.as_ref().filter(|started| started.host != host());
        if let Some(started) = elsewhere {
            let (key, host) = (job.key, &started.host);
            self.messages.push(format!(
                "{key} runs on {host}, not on this machine: its end is waited for, but it cannot be \
                 ended from here"
            ));
        }
        let is_elsewhere = elsewhere.is_some();
        let has_run = started.map_or(Duration::ZERO, |started| started.has_run());
        report_when_unlocked(lock, job.key, job.directory.clone(), self.report_end.clone())?;
        let group = Group { child: None, directory: job.directory.clone() };
        self.watch(&job, group, is_elsewhere, has_run);
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
        for (key, job) in self.running.iter_mut().filter(|(_, job)| job.ending.is_none()) {
            if job.elsewhere {
                // It is let run: the next controller finds its lock, or its result.
                job.ending = Some(Ending { as_what: JobEnd::Cancelled, kill_at: None });
                let _ = self.report_end.send(*key);
            } else {
                job.end_as(JobEnd::Cancelled);
            }
        }
    }

    fn running(&self) -> usize {
        self.running.len()
    }

    fn messages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages)
    }
}
