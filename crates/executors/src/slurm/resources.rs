//! What sbatch is asked for.

use super::environment::{OF_FIRST_STEP, OF_STEPS};
use crate::executor::Job;
use configuration::{Configuration, Limits, SlurmSettings, TimeLimit};
use simulation::quoted;

/// What Slurm allows beyond `time_limit`, which the controller keeps: so a job ends even when no
/// controller watches.
const MARGIN_SECONDS: u64 = 300;

/// Options of sbatch that are the same for every simulation.
pub struct Resources {
    options: Vec<String>,
    slurm: SlurmSettings,
}

impl Resources {
    /// As configured.
    pub fn new(configuration: &Configuration, limits: &Limits) -> Self {
        let slurm = &limits.slurm;
        let seconds =
            slurm.time.map_or(limits.time_limit.seconds() + MARGIN_SECONDS, TimeLimit::seconds);
        let (ntasks, cpus) = configuration.tasks(limits);
        let mut options = vec![
            // A job that is begun again in Slurm's own way looks as if it had never ended; we begin
            // it again ourselves.
            "--no-requeue".to_owned(),
            format!("--time={}", seconds.div_ceil(60)),
            format!("--ntasks={ntasks}"),
            format!("--cpus-per-task={cpus}"),
        ];
        options.extend(place(slurm));
        options.extend(slurm.options.iter().cloned());
        Self { options, slurm: slurm.clone() }
    }

    /// The memory that a job asks for.
    pub fn memory(&self, job: &Job) -> Option<String> {
        self.slurm.mem_after(job.out_of_memory)
    }

    /// The arguments of sbatch for a job of this name.
    pub fn arguments(&self, name: &str, job: &Job, failing_nodes: Option<&str>) -> Vec<String> {
        let directory = &job.directory;
        let excluded = self.slurm.exclude.as_deref();
        let excluded: Vec<_> = excluded.into_iter().chain(failing_nodes).collect();
        let mut arguments = vec![
            "--parsable".to_owned(),
            format!("--job-name={name}"),
            // Relative to it, because sbatch replaces `%` in a path.
            format!("--chdir={}", directory.path().display()),
            "--output=output.log".to_owned(),
            "--open-mode=append".to_owned(),
        ];
        arguments.extend(self.memory(job).map(|mem| format!("--mem={mem}")));
        arguments.extend(self.options.iter().cloned());
        if !excluded.is_empty() {
            arguments.push(format!("--exclude={}", excluded.join(",")));
        }
        // sbatch copies a script that it is given, and job.sh is where it is. `exec`: what Slurm
        // sends reaches the job itself.
        let srun = self.slurm.srun.as_ref().map(|srun| format!("{OF_FIRST_STEP}{srun} "));
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
