//! The state of an optimization: the fold of its journal.

use std::sync::Arc;

use configuration::{Configuration, FidelityNumber, Limits};
use jiff::Timestamp;
use simulation::{
    Attempt, CandidateNumber, OutcomeClass, Shortages, SimulationResult, TargetId, Versions,
};

use crate::allocated::Allocated;
use crate::event::Room;
use crate::event::{Entry, Event, FORMAT, Proposal};
use crate::repetition::Repetition;
use crate::requests::Request;
use crate::validated::Validated;

/// Everything that is known about an optimization.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The candidates, by number.
    pub candidates: Vec<CandidateRecord>,
    /// How the best candidates did when they were simulated again; none since the last was
    /// proposed.
    validated: Vec<Validated>,
    /// How many of the candidates were simulated before this optimization.
    pub imported: u64,
    /// The limits of the last controller.
    pub limits: Option<Limits>,
    /// Whether the controller was asked to begin nothing.
    pub paused: bool,
    /// Whether the controller was asked to stop.
    pub stopping: bool,
    /// Why the last controller stopped; `None` while one runs, or after one was killed.
    pub stopped: Option<String>,
    /// When the first entry was written.
    pub began: Option<Timestamp>,
    /// When the last entry was written.
    pub last: Option<Timestamp>,
    /// When controllers watched simulations: an entry for each.
    pub watches: Vec<Watch>,
    /// How long controllers have run, up to the last entry of each.
    pub running_seconds: f64,
    /// What is not as when the search began.
    pub differences: Arc<[String]>,
    /// How long the jobs of repetitions had their cores, seconds.
    repetition_seconds: f64,
    allocated: Allocated,
    controller_began: Option<Timestamp>,
    format_seen: bool,
    targets: Vec<Arc<TargetId>>,
    versions: Option<Arc<Versions>>,
}

/// A controller's time.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// When it began.
    pub from: Timestamp,
    /// When it learnt the last outcome.
    pub to: Timestamp,
    /// How many simulations it may have run at the same time.
    pub slots: usize,
}

/// A candidate and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateRecord {
    /// Its number.
    pub number: CandidateNumber,
    /// 1, 2, ….
    pub generation: u64,
    /// Which version of the simulation it is for.
    pub fidelity: FidelityNumber,
    /// The seed of its simulation.
    pub seed: u64,
    /// The parameters' values, in the order of the configuration.
    pub parameters: Vec<f64>,
    /// How often its simulation was begun.
    pub attempts: Attempt,
    /// How many of these ended with a fault that is not the model's.
    pub faults: u32,
    /// How many of these faults were a want of memory or time.
    pub shortages: Shortages,
    /// How far it is.
    pub phase: Phase,
    /// Whether the optimizer knows its outcome.
    pub told: bool,
    /// When its last attempt was submitted.
    pub submitted: Option<Timestamp>,
    /// When its outcome was known.
    pub finished: Option<Timestamp>,
    /// What was not as when the search began, when its last attempt was submitted.
    pub differences: Arc<[String]>,
    /// Its further simulations, by number.
    pub repetitions: Vec<Repetition>,
}

/// How far a candidate is.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all candidates have a result")]
pub enum Phase {
    /// Its simulation is to be submitted.
    Waiting,
    /// It was being submitted: it may or may not run.
    Submitting,
    /// It was submitted under this name.
    Submitted {
        /// The executor's name for it.
        job: String,
    },
    /// Its outcome is known.
    Finished(SimulationResult),
}

/// Entries that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The journal was written by a version with another format.
    #[error("the journal has the format {found}; this version reads {FORMAT}")]
    Format {
        /// The format that was found.
        found: u32,
    },
    /// The first entry must say that the optimization was created.
    #[error("the journal does not begin with the creation of the optimization")]
    NotCreated,
    /// An entry does not fit to what was before.
    #[error("entry {seq} of the journal contradicts the earlier ones: {why}")]
    Contradiction {
        /// The entry's number.
        seq: u64,
        /// What does not fit.
        why: &'static str,
    },
}

impl CandidateRecord {
    fn new(proposal: &Proposal, generation: u64) -> Self {
        Self {
            number: proposal.candidate,
            generation,
            fidelity: proposal.fidelity,
            seed: proposal.seed,
            parameters: proposal.parameters.clone(),
            attempts: Attempt::NONE,
            faults: 0,
            shortages: Shortages::default(),
            phase: Phase::Waiting,
            told: false,
            submitted: None,
            finished: None,
            differences: Arc::default(),
            repetitions: vec![],
        }
    }

    /// What was proposed.
    pub fn proposal(&self) -> Proposal {
        let Self { number, fidelity, seed, ref parameters, .. } = *self;
        Proposal { candidate: number, fidelity, seed, parameters: parameters.clone() }
    }

    /// Whether its simulation was begun, in this optimization.
    pub fn was_begun(&self) -> bool {
        self.attempts > Attempt::NONE
    }

    /// The outcome, if it is known.
    pub fn result(&self) -> Option<&SimulationResult> {
        match &self.phase {
            Phase::Finished(result) => Some(result),
            _ => None,
        }
    }

    /// Whether there is an outcome that this optimization could simulate again.
    pub fn can_be_forgotten(&self) -> bool {
        self.was_begun() && self.result().is_some()
    }

    /// It is to be simulated again. Attempts go on counting, since a job of an earlier one must not
    /// be taken for the next; faults do not, since what caused them is fixed.
    fn forget(&mut self) {
        self.phase = Phase::Waiting;
        self.told = false;
        (self.faults, self.shortages) = (0, Shortages::default());
        (self.submitted, self.finished) = (None, None);
    }
}

impl State {
    /// The state after these entries.
    pub fn of(entries: &[Entry]) -> Result<Self, StateError> {
        let mut state = Self::default();
        for entry in entries {
            state.apply(entry)?;
        }
        state.checked()
    }

    /// The same, if an optimization was created.
    pub(crate) fn checked(self) -> Result<Self, StateError> {
        if self.format_seen { Ok(self) } else { Err(StateError::NotCreated) }
    }

    /// The state after one more entry.
    #[allow(clippy::too_many_lines, reason = "one arm for each event")]
    pub fn apply(&mut self, entry: &Entry) -> Result<(), StateError> {
        let contradiction = |why| StateError::Contradiction { seq: entry.seq, why };
        self.began.get_or_insert(entry.time);
        if !matches!(entry.event, Event::Created { .. }) && !self.format_seen {
            return Err(StateError::NotCreated);
        }
        match &entry.event {
            Event::Created { format, .. } => {
                if *format != FORMAT {
                    return Err(StateError::Format { found: *format });
                }
                self.format_seen = true;
            }
            Event::Controller { limits, room, .. } => {
                self.begin_controller(entry.time, limits, room.as_ref());
            }
            Event::Proposed { generation, candidates } => {
                self.validated.clear();
                for proposal in candidates {
                    if proposal.candidate.index() != self.candidates.len() {
                        return Err(contradiction("a candidate's number is out of order"));
                    }
                    self.candidates.push(CandidateRecord::new(proposal, *generation));
                }
            }
            Event::Imported { generation, candidates, results, .. } => {
                if candidates.len() != results.len() {
                    return Err(contradiction("an imported simulation has no outcome"));
                }
                for (proposal, result) in candidates.iter().zip(results) {
                    if proposal.candidate.index() != self.candidates.len() {
                        return Err(contradiction("a candidate's number is out of order"));
                    }
                    let mut record = CandidateRecord::new(proposal, *generation);
                    record.phase = Phase::Finished(self.sharing(result));
                    record.finished = Some(entry.time);
                    record.told = true;
                    self.candidates.push(record);
                }
                self.imported += candidates.len() as u64;
            }
            Event::Submitting { candidate, attempt } => {
                let differences = Arc::clone(&self.differences);
                let record = self.unfinished(*candidate).ok_or_else(|| {
                    contradiction("a simulation is submitted whose outcome is known")
                })?;
                record.attempts = *attempt;
                record.phase = Phase::Submitting;
                record.submitted = Some(entry.time);
                record.differences = differences;
            }
            Event::Submitted { candidate, job } => {
                let record = self.unfinished(*candidate).ok_or_else(|| {
                    contradiction("a simulation is submitted whose outcome is known")
                })?;
                record.phase = Phase::Submitted { job: job.clone() };
            }
            Event::Interrupted { candidate, fault, out_of_memory, out_of_time, .. } => {
                let record = self.unfinished(*candidate).ok_or_else(|| {
                    contradiction("a simulation is interrupted whose outcome is known")
                })?;
                record.faults += u32::from(*fault);
                record.shortages.memory += u32::from(*out_of_memory);
                record.shortages.time += u32::from(*out_of_time);
                record.phase = Phase::Waiting;
            }
            Event::Finished { candidate, result } => {
                let result = self.sharing(result);
                let record = self
                    .unfinished(*candidate)
                    .ok_or_else(|| contradiction("a candidate has two outcomes"))?;
                record.phase = Phase::Finished(result);
                record.finished = Some(entry.time);
                if let Some(watch) = self.watches.last_mut() {
                    watch.to = entry.time;
                }
            }
            Event::Told { candidate } => {
                let record = self.candidates.get_mut(candidate.index());
                let record = record
                    .filter(|record| !record.told && record.result().is_some())
                    .ok_or_else(|| contradiction("the optimizer is told what is not known"))?;
                record.told = true;
            }
            Event::Forgotten { candidates, .. } => {
                // Who is the best may have changed.
                self.validated.clear();
                for &candidate in candidates {
                    let record = self.candidates.get_mut(candidate.index());
                    let record =
                        record.filter(|record| record.can_be_forgotten()).ok_or_else(|| {
                            contradiction("an outcome is forgotten that there is not")
                        })?;
                    record.forget();
                }
            }
            Event::Repeated { repetitions } => {
                for repetition in repetitions {
                    let repetition = Repetition {
                        result: self.sharing(&repetition.result),
                        ..repetition.clone()
                    };
                    if !self.allocated.is_held() {
                        self.repetition_seconds += repetition.result.job_seconds();
                    }
                    let record = self.candidates.get_mut(repetition.candidate.index());
                    let is_new = |record: &&mut CandidateRecord| {
                        let number = repetition.repetition;
                        !record.repetitions.iter().any(|known| known.repetition == number)
                    };
                    let record = record
                        .filter(|record| record.result().is_some())
                        .filter(is_new)
                        .ok_or_else(|| {
                        contradiction(
                            "a simulation is repeated that is not known, or a second time",
                        )
                    })?;
                    record.repetitions.push(repetition);
                    record.repetitions.sort_by_key(|repetition| repetition.repetition);
                }
            }
            Event::Validated { candidates, job_seconds } => {
                let known = |validated: &Validated| {
                    let record = self.candidate(validated.candidate);
                    record.is_some_and(|record| record.result().is_some())
                };
                if !candidates.iter().all(known) {
                    return Err(contradiction("a candidate is validated that was not simulated"));
                }
                if !self.allocated.is_held() {
                    self.repetition_seconds += job_seconds;
                }
                self.validated.clone_from(candidates);
            }
            Event::Surroundings { differences } => self.differences = differences.as_slice().into(),
            Event::Requested { what } => self.take_request(what),
            Event::Stopped { reason } => self.stopped = Some(reason.clone()),
        }
        self.last = Some(entry.time);
        self.allocated.goes_on(entry.time);
        if self.stopped.is_some() {
            self.end_controller();
        }
        Ok(())
    }

    /// The result, with names of targets and versions that all results have in common: copies of
    /// them would be most of what a simulation leaves in memory.
    fn sharing(&mut self, result: &SimulationResult) -> SimulationResult {
        let mut result = result.clone();
        if self.targets.is_empty() {
            self.targets = result.targets.iter().map(|it| Arc::clone(&it.target)).collect();
        }
        result.share_targets(&self.targets);
        if let Some(versions) = &self.versions {
            result.share_versions(versions);
        }
        self.versions = result.versions.clone().or_else(|| self.versions.take());
        result
    }

    fn take_request(&mut self, request: &Request) {
        match request {
            Request::Pause => self.paused = true,
            Request::Continue => self.paused = false,
            Request::Stop { .. } => self.stopping = true,
            Request::ChangeLimits(change) => {
                if let Some(limits) = &mut self.limits {
                    change.change(limits);
                }
            }
        }
    }

    /// Cores that the simulations of this search have had, times hours: those of its candidates
    /// whose outcome is known and the repetitions of the best; none that others ran before. Where
    /// they ran in an allocation with their controller, all of that. The limit `max_core_hours` is
    /// one of this number.
    pub fn core_hours(&self, configuration: &Configuration) -> f64 {
        let limits = self.limits.as_ref().unwrap_or(&configuration.limits);
        let asked = |number| configuration.cores(number, limits) as f64;
        let apart = |(record, _): &(&CandidateRecord, &SimulationResult)| {
            !record.finished.is_some_and(|time| self.allocated.covers(time))
        };
        let own = self.run_here().filter(apart);
        let own: f64 =
            own.map(|(record, result)| result.core_seconds(asked(record.fidelity))).sum();
        // How many cores repetitions had is not known; as many as the others, as a rule.
        let mut full = self.run_here().filter(|(record, _)| record.fidelity.is_full());
        let had = full.find_map(|(_, result)| result.cores);
        let had = had.map_or(asked(FidelityNumber::FULL), f64::from);
        (own + self.repetition_seconds * had + self.allocated.core_seconds()) / 3600.0
    }

    /// How long controllers have run until now, in seconds.
    pub fn ran_for(&self, now: Timestamp) -> f64 {
        let current = self.controller_began.map(|began| now.duration_since(began).as_secs_f64());
        self.running_seconds + current.unwrap_or(0.0)
    }

    fn begin_controller(&mut self, now: Timestamp, limits: &Limits, room: Option<&Room>) {
        self.end_controller();
        self.controller_began = Some(now);
        self.limits = Some(limits.clone());
        let slots = limits.slots.min(room.map_or(usize::MAX, |room| room.simulations));
        self.allocated.begin(now, room.map(|room| room.cores));
        self.watches.push(Watch { from: now, to: now, slots });
        self.stopped = None;
        (self.paused, self.stopping) = (false, false);
        // What failed under an earlier controller may have been fixed since.
        for record in &mut self.candidates {
            if record.result().is_none() {
                record.faults = 0;
            }
        }
    }

    fn end_controller(&mut self) {
        self.allocated.end();
        if let (Some(began), Some(last)) = (self.controller_began.take(), self.last) {
            self.running_seconds += last.duration_since(began).as_secs_f64();
        }
    }

    fn unfinished(&mut self, candidate: CandidateNumber) -> Option<&mut CandidateRecord> {
        self.candidates.get_mut(candidate.index()).filter(|record| record.result().is_none())
    }

    /// The candidate with this number.
    pub fn candidate(&self, number: CandidateNumber) -> Option<&CandidateRecord> {
        self.candidates.get(number.index())
    }

    /// The candidates whose outcome is known, with it.
    pub fn finished(&self) -> impl Iterator<Item = (&CandidateRecord, &SimulationResult)> {
        self.candidates.iter().filter_map(|record| record.result().map(|result| (record, result)))
    }

    /// Those that this optimization simulated, with their outcomes.
    pub fn run_here(&self) -> impl Iterator<Item = (&CandidateRecord, &SimulationResult)> {
        self.finished().filter(|(record, _)| record.was_begun())
    }

    /// The candidate with the smallest total among those whose full simulation completed; the first
    /// of equals.
    pub fn best(&self) -> Option<(&CandidateRecord, &SimulationResult)> {
        self.ranked().into_iter().next()
    }

    /// The candidate that is recommended: the best of those that were simulated again, or else the
    /// best.
    pub fn recommended(&self) -> Option<(&CandidateRecord, &SimulationResult)> {
        match self.validated() {
            Some(best) => {
                let record = self.candidate(best.candidate)?;
                record.result().map(|result| (record, result))
            }
            None => self.best(),
        }
    }

    /// How the recommended candidate did when it was simulated again.
    pub fn validated(&self) -> Option<&Validated> {
        self.validated.iter().min_by(|a, b| a.expected_total.total_cmp(&b.expected_total))
    }

    /// The candidates whose full simulation completed, best first.
    pub fn ranked(&self) -> Vec<(&CandidateRecord, &SimulationResult)> {
        let counts = |(record, result): &(&CandidateRecord, &SimulationResult)| {
            record.fidelity.is_full() && result.outcome == OutcomeClass::Completed
        };
        let mut completed: Vec<_> = self.finished().filter(counts).collect();
        completed.sort_by(|(_, a), (_, b)| a.total.total_cmp(&b.total));
        completed
    }

    /// How many candidates this optimization proposed.
    pub fn proposed(&self) -> u64 {
        self.candidates.len() as u64 - self.imported
    }

    /// How many simulations this optimization has run.
    pub fn simulated(&self) -> u64 {
        self.finished().count() as u64 - self.imported
    }

    /// How many simulations failed.
    pub fn failed(&self) -> usize {
        self.finished().filter(|(_, result)| result.outcome.is_failure()).count()
    }

    /// How many generations are complete: every candidate's outcome is known.
    pub fn generations(&self) -> u64 {
        let unfinished = self.candidates.iter().find(|record| record.result().is_none());
        match (unfinished, self.candidates.last()) {
            (Some(record), _) => record.generation - 1,
            (None, Some(last)) => last.generation,
            (None, None) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use simulation::SimulationResult;

    use super::*;

    fn entries(events: Vec<Event>) -> Vec<Entry> {
        let entry = |(seq, event)| Entry { seq, time: Timestamp::UNIX_EPOCH, event };
        (0..).zip(events).map(entry).collect()
    }

    /// A candidate that crashed in its second attempt, after a fault in the first.
    fn crashed() -> Vec<Event> {
        let mozopt_version = "0.1.0".to_owned();
        let result =
            SimulationResult::without_values(OutcomeClass::Crashed, "no disk".to_owned(), &[]);
        let reason = "its node failed".to_owned();
        vec![
            Event::Created { format: FORMAT, mozopt_version, configuration: "00".to_owned() },
            Event::Proposed {
                generation: 1,
                candidates: vec![Proposal {
                    candidate: CandidateNumber(0),
                    fidelity: FidelityNumber::FULL,
                    seed: 1,
                    parameters: vec![0.5],
                }],
            },
            Event::Submitting { candidate: CandidateNumber(0), attempt: Attempt::FIRST },
            Event::Interrupted {
                candidate: CandidateNumber(0),
                reason,
                fault: true,
                out_of_memory: false,
                out_of_time: false,
            },
            Event::Submitting { candidate: CandidateNumber(0), attempt: Attempt(2) },
            Event::Finished { candidate: CandidateNumber(0), result },
            Event::Told { candidate: CandidateNumber(0) },
        ]
    }

    fn forgotten(candidate: CandidateNumber) -> Event {
        Event::Forgotten { candidates: vec![candidate], reason: "the disk was full".to_owned() }
    }

    #[test]
    fn a_candidate_whose_outcome_is_forgotten_waits_for_its_next_attempt() {
        let mut events = crashed();
        events.push(forgotten(CandidateNumber(0)));
        let state = State::of(&entries(events.clone())).unwrap();
        let record = &state.candidates[0];
        assert_eq!((&record.phase, record.told), (&Phase::Waiting, false));
        assert_eq!((record.attempts, record.faults), (Attempt(2), 0));
        assert_eq!((state.failed(), state.simulated(), state.generations()), (0, 0, 0));

        events.push(Event::Submitting { candidate: CandidateNumber(0), attempt: Attempt(3) });
        events.push(crashed()[5].clone());
        events.push(crashed()[6].clone());
        assert!(State::of(&entries(events)).unwrap().candidates[0].told);
    }

    #[test]
    fn repetitions_belong_to_their_candidate_and_cost_what_they_took() {
        let repetition = |candidate, repetition, outcome| {
            let result = SimulationResult::without_values(outcome, String::new(), &[]);
            let result = SimulationResult { simulation_seconds: 60.0, ..result };
            let candidate = CandidateNumber(candidate);
            Repetition { candidate, repetition, seed: u64::from(repetition), result }
        };
        let exploded = repetition(0, 2, OutcomeClass::Exploded);
        let repetitions = vec![exploded.clone(), repetition(0, 1, OutcomeClass::Crashed)];
        let mut events = crashed();
        events.push(Event::Repeated { repetitions });
        let state = State::of(&entries(events.clone())).unwrap();
        let [crashed, second] = &state.candidates[0].repetitions[..] else { panic!("two") };
        assert_eq!((crashed.repetition, crashed.counts()), (1, false));
        assert_eq!((second, second.counts()), (&exploded, true));
        assert_eq!((state.simulated(), state.repetition_seconds), (1, 120.0));

        for other in
            [repetition(0, 2, OutcomeClass::Exploded), repetition(1, 1, OutcomeClass::Crashed)]
        {
            let mut events = events.clone();
            events.push(Event::Repeated { repetitions: vec![other] });
            let error = State::of(&entries(events)).unwrap_err();
            assert!(error.to_string().contains("a simulation is repeated that"), "{error}");
        }
    }

    #[test]
    fn what_is_not_known_cannot_be_forgotten() {
        for (length, candidate) in [(2, 0), (5, 0), (7, 1)] {
            let mut events = crashed();
            events.truncate(length);
            events.push(forgotten(CandidateNumber(candidate)));
            let error = State::of(&entries(events)).unwrap_err();
            assert!(error.to_string().contains("is forgotten that there is not"), "{error}");
        }
    }
}
