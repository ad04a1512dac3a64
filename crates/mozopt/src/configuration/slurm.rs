//! `[slurm]` of `mozopt.toml`: what Slurm is asked for, for every simulation.

use std::num::NonZeroU32;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TimeLimit;

/// What Slurm is asked for, for every simulation (`executor = "slurm"`).
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Slurm")]
pub struct SlurmSettings {
    /// The partition [default: the cluster's]
    #[arg(long = "slurm-partition", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The account to charge [default: yours]
    #[arg(long = "slurm-account", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Nodes for one simulation [default: left to Slurm]
    #[arg(long = "slurm-nodes", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NonZeroU32>,
    /// Tasks of one simulation [default: its MPI processes]
    #[arg(long = "slurm-ntasks", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntasks: Option<NonZeroU32>,
    /// Cores of each task [default: `threads`]
    #[arg(long = "slurm-cpus-per-task", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus_per_task: Option<NonZeroU32>,
    /// Memory on each node, as `16G` [default: the cluster's]
    #[arg(long = "slurm-mem", value_name = "SIZE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem: Option<String>,
    /// Slurm's own limit for a job, above which it ends even if no controller watches
    /// [default: `time_limit` and 5 minutes]
    #[arg(long = "slurm-time", value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeLimit>,
    /// Nodes not to use, as Slurm lists them: `node[3-5],node9`
    #[arg(long = "slurm-exclude", value_name = "NODES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
    /// Nodes that each simulation must have
    #[arg(long = "slurm-nodelist", value_name = "NODES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodelist: Option<String>,
    /// Features that the nodes must have
    #[arg(long = "slurm-constraint", value_name = "FEATURES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// How tasks are bound to cores: `nomultithread`, `compute_bound`, …
    #[arg(long = "slurm-hint", value_name = "HINT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Further options of sbatch, word for word: `["--qos=long", "--exclusive"]`
    #[arg(long = "slurm-options", value_name = "OPTION", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What starts the job on its nodes, where that is not the simulator's launcher: `srun -n 1`
    #[arg(long = "slurm-srun", value_name = "COMMAND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srun: Option<String>,
    /// How often the queue is looked at; less often while Slurm is slow [default: 10s]
    #[arg(long = "slurm-poll", value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<TimeLimit>,
}

impl SlurmSettings {
    /// Replaces what `flags` give.
    #[must_use]
    pub fn overridden_by(self, flags: Self) -> Self {
        Self {
            partition: flags.partition.or(self.partition),
            account: flags.account.or(self.account),
            nodes: flags.nodes.or(self.nodes),
            ntasks: flags.ntasks.or(self.ntasks),
            cpus_per_task: flags.cpus_per_task.or(self.cpus_per_task),
            mem: flags.mem.or(self.mem),
            time: flags.time.or(self.time),
            exclude: flags.exclude.or(self.exclude),
            nodelist: flags.nodelist.or(self.nodelist),
            constraint: flags.constraint.or(self.constraint),
            hint: flags.hint.or(self.hint),
            options: if flags.options.is_empty() { self.options } else { flags.options },
            srun: flags.srun.or(self.srun),
            poll: flags.poll.or(self.poll),
        }
    }

    /// Whether everything is left to its default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
