//! What sbatch is asked for.

use std::num::NonZeroU32;
use std::time::Duration;

use super::environment::{self, OF_FIRST_STEP, OF_STEPS};
use crate::executor::Job;
use configuration::{Configuration, Limits, SlurmSettings};
use simulation::quoted;

/// What Slurm allows beyond `time_limit`, which the controller keeps: so a job ends even when no
/// controller watches.
const MARGIN_SECONDS: u64 = 300;

/// Options of sbatch that are the same for every simulation.
pub struct Resources {
    options: Vec<String>,
    limits: Limits,
    /// What stands before the script where a step starts it.
    within: String,
}

impl Resources {
    /// As configured.
    pub fn new(configuration: &Configuration, limits: &Limits) -> Self {
        let slurm = &limits.slurm;
        let (ntasks, cpus) = configuration.tasks(limits);
        let mut options = vec![
            // A job that is begun again in Slurm's own way looks as if it had never ended; we begin
            // it again ourselves.
            "--no-requeue".to_owned(),
            format!("--ntasks={ntasks}"),
            format!("--cpus-per-task={cpus}"),
        ];
        options.extend(place(slurm));
        options.extend(slurm.options.iter().cloned());
        let one_node = slurm.nodes.is_none_or(|nodes| nodes == NonZeroU32::MIN);
        let within = one_node.then(|| environment::of_one_node(ntasks, None));
        let within = within.map_or(String::new(), |words| words.join(" ") + " ");
        Self { options, limits: limits.clone(), within }
    }

    /// The memory that a job asks for.
    pub fn memory(&self, job: &Job) -> Option<String> {
        self.limits.slurm.mem_after(job.shortages.memory)
    }

    /// The same in megabytes.
    pub fn megabytes(&self, job: &Job) -> Option<u64> {
        self.limits.slurm.megabytes_after(job.shortages.memory)
    }

    /// How long a job may run.
    pub fn time_limit(&self, job: &Job) -> Duration {
        Duration::from_secs(self.limits.time_limit_after(job.shortages.time).seconds())
    }

    /// Slurm's own limit for a job, which also ends it when no controller watches.
    fn slurms_time_limit(&self, job: &Job) -> u64 {
        let slurm = &self.limits.slurm;
        match slurm.time {
            Some(time) => slurm.time_after(time, job.shortages.time).seconds(),
            None => self.time_limit(job).as_secs() + MARGIN_SECONDS,
        }
    }

    /// The arguments of sbatch for a job of this name.
    pub fn arguments(&self, name: &str, job: &Job, failing_nodes: Option<&str>) -> Vec<String> {
        let directory = &job.directory;
        let slurm = &self.limits.slurm;
        let excluded = slurm.exclude.as_deref();
        let excluded: Vec<_> = excluded.into_iter().chain(failing_nodes).collect();
        let mut arguments = vec![
            "--parsable".to_owned(),
            format!("--job-name={name}"),
            // Relative to it, because sbatch replaces `%` in a path.
            format!("--chdir={}", directory.path().display()),
            "--output=output.log".to_owned(),
            "--open-mode=append".to_owned(),
        ];
        arguments.push(format!("--time={}", self.slurms_time_limit(job).div_ceil(60)));
        arguments.extend(self.memory(job).map(|mem| format!("--mem={mem}")));
        arguments.extend(self.options.iter().cloned());
        if !excluded.is_empty() {
            arguments.push(format!("--exclude={}", excluded.join(",")));
        }
        // sbatch copies a script that it is given, and job.sh is where it is. `exec`: what Slurm
        // sends reaches the job itself.
        let srun = slurm.srun.as_ref().map(|srun| format!("{OF_FIRST_STEP}{srun} {}", self.within));
        let srun = srun.unwrap_or_default();
        let script = quoted(&directory.job_script());
        arguments.push(format!("--wrap={OF_STEPS}exec {srun}bash {script}"));
        arguments
    }
}

/// Where jobs run.
fn place(slurm: &SlurmSettings) -> impl Iterator<Item = String> {
    let nodes = slurm.nodes.map(|n| n.to_string());
    [
        ("partition", slurm.partition.as_ref()),
        ("account", slurm.account.as_ref()),
        ("nodes", nodes.as_ref()),
        ("nodelist", slurm.nodelist.as_ref()),
        ("constraint", slurm.constraint.as_ref()),
        ("hint", slurm.hint.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("--{name}={}", value?)))
    .collect::<Vec<_>>()
    .into_iter()
}
