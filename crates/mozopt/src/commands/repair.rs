//! `mozopt repair`: cuts off what is damaged of a journal, after saying what that means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal};

use checks::run::{is_at_work, place};
use journal::{
    ControllerLock, Damage, Event, Held, Line, OptimizationDirectory, Phase, Salvage, cut_off,
};
use printable::program;
use search::{SearchError, Watcher as _};
use simulation::{CandidateNumber, Finished, SimulationResult, listed};

use crate::cli::RepairArguments;
use crate::failure::{FAILED, FINISHED, Failure};
use crate::watcher::{Screen, Verbosity};

/// The most lines that are listed one by one.
const LISTED: usize = 40;

/// Says what would be cut off, and does it if it is wanted.
pub fn repair(arguments: &RepairArguments) -> Result<u8, Failure> {
    let directory = super::find(&arguments.optimization)?;
    if let Some(holder) = ControllerLock::holder_of(directory.path()) {
        let held = Held::By { holder: Some(holder) };
        return Err(Failure::of_search(SearchError::Held(held), &directory));
    }
    let salvage = read(&directory)?;
    match &salvage.damage {
        None => {
            say!("the journal is whole: there is nothing to repair");
            return Ok(FINISHED);
        }
        Some(Damage::Torn) => {
            say!(
                "the last line of the journal was not written to its end; nothing that it announced had \
                 begun, and `{} resume {}` cuts it off",
                program(),
                directory.shown()
            );
            return Ok(FINISHED);
        }
        Some(Damage::OtherVersion(why)) => {
            let help = "nothing is broken: use the version of mozopt that wrote it";
            return Err(Failure::bad_input(format!("{}: {why}", place_of(&salvage)), help));
        }
        Some(Damage::Broken(why)) if salvage.entries.is_empty() => {
            let message = format!("{}: {why}; nothing would be left", place_of(&salvage));
            let help = "bring the journal back from a copy";
            return Err(Failure::failed(message, help));
        }
        Some(Damage::Broken(why)) => super::print(&described(&directory, &salvage, why))?,
    }
    let at_work = unknown_at_work(&directory, &salvage);
    if let Some(first) = at_work.first() {
        let where_it_runs = place(&directory.simulation(*first));
        let message = format!(
            "simulations run that the journal would not know: {} ({where_it_runs})",
            listed(&at_work)
        );
        return Err(Failure::bad_input(message, "wait for their end, or end them; then try again"));
    }
    if !arguments.yes && !is_wanted() {
        let (program, shown) = (program(), directory.shown());
        say!("nothing was changed; to cut it off: {program} repair {shown} --yes");
        return Ok(FAILED);
    }
    let _lock = ControllerLock::take(directory.path())
        .map_err(|held| Failure::of_search(held.into(), &directory))?;
    if read(&directory)?.valid_bytes != salvage.valid_bytes {
        return Err(Failure::failed("the journal has changed meanwhile", "look at it once more"));
    }
    let kept = cut_off(&directory.journal(), salvage.valid_bytes).map_err(|error| {
        Failure::failed(format!("the journal cannot be cut: {error}"), "is the disk full?")
    })?;
    let name = kept.file_name().unwrap_or_default().to_string_lossy();
    let words = format!(
        "the journal was cut off after {} entries; what followed is kept as {name}",
        salvage.entries.len()
    );
    Screen::new(&directory.log(), Verbosity::Normal).say(&words);
    say!("go on with: {} resume {}", program(), directory.shown());
    Ok(FINISHED)
}

fn read(directory: &OptimizationDirectory) -> Result<Salvage, Failure> {
    Salvage::of(&directory.journal())
        .map_err(|error| Failure::failed(error, "the file cannot be read: is it readable?"))
}

/// Where it is damaged: `journal.jsonl:57`.
fn place_of(salvage: &Salvage) -> String {
    format!("journal.jsonl:{}", salvage.entries.len() + 1)
}

/// Whether the user, who has just read what it means, says so; nobody can where there is no
/// terminal.
fn is_wanted() -> bool {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    say!("cut it off? [y/N]");
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Simulations at work that the journal would no longer know: what they write would be taken for
/// that of the next candidate with the number.
fn unknown_at_work(directory: &OptimizationDirectory, salvage: &Salvage) -> Vec<CandidateNumber> {
    let concerned: BTreeSet<CandidateNumber> =
        salvage.rest.iter().flat_map(candidates_of).collect();
    let is_known = |number: CandidateNumber| {
        let record = salvage.state.candidate(number);
        record.is_some_and(|it| matches!(it.phase, Phase::Submitting | Phase::Submitted { .. }))
    };
    let unknown = concerned
        .into_iter()
        .filter(|&number| !is_known(number) && is_at_work(&directory.simulation(number)));
    unknown.collect()
}

/// What is dropped, and what becomes of the candidates.
fn described(directory: &OptimizationDirectory, salvage: &Salvage, why: &str) -> String {
    let mut text = format!("{}: {why}\n", place_of(salvage));
    let outcomes = salvage.state.finished().count();
    let _ = writeln!(
        text,
        "{} entries stay: {} candidates, {outcomes} outcomes",
        salvage.entries.len(),
        salvage.state.candidates.len(),
    );
    let rest = &salvage.rest;
    let whole = rest.iter().filter(|line| line.entry.is_ok()).count();
    let _ = writeln!(text, "dropped: {} lines, {whole} of them whole", rest.len());
    for line in rest.iter().take(LISTED) {
        let _ = writeln!(text, "  line {:<5} {}", line.number, in_words(line));
    }
    if rest.len() > LISTED {
        let mut events: BTreeMap<&str, usize> = BTreeMap::new();
        for line in &rest[LISTED..] {
            *events
                .entry(line.entry.as_ref().map_or("unreadable", |it| it.event.name()))
                .or_default() += 1;
        }
        let events: Vec<_> = events.iter().map(|(name, n)| format!("{n} {name}")).collect();
        let _ = writeln!(text, "  and {} more: {}", rest.len() - LISTED, events.join(", "));
    }
    text.push_str(&fates(directory, salvage));
    text
}

fn in_words(line: &Line) -> String {
    let entry = match &line.entry {
        Ok(entry) => entry,
        Err(why) => {
            let seems = line.seems.as_ref().map(|name| format!(" (it seems to be `{name}`)"));
            return format!("{why}{}", seems.unwrap_or_default());
        }
    };
    let name = entry.event.name();
    let of = match &entry.event {
        Event::Finished { result, .. } => {
            format!(": {}, total {:.2}", result.outcome.words(), result.total)
        }
        Event::Submitting { attempt, .. } => format!(": attempt {attempt}"),
        Event::Stopped { reason } | Event::Interrupted { reason, .. } => format!(": {reason}"),
        _ => String::new(),
    };
    match &candidates_of(line)[..] {
        [] => format!("{name}{of}"),
        [one] => format!("{name}, candidate {one}{of}"),
        many => format!("{name}, candidates {}{of}", listed(many)),
    }
}

/// The candidates that a whole line is about.
fn candidates_of(line: &Line) -> Vec<CandidateNumber> {
    line.entry.as_ref().map(|entry| entry.event.candidates()).unwrap_or_default()
}

/// What becomes of the candidates whose outcomes, or proposals, are dropped.
fn fates(directory: &OptimizationDirectory, salvage: &Salvage) -> String {
    let lost: BTreeSet<CandidateNumber> = salvage.outcomes_in_the_rest().collect();
    let entries = || salvage.rest.iter().filter_map(|line| line.entry.as_ref().ok());
    let forgotten: BTreeSet<CandidateNumber> = entries()
        .filter(|entry| matches!(entry.event, Event::Forgotten { .. }))
        .flat_map(|entry| entry.event.candidates())
        .collect();
    let (mut read_again, mut simulated_again, mut running) = (vec![], vec![], vec![]);
    let mut as_before = vec![];
    for record in &salvage.state.candidates {
        let files = directory.simulation(record.number);
        let was_submitted = matches!(record.phase, Phase::Submitting | Phase::Submitted { .. });
        let has_result = || {
            let finished = durable::read_json::<Finished>(&files.finished());
            let result = durable::read_json::<SimulationResult>(&files.result());
            finished.is_ok_and(|it| it.attempt == record.attempts) && result.is_ok()
        };
        if record.result().is_some() {
            // Nothing ends twice, but what was forgotten between.
            if lost.contains(&record.number) || forgotten.contains(&record.number) {
                as_before.push(record.number);
            }
        } else if was_submitted && is_at_work(&files) {
            running.push(record.number);
        } else if was_submitted && has_result() {
            read_again.push(record.number);
        } else if was_submitted || lost.contains(&record.number) {
            simulated_again.push(record.number);
        }
    }
    let concerned = salvage.rest.iter().flat_map(candidates_of);
    let unknown: BTreeSet<CandidateNumber> =
        concerned.filter(|&number| salvage.state.candidate(number).is_none()).collect();
    let unknown: Vec<_> = unknown.into_iter().collect();
    let fates = [
        (read_again, "their outcomes are read again from result.json"),
        (running, "they run still, and are adopted"),
        (simulated_again, "they are simulated again"),
        (unknown, "they are proposed anew, and simulated again"),
        (
            as_before,
            "outcomes that were forgotten are theirs again: `mozopt forget` them once more",
        ),
    ];
    let mut text = String::new();
    for (candidates, fate) in fates.iter().filter(|(candidates, _)| !candidates.is_empty()) {
        let _ = writeln!(text, "candidates {}: {fate}", listed(candidates));
    }
    text
}
