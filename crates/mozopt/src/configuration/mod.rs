//! The configuration of an optimization: two files of the user's, joined with what is known about the
//! model, checked, and frozen into the optimization's directory as `configuration.json`.

mod config_optimisation;
mod settings;
mod simulator;

use std::path::{Path, PathBuf};

use optimizers::{Dimension, Scale, Space};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use config_optimisation::{
    ConfigOptimisation, ConfiguredTarget, FrozenTarget, SCHEMA as CONFIG_OPTIMISATION_SCHEMA,
};
use config_optimisation::{ParameterType, SearchedParameter};
pub use settings::{
    Algorithm, ExecutorKind, Mode, Settings, SimulationSeed, SimulatorKind, TimeLimit, Variant,
};
pub use simulator::{EXPERIMENT_VARIABLE, Mozaik, Simulator};

use crate::durable;
use crate::failure::{Failure, InputError, Source};
use crate::model::ModelParameters;

/// Larger than any configuration by far.
const MAX_CONFIG_BYTES: u64 = 16 << 20;
const FORMAT: u32 = 1;
/// Where the file with parameters and targets lies in a model's directory.
const CONFIG_OPTIMISATION: &str = "param_optim/config_optimisation";
const WHAT_IT_SAYS: &str = "it says which parameters are searched, and the targets";
/// Above this ratio of its ends a range is better searched on a log scale.
const DECADE: f64 = 10.0;

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
    /// Candidates of a generation.
    pub offspring_size: usize,
    /// The seed of the search.
    pub seed: u64,
    /// The initial step size.
    pub sigma: f64,
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
    /// Generations to run.
    pub max_ngen: u64,
    /// Simulations to run.
    pub max_simulations: Option<u64>,
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

/// What can be made of the user's two files and the flags, and all that is wrong with them.
pub struct Examined {
    /// Every mistake.
    pub failures: Vec<Failure>,
    /// Parameters and targets, those that can be understood.
    pub what: Option<ConfigOptimisation>,
    /// The text of that file, and how it is named.
    pub source: Option<(String, String)>,
    /// What simulates.
    pub simulator: Option<Simulator>,
    /// Where simulations start.
    pub model_directory: Option<PathBuf>,
    /// The model's parameters.
    pub model: Option<ModelParameters>,
    /// All of it, if nothing is missing.
    pub loaded: Option<Loaded>,
}

impl Examined {
    /// Reads everything there is.
    pub fn new(directory: &Path, config: Option<&Path>, flags: Settings) -> Self {
        let mut examined = Self {
            failures: vec![],
            what: None,
            source: None,
            simulator: None,
            model_directory: None,
            model: None,
            loaded: None,
        };
        if !directory.is_dir() {
            examined.failures.push(Failure::bad_input(
                format!("there is no directory {}", directory.display()),
                "give the directory that holds mozopt.toml and param_optim/config_optimisation",
            ));
            return examined;
        }
        let settings = read_settings(&directory.join("mozopt.toml"));
        let settings = examined.noting(settings).map(|settings| settings.overridden_by(flags));
        examined.read_what(config.unwrap_or(&directory.join(CONFIG_OPTIMISATION)));
        if let Some(settings) = &settings {
            examined.read_model(directory, settings);
            let loaded = examined.join(directory, settings);
            examined.loaded = examined.noting(loaded).flatten();
        }
        examined
    }

    fn noting<T>(&mut self, read: Result<T, Failure>) -> Option<T> {
        read.map_err(|failure| self.failures.push(failure)).ok()
    }

    fn read_what(&mut self, path: &Path) {
        if let Some(text) = self.noting(read_text(path, WHAT_IT_SAYS)) {
            let name = path.display().to_string();
            let (what, mistakes) = ConfigOptimisation::parse(&Source { name: &name, text: &text });
            self.failures.extend(mistakes.into_iter().map(Failure::from));
            (self.what, self.source) = (what, Some((name, text)));
        }
    }

    fn read_model(&mut self, directory: &Path, settings: &Settings) {
        self.simulator = self.noting(Simulator::new(&settings.simulator));
        let model_directory = simulator::model_directory(directory, &settings.simulator);
        self.model_directory = self.noting(model_directory);
        if let (Some(simulator), Some(model_directory)) = (&self.simulator, &self.model_directory) {
            let model = ModelParameters::of(simulator, settings, model_directory);
            self.model = self.noting(model);
        }
        if let Some(Simulator { mozaik: Some(mozaik), .. }) = &mut self.simulator {
            mozaik.seed_parameters =
                self.model.as_ref().map(ModelParameters::seeds).unwrap_or_default();
        }
    }

    /// Joins what was read; `None` if a part of it is missing.
    fn join(&mut self, directory: &Path, settings: &Settings) -> Result<Option<Loaded>, Failure> {
        let (Some(what), Some((name, text)), Some(model)) = (&self.what, &self.source, &self.model)
        else {
            return Ok(None);
        };
        let (Some(simulator), Some(model_directory)) = (&self.simulator, &self.model_directory)
        else {
            return Ok(None);
        };
        let source = Source { name, text };
        let mut notices = vec![];
        let mut parameters = vec![];
        for searched in &what.parameters {
            match parameter(&source, searched, model, &mut notices) {
                Ok(parameter) => parameters.push(parameter),
                Err(mistake) => self.failures.push(mistake.into()),
            }
        }
        if !parameters.is_empty() && parameters.iter().all(|p| p.low == p.high) {
            let help = "give at least one parameter a range of two different numbers";
            return Err(Failure::bad_input(
                "every parameter is fixed: nothing can be searched",
                help,
            ));
        }
        let directory = std::path::absolute(directory)
            .map_err(|error| Failure::failed(error, "is the working directory still there?"))?;
        let experiment = match (&simulator.mozaik, &settings.simulator.experiment) {
            (None, _) => None,
            (Some(_), None) => Some(EXPERIMENT_SCRIPT.to_owned()),
            (Some(_), Some(file)) => Some(read_text(
                &directory.join(file),
                "it is the `experiment` of mozopt.toml: what runs mozaik",
            )?),
        };
        let configuration = Configuration {
            format: FORMAT,
            mozopt_version: env!("CARGO_PKG_VERSION").to_owned(),
            directory,
            model_directory: model_directory.clone(),
            optimizer: optimizer(settings, parameters.len())?,
            parameters,
            targets: what.targets.iter().map(FrozenTarget::from).collect(),
            simulator: simulator.clone(),
            threads: settings.execution.threads.map_or(1, usize::from),
            mode: settings.execution.mode.unwrap_or(Mode::Generational),
            limits: limits(settings),
        };
        configuration.limits.check()?;
        Ok(Some(Loaded { configuration, notices, experiment }))
    }
}

/// The experiment script: what runs mozaik inside a job.
pub const EXPERIMENT_SCRIPT: &str = include_str!("../../../../python/mozopt_experiment.py");

impl Configuration {
    /// Reads and joins the two files of a model's directory, and the flags.
    pub fn load(
        directory: &Path,
        config: Option<&Path>,
        flags: Settings,
    ) -> Result<Loaded, Failure> {
        let examined = Examined::new(directory, config, flags);
        match examined.loaded {
            Some(loaded) if examined.failures.is_empty() => Ok(loaded),
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
    /// Refuses limits that leave nothing to run.
    pub fn check(&self) -> Result<(), Failure> {
        if self.max_ngen == 0 || self.max_simulations == Some(0) {
            return Err(Failure::bad_input(
                "a limit of 0 leaves nothing to run",
                "give at least 1",
            ));
        }
        Ok(())
    }

    /// Replaces what `flags` give.
    pub fn override_with(&mut self, flags: &Settings) {
        let (execution, optimizer, keep) = (&flags.execution, &flags.optimizer, &flags.keep);
        replace(&mut self.executor, execution.executor);
        replace(&mut self.slots, execution.slots.map(usize::from));
        replace(&mut self.time_limit, execution.time_limit);
        replace(&mut self.retries, execution.retries);
        replace(&mut self.max_ngen, optimizer.max_ngen);
        replace(&mut self.max_simulations, optimizer.max_simulations.map(Some));
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

fn optimizer(settings: &Settings, parameters: usize) -> Result<Optimizer, Failure> {
    let given = &settings.optimizer;
    let sigma = given.sigma.unwrap_or(0.3);
    if !(sigma.is_finite() && sigma > 0.0) {
        let help = "sigma is the initial spread; the ranges span [-1, 1], so 0.1 to 0.5 is usual";
        return Err(Failure::bad_input(format!("sigma must be above 0, not {sigma}"), help));
    }
    let algorithm = given.algorithm.unwrap_or(Algorithm::CmaEs);
    if given.variant.is_some() && algorithm != Algorithm::CmaEs {
        return Err(Failure::bad_input("only cma-es has variants", "leave out `variant`"));
    }
    let offspring_size = given
        .offspring_size
        .map_or_else(|| 4 + (3.0 * (parameters as f64).ln()) as usize, usize::from);
    if offspring_size < 2 && algorithm == Algorithm::CmaEs {
        let help = "it compares the candidates of a generation: give at least 2, better 12";
        return Err(Failure::bad_input("cma-es cannot work with an offspring_size of 1", help));
    }
    let variant = given.variant.unwrap_or(Variant::Active);
    Ok(Optimizer { algorithm, variant, offspring_size, seed: given.seed.unwrap_or(1), sigma })
}

fn limits(settings: &Settings) -> Limits {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = settings.execution.threads.map_or(1, usize::from);
    let mut limits = Limits {
        executor: ExecutorKind::Local,
        slots: cores().div_ceil(threads),
        time_limit: TimeLimit::DEFAULT,
        retries: 2,
        max_ngen: 200,
        max_simulations: None,
        keep_best: 1,
        keep_failures: false,
        keep_all: false,
    };
    limits.override_with(settings);
    limits
}

/// Joins a searched parameter with what is known about the model.
fn parameter(
    source: &Source<'_>,
    searched: &SearchedParameter,
    model: &ModelParameters,
    notices: &mut Vec<Notice>,
) -> Result<Parameter, InputError> {
    let SearchedParameter { path, low, high, .. } = searched;
    let default = model.default(path).map_err(|unfit| {
        let span = searched.name_span.start..searched.name_span.end;
        source.error(span, unfit.message, unfit.label, unfit.help)
    })?;
    let integer = match searched.kind {
        Some(kind) => kind == ParameterType::Int,
        None => searched.written_as_integers && default.is_some_and(|default| default.integer),
    };
    let centroid = if let Some(centroid) = searched.centroid {
        centroid
    } else if low == high {
        *low
    } else {
        let span = searched.name_span.start..searched.name_span.end;
        let Some(default) = default else {
            let message = format!("`{path}` has no centroid, and no default of the model is known");
            let help = "give it a value under `optimiser_centroid`".to_owned();
            return Err(source.error(span, message, "where shall it begin?", Some(help)));
        };
        let value = default.value;
        if value < *low || value > *high {
            let message = format!("`{path}` has no centroid, and the model's default lies outside");
            let help = format!("give it a value in [{low}, {high}] under `optimiser_centroid`");
            let label = format!("the default is {value}");
            let span = searched.range_span.start..searched.range_span.end;
            return Err(source.error(span, message, label, Some(help)));
        }
        notices.push(format!("`{path}` has no centroid: begins at the model's default, {value}"));
        value
    };
    if integer && centroid.fract() != 0.0 {
        let span = searched.centroid_span.unwrap_or(searched.name_span);
        let message = format!("`{path}` is an integer, but its centroid is {centroid}");
        let help = "round it, or write \"type\": \"float\"".to_owned();
        return Err(source.error(span.start..span.end, message, "not an integer", Some(help)));
    }
    let suggest_log = searched.log_scale.is_none() && *low > 0.0 && high / low >= DECADE;
    if suggest_log {
        notices.push(format!(
            "the range of `{path}` spans a factor of {:.0}: consider \
             {{\"range\": [{low}, {high}], \"scale\": \"log\"}}",
            high / low
        ));
    }
    Ok(Parameter {
        path: path.clone(),
        low: *low,
        high: *high,
        integer,
        log_scale: searched.log_scale.unwrap_or(false),
        centroid,
    })
}
