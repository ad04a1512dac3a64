//! The words by which an optimization is configured.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::ValueEnum, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SimulatorKind {
    /// The embedded spiking model of V1.
    V1,
    /// A model written with mozaik.
    Mozaik,
    /// A program of the user's.
    Command,
}

impl fmt::Display for SimulatorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::Mozaik => "mozaik",
            Self::Command => "command",
        })
    }
}

/// What runs simulations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::ValueEnum, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExecutorKind {
    /// Processes on this machine.
    Local,
    /// Jobs of Slurm.
    Slurm,
    /// Steps of the allocation of Slurm in which the controller runs.
    Srun,
}

impl ExecutorKind {
    /// Whether Slurm runs the simulations.
    pub fn is_slurms(self) -> bool {
        self != Self::Local
    }
}

/// When the next candidates are proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::ValueEnum, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// After every outcome of a generation is known.
    Generational,
    /// Whenever a slot is free.
    Asynchronous,
}

/// What proposes candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::ValueEnum, schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// A model of every target's value: needs the fewest simulations.
    Composite,
    /// Covariance matrix adaptation.
    CmaEs,
    /// NSGA-III on the scores of groups of targets: trade-offs instead of one sum.
    MultiObjective,
    /// A low-discrepancy sequence: a first look at the whole space.
    Sobol,
    /// Uniform random points: a baseline.
    Random,
}

/// What the objectives of a multi-objective search are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::ValueEnum, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Objectives {
    /// The targets of each class.
    Class,
    /// The targets of each sheet.
    Sheet,
    /// Each target.
    Target,
}

/// Which CMA-ES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::ValueEnum, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "settings", value(rename_all = "lowercase"))]
pub enum Variant {
    /// Active covariance update, unbiased bounds.
    Active,
    /// The predecessor's.
    BluePyOpt,
}

/// Where a simulation's seed comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a seed is a whole number from 0 to 4294967295, or \"drawn\"")]
pub enum SimulationSeed {
    /// The same for every simulation.
    Fixed(u32),
    /// A new one for every candidate.
    Drawn(Drawn),
}

/// The word `drawn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Drawn {
    /// `drawn`
    Drawn,
}

impl FromStr for SimulationSeed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "drawn" {
            return Ok(Self::Drawn(Drawn::Drawn));
        }
        text.parse()
            .map(Self::Fixed)
            .map_err(|_| format!("a seed is a whole number from 0 to {} or `drawn`", u32::MAX))
    }
}
