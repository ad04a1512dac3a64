//! The optimizer of a search: made from the configuration, and brought to where it was by repeating
//! what the journal says it was asked and told.

use std::num::NonZeroUsize;

use optimizers::{
    CmaEs, CmaEsSettings, CmaEsVariant, Composite, CompositeSettings, MultiObjective,
    MultiObjectiveSettings, Optimizer, Outcome, OutcomeKind, Reading, Sampling, ScoreRule,
    ScoreRuleError, TellError,
};
use targets::Scoring;

use configuration::{Algorithm, Configuration, Parameter, Variant};
use journal::{CandidateRecord, Entry, Event, Proposal, State};
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

fn rules(configuration: &Configuration) -> Result<Vec<ScoreRule>, SearchError> {
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

/// Brings the optimizer to where it was: asks and tells it again what the journal says. Its
/// proposals must be those of the journal.
pub fn replay(
    optimizer: &mut dyn Optimizer,
    configuration: &Configuration,
    entries: &[Entry],
    state: &State,
) -> Result<(), SearchError> {
    let differs = |seq| SearchError::CannotRepeat { seq };
    for entry in entries {
        match &entry.event {
            Event::Proposed { candidates, .. } => {
                let written: Vec<_> = candidates.iter().map(|c| c.parameters.clone()).collect();
                let again = optimizer.repeat(&written);
                let same = again.len() == candidates.len()
                    && again.iter().zip(candidates).all(|(again, written)| {
                        again.number == written.candidate
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
                import(optimizer, candidates, results).ok_or_else(|| differs(entry.seq))?;
            }
            Event::Told { candidate } => {
                let record: Option<&CandidateRecord> = state.candidates.get(*candidate as usize);
                let result = record.and_then(CandidateRecord::result);
                let told = result.map(|result| optimizer.tell(*candidate, &outcome(result)));
                if !matches!(told, Some(Ok(()))) {
                    return Err(differs(entry.seq));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Lets the optimizer propose what was simulated before, and tells it what came out; `None` if it
/// proposes something else.
pub fn import(
    optimizer: &mut dyn Optimizer,
    candidates: &[Proposal],
    results: &[SimulationResult],
) -> Option<u64> {
    let parameters: Vec<_> = candidates.iter().map(|c| c.parameters.clone()).collect();
    let proposed = optimizer.repeat(&parameters);
    for ((proposed, wanted), result) in proposed.iter().zip(candidates).zip(results) {
        let same = proposed.number == wanted.candidate && proposed.parameters == wanted.parameters;
        if !same || tell(optimizer, proposed.number, result).is_err() {
            return None;
        }
    }
    proposed.last().map(|last| last.generation)
}

fn agree(again: &[f64], written: &[f64], parameters: &[Parameter]) -> bool {
    let near = |((a, b), parameter): ((&f64, &f64), &Parameter)| {
        (a - b).abs() <= ROUNDING * (parameter.high - parameter.low)
    };
    again.len() == written.len() && again.iter().zip(written).zip(parameters).all(near)
}

fn tell(
    optimizer: &mut dyn Optimizer,
    candidate: u64,
    result: &SimulationResult,
) -> Result<(), TellError> {
    if result.outcome != OutcomeClass::Incomplete {
        return optimizer.tell(candidate, &outcome(result));
    }
    let reading = |target: &TargetResult| match target.value {
        Some(value) => Reading::Value(value),
        None if target.unknown => Reading::Unknown,
        None => Reading::Missing,
    };
    let readings: Vec<Reading> = result.targets.iter().map(reading).collect();
    optimizer.tell_some(candidate, &readings)
}

/// What the optimizer is told of a simulation that was run for all targets.
pub fn outcome(result: &SimulationResult) -> Outcome {
    let kind = match result.outcome {
        OutcomeClass::Completed => OutcomeKind::Measured,
        OutcomeClass::Exploded => OutcomeKind::Exploded,
        OutcomeClass::TimedOut | OutcomeClass::OutOfMemory | OutcomeClass::Crashed => {
            OutcomeKind::Failed
        }
        OutcomeClass::Incomplete | OutcomeClass::NoData | OutcomeClass::NodeFailure => {
            OutcomeKind::Lost
        }
    };
    let values = result.targets.iter().map(|target| target.value).collect();
    Outcome { kind, values, total: result.total }
}
