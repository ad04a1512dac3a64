//! What the search needs from around it: its configuration, room on the disk, the model.

use std::path::Path;

use configuration::{Configuration, ConfigurationError};
use indicatif::DecimalBytes;
use journal::OptimizationDirectory;
use rustix::fs::{Access, StatVfsMountFlags, access, statvfs};
use simulation::EXPERIMENT_FILE;

use super::Patient;
use crate::{Findings, Status};

/// Less than this, and the journal may not be written to its end.
const LITTLE_BYTES: u64 = 10 << 20;

/// Whether the frozen configuration can be read, and is as it was.
pub fn look_at_configuration(
    directory: &OptimizationDirectory,
    configuration: &Result<Configuration, ConfigurationError>,
    hash: Option<&str>,
    findings: &mut Findings,
) {
    const ABOUT: &str = "configuration";
    if let Err(error) = configuration {
        let help = match error {
            ConfigurationError::OtherFormat { version, .. } => {
                format!("it was written by mozopt {version}: use that version")
            }
            _ => "bring configuration.json back from a copy".to_owned(),
        };
        return findings.add_with_help(ABOUT, Status::Problem, error.to_string(), help);
    }
    let Some(hash) = hash else {
        let message = "whether it is as it was cannot be told without the journal's first line";
        return findings.add(ABOUT, Status::Note, message);
    };
    match Configuration::check_unchanged(&directory.configuration(), hash) {
        Ok(()) => findings.add(ABOUT, Status::Ok, "as it was when the optimization began"),
        Err(error) => {
            let help = "undo that: what was searched must stay; `resume` has flags for limits";
            findings.add_with_help(ABOUT, Status::Problem, error.to_string(), help);
        }
    }
}

/// Whether there is room, and whether the directory can be written. Nothing is written to try it.
pub fn look_at_disk(patient: &Patient<'_>, findings: &mut Findings) {
    const ABOUT: &str = "disk";
    let place = patient.directory.path();
    let disk = match statvfs(place) {
        Ok(disk) => disk,
        Err(error) => {
            let message = format!("{}: {error}", place.display());
            return findings.add(ABOUT, Status::Problem, message);
        }
    };
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) || access(place, Access::WRITE_OK).is_err() {
        let message = format!("{} cannot be written", place.display());
        let help =
            "as another user, or on another machine? `status` and `report` work, `resume` does not";
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    if disk.f_files > 0 && disk.f_favail == 0 {
        let message = "the file system has no room for another file (no inode is free)";
        findings.add_with_help(ABOUT, Status::Problem, message, "remove files that nobody needs");
    }
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let sizes = patient.state.finished().filter_map(|(_, result)| result.data_store_size);
    let largest = sizes.max().unwrap_or(0);
    let slots = patient.limits().map_or(1, |limits| limits.slots) as u64;
    let needed = largest.saturating_mul(slots).saturating_add(LITTLE_BYTES);
    let message = format!("{} are free", DecimalBytes(free));
    if free < LITTLE_BYTES {
        let help =
            "make room: a search stops when its journal cannot be written; nothing is lost then";
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    } else if free < needed {
        let help = format!(
            "{slots} simulations at the same time need {} if their data stores are as large as the \
             largest so far",
            DecimalBytes(needed)
        );
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    } else {
        findings.add(ABOUT, Status::Ok, message);
    }
}

/// Whether what simulations start from is still there.
pub fn look_at_model(patient: &Patient<'_>, findings: &mut Findings) {
    const ABOUT: &str = "model";
    let Some(configuration) = &patient.configuration else { return };
    let model = &configuration.model_directory;
    let mut is_missing = |path: &Path, what: &str| {
        let is_missing = !path.exists();
        if is_missing {
            let message = format!("{what} is not there: {}", path.display());
            let help = "simulations need it: was it moved, or is its file system not mounted here?";
            findings.add_with_help(ABOUT, Status::Problem, message, help);
        }
        is_missing
    };
    let mut missing = is_missing(model, "the model's directory");
    if !missing && let Some(mozaik) = &configuration.simulator.mozaik {
        missing |= is_missing(&model.join(&mozaik.parameters_file), "the parameter file");
        missing |= if let Some(script) = &mozaik.script {
            is_missing(&model.join(script), "the run script")
        } else {
            let script = patient.directory.path().join(EXPERIMENT_FILE);
            is_missing(&script, "the experiment script")
        };
    }
    let runs_commands = configuration
        .targets()
        .is_ok_and(|targets| targets.iter().any(|target| target.command.is_some()));
    if runs_commands {
        missing |= is_missing(&configuration.directory, "the directory of the targets' commands");
    }
    if !missing {
        findings.add(ABOUT, Status::Ok, model.display().to_string());
    }
}
