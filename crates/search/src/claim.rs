//! A claim: the best candidate has every target within its norm. One lucky simulation says so of
//! many a candidate; the search ends when the repetitions of the candidate say so, too.

use configuration::{ConfiguredTarget, SimulationSeed};
use journal::{CandidateRecord, State};
use simulation::{CandidateNumber, SimulationResult};

use crate::search::Search;

/// What the best candidate claims, where that is not refuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Who claims it.
    pub candidate: CandidateNumber,
    /// What it rests on.
    pub ground: Ground,
}

/// What a claim rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The candidate's own simulation: it is to be repeated.
    Untested,
    /// The candidate's own simulation: no repetitions are wanted.
    Unrepeated,
    /// The candidate's own simulation, and every other one would be the same.
    Fixed,
    /// The mean of this number of repetitions, of which none failed.
    Repetitions(usize),
}

impl Claim {
    /// Whether nothing more is to be known.
    pub fn is_tested(self) -> bool {
        self.ground != Ground::Untested
    }

    /// The reason to ask for no further candidate.
    pub fn in_words(self) -> String {
        let Self { candidate, ground } = self;
        let ground = match ground {
            Ground::Untested => format!(" in one simulation of candidate {candidate}"),
            Ground::Unrepeated => "; nothing was repeated".to_owned(),
            Ground::Fixed => "; nothing was repeated, as every simulation has one seed".to_owned(),
            Ground::Repetitions(1) => format!(", as the repetition of candidate {candidate} says"),
            Ground::Repetitions(n) => {
                format!(", as the mean of {n} repetitions of candidate {candidate} says")
            }
        };
        format!("every target is within its norm of what is wanted{ground}")
    }
}

impl Search {
    /// The claim of the best candidate of which repetitions do not say otherwise.
    pub(crate) fn claim(&self) -> Option<Claim> {
        let state = &self.book.state;
        let is_drawn = matches!(self.configuration.simulator.seed, SimulationSeed::Drawn(_));
        for (record, result) in state.ranked() {
            if !all_met(result) {
                return None;
            }
            let ground = match ground(state, record, &self.targets) {
                Some(Ground::Untested) if !is_drawn => Some(Ground::Fixed),
                Some(Ground::Untested) if self.book.limits.validate_best == 0 => {
                    Some(Ground::Unrepeated)
                }
                ground => ground,
            };
            let candidate = record.number;
            if let Some(ground) = ground {
                return Some(Claim { candidate, ground });
            }
        }
        None
    }

    /// Why the repetitions of a candidate refute its claim, if they do.
    pub(crate) fn objection(&self, candidate: CandidateNumber) -> Option<String> {
        let record = self.book.state.candidate(candidate)?;
        if ground(&self.book.state, record, &self.targets).is_some() {
            return None;
        }
        let repeated = repetitions(&same_point(&self.book.state, record));
        let failed = repeated.iter().filter(|result| result.outcome.is_failure()).count();
        Some(match (repeated.len(), failed) {
            (0, _) => "none of its repetitions could be evaluated".to_owned(),
            (_, 0) => {
                let missed = missed(&repeated, &self.targets).join(", ");
                format!("on average not within their norms: {missed}")
            }
            (all, failed) => format!("{failed} of its {all} repetitions exploded or failed"),
        })
    }
}

fn all_met(result: &SimulationResult) -> bool {
    result.targets.iter().all(|target| target.score <= 1.0)
}

/// What the claim of a candidate rests on; `None` where it is refuted. Of one point a failure says
/// enough. One that was found again after its claim had been refuted is tested again if all that is
/// known of it, and not only its latest simulation, says that it may be as good.
fn ground(state: &State, record: &CandidateRecord, targets: &[ConfiguredTarget]) -> Option<Ground> {
    let same = same_point(state, record);
    let repeated = repetitions(&same);
    if repeated.iter().any(|result| result.outcome.is_failure()) {
        return None;
    }
    let is_met = |results: &[&SimulationResult]| missed(results, targets).is_empty();
    if !record.repetitions.is_empty() {
        let holds = !repeated.is_empty() && is_met(&repeated);
        return holds.then_some(Ground::Repetitions(repeated.len()));
    }
    if repeated.is_empty() {
        return Some(Ground::Untested);
    }
    let own = same.iter().filter_map(|record| record.result());
    let own = own.filter(|result| !result.outcome.is_failure());
    let all: Vec<&SimulationResult> = own.chain(repeated).collect();
    is_met(&all).then_some(Ground::Untested)
}

/// The candidates with the same parameters.
fn same_point<'a>(state: &'a State, record: &CandidateRecord) -> Vec<&'a CandidateRecord> {
    let is_same = |other: &&CandidateRecord| {
        other.parameters == record.parameters && other.fidelity == record.fidelity
    };
    state.candidates.iter().filter(is_same).collect()
}

/// What came out of those of their repetitions that count.
fn repetitions<'a>(same: &[&'a CandidateRecord]) -> Vec<&'a SimulationResult> {
    let all = same.iter().flat_map(|record| &record.repetitions);
    all.filter(|repetition| repetition.counts()).map(|it| &it.result).collect()
}

/// The names of the targets whose mean values are not within their norms. A target without a value
/// in one of the simulations has none.
fn missed<'a>(results: &[&SimulationResult], targets: &'a [ConfiguredTarget]) -> Vec<&'a str> {
    let is_missed = |(i, configured): &(usize, &ConfiguredTarget)| {
        let values = results.iter().map(|result| result.targets.get(*i)?.value);
        let mean = values.sum::<Option<f64>>().map(|sum| sum / results.len() as f64);
        configured.target.scoring.score(mean).get() > 1.0
    };
    let missed = targets.iter().enumerate().filter(is_missed);
    missed.map(|(_, configured)| configured.target.name.as_str()).collect()
}
