//! The configuration of an optimization, in which everything is decided. It is frozen into the
//! optimization's directory as `configuration.json` when the search begins, and read by everything
//! that happens there later: the job that simulates, `resume`, `status`, a report years afterwards.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod choices;
mod error;
mod fidelity;
mod limits;
mod simulator;
mod slurm;
mod target;
mod time_limit;

use std::path::{Path, PathBuf};

use optimizers::{Dimension, Scale, Space, SpaceError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use choices::*;
pub use error::{ConfigurationError, LimitError};
pub use fidelity::{FULL, Fidelity, FidelityNumber};
pub use limits::{LimitChange, Limits};
pub use simulator::{EXPERIMENT_VARIABLE, Mozaik, Simulator};
pub use slurm::SlurmSettings;
pub use target::{ConfiguredTarget, FrozenTarget};
pub use time_limit::TimeLimit;

/// The format of `configuration.json` that this version writes and reads.
pub const FORMAT: u32 = 1;
/// Larger than any configuration by far.
const MAX_BYTES: u64 = 16 << 20;

/// A configuration in which everything is decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The format of the file: [`FORMAT`].
    pub format: u32,
    /// The version that froze it.
    pub mozopt_version: String,
    /// Where the two files of the user's lie: commands of targets run there.
    pub directory: PathBuf,
    /// The model's directory: simulations start there.
    pub model_directory: PathBuf,
    /// The searched parameters.
    pub parameters: Vec<Parameter>,
    /// What is measured, as it is written.
    pub targets: Vec<FrozenTarget>,
    /// What simulates.
    pub simulator: Simulator,
    /// How many threads each simulation may use.
    pub threads: usize,
    /// Cheaper versions of the simulation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fidelities: Vec<Fidelity>,
    /// When the next candidates are proposed.
    pub mode: Mode,
    /// How candidates are proposed.
    pub optimizer: Optimizer,
    /// What may be changed when the optimization is resumed.
    pub limits: Limits,
}

/// A searched parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parameter {
    /// The dotted path into the model's parameters.
    pub path: String,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// Whether its values are whole numbers.
    pub integer: bool,
    /// Whether it is searched on a log scale.
    pub log_scale: bool,
    /// Where the search begins.
    pub centroid: f64,
}

/// How candidates are proposed. Replaying the journal depends on every one of these.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Optimizer {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Which CMA-ES.
    pub variant: Variant,
    /// What the objectives of a multi-objective search are.
    #[serde(default = "by_class")]
    pub objectives: Objectives,
    /// Candidates of a generation.
    pub offspring_size: usize,
    /// The seed of the search.
    pub seed: u64,
    /// The initial step size.
    pub sigma: f64,
}

fn by_class() -> Objectives {
    Objectives::Class
}

impl Configuration {
    /// Reads a frozen configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let text =
            durable::read_bounded(path, MAX_BYTES).map_err(ConfigurationError::Unreadable)?;
        let configuration: Self = serde_json::from_str(&text)
            .map_err(|source| ConfigurationError::Malformed { path: path.to_owned(), source })?;
        if configuration.format != FORMAT {
            return Err(ConfigurationError::OtherFormat {
                path: path.to_owned(),
                format: configuration.format,
                version: configuration.mozopt_version,
            });
        }
        Ok(configuration)
    }

    /// The targets.
    pub fn targets(&self) -> Result<Vec<ConfiguredTarget>, ConfigurationError> {
        let target = |frozen: &FrozenTarget| {
            ConfiguredTarget::try_from(frozen).map_err(ConfigurationError::Target)
        };
        self.targets.iter().map(target).collect()
    }

    /// For each target the number of its objective, and the objectives' names.
    pub fn objectives(
        &self,
        of: Objectives,
    ) -> Result<(Vec<usize>, Vec<String>), ConfigurationError> {
        let mut names: Vec<String> = vec![];
        let targets = self.targets()?;
        let groups = targets.iter().map(|ConfiguredTarget { target, .. }| {
            let name = match of {
                Objectives::Class => target.class.name(),
                Objectives::Sheet => target.sheet_name.as_deref().unwrap_or("no sheet"),
                Objectives::Target => &target.name,
            };
            names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            })
        });
        let groups = groups.collect();
        Ok((groups, names))
    }

    /// How many simulations are to be expected at the same time.
    pub fn expected_slots(&self, limits: &Limits) -> usize {
        match limits.slots {
            Limits::AS_MANY_AS_FIT => self.optimizer.offspring_size,
            slots => slots,
        }
    }

    /// How many targets there are.
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// The box that is searched.
    pub fn space(&self) -> Result<Space, SpaceError> {
        let dimension = |parameter: &Parameter| Dimension {
            name: parameter.path.clone(),
            low: parameter.low,
            high: parameter.high,
            scale: if parameter.log_scale { Scale::Log } else { Scale::Linear },
            integer: parameter.integer,
        };
        Space::new(self.parameters.iter().map(dimension).collect())
    }

    /// Where the search begins.
    pub fn centroid(&self) -> Vec<f64> {
        self.parameters.iter().map(|parameter| parameter.centroid).collect()
    }

    /// Identifies the configuration by its file's text.
    pub fn hash(&self) -> String {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        hash(&text)
    }

    /// Refuses a file that was edited: scores by other norms cannot be compared with those before.
    pub fn check_unchanged(path: &Path, hash_at_creation: &str) -> Result<(), ConfigurationError> {
        let text = durable::read_bytes(path, MAX_BYTES).map_err(ConfigurationError::Unreadable)?;
        if hash(&text) == hash_at_creation {
            return Ok(());
        }
        Err(ConfigurationError::Edited { path: path.to_owned() })
    }
}

fn hash(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    let first = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{first:016x}")
}
