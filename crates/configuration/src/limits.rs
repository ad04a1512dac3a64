//! What may be changed while a search goes on, or when it is resumed.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::{ExecutorKind, LimitError, SlurmSettings, TimeLimit};

/// More further simulations of each of the best candidates tell nothing more.
pub(crate) const MOST_REPETITIONS: u32 = 1000;

/// What does not influence which candidates are proposed, and may be changed by `resume`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// What runs the simulations.
    pub executor: ExecutorKind,
    /// Simulations at the same time; with `srun` no more than the allocation has room for.
    pub slots: usize,
    /// How long a simulation may run.
    pub time_limit: TimeLimit,
    /// Further attempts after a fault that is not the model's.
    pub retries: u32,
    /// The pause before the first of these; it grows with each.
    #[serde(default = "TimeLimit::pause")]
    pub retry_pause: TimeLimit,
    /// What Slurm is asked for.
    #[serde(default, skip_serializing_if = "SlurmSettings::is_default")]
    pub slurm: SlurmSettings,
    /// Generations to run.
    pub max_ngen: u64,
    /// Simulations to run.
    pub max_simulations: Option<u64>,
    /// How long the search may propose.
    #[serde(default)]
    pub max_time: Option<TimeLimit>,
    /// Core-hours that simulations may take.
    #[serde(default)]
    pub max_core_hours: Option<f64>,
    /// Repetitions of a candidate with every target within its norm, and of each of the best ones
    /// at the end; none in a search of a version that had no such limit.
    #[serde(default)]
    pub validate_best: u32,
    /// Data stores of best candidates to keep.
    pub keep_best: usize,
    /// Whether to keep the data stores of failed simulations.
    pub keep_failures: bool,
    /// Whether to keep all data stores.
    pub keep_all: bool,
}

/// Changes of limits: flags of `resume`, a request to a running search.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::Args))]
#[cfg_attr(feature = "settings", command(next_help_heading = "Limits"))]
#[serde(deny_unknown_fields)]
pub struct LimitChange {
    /// Stop after this many generations
    #[cfg_attr(feature = "settings", arg(long, value_name = "N"))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_ngen: Option<u64>,
    /// Stop after this many simulations
    #[cfg_attr(feature = "settings", arg(long, value_name = "N"))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_simulations: Option<u64>,
    /// Stop proposing after this time, over all controllers of the search
    #[cfg_attr(feature = "settings", arg(long, value_name = "TIME"))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_time: Option<TimeLimit>,
    /// Stop proposing once the simulations have taken this many core-hours
    #[cfg_attr(feature = "settings", arg(long, value_name = "X"))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_core_hours: Option<f64>,
    /// Repetitions of a candidate that meets all targets, and of the best at the end; 0 for none
    #[cfg_attr(feature = "settings", arg(long, value_name = "N"))]
    #[serde(skip)]
    pub validate_best: Option<u32>,
    /// What runs the simulations
    #[cfg_attr(feature = "settings", arg(long, value_enum))]
    #[serde(skip)]
    pub executor: Option<ExecutorKind>,
    /// How many simulations run at the same time
    #[cfg_attr(feature = "settings", arg(long, value_name = "N"))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slots: Option<NonZeroUsize>,
    /// How long a simulation may run
    #[cfg_attr(feature = "settings", arg(long, value_name = "TIME"))]
    #[serde(skip)]
    pub time_limit: Option<TimeLimit>,
    /// Further attempts at a simulation after faults that are not the model's
    #[cfg_attr(feature = "settings", arg(long, value_name = "N"))]
    #[serde(skip)]
    pub retries: Option<u32>,
    /// The pause before the first further attempt; grows with each fault of a simulation
    #[cfg_attr(feature = "settings", arg(long, value_name = "TIME"))]
    #[serde(skip)]
    pub retry_pause: Option<TimeLimit>,
    /// Keep the data stores of the N best candidates
    #[cfg_attr(feature = "settings", arg(long, value_name = "N"))]
    #[serde(skip)]
    pub keep_best: Option<usize>,
    /// Keep the data stores of failed simulations
    #[cfg_attr(feature = "settings", arg(
        long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true"
    ))]
    #[serde(skip)]
    pub keep_failures: Option<bool>,
    /// Keep every data store
    #[cfg_attr(feature = "settings", arg(
        long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true"
    ))]
    #[serde(skip)]
    pub keep_all: Option<bool>,
    /// The resources of each simulation on Slurm
    #[cfg_attr(feature = "settings", command(flatten))]
    #[serde(skip)]
    pub slurm: SlurmSettings,
}

impl LimitChange {
    /// Applies the changes.
    pub fn change(&self, limits: &mut Limits) {
        replace(&mut limits.max_ngen, self.max_ngen);
        replace(&mut limits.max_simulations, self.max_simulations.map(Some));
        replace(&mut limits.max_time, self.max_time.map(Some));
        replace(&mut limits.max_core_hours, self.max_core_hours.map(Some));
        replace(&mut limits.validate_best, self.validate_best);
        replace(&mut limits.executor, self.executor);
        replace(&mut limits.slots, self.slots.map(usize::from));
        replace(&mut limits.time_limit, self.time_limit);
        replace(&mut limits.retries, self.retries);
        replace(&mut limits.retry_pause, self.retry_pause);
        replace(&mut limits.keep_best, self.keep_best);
        replace(&mut limits.keep_failures, self.keep_failures);
        replace(&mut limits.keep_all, self.keep_all);
        limits.slurm = limits.slurm.clone().overridden_by(self.slurm.clone());
    }
}

fn replace<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

impl Limits {
    /// `slots` where only the room in an allocation of Slurm limits them.
    pub const AS_MANY_AS_FIT: usize = 10_000;

    /// How long a simulation may run that exceeded its limit this many times before.
    pub fn time_limit_after(&self, out_of_time: u32) -> TimeLimit {
        match self.executor {
            ExecutorKind::Local => self.time_limit,
            ExecutorKind::Slurm | ExecutorKind::Srun => {
                self.slurm.time_after(self.time_limit, out_of_time)
            }
        }
    }

    /// Refuses limits that leave nothing to run, and what Slurm could not be asked for.
    pub fn check(&self) -> Result<(), LimitError> {
        let hours = self.max_core_hours.is_some_and(|hours| !hours.is_finite() || hours <= 0.0);
        if self.max_ngen == 0 || self.max_simulations == Some(0) || hours {
            return Err(LimitError::NothingToRun);
        }
        if self.validate_best > MOST_REPETITIONS {
            return Err(LimitError::TooManyRepetitions(self.validate_best));
        }
        if self.executor == ExecutorKind::Srun {
            self.slurm.check_size()?;
        }
        self.slurm.check()
    }
}
