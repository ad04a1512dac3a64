//! `simulation.json`: what is to be simulated.

use std::io;
use std::path::{Path, PathBuf};

use configuration::{Configuration, FULL, FidelityNumber, Mozaik};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::attempt::Attempt;
use crate::candidate_number::CandidateNumber;
use crate::protocol::Protocol;

/// The environment variable that holds the path of `simulation.json`.
pub const SIMULATION_VARIABLE: &str = "MOZOPT_SIMULATION";

/// `simulation.json`: what is to be simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// The candidate's number.
    pub candidate: CandidateNumber,
    /// 1, 2, …: which attempt this is.
    pub attempt: Attempt,
    /// Which version of the simulation, in a search with cheaper ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<String>,
    /// The seed of the simulation.
    pub seed: u64,
    /// What is presented to the model.
    pub protocol: Protocol,
    /// The searched parameters' values by their paths, and after them those that this version of
    /// the simulation sets; whole numbers are written as such.
    pub parameters: IndexMap<String, Value>,
    /// How many threads the simulator may use.
    pub threads: usize,
    /// The shell line that simulates; `None` for the embedded model.
    #[serde(default)]
    pub command: Option<String>,
    /// Of a model written with mozaik: what the experiment script needs to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mozaik: Option<Mozaik>,
    /// Where the command starts.
    pub model_directory: PathBuf,
    /// The frozen configuration, with the targets; relative to this file.
    pub configuration: PathBuf,
    /// Identifies that configuration.
    pub configuration_hash: String,
    /// What becomes of the data store.
    pub keep: Keep,
}

/// Which data stores survive the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// That of any simulation.
    pub all: bool,
    /// That of a simulation that failed.
    pub failures: bool,
    /// That of a simulation with a total below this: when it was submitted, it would have been
    /// among the best. `None`: no total is good enough.
    pub below: Option<f64>,
}

impl Simulation {
    /// What is to be simulated for this candidate.
    pub fn new(
        configuration: &Configuration,
        fidelity: FidelityNumber,
        candidate: CandidateNumber,
        seed: u64,
        parameters: &[f64],
        attempt: Attempt,
        keep: Keep,
    ) -> Self {
        let simulator = configuration.simulator_of(fidelity);
        Self {
            candidate,
            attempt,
            fidelity: configuration.fidelity_name(fidelity).map(str::to_owned),
            seed,
            protocol: protocol(configuration, fidelity),
            parameters: parameters_of(configuration, fidelity, parameters),
            threads: configuration.threads_of(fidelity),
            command: simulator.command.clone(),
            mozaik: simulator.mozaik.clone(),
            model_directory: configuration.model_directory_of(fidelity).to_owned(),
            configuration: PathBuf::from("../../configuration.json"),
            configuration_hash: configuration.hash(),
            keep,
        }
    }

    /// Whether it is the full simulation.
    pub fn is_full(&self) -> bool {
        self.fidelity.as_deref().is_none_or(|name| name == FULL)
    }

    /// Reads the file.
    pub fn read(path: &Path) -> io::Result<Self> {
        durable::read_json(path)
    }
}

fn protocol(configuration: &Configuration, fidelity: FidelityNumber) -> Protocol {
    let named = configuration.fidelity(fidelity).and_then(|it| it.protocol.as_deref());
    // What the configuration names is a name: it was looked at when it was frozen.
    named.and_then(|name| name.parse().ok()).unwrap_or_default()
}

/// The values that a version of the simulation gives the model for these of a candidate.
fn parameters_of(
    configuration: &Configuration,
    fidelity: FidelityNumber,
    values: &[f64],
) -> IndexMap<String, Value> {
    let typed = |(parameter, &value): (&configuration::Parameter, &f64)| {
        (parameter.path.clone(), Value::Number(number(value, parameter.integer)))
    };
    let mut parameters: IndexMap<_, _> =
        configuration.parameters.iter().zip(values).map(typed).collect();
    if let Some(fidelity) = configuration.fidelity(fidelity) {
        if let Some(known) = &fidelity.parameters {
            parameters.retain(|path, _| known.contains(path));
        }
        parameters.extend(fidelity.overrides.clone());
    }
    parameters
}

/// A number as JSON and mozaik know it: whole numbers without a decimal point.
pub fn number(value: f64, integer: bool) -> Number {
    if integer {
        Number::from(value as i64)
    } else {
        Number::from_f64(value).unwrap_or_else(|| Number::from(0))
    }
}
