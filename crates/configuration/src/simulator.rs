//! What simulates the model.

use serde::{Deserialize, Serialize};

use crate::{SimulationSeed, SimulatorKind};

/// The environment variable that holds the path of the experiment script.
pub const EXPERIMENT_VARIABLE: &str = "MOZOPT_EXPERIMENT";

/// What simulates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Simulator {
    /// The embedded model, mozaik, or a command.
    pub kind: SimulatorKind,
    /// The shell line that simulates; `None` for the embedded model.
    pub command: Option<String>,
    /// Shell lines before each simulation.
    pub prelude: Option<String>,
    /// Where a simulation's seed comes from.
    pub seed: SimulationSeed,
    /// Of `mozaik`: what the experiment script needs to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mozaik: Option<Mozaik>,
    /// Of `mozaik`: the parameters that seed the network alone. They stay as they are unless the
    /// network is to vary, and then get the simulation's seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network_seeds: Vec<String>,
}

/// How a mozaik model is started: the part of `simulation.json` that the experiment script reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mozaik {
    /// A run script of the user's, which gets mozaik's command line; `None`: the experiment script
    /// presents the protocol itself.
    pub script: Option<String>,
    /// The module and the class of the model: `model.SelfSustainedPushPull`.
    pub model_class: Option<String>,
    /// mozaik's root parameter file, relative to the model's directory.
    pub parameters_file: String,
    /// What runs Python.
    pub python: String,
    /// MPI processes.
    pub ranks: usize,
    /// The parameters that are given the simulation's seed.
    pub seed_parameters: Vec<String>,
    /// Extension modules that NEST loads before the model is built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nest_modules: Vec<String>,
}

impl Simulator {
    /// Gives simulations' seeds to these parameters; those of the network stay as they are.
    pub fn set_seeds(&mut self, of_simulation: Vec<String>, of_network: Vec<String>) {
        if let Some(mozaik) = &mut self.mozaik {
            mozaik.seed_parameters = of_simulation;
            self.network_seeds = of_network;
        }
    }

    /// Every known seed parameter of the model.
    pub fn seeds(&self) -> Vec<String> {
        let of_simulation = self.mozaik.iter().flat_map(|mozaik| &mozaik.seed_parameters);
        of_simulation.chain(&self.network_seeds).cloned().collect()
    }

    /// MPI processes of one simulation.
    pub fn ranks(&self) -> usize {
        self.mozaik.as_ref().map_or(1, |mozaik| mozaik.ranks)
    }

    /// What starts MPI processes, with their number; `None` if the script is started without.
    pub fn launcher(&self) -> Option<&str> {
        let line = self.mozaik.as_ref()?.python_line();
        let launcher = self.command.as_deref()?.strip_suffix(&line)?.trim_end();
        (!launcher.is_empty()).then_some(launcher)
    }
}

impl Mozaik {
    /// The shell line that starts one process of the experiment script, which the job names in a
    /// variable.
    pub fn python_line(&self) -> String {
        format!("{} \"${EXPERIMENT_VARIABLE}\"", self.python)
    }
}
