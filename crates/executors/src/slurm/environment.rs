//! The environment of Slurm's commands and of what they start.
//!
//! Slurm's commands read defaults from variables: of the user, of the site, and, where the
//! controller is a job itself, of its own job. Those that say where jobs run and who pays are kept;
//! those that change what is asked for, or how an answer is written, are not.

use std::ffi::OsStr;
use std::process::Command;

/// Variables that no command gets, by their names or, with an underscore at the end, by how their
/// names begin.
const REMOVED: [(&str, &str); 10] = [
    ("SLURM_", "what a job is told about itself; sbatch takes it for what is asked for"),
    ("SQUEUE_", "other columns, other jobs"),
    ("SACCT_", "the same"),
    ("SCANCEL_", "asks for confirmation, or chooses among the jobs"),
    ("SBATCH_WAIT", "sbatch returns when the job ends, with the job's exit code"),
    ("SBATCH_ARRAY_INX", "makes an array of each simulation"),
    ("SBATCH_SIGNAL", "a signal before the time limit, which the job's script does not expect"),
    ("SBATCH_INPUT", "a job must not wait for input"),
    ("SBATCH_ERROR", "what is printed belongs into output.log"),
    ("SBATCH_TEST_ONLY", "nothing is submitted"),
];

/// Variables of these that are kept.
const KEPT: [(&str, &str); 4] = [
    ("SLURM_CONF", "where the cluster is"),
    ("SLURM_CONF_SERVER", "the same, without a file"),
    ("SLURM_CLUSTERS", "which of several clusters"),
    ("SLURM_JWT", "who asks"),
];

/// What names the cluster: for all commands, and for sbatch alone.
const CLUSTERS: [&str; 2] = ["SLURM_CLUSTERS", "SBATCH_CLUSTERS"];

/// Before srun in a job's script: since 24.11 it takes `--cpus-per-task` of the job again, so that
/// a step of one task, which starts all ranks, would have the cores of one.
pub const OF_FIRST_STEP: &str = "env -u SLURM_CPUS_PER_TASK -u SLURM_TRES_PER_TASK ";

/// In a job's script, before anything is started by srun: where the user's or the site's
/// environment is not to be exported to jobs (`SBATCH_EXPORT=NONE`), steps would not get that of
/// the job either, and would not even find bash.
pub const OF_STEPS: &str = "export SRUN_EXPORT_ENV=ALL; ";

/// Before the script of a simulation that is a step of its own: Slurm tells a step much about its
/// whole job, but launchers shall find a job of one node with this number of tasks. Of a job with
/// more than this node and these cores, they shall find no more than these. A step within it may
/// take the cores that this one is bound to, which are all that it has.
pub fn of_one_node(tasks: usize, of_many: Option<(&str, u32)>) -> Vec<String> {
    let mut words = ["env", "-u", "SLURM_CPUS_PER_TASK", "-u", "SLURM_TRES_PER_TASK"]
        .map(str::to_owned)
        .to_vec();
    let tasks = tasks.to_string();
    words.extend(
        [
            ("SLURM_OVERLAP", "1"),
            ("SLURM_NNODES", "1"),
            ("SLURM_JOB_NUM_NODES", "1"),
            ("SLURM_NTASKS", &tasks),
            ("SLURM_NPROCS", &tasks),
            ("SLURM_TASKS_PER_NODE", &tasks),
        ]
        .map(|(name, value)| format!("{name}={value}")),
    );
    if let Some((node, cores)) = of_many {
        words.push(format!("SLURM_NODELIST={node}"));
        words.push(format!("SLURM_JOB_NODELIST={node}"));
        words.push(format!("SLURM_JOB_CPUS_PER_NODE={cores}"));
    }
    words
}

/// The cluster that the user chose, if not the one of this machine.
pub fn cluster() -> Option<String> {
    let chosen = CLUSTERS.iter().find_map(|name| std::env::var(name).ok());
    chosen.filter(|cluster| !cluster.is_empty())
}

/// The variable by which the user chose several, and what it says.
pub fn several_clusters() -> Option<(&'static str, String)> {
    let of = |name: &'static str| Some((name, std::env::var(name).ok()?));
    CLUSTERS.into_iter().filter_map(of).find(|(_, value)| value.contains(','))
}

/// Removes from a command's environment what would change its meaning.
pub fn clear(command: &mut Command) {
    let variables: Vec<_> = std::env::vars_os().collect();
    for (variable, _) in variables.iter().filter(|(variable, _)| is_removed(variable)) {
        command.env_remove(variable);
    }
    // sbatch has a variable of its own for what the other commands read elsewhere: jobs are looked
    // for where they are sent.
    let of = |name| variables.iter().find(|(variable, _)| variable == name);
    if let (Some((_, clusters)), None) = (of("SBATCH_CLUSTERS"), of("SLURM_CLUSTERS")) {
        command.env("SLURM_CLUSTERS", clusters);
    }
}

/// As [`clear`], for srun where it makes a step: what it says of itself is its own, too.
pub fn clear_for_a_step(command: &mut Command) {
    clear(command);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("SRUN_") {
            command.env_remove(variable);
        }
    }
    command.env("SRUN_EXPORT_ENV", "ALL");
}

fn is_removed(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    let is_kept = KEPT.iter().any(|(kept, _)| name == *kept);
    let is_named = |(removed, _): &(&str, &str)| {
        if removed.ends_with('_') { name.starts_with(removed) } else { name == *removed }
    };
    !is_kept && REMOVED.iter().any(is_named)
}

#[cfg(test)]
mod tests {
    use super::is_removed;

    #[test]
    fn what_says_where_jobs_run_is_kept_and_what_changes_a_request_is_not() {
        for kept in ["PATH", "SLURM_CONF", "SLURM_CLUSTERS", "SBATCH_ACCOUNT", "SBATCH_WAIT4SWITCH"]
        {
            assert!(!is_removed(kept.as_ref()), "{kept}");
        }
        for removed in ["SLURM_NTASKS", "SQUEUE_FORMAT", "SBATCH_WAIT", "SBATCH_ARRAY_INX"] {
            assert!(is_removed(removed.as_ref()), "{removed}");
        }
    }
}
