//! What simulates the model: `[simulator]` of `mozopt.toml`, checked.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use configuration::{Drawn, Mozaik, SimulationSeed, Simulator, SimulatorKind};

use crate::mistake::Mistake;
use crate::settings::SimulatorSettings;

/// Where mozaik's root parameter file lies in a model's directory, unless it is said otherwise.
const PARAMETERS_FILE: &str = "param_optim/defaults";
/// In a launcher: how many MPI processes to start.
const RANKS: &str = "{ranks}";

/// What simulates, as the settings say it.
pub fn simulator(given: &SimulatorSettings) -> Result<Simulator, Mistake> {
    let Some(kind) = given.kind else {
        let message = "no simulator is configured";
        let help = "add `[simulator]` and `kind = \"v1\"` (or \"mozaik\", \"command\") to \
                    mozopt.toml, or use --kind";
        return Err(Mistake::new(message, help));
    };
    only_for(kind, given)?;
    let mozaik = (kind == SimulatorKind::Mozaik).then(|| mozaik(given)).transpose()?;
    let command = match &mozaik {
        Some(mozaik) => Some(mozaik_line(given.launcher.as_deref(), mozaik)?),
        None => given.command.clone(),
    };
    if kind == SimulatorKind::Command && command.is_none() {
        let message = "kind = \"command\" needs the `command` to run";
        return Err(Mistake::new(message, LOOK));
    }
    Ok(Simulator {
        kind,
        command,
        prelude: given.prelude.clone(),
        seed: given.simulation_seed.unwrap_or(SimulationSeed::Drawn(Drawn::Drawn)),
        mozaik,
        network_seeds: vec![],
    })
}

const LOOK: &str = "check [simulator] in mozopt.toml";

/// Refuses settings that would have no effect.
fn only_for(kind: SimulatorKind, given: &SimulatorSettings) -> Result<(), Mistake> {
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
            let message = format!("`{name}` is set, but kind = \"{kind}\" does not use it");
            return Err(Mistake::new(message, LOOK));
        }
    }
    Ok(())
}

fn mozaik(given: &SimulatorSettings) -> Result<Mozaik, Mistake> {
    if given.script.is_some() && given.model_class.is_some() {
        let message =
            "`script` and `model_class` are both set, but a script builds the model itself";
        return Err(Mistake::new(message, "remove one of them"));
    }
    if given.script.is_none() && given.model_class.is_none() {
        let message = "no model class is configured";
        let help = "set `model_class = \"model.SelfSustainedPushPull\"` (module and class), or name \
                    your own run script as `script`";
        return Err(Mistake::new(message, help));
    }
    if let Some(class) = &given.model_class
        && !class
            .rsplit_once('.')
            .is_some_and(|(module, name)| !module.is_empty() && !name.is_empty())
    {
        let message = format!("`model_class` is \"{class}\", not a module and a class");
        return Err(Mistake::new(message, "use for example model.SelfSustainedPushPull"));
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
fn mozaik_line(launcher: Option<&str>, mozaik: &Mozaik) -> Result<String, Mistake> {
    let ranks = mozaik.ranks;
    let script = mozaik.python_line();
    match launcher {
        None if ranks > 1 => {
            let message = format!("{ranks} ranks are configured, but no launcher starts them");
            let help = "set a `launcher`: \"mpirun -np {ranks}\" or \"srun --mpi=pmix -n {ranks}\"";
            Err(Mistake::new(message, help))
        }
        None => Ok(script),
        Some(launcher) if ranks > 1 && !launcher.contains(RANKS) => {
            let message = format!("the launcher \"{launcher}\" does not give the number of ranks");
            Err(Mistake::new(message, "write {ranks} where the number of ranks belongs"))
        }
        Some(launcher) => Ok(format!("{} {script}", launcher.replace(RANKS, &ranks.to_string()))),
    }
}

/// The directory in which simulations start.
pub fn model_directory(directory: &Path, given: &SimulatorSettings) -> Result<PathBuf, Mistake> {
    let model = given.model_dir.as_deref().map_or(directory.to_owned(), |dir| directory.join(dir));
    if !model.is_dir() {
        let message = format!("there is no directory {}", model.display());
        return Err(Mistake::new(message, "`model_dir` is relative to mozopt.toml"));
    }
    let absolute = std::path::absolute(&model);
    absolute.map_err(|error| Mistake::new(error, "is the working directory still there?"))
}
