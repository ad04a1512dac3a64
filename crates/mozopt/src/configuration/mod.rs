//! The configuration of an optimization: two files of the user's, joined with what is known about the
//! model, checked, and frozen into the optimization's directory as `configuration.json`.

mod config_optimisation;
mod examined;
mod parameters;
mod seeds;
mod settings;
mod simulator;
mod slurm;

use std::path::{Path, PathBuf};

use optimizers::{Dimension, Scale, Space};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use config_optimisation::{
    ConfigOptimisation, ConfiguredTarget, FrozenTarget, SCHEMA as CONFIG_OPTIMISATION_SCHEMA,
};
pub use examined::Examined;
pub use seeds::{drive_both, has_known_seed};
pub use settings::{
    Algorithm, ExecutorKind, Mode, Objectives, Settings, SimulationSeed, SimulatorKind, TimeLimit,
    Variant,
};
pub use simulator::{EXPERIMENT_VARIABLE, Mozaik, Simulator};
pub use slurm::SlurmSettings;

use crate::durable;
use crate::failure::{Failure, Source};
use crate::model::ModelParameters;

/// Larger than any configuration by far.
const MAX_CONFIG_BYTES: u64 = 16 << 20;
const FORMAT: u32 = 1;
/// Where the file with parameters and targets lies in a model's directory.
const CONFIG_OPTIMISATION: &str = "param_optim/config_optimisation";
const WHAT_IT_SAYS: &str = "it says which parameters are searched, and the targets";

/// A configuration in which everything is decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    format: u32,
    /// The version that froze it.
    pub mozopt_version: String,
    /// Where the two files of the user's lie: commands of targets run there.
    pub directory: PathBuf,
    /// The model's directory: simulations start there.
    pub model_directory: PathBuf,
    /// The searched parameters.
    pub parameters: Vec<Parameter>,
    targets: Vec<FrozenTarget>,
    /// What simulates.
    pub simulator: Simulator,
    /// How many threads each simulation may use.
    pub threads: usize,
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

/// What does not influence which candidates are proposed, and may be changed by `resume`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// What runs the simulations.
    pub executor: ExecutorKind,
    /// Simulations at the same time.
    pub slots: usize,
    /// How long a simulation may run.
    pub time_limit: TimeLimit,
    /// Repetitions after a fault that is not the model's.
    pub retries: u32,
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
    /// Further simulations of each of the best candidates at the end; none in a search of a version
    /// that had no such limit.
    #[serde(default)]
    pub validate_best: u32,
    /// Data stores of best candidates to keep.
    pub keep_best: usize,
    /// Whether to keep the data stores of failed simulations.
    pub keep_failures: bool,
    /// Whether to keep all data stores.
    pub keep_all: bool,
}

/// Something that was decided for the user, or that they may want to know.
pub type Notice = String;

/// What the user's two files and the flags say.
pub struct Loaded {
    /// The configuration.
    pub configuration: Configuration,
    /// What was decided for the user.
    pub notices: Vec<Notice>,
    /// The text of the experiment script, where mozaik simulates.
    pub experiment: Option<String>,
}

/// The experiment script: what runs mozaik inside a job.
pub use crate::experiment_script::SCRIPT as EXPERIMENT_SCRIPT;

impl Configuration {
    /// Reads and joins the two files of a model's directory, and the flags; also what is known about
    /// the model's parameters.
    pub fn load(
        directory: &Path,
        config: Option<&Path>,
        flags: Settings,
    ) -> Result<(Loaded, ModelParameters), Failure> {
        let examined = Examined::new(directory, config, flags);
        match (examined.loaded, examined.model) {
            (Some(loaded), Some(model)) if examined.failures.is_empty() => Ok((loaded, model)),
            _ => Err(Failure::all(examined.failures)),
        }
    }

    /// Reads a frozen configuration.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let help = "the file was written when the optimization began and is not to be edited";
        let text = durable::read_bounded(path, MAX_CONFIG_BYTES)
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display()), help))?;
        let configuration: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display()), help))?;
        if configuration.format != FORMAT {
            let (format, version) = (configuration.format, &configuration.mozopt_version);
            let message = format!("{} has the format {format}", path.display());
            let help = format!("it was written by mozopt {version}: use that version");
            return Err(Failure::failed(message, help));
        }
        Ok(configuration)
    }

    /// The targets.
    pub fn targets(&self) -> Result<Vec<ConfiguredTarget>, Failure> {
        let target = |frozen: &FrozenTarget| {
            ConfiguredTarget::try_from(frozen).map_err(|error| {
                Failure::failed(format!("configuration.json: {error}"), "the file was edited")
            })
        };
        self.targets.iter().map(target).collect()
    }

    /// For each target the number of its objective, and the objectives' names.
    pub fn objectives(&self, of: Objectives) -> Result<(Vec<usize>, Vec<String>), Failure> {
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

    /// The cores that one simulation takes.
    pub fn cores(&self, limits: &Limits) -> usize {
        let (tasks, cores_of_each) = self.tasks(limits);
        tasks * cores_of_each
    }

    /// The tasks of one simulation, and the cores that each of them takes.
    pub fn tasks(&self, limits: &Limits) -> (usize, usize) {
        let ranks = self.simulator.ranks();
        match limits.executor {
            ExecutorKind::Local => (ranks, self.threads),
            ExecutorKind::Slurm => (
                limits.slurm.ntasks.map_or(ranks, |n| n.get() as usize),
                limits.slurm.cpus_per_task.map_or(self.threads, |n| n.get() as usize),
            ),
        }
    }

    /// How many targets there are.
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// The box that is searched.
    pub fn space(&self) -> Result<Space, Failure> {
        let dimension = |parameter: &Parameter| Dimension {
            name: parameter.path.clone(),
            low: parameter.low,
            high: parameter.high,
            scale: if parameter.log_scale { Scale::Log } else { Scale::Linear },
            integer: parameter.integer,
        };
        Space::new(self.parameters.iter().map(dimension).collect())
            .map_err(|error| Failure::bad_input(error, "look at the ranges under `parameters`"))
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
    pub fn check_unchanged(path: &Path, hash_at_creation: &str) -> Result<(), Failure> {
        let text = std::fs::read(path).map_err(|error| {
            Failure::failed(format!("{}: {error}", path.display()), "it is needed")
        })?;
        if hash(&text) == hash_at_creation {
            return Ok(());
        }
        let message = format!("{} was edited after the optimization began", path.display());
        let help =
            "undo that, or begin a new optimization; limits are changed by the flags of resume";
        Err(Failure::failed(message, help))
    }
}

fn hash(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    let first = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{first:016x}")
}

impl Limits {
    /// Refuses limits that leave nothing to run, and what Slurm could not be asked for.
    pub fn check(&self) -> Result<(), Failure> {
        let hours = self.max_core_hours.is_some_and(|hours| !hours.is_finite() || hours <= 0.0);
        if self.max_ngen == 0 || self.max_simulations == Some(0) || hours {
            return Err(Failure::bad_input(
                "a limit of 0 leaves nothing to run",
                "give a number above 0",
            ));
        }
        self.slurm.check()
    }

    /// Replaces what `flags` give.
    pub fn override_with(&mut self, flags: &Settings) {
        let (execution, optimizer, keep) = (&flags.execution, &flags.optimizer, &flags.keep);
        replace(&mut self.executor, execution.executor);
        replace(&mut self.slots, execution.slots.map(usize::from));
        replace(&mut self.time_limit, execution.time_limit);
        replace(&mut self.retries, execution.retries);
        self.slurm = self.slurm.clone().overridden_by(flags.slurm.clone());
        replace(&mut self.max_ngen, optimizer.max_ngen);
        replace(&mut self.max_simulations, optimizer.max_simulations.map(Some));
        replace(&mut self.max_time, optimizer.max_time.map(Some));
        replace(&mut self.max_core_hours, optimizer.max_core_hours.map(Some));
        replace(&mut self.validate_best, optimizer.validate_best);
        replace(&mut self.keep_best, keep.best);
        replace(&mut self.keep_failures, keep.failures);
        replace(&mut self.keep_all, keep.all);
    }
}

fn replace<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

fn read_text(path: &Path, purpose: &str) -> Result<String, Failure> {
    durable::read_bounded(path, MAX_CONFIG_BYTES).map_err(|error| {
        Failure::bad_input(format!("cannot read {}: {error}", path.display()), purpose)
    })
}

/// The targets of a `config_optimisation` file, or of the one in this model's directory; and that
/// directory.
pub fn read_targets(path: &Path) -> Result<(Vec<ConfiguredTarget>, PathBuf), Failure> {
    let in_model = path.join(CONFIG_OPTIMISATION);
    let (path, model_directory) = if path.is_dir() {
        (&*in_model, path.to_owned())
    } else {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let beside = absolute.parent().unwrap_or(Path::new("."));
        let model = if beside.ends_with("param_optim") { beside.parent() } else { None };
        (path, model.unwrap_or(beside).to_owned())
    };
    let text = read_text(path, WHAT_IT_SAYS)?;
    let source = Source { name: &path.display().to_string(), text: &text };
    match ConfigOptimisation::parse(&source) {
        (Some(what), mistakes) if mistakes.is_empty() => Ok((what.targets, model_directory)),
        (_, mistakes) => Err(Failure::all(mistakes.into_iter().map(Failure::from).collect())),
    }
}

fn read_settings(path: &Path) -> Result<Settings, Failure> {
    if !path.exists() {
        return Ok(Settings::default());
    }
    let text = read_text(path, "it says how the search is run")?;
    Ok(Settings::parse(&Source { name: &path.display().to_string(), text: &text })?)
}
