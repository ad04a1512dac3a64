//! Whether a job would find what it needs: the prelude's lines work, and Python has mozaik, PyNN and NEST.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Findings, Status};
use crate::configuration::{EXPERIMENT_VARIABLE, Examined, Simulator};
use crate::experiment_script;

const ABOUT: &str = "environment";
/// Loading modules over a slow file system takes its time.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Tries the prelude, and what it makes available.
pub fn look(examined: &Examined, findings: &mut Findings) {
    let (Some(simulator), Some(directory)) = (&examined.simulator, &examined.model_directory)
    else {
        return;
    };
    if simulator.prelude.is_some() && !prelude_works(simulator, directory, findings) {
        return;
    }
    match (&simulator.mozaik, &simulator.command, &examined.loaded) {
        (Some(_), _, loaded) => {
            let text = loaded.as_ref().and_then(|loaded| loaded.experiment.as_deref());
            look_at_python(simulator, directory, text, findings);
        }
        (None, Some(command), _) => look_at_command(simulator, command, directory, findings),
        (None, None, _) => {}
    }
}

/// Runs the prelude's lines; those that fail are named.
fn prelude_works(simulator: &Simulator, directory: &Path, findings: &mut Findings) -> bool {
    let prelude = simulator.prelude.as_deref().unwrap_or_default();
    let script = format!(
        "trap 'echo \"mozopt: $BASH_COMMAND\" >&2; failed=1' ERR\n{prelude}\ntrap - ERR\nexit ${{failed:-0}}\n"
    );
    match shell(&script, directory) {
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

/// What the experiment script says with `--check`.
#[derive(Deserialize)]
struct Imported {
    python: String,
    #[serde(rename = "pyNN")]
    pynn: Option<String>,
    neo: Option<String>,
    numpy: Option<String>,
    nest: Nest,
    mozaik: Value,
    errors: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Nest {
    version: Option<String>,
    has_mpi: Option<bool>,
}

/// Lets the experiment script say what can be imported.
fn look_at_python(
    simulator: &Simulator,
    directory: &Path,
    experiment: Option<&str>,
    findings: &mut Findings,
) {
    let Some(mozaik) = &simulator.mozaik else { return };
    let text = experiment.unwrap_or(crate::configuration::EXPERIMENT_SCRIPT);
    let output = tempfile::tempdir().and_then(|directory_of_script| {
        let path = experiment_script::write(text, directory_of_script.path())?;
        let class = mozaik.model_class.as_deref().unwrap_or_default();
        let line = format!(
            "{}\n{} \"${EXPERIMENT_VARIABLE}\" --check --model-class '{class}'\n",
            simulator.prelude.as_deref().unwrap_or_default(),
            mozaik.python,
        );
        let script = format!("export {EXPERIMENT_VARIABLE}='{}'\n{line}", path.display());
        shell(&script, directory)
    });
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            let message = format!("Python cannot be tried: {error}");
            return findings.add(ABOUT, Status::Problem, message);
        }
    };
    let Ok(imported) = serde_json::from_slice::<Imported>(&output.stdout) else {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("it said nothing").to_owned();
        let message = format!("`{}` does not run the experiment script", mozaik.python);
        return findings.add_with_help(ABOUT, Status::Problem, message, last);
    };
    for (module, error) in &imported.errors {
        let message = format!("Python cannot import {module}");
        let help = error.as_str().unwrap_or_default().to_owned();
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    if mozaik.ranks > 1 && imported.nest.has_mpi == Some(false) {
        let message =
            format!("{} ranks are wanted, but this NEST was built without MPI", mozaik.ranks);
        let help = "each process would simulate the whole network: take another NEST, or ranks = 1";
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    if imported.errors.is_empty() {
        let version = |version: &Option<String>| version.clone().unwrap_or("?".to_owned());
        let message = format!(
            "Python {}, mozaik {}, PyNN {}, NEST {}, neo {}, NumPy {}",
            imported.python,
            imported.mozaik["path"].as_str().unwrap_or("?"),
            version(&imported.pynn),
            version(&imported.nest.version),
            version(&imported.neo),
            version(&imported.numpy),
        );
        findings.add(ABOUT, Status::Ok, message);
    }
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
    let found = shell(&format!("{prelude}\ntype {program}\n"), directory);
    if found.is_ok_and(|output| output.status.success()) {
        findings.add(ABOUT, Status::Ok, format!("{program} is there"));
    } else {
        let message = format!("the command begins with {program}, which bash does not find");
        let help = format!("commands start in {}", directory.display());
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
}

/// Runs lines of bash, as job.sh would.
fn shell(script: &str, directory: &Path) -> io::Result<Output> {
    let seconds = TIMEOUT.as_secs().to_string();
    Command::new("timeout")
        .args(["--kill-after=5", &seconds, "bash", "-c", script])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
}
