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

/// Before srun in a job's script: since 24.11 it takes `--cpus-per-task` of the job again, so that
/// a step of one task, which starts all ranks, would have the cores of one.
pub const OF_FIRST_STEP: &str = "env -u SLURM_CPUS_PER_TASK -u SLURM_TRES_PER_TASK ";

/// In a job's script, before anything is started by srun: where the user's or the site's
/// environment is not to be exported to jobs (`SBATCH_EXPORT=NONE`), steps would not get that of
/// the job either, and would not even find bash.
pub const OF_STEPS: &str = "export SRUN_EXPORT_ENV=ALL; ";

/// In a step that is a simulation, before its script: Slurm tells a step much of the whole
/// allocation, but launchers shall find a job of one node, with so many tasks of so many cores. An
/// srun in it may take the cores of the step, and no others: those it is bound to.
pub fn of_one_node(tasks: usize, cores: u32) -> String {
    let set = [
        ("SLURM_NODELIST", "\"$SLURM_STEP_NODELIST\"".to_owned()),
        ("SLURM_JOB_NODELIST", "\"$SLURM_STEP_NODELIST\"".to_owned()),
        ("SLURM_NNODES", "1".to_owned()),
        ("SLURM_JOB_NUM_NODES", "1".to_owned()),
        ("SLURM_NTASKS", tasks.to_string()),
        ("SLURM_NPROCS", tasks.to_string()),
        ("SLURM_TASKS_PER_NODE", tasks.to_string()),
        ("SLURM_JOB_CPUS_PER_NODE", cores.to_string()),
    ];
    let set = set.map(|(name, value)| format!(" {name}={value}"));
    let unset = "unset SLURM_CPUS_PER_TASK SLURM_TRES_PER_TASK";
    format!("export SLURM_OVERLAP=1{}; {unset}; ", set.concat())
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
