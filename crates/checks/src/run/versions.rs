//! Versions of mozopt and of the simulator.

use journal::Event;
use simulation::Versions;

use super::Patient;
use crate::{Findings, Status};

const ABOUT: &str = "versions";

/// Says what wrote the optimization, and whether all simulations ran with the same.
pub fn look(patient: &Patient<'_>, findings: &mut Findings) {
    let here = env!("CARGO_PKG_VERSION");
    match patient.entries.first().map(|entry| &entry.event) {
        Some(Event::Created { mozopt_version, .. }) if mozopt_version == here => {
            findings.add(ABOUT, Status::Ok, format!("mozopt {here}"));
        }
        Some(Event::Created { mozopt_version, .. }) => {
            let message = format!("begun by mozopt {mozopt_version}, this is {here}");
            findings.add(ABOUT, Status::Note, message);
        }
        _ => findings.add(ABOUT, Status::Note, format!("this is mozopt {here}")),
    }
    let mut first: Option<&Versions> = None;
    for (record, result) in patient.state.run_here() {
        let Some(versions) = result.versions.as_deref() else { continue };
        let Some(before) = first else {
            first = Some(versions);
            continue;
        };
        if let Some(difference) = versions.difference_to(before) {
            let number = record.number;
            let message = format!("candidate {number} ran with other versions: {difference}");
            let help = "values before and after may not be comparable";
            return findings.add_with_help(ABOUT, Status::Warning, message, help);
        }
    }
    if let Some(versions) = first {
        findings.add(ABOUT, Status::Ok, versions.to_string());
    }
}
