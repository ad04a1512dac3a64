//! The experiment script: what runs mozaik inside a job. Its protocols are the user's to change;
//! how a simulation is run stands in files beside it, which are this version's.

use std::io;
use std::path::{Path, PathBuf};

/// The built-in script.
pub const SCRIPT: &str = include_str!("../../../python/mozopt_experiment.py");
/// The script's name.
pub const FILE: &str = "mozopt_experiment.py";

/// What the script imports from its own directory.
const BESIDE: [(&str, &str); 4] = [
    ("mozopt_run.py", include_str!("../../../python/mozopt_run.py")),
    ("mozopt_model.py", include_str!("../../../python/mozopt_model.py")),
    ("mozopt_ranks.py", include_str!("../../../python/mozopt_ranks.py")),
    ("mozopt_check.py", include_str!("../../../python/mozopt_check.py")),
];

/// Writes a script, the built-in one or the user's, and what it needs beside it; the script's path.
pub fn write(script: &str, directory: &Path) -> io::Result<PathBuf> {
    for (name, text) in BESIDE.into_iter().chain([(FILE, script)]) {
        let path = directory.join(name);
        durable::write(&path, text.as_bytes()).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
    }
    Ok(directory.join(FILE))
}
