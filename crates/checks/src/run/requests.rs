//! Requests that nobody has taken.

use std::time::{Duration, SystemTime};

use journal::Requests;

use super::Patient;
use crate::{Findings, Status};

const ABOUT: &str = "requests";
/// A controller looks about once a second; one that waits for a file system may take longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Says what waits, and whether anybody will take it.
pub fn look(patient: &Patient<'_>, findings: &mut Findings) {
    let waiting = match Requests::of(patient.directory.path()).waiting() {
        Ok(waiting) => waiting,
        Err(error) => {
            let message = format!("requests/ cannot be read: {error}");
            return findings.add(ABOUT, Status::Problem, message);
        }
    };
    let age = |path: &std::path::PathBuf| {
        let modified = path.metadata().and_then(|file| file.modified()).ok()?;
        SystemTime::now().duration_since(modified).ok()
    };
    let oldest = waiting.iter().filter_map(age).max().unwrap_or_default();
    let many = match waiting.len() {
        0 => return findings.add(ABOUT, Status::Ok, "none waits"),
        1 => "1 waits".to_owned(),
        n => format!("{n} wait"),
    };
    if patient.controller.is_none() {
        let help = "the next controller removes what an earlier one was asked for";
        findings.add_with_help(ABOUT, Status::Note, format!("{many}, but nobody runs"), help);
    } else if oldest > PATIENCE {
        let message = format!("{many} for {} s: the controller does not answer", oldest.as_secs());
        let help = "does its file system hang? the end of optimization.log may say";
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    } else {
        findings.add(ABOUT, Status::Ok, many);
    }
}
