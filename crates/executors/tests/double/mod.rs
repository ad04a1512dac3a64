//! Runs a test beside a double of Slurm's commands, `slurm.py`. A test finds them by `PATH`, which
//! belongs to the whole process: so it is run again in a process of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Whether the double keeps accounts. Where it does, they are all that is left of an ended job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accounts {
    Kept,
    None,
}

/// The variable of the processes that run a test beside a double.
const INSIDE: &str = "MOZOPT_TEST_BESIDE_DOUBLE";

/// Runs the test of this path, which calls this, beside a double.
pub fn run_beside(accounts: Accounts, path: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let (_crate, name) = path.split_once("::").unwrap();
    let cluster = tempfile::tempdir().unwrap();
    fs::create_dir(cluster.path().join("jobs")).unwrap();
    if accounts == Accounts::Kept {
        fs::write(cluster.path().join("accounting"), "").unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/double/slurm.py");
    for command in ["sbatch", "squeue", "sacct", "scancel", "scontrol"] {
        symlink(&script, cluster.path().join(command)).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("PATH", format!("{}:{path}", cluster.path().display()))
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&run.stdout);
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("1 passed"), "it is called otherwise:\n{stdout}");
}
