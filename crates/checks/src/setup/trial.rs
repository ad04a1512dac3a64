//! One simulation of the centroid, through the executor that the search would use.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use configuration::{
    Configuration, ConfigurationError, ConfiguredTarget, FidelityNumber, Limits, SimulationSeed,
};
use dispatcher::{DispatchError, Dispatcher, NoLedger, Settled, SystemClock, Task};
use executors::{ExecutorError, JobKey, executor};
use journal::{DirectoryError, OptimizationDirectory};
use reading::Loaded;
use search::{Interrupt, Wish};
use simulation::{
    Attempt, CandidateNumber, Keep, OutcomeClass, Simulation, SimulationDirectory, SimulationResult,
};

use crate::{Findings, Status};

const ABOUT: &str = "simulation";
/// The seed of a trial whose seed is to be drawn.
const SEED: u64 = 1;
const TICK: Duration = Duration::from_millis(200);

/// What one simulation gave.
pub struct Trial {
    /// Which version of the simulation it is.
    pub fidelity: FidelityNumber,
    /// What that is called, in a search with cheaper versions.
    pub name: Option<String>,
    /// Its files.
    pub directory: SimulationDirectory,
    /// How it went.
    pub result: SimulationResult,
    /// The cores that it should have.
    pub cores: usize,
    /// What was measured.
    pub targets: Vec<ConfiguredTarget>,
}

/// Why the centroid could not be simulated at all.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// There is no place for its files.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A file of it cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    NotWritten {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Signals cannot be received.
    #[error(transparent)]
    Signals(io::Error),
    /// The targets cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// There is nothing to run it in.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// No job can be run.
    #[error(transparent)]
    Dispatch(#[from] DispatchError<Infallible>),
}

impl Trial {
    /// How long simulation and evaluation took.
    pub fn seconds(&self) -> f64 {
        self.result.simulation_seconds + self.result.evaluation_seconds
    }

    /// The same, times its cores.
    pub fn core_seconds(&self) -> f64 {
        self.cores as f64 * self.seconds()
    }

    /// `the centroid`, or `the centroid (small)` in a search with cheaper versions.
    pub fn called(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" ({name})"));
        format!("the centroid{}", name.unwrap_or_default())
    }
}

/// Simulates the centroid in a new directory in `output`, one version of the simulation after the
/// other, the full one first; `None` if the user stopped it. `progress` is called every now and
/// then.
pub fn run(
    loaded: &Loaded,
    output: &Path,
    mut progress: impl FnMut(),
) -> Result<Option<Vec<Trial>>, TrialError> {
    let configuration = &loaded.configuration;
    let place = OptimizationDirectory::create_trial(output)?;
    let path = place.configuration();
    durable::write_json(&path, configuration)
        .map_err(|error| TrialError::NotWritten { path, error })?;
    if let Some(script) = &loaded.experiment {
        place.write_experiment(script)?;
    }
    let interrupt = Interrupt::listen().map_err(TrialError::Signals)?;
    let mut trials = vec![];
    for fidelity in configuration.fidelity_numbers() {
        let trial = run_one(configuration, fidelity, &place, &interrupt, &mut progress)?;
        let Some(trial) = trial else { return Ok(None) };
        trials.push(trial);
    }
    Ok(Some(trials))
}

fn run_one(
    configuration: &Configuration,
    fidelity: FidelityNumber,
    place: &OptimizationDirectory,
    interrupt: &Interrupt,
    progress: &mut impl FnMut(),
) -> Result<Option<Trial>, TrialError> {
    let candidate = CandidateNumber::at(fidelity.0);
    let directory = place.simulation(candidate);
    let seed = match configuration.simulator.seed {
        SimulationSeed::Fixed(seed) => u64::from(seed),
        SimulationSeed::Drawn(_) => SEED,
    };
    let keep = Keep { all: false, failures: true, below: None };
    let simulation = Simulation::new(
        configuration,
        fidelity,
        candidate,
        seed,
        &configuration.centroid(),
        Attempt::NONE,
        keep,
    );
    // A fault is to be seen, not waited out.
    let limits = Limits { retries: 0, ..configuration.limits.clone() };
    let executor = executor(configuration, &limits)?;
    let mut dispatcher = Dispatcher::new(executor, SystemClock::default(), configuration, limits)?;
    let key = JobKey::of(candidate);
    let task = Task::new(key, directory.clone(), simulation, Attempt::NONE);
    dispatcher.enqueue(task.at(fidelity));
    dispatcher.submit(&mut NoLedger::default())?;
    let result = loop {
        let settled = dispatcher.wait(TICK, &mut NoLedger::default())?.pop();
        if let Some(Settled { result, .. }) = settled {
            break result;
        }
        if dispatcher.running() == 0 {
            return Ok(None);
        }
        if interrupt.wish() != Wish::GoOn {
            dispatcher.cancel_all();
        }
        progress();
    };
    let cores = configuration.cores(fidelity, &configuration.limits);
    let name = configuration.fidelity_name(fidelity).map(str::to_owned);
    let targets = configuration.targets()?;
    Ok(Some(Trial { fidelity, name, directory, result, cores, targets }))
}

/// Judges how the centroid went.
pub fn look(trial: &Trial, findings: &mut Findings) {
    let SimulationResult { outcome, reason, targets, .. } = &trial.result;
    let centroid = trial.called();
    let because = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let missing: Vec<_> = targets.iter().filter(|target| target.value.is_none()).collect();
    match outcome {
        OutcomeClass::Completed | OutcomeClass::Incomplete if !missing.is_empty() => {
            let names: Vec<_> = missing.iter().map(|target| target.target.name.as_str()).collect();
            let message = format!("{centroid} has no value for {}", names.join(", "));
            let mut reasons: Vec<&str> = vec![];
            for reason in missing.iter().filter_map(|target| target.reason.as_deref()) {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            let help = reasons.join("; ");
            findings.add_with_help(ABOUT, Status::Problem, message, help);
        }
        OutcomeClass::Completed | OutcomeClass::Incomplete => {
            let message = format!("{centroid} has a value for all {} targets", targets.len());
            findings.add(ABOUT, Status::Ok, message);
        }
        OutcomeClass::Exploded => {
            let message = format!("{centroid} explodes{because}");
            let help = "the search would begin where the model does not work, and nothing presented \
                        after the explosion is measured: choose another `optimiser_centroid`";
            findings.add_with_help(ABOUT, Status::Warning, message, help);
        }
        failed => {
            let message = format!("{centroid} cannot be simulated: {}{because}", failed.words());
            let place = trial.directory.path().display();
            let help = match failed {
                OutcomeClass::TimedOut => format!("raise time_limit, or see {place}"),
                OutcomeClass::OutOfMemory => {
                    "raise `mem` under [slurm]; in a search, `mem_retry` gives further attempts \
                     more"
                        .to_owned()
                }
                _ => format!("see {place}"),
            };
            findings.add_with_help(ABOUT, Status::Problem, message, help);
        }
    }
    if let Some(cores) = trial.result.cores_allowed {
        let message = format!(
            "the simulation should have {} cores, but its processes were bound to {cores}",
            trial.cores
        );
        let help = "let neither the launcher nor Slurm bind ranks to fewer cores; with Open MPI, use \
                    --bind-to none";
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    }
    if *outcome == OutcomeClass::Completed && reason.is_some() {
        let message =
            format!("{centroid} was simulated to the end, but there was an error{because}");
        findings.add(ABOUT, Status::Warning, message);
    }
}

/// Compares what the versions of the simulation cost.
pub fn compare(trials: &[Trial], findings: &mut Findings) {
    let Some((full, cheaper)) = trials.split_first() else { return };
    for trial in cheaper {
        let (name, share) = (trial.name.as_deref().unwrap_or_default(), cost(trial, full));
        let message = format!(
            "the fidelity {name} takes {:.1} core-seconds, {:.0} % of the full simulation's {:.1}",
            trial.core_seconds(),
            100.0 * share,
            full.core_seconds()
        );
        let is_worth_it = share <= MOST_OF_FULL;
        if is_worth_it {
            findings.add(ABOUT, Status::Ok, message);
        } else {
            let help = "what costs half as much or more saves little: leave it out, or make it \
                        cheaper";
            findings.add_with_help(ABOUT, Status::Warning, message, help);
        }
    }
}

/// A simulation that costs this much of the full one hardly saves anything.
const MOST_OF_FULL: f64 = 0.5;

fn cost(trial: &Trial, full: &Trial) -> f64 {
    trial.core_seconds() / full.core_seconds().max(f64::MIN_POSITIVE)
}
