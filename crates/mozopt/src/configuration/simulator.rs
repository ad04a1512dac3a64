//! What simulates the model: `[simulator]` of `mozopt.toml`, checked.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::seeds::Seeds;
use super::settings::{Drawn, SimulationSeed, SimulatorKind, SimulatorSettings};
use crate::failure::Failure;

/// Where mozaik's root parameter file lies in a model's directory, unless it is said otherwise.
const PARAMETERS_FILE: &str = "param_optim/defaults";
/// In a launcher: how many MPI processes to start.
const RANKS: &str = "{ranks}";

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
    /// Of `mozaik`: the parameters that seed the network alone. They stay as they are unless the network shall
    /// vary, and then get the simulation's seed.
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
    /// Checks the settings.
    pub fn new(given: &SimulatorSettings) -> Result<Self, Failure> {
        let Some(kind) = given.kind else {
            let message = "nothing says what simulates the model";
            let help = "write `[simulator]` and `kind = \"v1\"` (or \"mozaik\", \"command\") into \
                        mozopt.toml, or give --kind";
            return Err(Failure::bad_input(message, help));
        };
        only_for(kind, given)?;
        let mozaik = (kind == SimulatorKind::Mozaik).then(|| mozaik(given)).transpose()?;
        let command = match &mozaik {
            Some(mozaik) => Some(mozaik_line(given.launcher.as_deref(), mozaik)?),
            None => given.command.clone(),
        };
        if kind == SimulatorKind::Command && command.is_none() {
            let message = "kind = \"command\" needs the `command` to run";
            return Err(Failure::bad_input(message, LOOK));
        }
        Ok(Self {
            kind,
            command,
            prelude: given.prelude.clone(),
            seed: given.simulation_seed.unwrap_or(SimulationSeed::Drawn(Drawn::Drawn)),
            mozaik,
            network_seeds: vec![],
        })
    }

    /// Gives simulations' seeds to these parameters.
    pub fn set_seeds(&mut self, seeds: Seeds) {
        if let Some(mozaik) = &mut self.mozaik {
            mozaik.seed_parameters = seeds.of_simulation;
            self.network_seeds = seeds.of_network;
        }
    }

    /// Every parameter of the model that is a seed, as far as is known.
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
    /// The shell line that starts one process of the experiment script, which the job names in a variable.
    pub fn python_line(&self) -> String {
        format!("{} \"${EXPERIMENT_VARIABLE}\"", self.python)
    }
}

const LOOK: &str = "look at [simulator] in mozopt.toml";

/// Refuses settings that would have no effect.
fn only_for(kind: SimulatorKind, given: &SimulatorSettings) -> Result<(), Failure> {
    use SimulatorKind::{Command, Mozaik};
    let settings: [(&str, bool, &[SimulatorKind]); 11] = [
        ("command", given.command.is_some(), &[Command]),
        ("parameters", given.parameters.is_some(), &[Command, Mozaik]),
        ("model_dir", given.model_dir.is_some(), &[Command, Mozaik]),
        ("script", given.script.is_some(), &[Mozaik]),
        ("model_class", given.model_class.is_some(), &[Mozaik]),
        ("experiment", given.experiment.is_some(), &[Mozaik]),
        ("python", given.python.is_some(), &[Mozaik]),
        ("launcher", given.launcher.is_some(), &[Mozaik]),
        ("ranks", given.ranks.is_some(), &[Mozaik]),
        ("nest_modules", given.nest_modules.is_some(), &[Mozaik]),
        ("seeds", given.seeds.is_some(), &[Mozaik]),
    ];
    for (name, is_given, kinds) in settings {
        if is_given && !kinds.contains(&kind) {
            let message = format!("`{name}` is given, but kind = \"{kind}\" does not use it");
            return Err(Failure::bad_input(message, LOOK));
        }
    }
    Ok(())
}

fn mozaik(given: &SimulatorSettings) -> Result<Mozaik, Failure> {
    if given.script.is_some() && given.model_class.is_some() {
        let message = "`script` is given, which builds the model itself, and `model_class` too";
        return Err(Failure::bad_input(message, "leave one of them out"));
    }
    if given.script.is_none() && given.model_class.is_none() {
        let message = "nothing says which class of the model mozaik builds";
        let help = "write `model_class = \"model.SelfSustainedPushPull\"` (module and class), or \
                    give a run script of your own as `script`";
        return Err(Failure::bad_input(message, help));
    }
    if let Some(class) = &given.model_class
        && !class
            .rsplit_once('.')
            .is_some_and(|(module, name)| !module.is_empty() && !name.is_empty())
    {
        let message = format!("`model_class` is \"{class}\", not a module and a class");
        return Err(Failure::bad_input(message, "write for example model.SelfSustainedPushPull"));
    }
    Ok(Mozaik {
        script: given.script.clone(),
        model_class: given.model_class.clone(),
        parameters_file: given.parameters.clone().unwrap_or_else(|| PARAMETERS_FILE.to_owned()),
        python: given.python.clone().unwrap_or_else(|| "python".to_owned()),
        ranks: given.ranks.map_or(1, NonZeroUsize::get),
        seed_parameters: vec![],
        nest_modules: given.nest_modules.clone().unwrap_or_default(),
    })
}

/// The shell line that starts the experiment script, on all ranks.
fn mozaik_line(launcher: Option<&str>, mozaik: &Mozaik) -> Result<String, Failure> {
    let ranks = mozaik.ranks;
    let script = mozaik.python_line();
    match launcher {
        None if ranks > 1 => {
            let message = format!("{ranks} ranks are wanted, but nothing starts them");
            let help =
                "give a `launcher`: \"mpirun -np {ranks}\" or \"srun --mpi=pmix -n {ranks}\"";
            Err(Failure::bad_input(message, help))
        }
        None => Ok(script),
        Some(launcher) if ranks > 1 && !launcher.contains(RANKS) => {
            let message = format!("the launcher \"{launcher}\" does not say how many ranks");
            Err(Failure::bad_input(message, "write {ranks} where their number belongs"))
        }
        Some(launcher) => Ok(format!("{} {script}", launcher.replace(RANKS, &ranks.to_string()))),
    }
}

/// The environment variable that holds the path of the experiment script.
pub const EXPERIMENT_VARIABLE: &str = "MOZOPT_EXPERIMENT";

/// The directory in which simulations start.
pub fn model_directory(directory: &Path, given: &SimulatorSettings) -> Result<PathBuf, Failure> {
    let model = given.model_dir.as_deref().map_or(directory.to_owned(), |dir| directory.join(dir));
    if !model.is_dir() {
        let message = format!("there is no directory {}", model.display());
        return Err(Failure::bad_input(message, "`model_dir` is relative to mozopt.toml"));
    }
    let absolute = std::path::absolute(&model);
    absolute.map_err(|error| Failure::failed(error, "is the working directory still there?"))
}
