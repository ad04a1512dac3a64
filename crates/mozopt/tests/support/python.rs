//! Python with PyNN, NEST and neo from PyPI, made once in the build directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of a virtual environment with everything that the tests and examples need. The
/// first test that asks for it installs it, which needs PyPI and takes a minute or two.
pub fn environment() -> PathBuf {
    environment_of(
        "python",
        &["tests/mozaik/requirements.txt", "examples/brunel-nest/requirements.txt"],
    )
}

/// The directory of the virtual environment of this name, with what these files of the project ask
/// for.
pub fn environment_of(name: &str, requirements: &[&str]) -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let environment = place.join(name);
    // Tests are processes of their own: one installs, the others wait for it.
    let lock = File::create(place.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let files = requirements.iter().map(|file| project.join(file));
    let wanted: String = files.clone().map(|file| fs::read_to_string(file).unwrap()).collect();
    let installed = environment.join("installed");
    if fs::read_to_string(&installed).ok().as_deref() != Some(&*wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        let mut pip = Command::new(environment.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        for file in files {
            pip.arg("-r").arg(file);
        }
        run(&mut pip);
        fs::write(&installed, wanted).unwrap();
    }
    environment
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
