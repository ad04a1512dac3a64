//! Cheaper versions of the simulation, and what differs between them and the full one.

use std::fmt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Configuration, ExecutorKind, Limits, Simulator, SlurmSettings, TimeLimit};

/// Which version of the simulation it is: 0 is the full one, 1, 2, … are the cheaper ones in the
/// order of the configuration.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FidelityNumber(pub usize);

impl FidelityNumber {
    /// The full simulation.
    pub const FULL: Self = Self(0);

    /// Whether it is the full simulation.
    pub fn is_full(&self) -> bool {
        *self == Self::FULL
    }
}

/// What the full simulation is called where there are cheaper ones.
pub const FULL: &str = "full";

/// A cheaper version of the simulation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// What it is called.
    pub name: String,
    /// Values of the model's parameters, whatever a candidate has.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub overrides: IndexMap<String, Value>,
    /// What simulates.
    pub simulator: Simulator,
    /// The model's directory.
    pub model_directory: PathBuf,
    /// The searched parameters that the model has, where these are not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<String>>,
    /// What is presented to the model; `None`: what the full simulation presents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// How many threads it may use.
    pub threads: usize,
    /// How long it may run; `None`: as long as the full one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<TimeLimit>,
    /// What Slurm is asked for instead.
    #[serde(default, skip_serializing_if = "SlurmSettings::is_default")]
    pub slurm: SlurmSettings,
}

impl Configuration {
    /// Every version of the simulation, the full one first.
    pub fn fidelity_numbers(&self) -> impl Iterator<Item = FidelityNumber> + use<> {
        (0..=self.fidelities.len()).map(FidelityNumber)
    }

    /// A cheaper version; `None` for the full simulation.
    pub fn fidelity(&self, number: FidelityNumber) -> Option<&Fidelity> {
        number.0.checked_sub(1).and_then(|place| self.fidelities.get(place))
    }

    /// What a version is called; `None` in a search with the full simulation alone.
    pub fn fidelity_name(&self, number: FidelityNumber) -> Option<&str> {
        if self.fidelities.is_empty() {
            return None;
        }
        Some(self.fidelity(number).map_or(FULL, |fidelity| &fidelity.name))
    }

    /// The version of this name.
    pub fn fidelity_named(&self, name: &str) -> Option<FidelityNumber> {
        self.fidelity_numbers().find(|number| self.fidelity_name(*number) == Some(name))
    }

    /// What runs a version.
    pub fn simulator_of(&self, number: FidelityNumber) -> &Simulator {
        self.fidelity(number).map_or(&self.simulator, |fidelity| &fidelity.simulator)
    }

    /// Where a version starts.
    pub fn model_directory_of(&self, number: FidelityNumber) -> &Path {
        self.fidelity(number).map_or(&self.model_directory, |fidelity| &fidelity.model_directory)
    }

    /// How many threads a version may use.
    pub fn threads_of(&self, number: FidelityNumber) -> usize {
        self.fidelity(number).map_or(self.threads, |fidelity| fidelity.threads)
    }

    /// The limits of a version, where `limits` are those of the full simulation.
    #[must_use]
    pub fn limits_of(&self, number: FidelityNumber, limits: &Limits) -> Limits {
        let mut limits = limits.clone();
        if let Some(fidelity) = self.fidelity(number) {
            limits.time_limit = fidelity.time_limit.unwrap_or(limits.time_limit);
            limits.slurm = limits.slurm.overridden_by(fidelity.slurm.clone());
        }
        limits
    }

    /// The cores that one simulation of a version takes.
    pub fn cores(&self, number: FidelityNumber, limits: &Limits) -> usize {
        let (tasks, cores_of_each) = self.tasks(number, limits);
        tasks * cores_of_each
    }

    /// The tasks of one simulation of a version, and the cores that each of them takes.
    pub fn tasks(&self, number: FidelityNumber, limits: &Limits) -> (usize, usize) {
        let (ranks, threads) = (self.simulator_of(number).ranks(), self.threads_of(number));
        match limits.executor {
            ExecutorKind::Local => (ranks, threads),
            ExecutorKind::Slurm | ExecutorKind::Srun => {
                let slurm = self.limits_of(number, limits).slurm;
                (
                    slurm.ntasks.map_or(ranks, |n| n.get() as usize),
                    slurm.cpus_per_task.map_or(threads, |n| n.get() as usize),
                )
            }
        }
    }
}

impl fmt::Display for FidelityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
