//! Outcomes that were the machine's fault are taken back.

use std::collections::BTreeSet;

use configuration::Configuration;
use journal::{
    CandidateRecord, ControllerLock, Entry, Event, Journal, OptimizationDirectory, State,
};
use simulation::CandidateNumber;

use crate::error::SearchError;
use crate::replay::{optimizer, replay};

/// Takes back the outcomes of the candidates that are chosen, so that they are simulated again when
/// the search is resumed, and returns those candidates as they were. Nobody else may run the
/// optimization meanwhile. Nothing is changed when none is chosen.
///
/// # Errors
/// When somebody runs the optimization, it cannot be read, or one of them has no outcome that could
/// be taken back. Nothing is changed then.
pub fn forget(
    directory: &OptimizationDirectory,
    choose: impl FnOnce(&State) -> BTreeSet<CandidateNumber>,
    reason: &str,
) -> Result<Vec<CandidateRecord>, SearchError> {
    let _lock = ControllerLock::take(directory.path())?;
    let configuration = Configuration::read(&directory.configuration())?;
    // Opened to be written only when it is known that it will be.
    let read = journal::read(&directory.journal())?;
    if let Some(Event::Created { configuration: hash, .. }) = read.entries.first().map(|e| &e.event)
    {
        Configuration::check_unchanged(&directory.configuration(), hash)?;
    }
    let state = State::of(&read.entries)?;
    let candidates: Vec<CandidateNumber> = choose(&state).into_iter().collect();
    let records: Vec<CandidateRecord> =
        candidates.iter().map(|&it| to_forget(&state, it).cloned()).collect::<Result<_, _>>()?;
    if records.is_empty() {
        return Ok(records);
    }
    let event = Event::Forgotten { candidates, reason: reason.to_owned() };
    check(&configuration, read.entries, event.clone())?;
    let (mut journal, _) = Journal::open(&directory.journal())?;
    journal.append(&[event])?;
    Ok(records)
}

fn to_forget(state: &State, candidate: CandidateNumber) -> Result<&CandidateRecord, SearchError> {
    let cannot = |why| SearchError::CannotForget { candidate, why };
    let record = state.candidate(candidate);
    let record = record.ok_or_else(|| cannot("it was not proposed"))?;
    match record.result() {
        None => Err(cannot("it has none yet")),
        Some(_) if record.can_be_forgotten() => Ok(record),
        Some(_) => Err(cannot("it was simulated before this optimization (--warm-start)")),
    }
}

/// Whether the optimizer can be brought back without these outcomes.
fn check(
    configuration: &Configuration,
    mut entries: Vec<Entry>,
    event: Event,
) -> Result<(), SearchError> {
    let seq = entries.len() as u64;
    entries.push(Entry { seq, time: jiff::Timestamp::now(), event });
    let state = State::of(&entries)?;
    let mut optimizer = optimizer(configuration)?;
    replay(optimizer.as_mut(), configuration, &entries, &state)
}
