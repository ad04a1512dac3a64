//! Whether the journal can be read to its end.

use journal::{Damage, OptimizationDirectory, Salvage};
use printable::program;

use crate::{Findings, Status};

const ABOUT: &str = "journal";

/// Reads it as far as it can be trusted.
pub fn look(
    directory: &OptimizationDirectory,
    is_written: bool,
    findings: &mut Findings,
) -> Option<Salvage> {
    let salvage = match Salvage::of(&directory.journal()) {
        Ok(salvage) => salvage,
        Err(error) => {
            let help = "nothing is known without it: bring it back from a copy";
            findings.add_with_help(ABOUT, Status::Problem, error.to_string(), help);
            return None;
        }
    };
    let entries = salvage.entries.len();
    let candidates = salvage.state.candidates.len();
    let outcomes = salvage.state.finished().count();
    let whole = format!("{entries} entries, {candidates} candidates, {outcomes} outcomes");
    let line = entries + 1;
    match &salvage.damage {
        None => findings.add(ABOUT, Status::Ok, whole),
        Some(Damage::Torn) if is_written => {
            findings.add(ABOUT, Status::Ok, format!("{whole}; the next is being written"));
        }
        Some(Damage::Torn) => findings.add_with_help(
            ABOUT,
            Status::Note,
            format!("{whole}; line {line}, the last, was not written to its end"),
            "nothing that it announced had begun; `resume` cuts it off",
        ),
        Some(Damage::OtherVersion(why)) => findings.add_with_help(
            ABOUT,
            Status::Problem,
            format!("{why}; {whole} precede it"),
            "another version of mozopt wrote it: use that one",
        ),
        Some(Damage::Broken(why)) => {
            let behind = salvage.rest.iter().filter(|line| line.entry.is_ok()).count();
            findings.add_with_help(
                ABOUT,
                Status::Problem,
                format!("line {line}: {why}; {whole} precede it, {behind} whole lines follow"),
                format!(
                    "`{} repair {}` says what would be lost without the rest",
                    program(),
                    directory.shown()
                ),
            );
        }
    }
    Some(salvage)
}
