//! What an executor is: it is handed jobs, and says how they ended.

use std::fmt;
use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::time::Duration;

use configuration::FidelityNumber;
use simulation::{Attempt, CandidateNumber, Shortages, SimulationDirectory};

/// Whose simulation a job runs.
///
/// ```
/// # use executors::JobKey;
/// # use simulation::CandidateNumber;
/// let own = JobKey::of(CandidateNumber(7));
/// let again = JobKey { repetition: 2, ..own };
/// assert_eq!(own.to_string(), "candidate 7");
/// assert_eq!(again.to_string(), "candidate 7, repetition 2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// The candidate's number.
    pub candidate: CandidateNumber,
    /// 0 for the candidate's own simulation; 1, 2, … for its repetitions.
    pub repetition: u32,
}

impl JobKey {
    /// The candidate's own simulation.
    pub fn of(candidate: CandidateNumber) -> Self {
        Self { candidate, repetition: 0 }
    }
}

/// `candidate 7`, `candidate 7, repetition 2`.
impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "candidate {}", self.candidate)?;
        match self.repetition {
            0 => Ok(()),
            n => write!(f, ", repetition {n}"),
        }
    }
}

/// A simulation that is ready to run: its directory holds `job.sh`.
#[derive(Debug, Clone)]
pub struct Job {
    /// Whose simulation it is.
    pub key: JobKey,
    /// Which version of the simulation.
    pub fidelity: FidelityNumber,
    /// The attempt: a job that another attempt left does not count.
    pub attempt: Attempt,
    /// What ran out in attempts before this one.
    pub shortages: Shortages,
    /// Its files.
    pub directory: SimulationDirectory,
}

impl Job {
    /// The same, that asks for no more memory than before, though it ran out of it.
    pub(crate) fn given_less(&self) -> Self {
        let memory = self.shortages.memory.saturating_sub(1);
        Self { shortages: Shortages { memory, ..self.shortages }, ..self.clone() }
    }
}

/// What an allocation has for jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many can run at the same time.
    pub simulations: usize,
    /// Its cores, which are billed whether jobs run or not.
    pub cores: u64,
}

/// A job that is no longer there.
#[derive(Debug)]
pub struct EndedJob {
    /// Whose simulation it is.
    pub key: JobKey,
    /// How it ended.
    pub end: JobEnd,
}

/// How a job ended, as far as the executor can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// By itself: its files say more.
    Ended,
    /// It ran longer than it may, and was ended.
    TimedOut,
    /// Slurm ended it at Slurm's own time limit.
    OutOfTime,
    /// It needed more memory than it may, and was ended.
    OutOfMemory,
    /// Its script failed, in words that follow "candidate 7: ". Whether the job had begun, its
    /// files say.
    Failed(String),
    /// It ended before it began, for no fault of its own, in words that follow "candidate 7: ".
    NeverBegan(String),
    /// It was cancelled by us.
    Cancelled,
    /// Something failed that is not the model's, in words that follow "candidate 7: ".
    Fault(String),
}

/// What became of a job while no controller watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// It still runs, and is watched again.
    Running,
    /// It ended by itself.
    Ended,
    /// There is no trace of it.
    Gone,
}

/// Runs simulations. Submitted and adopted jobs are watched until [`Executor::wait`] has reported
/// their end, once.
pub trait Executor {
    /// Starts a job and returns the executor's name for it. An error of the kind `InvalidInput`
    /// will come again with every job.
    fn submit(&mut self, job: Job) -> io::Result<String>;

    /// Finds a job again that an earlier controller submitted.
    fn adopt(&mut self, job: Job) -> io::Result<Adopted>;

    /// Waits until jobs end, at most this long, and returns those that did.
    fn wait(&mut self, at_most: Duration) -> io::Result<Vec<EndedJob>>;

    /// Ends all jobs; [`Executor::wait`] reports them as cancelled.
    fn cancel_all(&mut self);

    /// What came of a job whose end was reported, on the machine that it names: whether it worked,
    /// or failed for a reason that is not the model's. Where nothing but failures come from, no
    /// jobs need to go.
    fn judged(&mut self, key: JobKey, host: Option<&str>, worked: bool) {
        let _ = (key, host, worked);
    }

    /// The room that there is for jobs, where it is limited: those beyond it wait.
    fn room(&self) -> Option<Room> {
        None
    }

    /// How many jobs are being watched.
    fn running(&self) -> usize;

    /// What the user should know, since this was asked last.
    fn messages(&mut self) -> Vec<String> {
        vec![]
    }
}

/// Whether a job is at work in this directory, on whatever machine.
pub(crate) fn job_holds_lock(directory: &SimulationDirectory) -> bool {
    let lock = OpenOptions::new().write(true).open(directory.lock());
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}
