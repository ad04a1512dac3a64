//! Joining the user's two files, the flags and what is known about the model; every mistake is found, not
//! only the first.

use std::path::{Path, PathBuf};

use super::config_optimisation::{FrozenTarget, ParameterType, SearchedParameter};
use super::settings::{Algorithm, ExecutorKind, Mode, Objectives, Settings, TimeLimit, Variant};
use super::simulator::{Simulator, model_directory};
use super::{
    CONFIG_OPTIMISATION, ConfigOptimisation, Configuration, EXPERIMENT_SCRIPT, FORMAT, Limits,
    Loaded, Notice, Optimizer, Parameter, SlurmSettings, WHAT_IT_SAYS, read_settings, read_text,
};
use crate::failure::{Failure, InputError, Source};
use crate::model::ModelParameters;

/// Above this ratio of its ends a range is better searched on a log scale.
const DECADE: f64 = 10.0;

/// Candidates of a generation with which the composite optimizer needs few simulations.
const SMALL_GENERATION: usize = 6;

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
        let model_directory = model_directory(directory, &settings.simulator);
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
        let executor = settings.execution.executor.unwrap_or(ExecutorKind::Local);
        let mode = settings.execution.mode.unwrap_or(match executor {
            ExecutorKind::Local => Mode::Generational,
            // Slots that wait for the slowest of a generation are nodes that stand idle.
            ExecutorKind::Slurm => Mode::Asynchronous,
        });
        let slots = slots(settings, executor);
        let optimizer = optimizer(settings, parameters.len(), mode, slots)?;
        let limits = limits(settings, executor, slots.unwrap_or(optimizer.offspring_size));
        let configuration = Configuration {
            format: FORMAT,
            mozopt_version: env!("CARGO_PKG_VERSION").to_owned(),
            directory,
            model_directory: model_directory.clone(),
            optimizer,
            parameters,
            targets: what.targets.iter().map(FrozenTarget::from).collect(),
            simulator: simulator.clone(),
            threads: settings.execution.threads.map_or(1, usize::from),
            mode,
            limits,
        };
        configuration.limits.check()?;
        Ok(Some(Loaded { configuration, notices, experiment }))
    }
}

/// How many simulations at the same time, where it does not depend on the size of a generation.
fn slots(settings: &Settings, executor: ExecutorKind) -> Option<usize> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = settings.execution.threads.map_or(1, usize::from);
    let given = settings.execution.slots.map(usize::from);
    given.or_else(|| (executor == ExecutorKind::Local).then(|| cores().div_ceil(threads)))
}

/// How many candidates a generation has where that is not said. In small generations the composite optimizer needs
/// fewer simulations (bench/optimizers), but no slot shall be idle.
fn offspring_size(
    algorithm: Algorithm,
    mode: Mode,
    slots: Option<usize>,
    parameters: usize,
) -> usize {
    match (algorithm, mode, slots) {
        (Algorithm::Composite, Mode::Generational, Some(slots)) => {
            SMALL_GENERATION.next_multiple_of(slots)
        }
        _ => 4 + (3.0 * (parameters as f64).ln()) as usize,
    }
}

fn optimizer(
    settings: &Settings,
    parameters: usize,
    mode: Mode,
    slots: Option<usize>,
) -> Result<Optimizer, Failure> {
    let given = &settings.optimizer;
    let sigma = given.sigma.unwrap_or(0.3);
    if !(sigma.is_finite() && sigma > 0.0) {
        let help = "sigma is the initial spread; the ranges span [-1, 1], so 0.1 to 0.5 is usual";
        return Err(Failure::bad_input(format!("sigma must be above 0, not {sigma}"), help));
    }
    let algorithm = given.algorithm.unwrap_or(Algorithm::Composite);
    if given.variant.is_some() && algorithm != Algorithm::CmaEs {
        return Err(Failure::bad_input("only cma-es has variants", "leave out `variant`"));
    }
    let offspring_size = given
        .offspring_size
        .map_or_else(|| offspring_size(algorithm, mode, slots, parameters), usize::from);
    if offspring_size < 2 && matches!(algorithm, Algorithm::CmaEs | Algorithm::MultiObjective) {
        let help = "it compares the candidates of a generation: give at least 2, better 12";
        return Err(Failure::bad_input("it cannot work with an offspring_size of 1", help));
    }
    if given.objectives.is_some() && algorithm != Algorithm::MultiObjective {
        let message = "only multi-objective has objectives";
        return Err(Failure::bad_input(message, "leave out `objectives`"));
    }
    Ok(Optimizer {
        algorithm,
        variant: given.variant.unwrap_or(Variant::Active),
        objectives: given.objectives.unwrap_or(Objectives::Class),
        offspring_size,
        seed: given.seed.unwrap_or(1),
        sigma,
    })
}

fn limits(settings: &Settings, executor: ExecutorKind, slots: usize) -> Limits {
    let mut limits = Limits {
        executor,
        slots,
        time_limit: TimeLimit::DEFAULT,
        retries: 2,
        slurm: SlurmSettings::default(),
        max_ngen: 200,
        max_simulations: None,
        max_time: None,
        max_core_hours: None,
        validate_best: 5,
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
