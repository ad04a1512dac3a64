//! `job.sh`: the script that any executor runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::simulation::Simulation;

/// How Open MPI is told not to bind ranks to cores, version 4 and from 5 on: it counts cores from 0
/// in each simulation, so that those that run at the same time would share the first ones.
const NO_BINDING: [&str; 2] =
    ["OMPI_MCA_hwloc_base_binding_policy", "PRTE_MCA_hwloc_default_binding_policy"];
/// The environment variable that holds the command of the prelude that failed, if one did.
pub const FAILED: &str = "MOZOPT_PRELUDE_FAILED";

/// The script of a simulation.
pub fn script(simulation: &Simulation, prelude: Option<&str>) -> io::Result<String> {
    let mozopt = program()?;
    let prelude = prelude.map(|lines| {
        let model = quoted(&simulation.model_directory);
        format!(
            "\nunset {FAILED}\ntrap ': \"${{{FAILED}:=$BASH_COMMAND}}\"' ERR\n\
             cd {model}\n{}\ntrap - ERR\nexport {FAILED}\n",
            lines.trim_end()
        )
    });
    Ok(format!(
        "#!/bin/bash\n\
         # Simulates and evaluates candidate {}. To run it again, into a directory of its own:\n\
         #   bash job.sh --again /some/directory\n\
         from=$PWD\n\
         here=$(readlink -f \"$0\") || exit 1\n\
         here=${{here%/*}}\n\
         export OMP_NUM_THREADS={}\n\
         {}\
         {}\
         cd \"${{here:?}}\" || exit 1\n\
         exec {} job --from \"$from\" --attempt {} \"$@\"\n",
        simulation.candidate,
        simulation.threads,
        prelude.unwrap_or_default(),
        NO_BINDING.map(|name| format!("export {name}=\"${{{name}:-none}}\"\n")).concat(),
        quoted(&mozopt),
        simulation.attempt,
    ))
}

/// This program's file. It is asked for when the process begins: afterwards somebody may put a
/// newer version in its place, and jobs that begin later shall find that one.
pub fn program() -> io::Result<PathBuf> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = PROGRAM.get() {
        return Ok(path.clone());
    }
    let path = std::env::current_exe()?;
    Ok(PROGRAM.get_or_init(|| path).clone())
}

/// A path as one word of the shell.
pub fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
