//! Whether a job would find what it needs: the prelude's lines work, and Python has mozaik, PyNN
//! and NEST.

use std::path::Path;

use configuration::{Mozaik, Simulator};
use reading::{Examined, ModelParameters};
use simulation::EXPERIMENT_SCRIPT;

use super::script::{Answer, Script};
use super::{cell_models, launcher, plastic_synapses, required_parameters, shell};
use crate::{Findings, Status};

const ABOUT: &str = "environment";

/// Tries the prelude, and what it makes available. Gives what the experiment script of a mozaik
/// model says.
pub fn look(examined: &Examined, output: &Path, findings: &mut Findings) -> Option<Answer> {
    let (simulator, directory) = (examined.simulator.as_ref()?, examined.model_directory.as_ref()?);
    if simulator.prelude.is_some() && !prelude_works(simulator, directory, findings) {
        return None;
    }
    match (&simulator.mozaik, &simulator.command) {
        (Some(_), _) => return look_at_python(examined, simulator, directory, output, findings),
        (None, Some(command)) => look_at_command(simulator, command, directory, findings),
        (None, None) => {}
    }
    None
}

/// Runs the prelude's lines; those that fail are named.
fn prelude_works(simulator: &Simulator, directory: &Path, findings: &mut Findings) -> bool {
    let prelude = simulator.prelude.as_deref().unwrap_or_default();
    let script = format!(
        "trap 'echo \"mozopt: $BASH_COMMAND\" >&2; failed=1' ERR\n{prelude}\ntrap - ERR\nexit ${{failed:-0}}\n"
    );
    match shell::run(&script, directory) {
        Ok(output) if output.status.success() => {
            findings.add(ABOUT, Status::Ok, "the prelude works");
            true
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let failed = said.lines().find_map(|line| line.strip_prefix("mozopt: "));
            let said = said.lines().find(|line| !line.starts_with("mozopt: ")).unwrap_or_default();
            let message = format!("the prelude fails at `{}`", failed.unwrap_or("its end"));
            findings.add_with_help(ABOUT, Status::Problem, message, said);
            false
        }
        Err(error) => {
            let message = format!("the prelude cannot be tried: {error}");
            findings.add(ABOUT, Status::Problem, message);
            false
        }
    }
}

/// Lets the experiment script say what there is.
fn look_at_python(
    examined: &Examined,
    simulator: &Simulator,
    directory: &Path,
    output: &Path,
    findings: &mut Findings,
) -> Option<Answer> {
    let mozaik = simulator.mozaik.as_ref()?;
    let loaded = examined.loaded.as_ref();
    let text = loaded.and_then(|loaded| loaded.experiment.as_deref()).unwrap_or(EXPERIMENT_SCRIPT);
    let threads = loaded.map_or(1, |loaded| loaded.configuration.threads);
    let tree = match &examined.model {
        Some(ModelParameters::Mozaik(model)) => Some(&model.resolved),
        _ => None,
    };
    let cell_models = tree.map(cell_models::named_in).unwrap_or_default();
    let names: Vec<&str> = cell_models.keys().map(String::as_str).collect();
    // Ranks on other machines of an allocation see what is shared.
    let place = if launcher::in_allocation() { output.to_owned() } else { std::env::temp_dir() };
    let script = Script::new(text, simulator, mozaik, directory, threads, &place);
    let asked = script.and_then(|script| Ok((script.ask(&names)?, script)));
    let (answers, script) = match asked {
        Ok(asked) => asked,
        Err(error) => {
            let message = format!("Python cannot be tried: {error}");
            findings.add(ABOUT, Status::Problem, message);
            return None;
        }
    };
    let Some(answer) = answers.all.into_iter().next() else {
        let message = if answers.timed_out {
            format!("`{}` did not answer within {} s", mozaik.python, shell::TIMEOUT.as_secs())
        } else {
            format!("`{}` cannot run the experiment script", mozaik.python)
        };
        let reason = too_old(simulator, mozaik, directory).unwrap_or(answers.reason);
        findings.add_with_help(ABOUT, Status::Problem, message, reason);
        return None;
    };
    if answers.earlier_version {
        let message = "the experiment script is from an earlier version, which cannot report what it presents";
        let help = "`mozopt prepare --force` writes the current one, and keeps this one next to it";
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    }
    look_at_imports(&answer, mozaik, findings);
    if let Some(tree) = tree {
        required_parameters::look(tree, &answer, &mozaik.parameters_file, findings);
        cell_models::look(tree, &cell_models, &answer, findings);
        plastic_synapses::look(tree, mozaik.ranks, &answer, findings);
    }
    let lacks_mpi = mozaik.ranks > 1 && answer.nest.has_mpi == Some(false);
    if !lacks_mpi && !answer.errors.contains_key("nest") {
        launcher::look(examined, &script, findings);
    }
    Some(answer)
}

/// The oldest Python that the scripts run with.
const OLDEST_PYTHON: (u32, u32) = (3, 8);

/// That Python is older than that, of which its own errors say nothing: mozaik long was Python 2.
fn too_old(simulator: &Simulator, mozaik: &Mozaik, directory: &Path) -> Option<String> {
    let prelude = simulator.prelude.as_deref().unwrap_or_default();
    let asked = shell::run(&format!("{prelude}\n{} --version 2>&1\n", mozaik.python), directory);
    let said = asked.ok()?.stdout;
    let said = String::from_utf8_lossy(&said);
    let version = said.lines().rev().find_map(|line| line.strip_prefix("Python "))?.trim();
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let (major, minor) = OLDEST_PYTHON;
    ((numbers.next()?, numbers.next()?) < OLDEST_PYTHON)
        .then(|| format!("it is Python {version}: mozopt's scripts need {major}.{minor} or newer"))
}

/// Says what could be imported, and in which version.
fn look_at_imports(answer: &Answer, mozaik: &Mozaik, findings: &mut Findings) {
    // About the protocol more is said with it.
    let errors: Vec<_> = answer.errors.iter().filter(|(what, _)| *what != "protocol").collect();
    for (module, error) in &errors {
        let message = format!("Python cannot import {module}");
        findings.add_with_help(ABOUT, Status::Problem, message, (*error).clone());
    }
    if mozaik.ranks > 1 && answer.nest.has_mpi == Some(false) {
        let message =
            format!("{} ranks are configured, but this NEST was built without MPI", mozaik.ranks);
        let help = "each process would simulate the whole network: use another NEST, or ranks = 1";
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    if errors.is_empty() {
        findings.add(ABOUT, Status::Ok, versions(answer));
    }
    for warning in &answer.warnings {
        findings.add(ABOUT, Status::Warning, warning.clone());
    }
}

/// Everything that was found, with its version.
fn versions(answer: &Answer) -> String {
    let mozaik = match (&answer.mozaik.version, &answer.mozaik.path) {
        (Some(version), Some(path)) => Some(format!("{version} in {path}")),
        (version, path) => version.as_ref().or(path.as_ref()).cloned(),
    };
    let named = [
        ("Python", &answer.python),
        ("mozaik", &mozaik),
        ("PyNN", &answer.pynn),
        ("NEST", &answer.nest.version),
        ("neo", &answer.neo),
        ("NumPy", &answer.numpy),
    ];
    let version = |(name, version): &(&str, &Option<String>)| {
        format!("{name} {}", version.as_deref().unwrap_or("?"))
    };
    let mut found: Vec<String> = named.iter().map(version).collect();
    // It names itself.
    found.extend(answer.mpi.clone());
    found.join(", ")
}

/// Looks for the program that a command begins with.
fn look_at_command(
    simulator: &Simulator,
    command: &str,
    directory: &Path,
    findings: &mut Findings,
) {
    let plain = |word: &&str| word.chars().all(|c| c.is_alphanumeric() || "./_-+".contains(c));
    let Some(program) = command.split_whitespace().next().filter(plain) else { return };
    let prelude = simulator.prelude.as_deref().unwrap_or_default();
    let found = shell::run(&format!("{prelude}\ntype {program}\n"), directory);
    if found.is_ok_and(|output| output.status.success()) {
        findings.add(ABOUT, Status::Ok, format!("found {program}"));
    } else {
        let message = format!("the command begins with {program}, which bash cannot find");
        let help = format!("commands start in {}", directory.display());
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
}
