//! What becomes of a simulation that has an outcome: it is written down, and what is not kept is
//! removed.

use std::sync::Arc;

use configuration::Limits;
use journal::{Event, Provenance};
use simulation::{CandidateNumber, SimulationResult, Versions};

use crate::error::SearchError;
use crate::search::Search;

impl Search {
    /// Writes an outcome down.
    pub(crate) fn finish(
        &mut self,
        candidate: CandidateNumber,
        result: SimulationResult,
    ) -> Result<(), SearchError> {
        let before = self.book.state.best().map(|(_, result)| result.total);
        if result.outcome.is_failure() {
            let words = result.outcome.words();
            let reason = result.reason.clone().unwrap_or_default();
            self.watcher.note(&format!("candidate {candidate} {words}: {reason}"));
        } else if let Some(reason) = &result.reason {
            // The same happens after every simulation: it is said once.
            let known = self
                .book
                .state
                .finished()
                .any(|(_, result)| result.reason.as_ref() == Some(reason));
            let message = format!("candidate {candidate} {}: {reason}", result.outcome.words());
            if known { self.watcher.note(&message) } else { self.watcher.say(&message) }
        }
        let is_full = self.book.state.candidate(candidate).is_some_and(|it| it.fidelity.is_full());
        if let Some(versions) = result.versions.clone().filter(|_| is_full) {
            self.note_versions(candidate, versions)?;
        }
        if is_full && !result.outcome.is_failure() && before.is_none_or(|best| result.total < best)
        {
            self.watcher.note(&format!("candidate {candidate} is the best: {:.3}", result.total));
        }
        let Limits { keep_failures, keep_all, .. } = self.book.limits;
        if result.outcome.is_failure() && !keep_failures && !keep_all {
            // Its job was ended before it could remove what it wrote.
            self.discard(candidate, true);
        }
        self.book.log(&[Event::Finished { candidate, result }])?;
        // It, or the one whose place it takes.
        self.discard_the_rest(|rank, number| {
            rank == self.book.limits.keep_best || number == candidate
        });
        Ok(())
    }

    /// The first versions are the search's; others may be the reason why later values differ.
    fn note_versions(
        &mut self,
        candidate: CandidateNumber,
        versions: Arc<Versions>,
    ) -> Result<(), SearchError> {
        if self.versions.contains(&versions) {
            return Ok(());
        }
        let path = self.directory.provenance();
        if let Ok(mut provenance) = durable::read_json::<Provenance>(&path) {
            if let Some(first) = &provenance.versions {
                if let Some(difference) = versions.difference_to(first) {
                    self.watcher.say(&format!(
                        "warning: candidate {candidate} ran with other versions than the search began with: \
                         {difference}"
                    ));
                }
            } else {
                provenance.versions = Some((*versions).clone());
                durable::write_json(&path, &provenance)
                    .map_err(|source| SearchError::Io { path, source })?;
            }
        }
        self.versions.push(versions);
        Ok(())
    }

    /// Discards the data of those candidates, by rank and number, that are not among the best.
    fn discard_the_rest(&self, which: impl Fn(usize, CandidateNumber) -> bool) {
        let Limits { keep_best, keep_all, .. } = self.book.limits;
        if keep_all {
            return;
        }
        let ranked = self.book.state.ranked();
        let worse = ranked.iter().map(|(record, _)| record.number).enumerate().skip(keep_best);
        // Cheaper simulations are not among the best.
        let cheaper =
            self.book.state.finished().filter(|(record, result)| {
                !record.fidelity.is_full() && !result.outcome.is_failure()
            });
        let cheaper = cheaper.map(|(record, _)| (usize::MAX, record.number));
        for (rank, number) in worse.chain(cheaper) {
            if which(rank, number) {
                self.discard(number, false);
            }
        }
    }

    /// Discards the data of all that are not kept: an earlier controller may not have come to it.
    pub(crate) fn tidy(&self) {
        self.discard_the_rest(|_, _| true);
        let Limits { keep_failures, keep_all, .. } = self.book.limits;
        if keep_failures || keep_all {
            return;
        }
        for (record, _) in
            self.book.state.finished().filter(|(_, result)| result.outcome.is_failure())
        {
            self.discard(record.number, true);
        }
    }

    fn discard(&self, candidate: CandidateNumber, failed: bool) {
        self.tidying.discard(self.directory.simulation(candidate), failed);
    }
}
