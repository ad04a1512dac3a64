//! `mozopt forget`: takes outcomes back that were the machine's fault.

use std::collections::BTreeMap;

use journal::{CandidateRecord, OptimizationDirectory};
use printable::program;
use search::Watcher as _;
use simulation::{OutcomeClass, listed};

use crate::cli::{FailureClass, ForgetArguments};
use crate::failure::{FINISHED, Failure};
use crate::watcher::{Screen, Verbosity};

/// Takes back the outcomes of these candidates.
pub fn forget(arguments: &ForgetArguments) -> Result<u8, Failure> {
    let ForgetArguments { optimization, candidates, reason } = arguments;
    let directory = super::find(optimization)?;
    let mut unfinished = vec![];
    let forgotten = search::forget(
        &directory,
        |state| {
            let mut chosen = candidates.below(state.candidates.len() as u64);
            chosen.retain(|&number| {
                let is_finished = state.candidates[number.index()].result().is_some();
                if !is_finished {
                    unfinished.push(number);
                }
                is_finished
            });
            // A number that was never given to anything is a slip, which is said.
            let largest = candidates.largest();
            if state.candidate(largest).is_none() {
                chosen.insert(largest);
            }
            chosen
        },
        reason,
    );
    let forgotten = forgotten.map_err(|error| Failure::of_search(error, &directory))?;
    if !unfinished.is_empty() {
        say!("no outcome yet: {}", listed(&unfinished));
    }
    if forgotten.is_empty() {
        return Err(Failure::bad_input(
            "none of these candidates has an outcome",
            format!("`{} export --format csv {}` lists them", program(), directory.shown()),
        ));
    }
    Screen::new(&directory.log(), Verbosity::Normal).say(&in_words(&forgotten));
    say!("they are simulated again by: {} resume {}", program(), directory.shown());
    Ok(FINISHED)
}

/// Takes back all outcomes of these classes; there may be none.
pub fn forget_classes(
    directory: &OptimizationDirectory,
    classes: &[FailureClass],
    watcher: &Screen,
) -> Result<(), Failure> {
    let classes: Vec<OutcomeClass> = classes.iter().map(|class| class.outcome()).collect();
    let words: Vec<&str> = classes.iter().map(|class| class.words()).collect();
    let reason = format!("to be simulated again: {}", words.join(", "));
    let forgotten = search::forget(
        directory,
        |state| {
            let of_class = state.finished().filter(|(record, result)| {
                record.can_be_forgotten() && classes.contains(&result.outcome)
            });
            of_class.map(|(record, _)| record.number).collect()
        },
        &reason,
    );
    let forgotten = forgotten.map_err(|error| Failure::of_search(error, directory))?;
    if forgotten.is_empty() {
        watcher.say(&format!("no outcome is to be taken back: {}", words.join(", ")));
    } else {
        watcher.say(&in_words(&forgotten));
    }
    Ok(())
}

/// `19 outcomes are taken back (18 crashed, 1 timed out): 54-71, 80`.
fn in_words(forgotten: &[CandidateRecord]) -> String {
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for result in forgotten.iter().filter_map(CandidateRecord::result) {
        *classes.entry(result.outcome.words()).or_default() += 1;
    }
    let classes: Vec<_> = classes.iter().map(|(class, n)| format!("{n} {class}")).collect();
    let of: Vec<_> = forgotten.iter().map(|record| record.number).collect();
    let outcomes =
        if of.len() == 1 { "1 outcome is" } else { &format!("{} outcomes are", of.len()) };
    format!("{outcomes} taken back ({}): {}", classes.join(", "), listed(&of))
}
