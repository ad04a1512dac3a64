//! What sbatch is asked for.

use std::num::NonZeroU32;
use std::time::Duration;

use super::environment::{self, OF_FIRST_STEP, OF_STEPS};
use crate::executor::Job;
use configuration::{Configuration, FidelityNumber, Limits, SlurmSettings};
use simulation::quoted;

/// What Slurm allows beyond `time_limit`, which the controller keeps: so a job ends even when no
/// controller watches.
const MARGIN_SECONDS: u64 = 300;

/// What jobs ask for, by the version of the simulation.
pub struct Resources(Vec<OfVersion>);

/// Options of sbatch that are the same for every simulation of a version.
struct OfVersion {
    tasks: usize,
    cores: u32,
    options: Vec<String>,
    limits: Limits,
    /// What stands before the script where a step starts it.
    within: String,
}

impl OfVersion {
    fn new(configuration: &Configuration, limits: &Limits, number: FidelityNumber) -> Self {
        let (ntasks, cpus) = configuration.tasks(number, limits);
        let limits = configuration.limits_of(number, limits);
        let slurm = &limits.slurm;
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
        let cores = u32::try_from(ntasks * cpus).unwrap_or(u32::MAX);
        Self { tasks: ntasks, cores, options, limits, within }
    }
}

impl Resources {
    /// As configured.
    pub fn new(configuration: &Configuration, limits: &Limits) -> Self {
        let of = |number| OfVersion::new(configuration, limits, number);
        Self(configuration.fidelity_numbers().map(of).collect())
    }

    fn of(&self, job: &Job) -> &OfVersion {
        // A version that is not configured has no job; the full one is always there.
        self.0.get(job.fidelity.0).unwrap_or(&self.0[0])
    }

    /// How many tasks a job has.
    pub fn tasks(&self, job: &Job) -> usize {
        self.of(job).tasks
    }

    /// How many cores a job has.
    pub fn cores(&self, job: &Job) -> u32 {
        self.of(job).cores
    }

    /// The memory that a job asks for.
    pub fn memory(&self, job: &Job) -> Option<String> {
        self.of(job).limits.slurm.mem_after(job.shortages.memory)
    }

    /// The same in megabytes.
    pub fn megabytes(&self, job: &Job) -> Option<u64> {
        self.of(job).limits.slurm.megabytes_after(job.shortages.memory)
    }

    /// How long a job may run.
    pub fn time_limit(&self, job: &Job) -> Duration {
        Duration::from_secs(self.of(job).limits.time_limit_after(job.shortages.time).seconds())
    }

    /// Slurm's own limit for a job, which also ends it when no controller watches.
    fn slurms_time_limit(&self, job: &Job) -> u64 {
        let slurm = &self.of(job).limits.slurm;
        match slurm.time {
            Some(time) => slurm.time_after(time, job.shortages.time).seconds(),
            None => self.time_limit(job).as_secs() + MARGIN_SECONDS,
        }
    }

    /// The arguments of sbatch for a job of this name.
    pub fn arguments(&self, name: &str, job: &Job, failing_nodes: Option<&str>) -> Vec<String> {
        let directory = &job.directory;
        let OfVersion { options, limits, within, .. } = self.of(job);
        let slurm = &limits.slurm;
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
        arguments.extend(options.iter().cloned());
        if !excluded.is_empty() {
            arguments.push(format!("--exclude={}", excluded.join(",")));
        }
        // sbatch copies a script that it is given, and job.sh is where it is. `exec`: what Slurm
        // sends reaches the job itself.
        let srun = slurm.srun.as_ref().map(|srun| format!("{OF_FIRST_STEP}{srun} {within}"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::JobKey;
    use simulation::{Attempt, CandidateNumber, Shortages, SimulationDirectory};

    #[test]
    fn a_cheaper_version_asks_for_its_own_resources() {
        let simulator = serde_json::json!({
            "kind": "command", "command": "true", "prelude": null, "seed": "drawn",
        });
        let configuration = serde_json::json!({
            "format": 1, "mozopt_version": "0.1.0", "directory": "/m", "model_directory": "/m",
            "parameters": [], "targets": [], "simulator": simulator, "threads": 16,
            "fidelities": [{
                "name": "small", "simulator": simulator, "model_directory": "/m", "threads": 4,
                "time_limit": "10m", "slurm": {"mem": "2G", "partition": "short"},
            }],
            "mode": "asynchronous",
            "optimizer": {
                "algorithm": "composite", "variant": "active", "offspring_size": 6, "seed": 1,
                "sigma": 0.3,
            },
            "limits": {
                "executor": "slurm", "slots": 6, "time_limit": "20h", "retries": 2,
                "slurm": {"mem": "16G", "mem_retry": 2.0, "account": "lab"}, "max_ngen": 1,
                "max_simulations": null, "keep_best": 1, "keep_failures": false, "keep_all": false,
            },
        });
        let configuration: Configuration = serde_json::from_value(configuration).unwrap();
        let resources = Resources::new(&configuration, &configuration.limits);
        let asked = |fidelity, memory| {
            let job = Job {
                key: JobKey::of(CandidateNumber(3)),
                fidelity: FidelityNumber(fidelity),
                attempt: Attempt::FIRST,
                shortages: Shortages { memory, time: 0 },
                directory: SimulationDirectory::new("/m/000003".into()),
            };
            resources.arguments("name", &job, None)
        };
        let has = |arguments: &[String], option: &str| arguments.iter().any(|it| it == option);
        let full = asked(0, 0);
        for option in ["--cpus-per-task=16", "--mem=16G", "--time=1205", "--account=lab"] {
            assert!(has(&full, option), "{option}: {full:?}");
        }
        let small = asked(1, 1);
        for option in
            ["--cpus-per-task=4", "--mem=4096M", "--time=15", "--account=lab", "--partition=short"]
        {
            assert!(has(&small, option), "{option}: {small:?}");
        }
        assert!(!has(&full, "--partition=short"));
    }
}
