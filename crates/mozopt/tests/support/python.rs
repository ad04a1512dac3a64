//! Python with PyNN, NEST and neo from PyPI, made once in the build directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of a virtual environment with everything that the tests and examples need. The
/// first test that asks for it installs it, which needs PyPI and takes a minute or two.
pub fn environment() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let environment = place.join("python");
    // Tests are processes of their own: one installs, the others wait for it.
    let lock = File::create(place.join("python.lock")).unwrap();
    lock.lock().unwrap();
    let requirements = ["tests/mozaik/requirements.txt", "examples/brunel-nest/requirements.txt"]
        .map(|file| project.join(file));
    let wanted: String =
        requirements.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let installed = environment.join("installed");
    if fs::read_to_string(&installed).ok().as_deref() != Some(&*wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        let mut pip = Command::new(environment.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        for file in &requirements {
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
