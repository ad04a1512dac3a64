//! The optimizer of a search: made from the configuration, and brought to where it was by repeating
//! what the journal says it was asked and told.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use optimizers::{
    CmaEs, CmaEsSettings, CmaEsVariant, Composite, CompositeSettings, Earlier, Fidelity,
    MultiObjective, MultiObjectiveSettings, Optimizer, Outcome, OutcomeKind, Reading, Sampling,
    ScoreRule, ScoreRuleError, TellError,
};
use targets::Scoring;

use configuration::{Algorithm, Configuration, FidelityNumber, Parameter, Variant};
use journal::{Entry, Event, Proposal, Repetition, State};
use simulation::{OutcomeClass, SimulationResult, TargetResult};

use crate::error::SearchError;

/// The configured optimizer, which has not been asked for anything yet.
pub fn optimizer(configuration: &Configuration) -> Result<Box<dyn Optimizer>, SearchError> {
    let wrong = |error: &dyn std::fmt::Display| SearchError::Optimizer(error.to_string());
    let space = configuration.space().map_err(|error| wrong(&error))?;
    let centroid = configuration.centroid();
    let settings = &configuration.optimizer;
    Ok(match settings.algorithm {
        Algorithm::Composite => {
            let rules = rules(configuration)?;
            let settings = CompositeSettings {
                offspring_size: settings.offspring_size,
                sigma: settings.sigma,
                seed: settings.seed,
                fidelities: vec![Fidelity::default(); configuration.fidelities.len()],
            };
            let composite = Composite::new(space, &centroid, &rules, settings);
            Box::new(composite.map_err(|error| wrong(&error))?)
        }
        Algorithm::MultiObjective => {
            let rules = rules(configuration)?;
            let (groups, _) = configuration.objectives(settings.objectives)?;
            let settings = MultiObjectiveSettings {
                offspring_size: settings.offspring_size,
                sigma: settings.sigma,
                seed: settings.seed,
            };
            let search = MultiObjective::new(space, &centroid, &rules, &groups, settings);
            Box::new(search.map_err(|error| wrong(&error))?)
        }
        Algorithm::CmaEs => {
            let settings = CmaEsSettings {
                variant: match settings.variant {
                    Variant::Active => CmaEsVariant::Active,
                    Variant::BluePyOpt => CmaEsVariant::BluePyOpt,
                },
                offspring_size: Some(settings.offspring_size),
                sigma: settings.sigma,
                seed: settings.seed,
            };
            Box::new(CmaEs::new(space, &centroid, settings).map_err(|error| wrong(&error))?)
        }
        Algorithm::Sobol | Algorithm::Random => {
            let offspring = NonZeroUsize::new(settings.offspring_size).unwrap_or(NonZeroUsize::MIN);
            let sampling = match settings.algorithm {
                Algorithm::Sobol => Sampling::sobol,
                _ => Sampling::uniform,
            };
            let sampling = sampling(space, &centroid, offspring, settings.seed);
            Box::new(sampling.map_err(|error| wrong(&error))?)
        }
    })
}

/// How the targets' values are scored.
pub fn rules(configuration: &Configuration) -> Result<Vec<ScoreRule>, SearchError> {
    let targets = configuration.targets()?;
    let rules = targets.iter().map(|configured| rule(&configured.target.scoring));
    let rules: Result<_, ScoreRuleError> = rules.collect();
    rules.map_err(|error| SearchError::Optimizer(error.to_string()))
}

/// The values that a target accepts, as the optimizer knows them.
fn rule(scoring: &Scoring) -> Result<ScoreRule, ScoreRuleError> {
    let (low, high) = scoring.accepted();
    ScoreRule::new(low, high, scoring.norm(), scoring.max_score())
}

/// By how much, relative to its range, a proposal may differ from the journal when it is repeated:
/// on the same machine not at all, on one with other vector instructions by rounding.
const ROUNDING: f64 = 1e-9;

/// What was told and taken back, by places in the journal.
struct TakenBack {
    /// Where it was told, and where it was taken back.
    spans: Vec<(usize, usize)>,
}

impl TakenBack {
    fn in_journal(entries: &[Entry]) -> Self {
        let (mut told, mut spans) = (BTreeMap::new(), vec![]);
        for (place, entry) in entries.iter().enumerate() {
            match &entry.event {
                Event::Told { candidate } => {
                    told.insert(*candidate, place);
                }
                Event::Forgotten { candidates, .. } => {
                    let taken_back = candidates.iter().filter_map(|it| told.remove(it));
                    spans.extend(taken_back.map(|told_at| (told_at, place)));
                }
                _ => {}
            }
        }
        Self { spans }
    }

    /// Whether what was told here was taken back later.
    fn is_void(&self, place: usize) -> bool {
        self.spans.iter().any(|&(told, _)| told == place)
    }

    /// Whether the optimizer knew something here that was taken back later.
    fn was_known(&self, place: usize) -> bool {
        self.spans.iter().any(|&(told, taken_back)| told < place && place < taken_back)
    }
}

/// Brings the optimizer to where it was: asks and tells it again what the journal says, but for
/// outcomes that were forgotten. Its proposals must be those of the journal. Those that it made
/// when it knew an outcome that was forgotten later cannot be made again: they are taken over.
pub fn replay(
    optimizer: &mut dyn Optimizer,
    configuration: &Configuration,
    entries: &[Entry],
    state: &State,
) -> Result<(), SearchError> {
    let differs = |seq| SearchError::CannotRepeat { seq };
    let taken_back = TakenBack::in_journal(entries);
    for (place, entry) in entries.iter().enumerate() {
        match &entry.event {
            Event::Proposed { candidates, .. } => {
                let written: Vec<_> = candidates.iter().map(earlier).collect();
                let again = if taken_back.was_known(place) {
                    optimizer.take_over(&written)
                } else {
                    optimizer.repeat(&written)
                };
                let same = again.len() == candidates.len()
                    && again.iter().zip(candidates).all(|(again, written)| {
                        again.number == written.candidate.0
                            && again.fidelity == written.fidelity.0
                            && agree(
                                &again.parameters,
                                &written.parameters,
                                &configuration.parameters,
                            )
                    });
                if !same {
                    return Err(differs(entry.seq));
                }
            }
            Event::Imported { candidates, results, .. } => {
                import(optimizer, configuration, candidates, results)
                    .ok_or_else(|| differs(entry.seq))?;
            }
            Event::Told { .. } if taken_back.is_void(place) => {}
            Event::Told { candidate } => {
                let known = state.candidate(*candidate);
                let known = known.and_then(|record| Some((record, record.result()?)));
                let told = known.map(|(record, result)| {
                    let outcome = outcome(configuration, record.fidelity, result);
                    optimizer.tell(candidate.0, &outcome)
                });
                if !matches!(told, Some(Ok(()))) {
                    return Err(differs(entry.seq));
                }
            }
            Event::Repeated { repetitions } => {
                tell_again(optimizer, configuration, repetitions)
                    .map_err(|_| differs(entry.seq))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tells what repetitions say about their candidates.
pub fn tell_again(
    optimizer: &mut dyn Optimizer,
    configuration: &Configuration,
    repetitions: &[Repetition],
) -> Result<(), TellError> {
    let mut counting = repetitions.iter().filter(|repetition| repetition.counts());
    // Only full simulations are repeated.
    let outcome = |it: &Repetition| outcome(configuration, FidelityNumber::FULL, &it.result);
    counting.try_for_each(|it| optimizer.tell_again(it.candidate.0, &outcome(it)))
}

/// Lets the optimizer propose what was simulated before, and tells it what came out; `None` if it
/// proposes something else.
pub fn import(
    optimizer: &mut dyn Optimizer,
    configuration: &Configuration,
    candidates: &[Proposal],
    results: &[SimulationResult],
) -> Option<u64> {
    let earlier: Vec<_> = candidates.iter().map(earlier).collect();
    let proposed = optimizer.repeat(&earlier);
    for ((proposed, wanted), result) in proposed.iter().zip(candidates).zip(results) {
        let same = proposed.number == wanted.candidate.0
            && proposed.fidelity == wanted.fidelity.0
            && proposed.parameters == wanted.parameters;
        if !same || tell(optimizer, configuration, wanted, result).is_err() {
            return None;
        }
    }
    proposed.last().map(|last| last.generation)
}

fn earlier(proposal: &Proposal) -> Earlier {
    Earlier { parameters: proposal.parameters.clone(), fidelity: proposal.fidelity.0 }
}

fn agree(again: &[f64], written: &[f64], parameters: &[Parameter]) -> bool {
    let near = |((a, b), parameter): ((&f64, &f64), &Parameter)| {
        (a - b).abs() <= ROUNDING * (parameter.high - parameter.low)
    };
    again.len() == written.len() && again.iter().zip(written).zip(parameters).all(near)
}

fn tell(
    optimizer: &mut dyn Optimizer,
    configuration: &Configuration,
    &Proposal { candidate, fidelity, .. }: &Proposal,
    result: &SimulationResult,
) -> Result<(), TellError> {
    if result.outcome != OutcomeClass::Incomplete {
        return optimizer.tell(candidate.0, &outcome(configuration, fidelity, result));
    }
    let reading = |target: &TargetResult| match target.value {
        Some(value) => Reading::Value(value),
        None if target.unknown => Reading::Unknown,
        None => Reading::Missing,
    };
    let readings: Vec<Reading> = result.targets.iter().map(reading).collect();
    optimizer.tell_some(candidate.0, &readings)
}

/// What the optimizer is told of a simulation that was run for all targets. In a search with
/// cheaper simulations that is also what it cost: in a resumed search the same as before, so not by
/// limits that may have changed.
pub fn outcome(
    configuration: &Configuration,
    fidelity: FidelityNumber,
    result: &SimulationResult,
) -> Outcome {
    let asked = || configuration.cores(fidelity, &configuration.limits) as f64;
    let core_seconds = (!configuration.fidelities.is_empty()).then(|| result.core_seconds(asked()));
    let kind = match result.outcome {
        OutcomeClass::Completed => OutcomeKind::Measured,
        OutcomeClass::Exploded => OutcomeKind::Exploded,
        OutcomeClass::TimedOut | OutcomeClass::OutOfMemory | OutcomeClass::Crashed => {
            OutcomeKind::Failed
        }
        OutcomeClass::NoData => OutcomeKind::NoData,
        OutcomeClass::Incomplete | OutcomeClass::NodeFailure => OutcomeKind::Lost,
    };
    let values = result.targets.iter().map(|target| target.value).collect();
    Outcome { kind, values, total: result.total, core_seconds }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;
    use journal::FORMAT;
    use optimizers::Candidate;
    use simulation::{Attempt, CandidateNumber};

    use super::*;

    /// A configuration of three parameters.
    fn configuration() -> Configuration {
        let sample = "../mozopt/tests/data/formats/1/command/configuration.json";
        Configuration::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sample)).unwrap()
    }

    fn cma_es(configuration: &Configuration) -> CmaEs {
        let settings = CmaEsSettings {
            variant: CmaEsVariant::Active,
            offspring_size: Some(4),
            sigma: 0.3,
            seed: 1,
        };
        CmaEs::new(configuration.space().unwrap(), &configuration.centroid(), settings).unwrap()
    }

    fn entries(events: &[Event]) -> Vec<Entry> {
        let entry = |(seq, event): (u64, &Event)| Entry {
            seq,
            time: Timestamp::UNIX_EPOCH,
            event: event.clone(),
        };
        (0..).zip(events).map(entry).collect()
    }

    fn result(candidate: &Candidate) -> SimulationResult {
        let completed = SimulationResult::measured(OutcomeClass::Completed, None, &[], &[]);
        SimulationResult { total: candidate.parameters.iter().sum(), ..completed }
    }

    /// The journal of a search that proposes and is told, generation after generation.
    fn generation(optimizer: &mut dyn Optimizer, events: &mut Vec<Event>) -> Vec<Candidate> {
        let asked = optimizer.ask(4);
        let proposal = |it: &Candidate| Proposal {
            candidate: CandidateNumber(it.number),
            fidelity: FidelityNumber::FULL,
            seed: 1,
            parameters: it.parameters.clone(),
        };
        let candidates = asked.iter().map(proposal).collect();
        events.push(Event::Proposed { generation: asked[0].generation, candidates });
        for candidate in &asked {
            simulate(optimizer, candidate, events);
        }
        asked
    }

    fn simulate(optimizer: &mut dyn Optimizer, of: &Candidate, events: &mut Vec<Event>) {
        let candidate = CandidateNumber(of.number);
        events.push(Event::Submitting { candidate, attempt: Attempt::FIRST });
        events.push(Event::Finished { candidate, result: result(of) });
        events.push(Event::Told { candidate });
        optimizer
            .tell(of.number, &outcome(&configuration(), FidelityNumber::FULL, &result(of)))
            .unwrap();
    }

    fn replayed(events: &[Event]) -> Result<CmaEs, SearchError> {
        let (configuration, entries) = (configuration(), entries(events));
        let state = State::of(&entries).unwrap();
        let mut optimizer = cma_es(&configuration);
        replay(&mut optimizer, &configuration, &entries, &state).map(|()| optimizer)
    }

    #[test]
    fn a_forgotten_outcome_is_as_if_it_had_never_been_told() {
        let configuration = configuration();
        let mozopt_version = "0.1.0".to_owned();
        let created =
            Event::Created { format: FORMAT, mozopt_version, configuration: String::new() };
        let mut events = vec![created];
        let mut knows_all = cma_es(&configuration);
        let asked: Vec<_> = (0..3).map(|_| generation(&mut knows_all, &mut events)).collect();
        assert_eq!(replayed(&events).unwrap().diagnostics(), knows_all.diagnostics());

        let reason = "its node was broken".to_owned();
        events.push(Event::Forgotten {
            candidates: vec![CandidateNumber(1), CandidateNumber(6)],
            reason,
        });
        let mut knows_less = cma_es(&configuration);
        for (i, asked) in asked.iter().enumerate() {
            let earlier: Vec<Earlier> = asked.iter().map(Into::into).collect();
            // The first ones were proposed when nothing was known.
            let again = if i == 0 { knows_less.ask(4) } else { knows_less.take_over(&earlier) };
            assert_eq!(again, *asked);
            for candidate in asked.iter().filter(|it| ![1, 6].contains(&it.number)) {
                knows_less
                    .tell(
                        candidate.number,
                        &outcome(&configuration, FidelityNumber::FULL, &result(candidate)),
                    )
                    .unwrap();
            }
        }
        let diagnostics = replayed(&events).unwrap().diagnostics();
        assert_eq!(diagnostics, knows_less.diagnostics());
        assert_ne!(diagnostics, knows_all.diagnostics());

        // Simulated again, and the search goes on: these proposals are its own again.
        simulate(&mut knows_less, &asked[0][1], &mut events);
        generation(&mut knows_less, &mut events);
        assert_eq!(replayed(&events).unwrap().diagnostics(), knows_less.diagnostics());
        let other = events.iter_mut().rev().find_map(|event| match event {
            Event::Proposed { candidates, .. } => Some(candidates),
            _ => None,
        });
        other.unwrap()[0].parameters[0] += 0.1;
        assert!(matches!(replayed(&events), Err(SearchError::CannotRepeat { .. })));
    }
}
