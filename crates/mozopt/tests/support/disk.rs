//! A small disk that a test can fill.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use rustix::process::geteuid;

/// Where the disk is, in the process that has one.
const DISK: &str = "MOZOPT_TEST_DISK";

/// A disk of 600 kB for the test of this name; `None` where nothing is left to do.
///
/// Mounting needs root, which every user is in a user namespace. So the test is run once more, in a
/// process that has its mounts for itself: they end with it. Where neither is allowed the test is
/// skipped, which is said in spite of the capture of what tests print.
pub fn small_disk(test: &str) -> Option<PathBuf> {
    if let Some(disk) = env::var_os(DISK) {
        return Some(disk.into());
    }
    let disk = tempfile::tempdir().unwrap();
    let with_disk = |command: &[&OsStr]| {
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount");
        if !geteuid().is_root() {
            unshare.arg("--map-root-user");
        }
        unshare.args(["sh", "-c", "mount -t tmpfs -o size=600k tmpfs \"$0\" && exec \"$@\""]);
        unshare.arg(disk.path()).args(command).env(DISK, disk.path()).output()
    };
    let refusal = match with_disk(&["true".as_ref()]) {
        Ok(ended) if ended.status.success() => None,
        Ok(ended) => Some(String::from_utf8_lossy(&ended.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    };
    if let Some(refusal) = refusal {
        let mut stderr = io::stderr();
        writeln!(stderr, "SKIPPED {test}: no disk can be mounted: {refusal}").unwrap();
        return None;
    }
    let program = env::current_exe().unwrap();
    let ended = with_disk(&[program.as_ref(), "--exact".as_ref(), test.as_ref()]).unwrap();
    let [said, complained] =
        [&ended.stdout, &ended.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(said.contains("test result: ok. 1 passed"), "{said}\n{complained}");
    None
}
