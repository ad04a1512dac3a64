//! Steps of the allocation of Slurm in which the controller runs: several simulations on a node,
//! for sites that give whole nodes, or few jobs to each user.
//!
//! Each simulation is a step with a name that no other step has and that is on disk before. It goes
//! on when srun or the controller dies, and is found again by that name; it ends with its
//! allocation, and is then gone for the next controller, which runs it again.

mod allocation;
mod srun;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use configuration::{Configuration, FidelityNumber, Limits};
use durable::read_json;
use rustix::process::Signal;
use simulation::{SimulationDirectory, Started};

use self::allocation::{Allocation, Need, Place};
use super::client::{self, QueuedStep, Trouble};
use super::job_state::{ExitCodes, JobState};
use super::nodes::Nodes;
use super::polling::Polling;
use super::record::Record;
use super::resources::Resources;
use super::watched::Watched;
use crate::error::ExecutorError;
use crate::executor::{Adopted, EndedJob, Executor, Job, JobEnd, JobKey, Room};
use crate::leader::Leader;

/// How often the list of steps is looked at, where that is necessary.
const POLL: Duration = Duration::from_secs(5);
/// How often the files of steps are looked at that nobody waits for.
const FILES: Duration = Duration::from_millis(200);
/// How long a step that was asked to end may take for it.
const GRACE: Duration = Duration::from_secs(10);
/// How long files may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs jobs as steps.
pub struct Steps {
    allocation: Allocation,
    room: usize,
    resources: Resources,
    jobs: BTreeMap<JobKey, Step>,
    polling: Polling,
    ends: Receiver<(JobKey, Option<ExitStatus>)>,
    report_end: Sender<(JobKey, Option<ExitStatus>)>,
    nodes: Nodes,
    /// Where steps ran whose end was reported and not judged yet.
    ended_on: HashMap<JobKey, String>,
    messages: Vec<String>,
}

struct Step {
    watched: Watched,
    place: Option<Place>,
    /// srun, while it waits for the step.
    srun: Option<Leader>,
    log_began: u64,
    /// When it began, as far as is known.
    since: Instant,
    asked_to_end: Option<Instant>,
    /// How it ended, if it has.
    end: Option<(JobState, ExitCodes)>,
}

impl Step {
    fn new(watched: Watched) -> Self {
        let since = Instant::now();
        Self {
            watched,
            place: None,
            srun: None,
            log_began: 0,
            since,
            asked_to_end: None,
            end: None,
        }
    }

    fn node(&self) -> &str {
        self.place.as_ref().map_or(&self.watched.nodes, |place| &place.node)
    }

    /// How long the simulation has run, by its own word.
    fn has_run(&self) -> Duration {
        let started = read_json::<Started>(&self.watched.job.directory.started()).ok();
        let ours = started.filter(|started| started.attempt == self.watched.record.attempt);
        ours.map_or(Duration::ZERO, |started| started.has_run())
    }

    /// Whether it runs and nobody waits for its end.
    fn is_alone(&self) -> bool {
        self.watched.sent && self.srun.is_none() && self.end.is_none()
    }
}

impl Steps {
    /// An executor in the allocation of this process.
    pub fn new(configuration: &Configuration, limits: &Limits) -> Result<Self, ExecutorError> {
        let allocation = Allocation::here()?;
        let (tasks, cores_of_each) = configuration.tasks(FidelityNumber::FULL, limits);
        let cores = u32::try_from(tasks * cores_of_each).unwrap_or(u32::MAX);
        let memory = limits.slurm.megabytes_after(0);
        let room = allocation.room(Need { cores, memory })?;
        let (report_end, ends) = channel();
        Ok(Self {
            allocation,
            room,
            resources: Resources::new(configuration, limits),
            jobs: BTreeMap::new(),
            polling: Polling::every(POLL),
            ends,
            report_end,
            nodes: Nodes::default(),
            ended_on: HashMap::new(),
            messages: vec![],
        })
    }

    fn need(&self, job: &Job) -> Need {
        Need { cores: self.resources.cores(job), memory: self.resources.megabytes(job) }
    }

    /// Starts a step if there is room for it.
    fn start(&mut self, key: JobKey) -> io::Result<()> {
        let Some(step) = self.jobs.get(&key) else { return Ok(()) };
        let need = self.need(&step.watched.job);
        let excluded = self.nodes.excluded().unwrap_or_default();
        let excluded: Vec<&str> = excluded.split(',').collect();
        let place = self.allocation.take(need, &excluded).or_else(|| {
            // Where all nodes failed, there are no others to wait for.
            let is_idle = self.jobs.values().all(|step| step.place.is_none());
            is_idle.then(|| self.allocation.take(need, &[])).flatten()
        });
        let (Some(place), Some(step)) = (place, self.jobs.get_mut(&key)) else { return Ok(()) };
        let Watched { job, record, .. } = &step.watched;
        let tasks = self.resources.tasks(job);
        let started =
            srun::command(self.allocation.id, &place, tasks, &record.name, &job.directory)
                .and_then(|mut command| {
                    step.log_began = srun::log_length(&job.directory);
                    let report_end = self.report_end.clone();
                    Leader::start(&mut command, move |status| {
                        let _ = report_end.send((key, status.ok()));
                    })
                });
        match started {
            Ok(srun) => {
                step.watched.sent = true;
                step.watched.nodes.clone_from(&place.node);
                (step.srun, step.place, step.since) = (Some(srun), Some(place), Instant::now());
                Ok(())
            }
            Err(error) => {
                self.allocation.free(&place);
                Err(error)
            }
        }
    }

    /// Starts what there is room for by now.
    fn start_waiting(&mut self) -> Vec<EndedJob> {
        let waits =
            |(_, step): &(&JobKey, &Step)| !step.watched.sent && step.watched.ending.is_none();
        let waiting: Vec<JobKey> = self.jobs.iter().filter(waits).map(|(key, _)| *key).collect();
        let mut ended = vec![];
        for key in waiting {
            if let Err(error) = self.start(key) {
                let end = JobEnd::Fault(format!("its step cannot be started: {error}"));
                ended.push(EndedJob { key, end });
            }
        }
        ended
    }

    /// srun of this simulation ended: its room is free.
    fn srun_ended(&mut self, key: JobKey, status: Option<ExitStatus>) {
        let Some(step) = self.jobs.get_mut(&key) else { return };
        step.srun = None;
        let Some(status) = status else { return };
        let (state, codes) = srun::end(status, &step.watched.job.directory, step.log_began);
        // A step goes on without its srun, if that was killed.
        if status.signal().is_some() {
            return self.polling.hurry();
        }
        step.end = Some((state, codes));
        if let Some(place) = step.place.take() {
            self.allocation.free(&place);
            step.watched.nodes = place.node;
        }
    }

    /// The ends that are certain by now.
    fn certain_ends(&mut self) -> Vec<EndedJob> {
        let mut ended = vec![];
        for (&key, step) in &mut self.jobs {
            let end = match &step.end {
                _ if step.is_alone() => step.watched.end_by_files(),
                Some((state, codes)) => {
                    let (state, codes) = (*state, codes.clone());
                    let node = step.watched.nodes.clone();
                    let told = step.watched.end(state, &codes, &node, PATIENCE);
                    told.or_else(|| step.watched.end_by_files())
                }
                None if !step.watched.sent => step.watched.ending.clone(),
                None => None,
            };
            ended.extend(end.map(|end| EndedJob { key, end }));
        }
        ended
    }

    /// Asks overdue steps to end.
    fn keep_time(&mut self) {
        for step in self.jobs.values_mut() {
            let limit = self.resources.time_limit(&step.watched.job);
            let runs = step.watched.sent && step.end.is_none() && step.watched.ending.is_none();
            if !runs || step.since.elapsed() <= limit {
                continue;
            }
            let has_run = step.has_run();
            if has_run > limit {
                step.watched.end_as(JobEnd::TimedOut);
                self.polling.hurry();
            } else {
                // It began later than srun did.
                step.since = Instant::now().checked_sub(has_run).unwrap_or(step.since);
            }
        }
    }

    /// Looks at Slurm's list of steps: for those that nobody waits for, and those that are to end.
    fn look(&mut self) -> Result<(), Trouble> {
        let began = Instant::now();
        let queue = client::steps()?;
        if !self.polling.answers() {
            self.messages.push("Slurm answers again".to_owned());
        }
        self.polling.succeeded(began.elapsed());
        let by_name: HashMap<&str, &QueuedStep> =
            queue.iter().map(|queued| (queued.name.as_str(), queued)).collect();
        let (mut to_ask, mut to_kill) = (vec![], vec![]);
        for step in self.jobs.values_mut().filter(|step| step.watched.sent && step.end.is_none()) {
            let queued = by_name.get(step.watched.record.name.as_str());
            match (queued, &step.watched.ending) {
                (Some(queued), Some(_)) => match step.asked_to_end {
                    Some(asked) if asked.elapsed() > GRACE => to_kill.push(queued.id.clone()),
                    Some(_) => {}
                    None => {
                        step.asked_to_end = Some(Instant::now());
                        to_ask.push(queued.id.clone());
                    }
                },
                // It was not made yet.
                (None, Some(_)) if step.srun.is_some() => {
                    step.srun.iter().for_each(|srun| srun.signal(Signal::TERM));
                }
                (None, _) if step.srun.is_none() => {
                    step.end = Some((JobState::Completed, ExitCodes::default()));
                    if let Some(place) = step.place.take() {
                        self.allocation.free(&place);
                    }
                }
                _ => {}
            }
        }
        // Whether this was heard the next look says.
        let _ = client::end_steps(&to_ask, Some("TERM"));
        let _ = client::end_steps(&to_kill, None);
        Ok(())
    }

    /// Whether Slurm has to be asked: srun tells the ends of the others.
    fn has_to_look(&self) -> bool {
        let mut steps = self.jobs.values();
        steps.any(|step| step.is_alone() || step.watched.ending.is_some() && step.end.is_none())
    }

    fn forget(&mut self, ended: &[EndedJob]) {
        for job in ended {
            let Some(step) = self.jobs.remove(&job.key) else { continue };
            self.ended_on.insert(job.key, step.node().to_owned());
            if let Some(place) = step.place {
                self.allocation.free(&place);
            }
        }
    }
}

impl Executor for Steps {
    fn submit(&mut self, mut job: Job) -> io::Result<String> {
        while !self.allocation.could_hold(self.need(&job)) {
            let less = job.given_less();
            if less.shortages == job.shortages {
                let error = self.allocation.room(self.need(&job)).err();
                let error = error.map(|error| error.to_string()).unwrap_or_default();
                return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
            }
            job = less;
        }
        let record = Record { id: Some(self.allocation.id), ..Record::new(&job) };
        record.write(&job.directory)?;
        let key = job.key;
        self.jobs.insert(key, Step::new(Watched::new(job, record, false)));
        if let Err(error) = self.start(key) {
            self.jobs.remove(&key);
            return Err(match error.kind() {
                io::ErrorKind::NotFound => {
                    let words = format!("srun cannot be started: {error}");
                    io::Error::new(io::ErrorKind::InvalidInput, words)
                }
                _ => error,
            });
        }
        let place = self.jobs.get(&key).and_then(|step| step.place.as_ref());
        let place = place.map_or(String::new(), |place| format!(" on {}", place.node));
        Ok(format!("Slurm job {}{place}", self.allocation.id))
    }

    fn adopt(&mut self, job: Job) -> io::Result<Adopted> {
        let Some(watched) = Watched::again(job)? else { return Ok(Adopted::Gone) };
        if let Some(JobEnd::Ended) = watched.end_by_files() {
            return Ok(Adopted::Ended);
        }
        // What cannot be asked now counts as running, and is looked for.
        if let Ok(queue) = client::steps() {
            match queue.iter().find(|queued| queued.name == watched.record.name) {
                None if watched.has_finished() => return Ok(Adopted::Ended),
                None => return Ok(Adopted::Gone),
                Some(_) => {}
            }
        }
        let mut step = Step::new(watched);
        step.since = Instant::now().checked_sub(step.has_run()).unwrap_or(step.since);
        self.jobs.insert(step.watched.job.key, step);
        Ok(Adopted::Running)
    }

    fn wait(&mut self, at_most: Duration) -> io::Result<Vec<EndedJob>> {
        let until = Instant::now() + at_most;
        loop {
            self.keep_time();
            if self.has_to_look()
                && self.polling.due_in().is_zero()
                && let Err(trouble) = self.look()
            {
                if self.polling.answers() {
                    self.messages.push(format!("{trouble}; simulations go on"));
                }
                self.polling.failed();
            }
            let mut ended = self.certain_ends();
            self.forget(&ended);
            ended.extend(self.start_waiting());
            self.forget(&ended);
            let left = until.saturating_duration_since(Instant::now());
            if !ended.is_empty() || left.is_zero() {
                return Ok(ended);
            }
            let first = self.ends.recv_timeout(left.min(FILES)).ok();
            let ends: Vec<_> = first.into_iter().chain(self.ends.try_iter()).collect();
            for (key, status) in ends {
                self.srun_ended(key, status);
            }
        }
    }

    fn cancel_all(&mut self) {
        for step in self.jobs.values_mut() {
            step.watched.end_as(JobEnd::Cancelled);
        }
        self.polling.hurry();
    }

    fn judged(&mut self, key: JobKey, host: Option<&str>, worked: bool) {
        let node = self.ended_on.remove(&key);
        self.messages.extend(self.nodes.judge(node, host, worked));
    }

    fn room(&self) -> Option<Room> {
        Some(Room { simulations: self.room, cores: self.allocation.cores() })
    }

    fn running(&self) -> usize {
        self.jobs.len()
    }

    fn messages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages)
    }
}

/// Ends the steps that these simulations have left, exactly those, and waits until they are gone.
/// Returns how many there were.
pub fn end_left_steps(directories: &[SimulationDirectory]) -> io::Result<usize> {
    let mut names = HashSet::new();
    for directory in directories {
        names.extend(Record::read(directory)?.map(|record| record.name));
    }
    let deadline = Instant::now() + GRACE;
    let mut first = None;
    loop {
        let queue = client::steps().map_err(io::Error::other)?;
        let left = queue.into_iter().filter(|step| names.contains(&step.name));
        let left: Vec<String> = left.map(|step| step.id).collect();
        let count = *first.get_or_insert(left.len());
        if left.is_empty() {
            return Ok(count);
        }
        let signal = (Instant::now() < deadline).then_some("TERM");
        let _ = client::end_steps(&left, signal);
        std::thread::sleep(Duration::from_secs(1));
    }
}
