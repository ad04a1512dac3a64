//! Jobs of Slurm. A simulation is submitted under a name that no other job has and that is on disk
//! before; so it is found again after a controller's death, and after a submission without an
//! answer. What became of it is read, in this order, from its own files, from one squeue for all
//! jobs, and from the accounting. A missing answer changes nothing.

mod client;
mod controller;
mod environment;
mod job_state;
mod nodes;
mod pending;
mod polling;
mod record;
#[cfg(test)]
mod recorded;
mod refusal;
mod resources;
mod steps;
mod watched;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::time::{Duration, Instant};

use crate::error::ExecutorError;
use crate::executor::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey};
pub use client::Trouble;
use configuration::{Configuration, Limits};
pub use controller::{ControllerJob, HANDED_OVER, JobLeft, cancel_left, jobs_left};

use client::{Accounted, Queued};
use job_state::{ExitCodes, JobState};
use nodes::Nodes;
use pending::Pending;
use polling::Polling;
use record::Record;
use refusal::Refusal;
use resources::Resources;
pub use steps::{Steps, end_left_steps};
use watched::Watched;

/// For fuzzing: how the lists of Slurm's commands are read.
#[doc(hidden)]
pub mod lists {
    pub use super::client::{all_accounted as accounts, all_queued as queue};
}

/// How often the queue is looked at, unless it is said otherwise.
const POLL: Duration = Duration::from_secs(10);
/// The shortest and the longest time between two looks at the files of jobs. A hundredth of the
/// time since the last submission lies between, so that next to nothing of a simulation's time is
/// lost.
const FILES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// The most jobs whose files are looked at in a second.
const JOBS_PER_SECOND: f64 = 100.0;

/// Runs jobs with Slurm.
pub struct Slurm {
    resources: Resources,
    jobs: BTreeMap<JobKey, Watched>,
    polling: Polling,
    submitted: Instant,
    files_seen: Instant,
    /// How long an answer may be missing before there is none.
    patience: Option<Duration>,
    has_accounting: bool,
    nodes: Nodes,
    /// Where jobs ran whose end was reported and not judged yet.
    ended_on: HashMap<JobKey, String>,
    pending: Pending,
    refusal: Refusal,
    messages: Vec<String>,
}

impl Slurm {
    /// An executor that asks for these resources.
    ///
    /// # Errors
    /// When the environment names several clusters.
    pub fn new(configuration: &Configuration, limits: &Limits) -> Result<Self, ExecutorError> {
        if let Some((variable, value)) = environment::several_clusters() {
            return Err(ExecutorError::SeveralClusters { variable, value });
        }
        let poll = limits.slurm.poll.map_or(POLL, |time| Duration::from_secs(time.seconds()));
        Ok(Self {
            resources: Resources::new(configuration, limits),
            jobs: BTreeMap::new(),
            polling: Polling::every(poll),
            submitted: Instant::now(),
            files_seen: Instant::now(),
            patience: None,
            has_accounting: true,
            nodes: Nodes::default(),
            ended_on: HashMap::new(),
            pending: Pending::default(),
            refusal: Refusal::default(),
            messages: vec![],
        })
    }

    /// Hands a job to Slurm. What is refused is an error; what is in doubt counts as sent, and is
    /// looked for; what Slurm cannot accept now is sent later.
    fn send(&mut self, watched: &mut Watched) -> Result<(), Trouble> {
        let Watched { job, record, .. } = watched;
        let excluded = self.nodes.excluded();
        let arguments = self.resources.arguments(&record.name, job, excluded.as_deref());
        match client::submit(&arguments) {
            Ok(id) => {
                watched.sent = true;
                watched.identify(id);
                self.refusal.is_over();
            }
            Err(trouble @ Trouble::NoNumber { .. }) => {
                watched.sent = true;
                self.say(format!("{trouble}: {} is looked for by its name", record.name));
            }
            Err(trouble) if trouble.leaves_doubt() => {
                watched.sent = true;
                self.no_answer(&trouble);
            }
            Err(trouble) if trouble.passes() || self.refusal.passes_now(&trouble) => {
                self.messages.extend(self.refusal.name(&trouble));
            }
            Err(_) if excluded.is_some() => {
                self.say("nodes that failed are used again: there are no others".to_owned());
                self.nodes.forgive();
                return self.send(watched);
            }
            Err(trouble)
                if self.resources.memory(job) != self.resources.memory(&job.given_less()) =>
            {
                // There may be no node that has so much.
                *job = job.given_less();
                let mem = self.resources.memory(job).unwrap_or_default();
                self.say(format!("{trouble}; {} is tried with mem = {mem}", record.name));
                return self.send(watched);
            }
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }

    fn say(&mut self, message: String) {
        self.messages.push(message);
    }

    fn no_answer(&mut self, trouble: &Trouble) {
        if self.polling.answers() {
            self.say(format!("{trouble}; simulations go on, and Slurm is asked again"));
        }
        self.polling.failed();
    }

    /// Looks at the queue, once for all jobs, and takes the ends it finds.
    fn look(&mut self) -> Result<Vec<EndedJob>, Trouble> {
        let began = Instant::now();
        let queue = client::queue()?;
        if !self.polling.answers() {
            self.say("Slurm answers again".to_owned());
        }
        self.polling.succeeded(began.elapsed());
        let patience = *self.patience.get_or_insert_with(|| 3 * client::message_timeout());

        let mut by_name: HashMap<&str, Vec<&Queued>> = HashMap::new();
        for queued in &queue {
            by_name.entry(&queued.name).or_default().push(queued);
        }
        let (mut ended, mut missing, mut unwanted) = (vec![], vec![], vec![]);
        for (&key, watched) in self.jobs.iter_mut().filter(|(_, watched)| watched.sent) {
            let Some(mut found) = by_name.remove(watched.record.name.as_str()) else {
                missing.push(key);
                continue;
            };
            // A submission that was refused leaves a job of the name, too, which has failed.
            let id = watched.record.id;
            found.sort_by_key(|it| (Some(it.id) != id, it.state.is_final(), it.id));
            let (first, doubles) = (found[0], &found[1..]);
            watched.found(first);
            unwanted.extend(doubles.iter().filter(|it| !it.state.is_final()).map(|it| it.id));
            if first.state.is_final() {
                let codes = codes_of(first);
                let end = watched.end(first.state, &codes, &first.nodes, patience);
                ended.extend(end.map(|end| (key, end, first.state, first.nodes.clone())));
            } else if watched.ending.is_some() {
                unwanted.push(first.id);
            } else if first.has_run > self.resources.time_limit(&watched.job) {
                watched.end_as(JobEnd::TimedOut);
                unwanted.push(first.id);
            }
        }
        // Whether this was heard the next look says.
        let _ = client::cancel(&unwanted);
        ended.extend(self.look_for(&missing, patience));
        let ended = ended.into_iter().map(|(key, end, state, nodes)| {
            self.learn_about_nodes(&end, state, &nodes);
            EndedJob { key, end }
        });
        let mut ended: Vec<_> = ended.collect();
        ended.extend(self.send_rest());
        self.name_waiting();
        Ok(ended)
    }

    /// Looks in the accounting for jobs that squeue does not know.
    fn look_for(
        &mut self,
        missing: &[JobKey],
        patience: Duration,
    ) -> Vec<(JobKey, JobEnd, JobState, String)> {
        let accounting = self.accounting(missing);
        let mut ended = vec![];
        for &key in missing {
            let Some(watched) = self.jobs.get_mut(&key) else { continue };
            let in_vain = watched.in_vain(patience);
            let job = accounting
                .iter()
                .filter(|job| job.name == watched.record.name && job.state.is_final())
                .max_by_key(|job| job.id);
            match job {
                // Right after an outage the accounting may not have the exit code yet.
                Some(Accounted { state: JobState::Failed, codes, .. })
                    if *codes == ExitCodes::default() && !in_vain => {}
                Some(Accounted { id, state, codes, nodes, .. }) => {
                    watched.identify(*id);
                    let end = watched.end(*state, codes, nodes, patience);
                    ended.extend(end.map(|end| (key, end, *state, nodes.clone())));
                }
                None if !in_vain => {}
                None if watched.record.id.is_none() && watched.ending.is_none() => {
                    watched.sent = false;
                    let name = watched.record.name.clone();
                    self.say(format!("Slurm never got {name}: it is submitted again"));
                }
                None => {
                    ended.push((key, watched.end_of_lost(), JobState::Between, String::new()));
                }
            }
        }
        ended
    }

    fn accounting(&mut self, missing: &[JobKey]) -> Vec<Accounted> {
        if !self.has_accounting || missing.is_empty() {
            return vec![];
        }
        let records = missing.iter().filter_map(|key| self.jobs.get(key));
        let records: Vec<&Record> = records.map(|watched| &watched.record).collect();
        let ids: Vec<u64> = records.iter().filter_map(|record| record.id).collect();
        let in_doubt = records.iter().filter(|record| record.id.is_none());
        let names: Vec<&str> = in_doubt.clone().map(|record| record.name.as_str()).collect();
        let mut accounting = client::accounting_of(&ids);
        if let (Ok(accounting), Some(since)) = (&mut accounting, in_doubt.map(|r| r.time).min()) {
            accounting.extend(client::accounting_of_names(&names, since).unwrap_or_default());
        }
        accounting.unwrap_or_else(|trouble| {
            self.has_accounting = !trouble.is_no_accounting();
            vec![]
        })
    }

    fn learn_about_nodes(&mut self, end: &JobEnd, state: JobState, nodes: &str) {
        match end {
            JobEnd::TimedOut | JobEnd::OutOfTime | JobEnd::OutOfMemory => {
                self.nodes.succeeded(nodes);
            }
            JobEnd::Fault(_) if state.blames_node() => {
                self.messages.extend(self.nodes.judge(Some(nodes.to_owned()), None, false));
            }
            // What the job left says more.
            JobEnd::Ended
            | JobEnd::Failed(_)
            | JobEnd::Fault(_)
            | JobEnd::NeverBegan(_)
            | JobEnd::Cancelled => {}
        }
    }

    /// Sends what could not be sent before.
    fn send_rest(&mut self) -> Vec<EndedJob> {
        let unsent = self.jobs.iter().filter(|(_, watched)| !watched.sent);
        let unsent: Vec<JobKey> = unsent.map(|(key, _)| *key).collect();
        let mut ended = vec![];
        // One is tried at each look; where it is refused, so would be the others.
        self.refusal.try_again();
        for key in unsent {
            let Some(mut watched) = self.jobs.remove(&key) else { continue };
            if let Some(asked) = &watched.ending {
                ended.push(EndedJob { key, end: asked.clone() });
            } else if self.polling.answers()
                && !self.refusal.is_in_force()
                && let Err(trouble) = self.send(&mut watched)
            {
                let end = JobEnd::Fault(format!("it cannot be submitted: {trouble}"));
                ended.push(EndedJob { key, end });
            }
            self.jobs.insert(key, watched);
        }
        ended
    }

    /// Watches these no longer.
    fn forget(&mut self, ended: &[EndedJob]) {
        for job in ended {
            if let Some(watched) = self.jobs.remove(&job.key) {
                self.ended_on.insert(job.key, watched.nodes);
            }
        }
    }

    fn name_waiting(&mut self) {
        let waits = |watched: &&Watched| watched.sent && watched.state == JobState::Pending;
        let waiting = self.jobs.values().filter(waits);
        let waiting =
            waiting.filter_map(|watched| Some((watched.record.id?, watched.reason.clone())));
        let messages = self.pending.look(waiting);
        self.messages.extend(messages);
    }

    /// Jobs that said themselves that they ended well: for them nobody else has to be asked.
    fn ended_by_their_files(&mut self) -> Vec<EndedJob> {
        let (shortest, longest) = FILES;
        let interval = (self.submitted.elapsed() / 100).clamp(shortest, longest);
        let at_least = Duration::from_secs_f64(self.jobs.len() as f64 / JOBS_PER_SECOND);
        if self.files_seen.elapsed() < interval.max(at_least) {
            return vec![];
        }
        self.files_seen = Instant::now();
        let ended = self
            .jobs
            .iter()
            .filter_map(|(&key, watched)| Some(EndedJob { key, end: watched.end_by_files()? }));
        ended.collect()
    }
}

/// How a job ended, where that says more than its state.
fn codes_of(queued: &Queued) -> ExitCodes {
    client::exit_codes_of(queued.id).unwrap_or_default()
}

impl Executor for Slurm {
    fn submit(&mut self, job: Job) -> io::Result<String> {
        let record = Record::new(&job);
        record.write(&job.directory)?;
        let key = job.key;
        let mut watched = Watched::new(job, record, false);
        self.submitted = Instant::now();
        if self.polling.answers() && !self.refusal.is_in_force() {
            self.send(&mut watched).map_err(|trouble| {
                io::Error::new(io::ErrorKind::InvalidInput, trouble.to_string())
            })?;
        }
        let Record { id, name, .. } = &watched.record;
        let shown = id.map_or_else(|| name.clone(), |id| format!("Slurm job {id}"));
        self.jobs.insert(key, watched);
        Ok(shown)
    }

    fn adopt(&mut self, job: Job) -> io::Result<Adopted> {
        let Some(watched) = Watched::again(job)? else { return Ok(Adopted::Gone) };
        if let Some(JobEnd::Ended) = watched.end_by_files() {
            return Ok(Adopted::Ended);
        }
        self.jobs.insert(watched.job.key, watched);
        Ok(Adopted::Running)
    }

    fn wait(&mut self, at_most: Duration) -> io::Result<Vec<EndedJob>> {
        let mut ended = self.ended_by_their_files();
        self.forget(&ended);
        if !self.jobs.is_empty() && self.polling.due_in().is_zero() {
            match self.look() {
                Ok(found) => ended.extend(found),
                Err(trouble) => self.no_answer(&trouble),
            }
        }
        self.forget(&ended);
        if ended.is_empty() {
            // Without jobs nothing is due.
            let due = (!self.jobs.is_empty()).then(|| self.polling.due_in());
            let due = due.map_or(at_most, |due| due.max(Duration::from_millis(10)));
            std::thread::sleep(at_most.min(due));
        }
        Ok(ended)
    }

    fn cancel_all(&mut self) {
        for watched in self.jobs.values_mut() {
            watched.end_as(JobEnd::Cancelled);
        }
        // The next look cancels them.
        self.polling.hurry();
    }

    fn judged(&mut self, key: JobKey, host: Option<&str>, worked: bool) {
        let nodes = self.ended_on.remove(&key);
        self.messages.extend(self.nodes.judge(nodes, host, worked));
    }

    fn running(&self) -> usize {
        self.jobs.len()
    }

    fn messages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages)
    }
}
