//! Joining the user's two files, the flags and what is known about the model; every mistake is
//! found, not only the first.

use std::path::{Path, PathBuf};

use configuration::{
    Algorithm, Configuration, ExecutorKind, FORMAT, FrozenTarget, Limits, Mode, Objectives,
    Optimizer, Simulator, SlurmSettings, TimeLimit, Variant,
};
use simulation::EXPERIMENT_SCRIPT;

use crate::config_optimisation::ConfigOptimisation;
use crate::fidelities::Full;
use crate::files::{CONFIG_OPTIMISATION, WHAT_IT_SAYS, read_settings_source, read_text};
use crate::mistake::{Mistake, Notice, Source};
use crate::model::ModelParameters;
use crate::parameters::{Joined, Known};
use crate::settings::Settings;
use crate::simulated_model::Parts;

/// What the user's two files and the flags say.
pub struct Loaded {
    /// The configuration.
    pub configuration: Configuration,
    /// What was decided for the user.
    pub notices: Vec<Notice>,
    /// The text of the experiment script, where mozaik simulates.
    pub experiment: Option<String>,
}

/// Reads and joins the two files of a model's directory, and the flags; also what is known about
/// the model's parameters.
pub fn load(
    directory: &Path,
    config: Option<&Path>,
    flags: Settings,
) -> Result<(Loaded, ModelParameters), Vec<Mistake>> {
    let examined = Examined::new(directory, config, flags);
    match (examined.loaded, examined.model) {
        (Some(loaded), Some(model)) if examined.mistakes.is_empty() => Ok((loaded, model)),
        _ => Err(examined.mistakes),
    }
}

/// Candidates of a generation with which the composite optimizer needs few simulations.
const SMALL_GENERATION: usize = 6;

/// What can be made of the user's two files and the flags, and all that is wrong with them.
pub struct Examined {
    /// Every mistake.
    pub mistakes: Vec<Mistake>,
    /// Parameters and targets, those that can be understood.
    pub what: Option<ConfigOptimisation>,
    /// The text of that file.
    pub source: Option<Source>,
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
            mistakes: vec![],
            what: None,
            source: None,
            simulator: None,
            model_directory: None,
            model: None,
            loaded: None,
        };
        if !directory.is_dir() {
            examined.mistakes.push(Mistake::new(
                format!("there is no directory {}", directory.display()),
                "name the directory that contains mozopt.toml and param_optim/config_optimisation",
            ));
            return examined;
        }
        let settings = read_settings_source(&directory.join("mozopt.toml"));
        let settings = examined.noting(settings);
        let settings = settings.map(|(settings, source)| (settings.overridden_by(flags), source));
        examined.read_what(config.unwrap_or(&directory.join(CONFIG_OPTIMISATION)));
        if let Some((settings, source)) = &settings {
            examined.read_model(directory, settings);
            let loaded = examined.join(directory, settings, source.as_ref());
            examined.loaded = examined.noting(loaded).flatten();
        }
        examined
    }

    fn noting<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|failure| self.mistakes.push(failure)).ok()
    }

    fn read_what(&mut self, path: &Path) {
        if let Some(text) = self.noting(read_text(path, WHAT_IT_SAYS)) {
            let source = Source::of(path, &text);
            let (what, mistakes) = ConfigOptimisation::parse(&source);
            self.mistakes.extend(mistakes);
            (self.what, self.source) = (what, Some(source));
        }
    }

    fn read_model(&mut self, directory: &Path, settings: &Settings) {
        let Parts { simulator, directory, parameters, mistakes } =
            Parts::of(directory, &settings.simulator);
        self.mistakes.extend(mistakes);
        (self.simulator, self.model_directory, self.model) = (simulator, directory, parameters);
    }

    /// Joins what was read; `None` if a part of it is missing.
    fn join(
        &mut self,
        directory: &Path,
        settings: &Settings,
        written: Option<&Source>,
    ) -> Result<Option<Loaded>, Mistake> {
        let (Some(what), Some(source), Some(model)) = (&self.what, &self.source, &self.model)
        else {
            return Ok(None);
        };
        let (Some(simulator), Some(model_directory)) = (&self.simulator, &self.model_directory)
        else {
            return Ok(None);
        };
        let algorithm = settings.optimizer.algorithm;
        let known = Known {
            source,
            model,
            seeds: &simulator.seeds(),
            variant: settings.optimizer.variant.filter(|_| algorithm == Some(Algorithm::CmaEs)),
            kind: simulator.kind,
        };
        let Joined { parameters, mistakes, mut notices } = known.join(what);
        self.mistakes.extend(mistakes);
        if simulator.mozaik.as_ref().is_some_and(|mozaik| mozaik.seed_parameters.is_empty()) {
            notices.push(
                "no seed of the model is known: every simulation uses the model's own".to_owned(),
            );
        }
        if !parameters.is_empty() && parameters.iter().all(|p| p.low == p.high) {
            let help = "give at least one parameter a range of two different numbers";
            return Err(Mistake::new("every parameter is fixed: nothing can be searched", help));
        }
        let full = Full {
            directory,
            settings,
            source: written,
            simulator,
            model_directory,
            model,
            parameters: &parameters,
        };
        let (fidelities, mistakes) = full.fidelities();
        self.mistakes.extend(mistakes);
        let directory = std::path::absolute(directory)
            .map_err(|error| Mistake::new(error, "is the working directory still there?"))?;
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
            ExecutorKind::Slurm | ExecutorKind::Srun => Mode::Asynchronous,
        });
        let slots = slots(settings, executor, simulator);
        let optimizer = optimizer(settings, parameters.len(), mode, slots)?;
        let slots = slots.unwrap_or(match executor {
            ExecutorKind::Srun => Limits::AS_MANY_AS_FIT,
            ExecutorKind::Local | ExecutorKind::Slurm => optimizer.offspring_size,
        });
        let limits = limits(settings, executor, slots);
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
            fidelities,
            mode,
            limits,
        };
        configuration.limits.check().map_err(|error| Mistake::new(&error, error.advice()))?;
        Ok(Some(Loaded { configuration, notices, experiment }))
    }
}

/// How many simulations at the same time, where it does not depend on the size of a generation: as
/// many as there are cores for, with the local executor.
fn slots(settings: &Settings, executor: ExecutorKind, simulator: &Simulator) -> Option<usize> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = settings.execution.threads.map_or(1, usize::from);
    let each = simulator.ranks().saturating_mul(threads);
    let given = settings.execution.slots.map(usize::from);
    given.or_else(|| (executor == ExecutorKind::Local).then(|| (cores() / each).max(1)))
}

/// How many candidates a generation has where that is not said. In small generations the composite
/// optimizer needs fewer simulations (bench/optimizers), but no slot must be idle.
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
) -> Result<Optimizer, Mistake> {
    let given = &settings.optimizer;
    let sigma = given.sigma.unwrap_or(0.3);
    if !(sigma.is_finite() && sigma > 0.0) {
        let help =
            "sigma is the initial spread, where each range spans [-1, 1]: 0.1 to 0.5 is usual";
        return Err(Mistake::new(format!("sigma must be above 0, not {sigma}"), help));
    }
    let algorithm = given.algorithm.unwrap_or(Algorithm::Composite);
    if given.variant.is_some() && algorithm != Algorithm::CmaEs {
        return Err(Mistake::new("only cma-es has variants", "leave out `variant`"));
    }
    let offspring_size = given
        .offspring_size
        .map_or_else(|| offspring_size(algorithm, mode, slots, parameters), usize::from);
    if offspring_size < 2 && matches!(algorithm, Algorithm::CmaEs | Algorithm::MultiObjective) {
        let help = "it compares the candidates of a generation: use at least 2, preferably 12";
        return Err(Mistake::new("it cannot work with an offspring_size of 1", help));
    }
    if given.objectives.is_some() && algorithm != Algorithm::MultiObjective {
        let message = "only multi-objective has objectives";
        return Err(Mistake::new(message, "leave out `objectives`"));
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
        retry_pause: TimeLimit::pause(),
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
    settings.limits().change(&mut limits);
    limits
}
