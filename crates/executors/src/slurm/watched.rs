//! A job that is being watched, and how its end is told from what Slurm and its own files say.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use super::client::Queued;
use super::job_state::{ExitCodes, JobState};
use super::record::Record;
use crate::executor::{Job, JobEnd, job_holds_lock};
use simulation::job::ALREADY_RUNNING;
use simulation::{Finished, Started};

/// What bash ends with where there is no such script.
const NOT_FOUND: u32 = 127;
/// How often something must be looked for in vain before it is not there.
const LOOKS: u32 = 4;

/// A job and what is known about it.
pub struct Watched {
    /// The job.
    pub job: Job,
    /// The name it was handed to Slurm with.
    pub record: Record,
    /// Whether it was handed to Slurm, as far as we know.
    pub sent: bool,
    /// As what we asked it to end.
    pub ending: Option<JobEnd>,
    /// Its last known state and, while it waits, the reason.
    pub state: JobState,
    pub reason: String,
    /// The nodes that it was seen on.
    pub nodes: String,
    /// It found another job at work in its directory, which must end first.
    elsewhere: bool,
    in_vain: Option<(Instant, u32)>,
}

impl Watched {
    /// A job that was handed to Slurm, or is about to be.
    pub fn new(job: Job, record: Record, sent: bool) -> Self {
        let ending = record.cancelled.then_some(JobEnd::Cancelled);
        let (state, reason) = (JobState::Pending, String::new());
        let nodes = String::new();
        Self { job, record, sent, ending, state, reason, nodes, elsewhere: false, in_vain: None }
    }

    /// The job of this attempt, or of a later one, that another controller handed to Slurm.
    pub fn again(job: Job) -> io::Result<Option<Self>> {
        let record = Record::read(&job.directory)?.filter(|record| record.attempt >= job.attempt);
        Ok(record.map(|record| Self::new(job, record, true)))
    }

    /// Slurm lists it.
    pub fn found(&mut self, queued: &Queued) {
        self.state = queued.state;
        self.reason.clone_from(&queued.reason);
        if !queued.nodes.is_empty() {
            self.nodes.clone_from(&queued.nodes);
        }
        if !queued.state.is_final() {
            self.in_vain = None;
        }
        self.identify(queued.id);
    }

    /// Slurm has it under this number.
    pub fn identify(&mut self, id: u64) {
        if self.record.id != Some(id) {
            self.record.id = Some(id);
            // Without the number it is found by its name.
            let _ = self.record.write(&self.job.directory);
        }
    }

    /// It is to end, and its end is what this says; the first end that was asked for counts.
    pub fn end_as(&mut self, end: JobEnd) {
        if self.ending.is_some() {
            return;
        }
        if end == JobEnd::Cancelled {
            self.record.cancelled = true;
            // Another controller would take it for cancelled by somebody else, and run it again,
            // too.
            let _ = self.record.write(&self.job.directory);
        }
        self.ending = Some(end);
    }

    /// Something is not there. Returns whether it has been looked for long enough: what Slurm and
    /// file systems know arrives late now and then.
    pub fn in_vain(&mut self, patience: Duration) -> bool {
        let (since, looks) = self.in_vain.get_or_insert_with(|| (Instant::now(), 0));
        *looks += 1;
        *looks >= LOOKS && since.elapsed() >= patience
    }

    /// What the job itself wrote at its end.
    fn finished(&self) -> Option<Finished> {
        let finished: Finished = durable::read_json(&self.job.directory.finished()).ok()?;
        (finished.attempt == self.record.attempt).then_some(finished)
    }

    /// Whether the job wrote that it began.
    fn has_begun(&self) -> bool {
        let started: Option<Started> = durable::read_json(&self.job.directory.started()).ok();
        started.is_some_and(|started| started.attempt == self.record.attempt)
    }

    /// Whether the job wrote itself that it ended, however.
    pub fn has_finished(&self) -> bool {
        self.finished().is_some()
    }

    /// The end, if the job's files leave no question.
    pub fn end_by_files(&self) -> Option<JobEnd> {
        if self.elsewhere {
            return (!job_holds_lock(&self.job.directory)).then_some(JobEnd::Ended);
        }
        (self.finished()?.exit_code == Some(0)).then_some(JobEnd::Ended)
    }

    /// The end of a job that is in this final state; `None` if that has to be waited for.
    pub fn end(
        &mut self,
        state: JobState,
        codes: &ExitCodes,
        nodes: &str,
        patience: Duration,
    ) -> Option<JobEnd> {
        // Makes a network file system look again.
        let _ = fs::read_dir(self.job.directory.path());
        if state == JobState::Failed && codes.code == u32::from(ALREADY_RUNNING) {
            self.elsewhere = true;
            return None;
        }
        let end = state.end(codes, nodes);
        match self.finished() {
            Some(finished) if finished.exit_code == Some(0) => return Some(JobEnd::Ended),
            Some(_) if end != JobEnd::OutOfMemory => return Some(JobEnd::Ended),
            _ => {}
        }
        if let Some(asked) = &self.ending {
            return Some(asked.clone());
        }
        // Slurm makes the directory of its output anew where that is gone (since 24.11), and does
        // not find the job's script in it.
        if codes.code == NOT_FOUND && !self.job.directory.job_script().exists() {
            let words = format!("its job could not be started on {nodes}: its directory was gone");
            return Some(JobEnd::Failed(words));
        }
        let end = match end {
            JobEnd::Fault(words) if state.may_end_unbegun() && !self.has_begun() => {
                let by_slurm = self.reason.contains("Dependency");
                JobEnd::NeverBegan(if by_slurm {
                    format!("Slurm cancelled its job: {}", self.reason)
                } else {
                    words
                })
            }
            end => end,
        };
        let must_have_files = end == JobEnd::Ended;
        (!must_have_files || self.in_vain(patience)).then_some(end)
    }

    /// The end of a job that nobody knows any more.
    pub fn end_of_lost(&self) -> JobEnd {
        match (self.finished(), &self.ending) {
            (Some(_), _) => JobEnd::Ended,
            (None, Some(asked)) => asked.clone(),
            (None, None) => JobEnd::Fault("Slurm knows nothing of its job any more".to_owned()),
        }
    }
}
