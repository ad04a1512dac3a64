//! What the figures of an optimization are made from.

use std::borrow::Borrow;

use figures::{Candidate, Model, ModelOf, Outcome, Parameter, Search, Target};
use jiff::Timestamp;

use configuration::{Configuration, ConfiguredTarget};
use journal::{CandidateRecord, OptimizationDirectory, State};
use search::{Insights, Origin, insights};
use simulation::{CandidateNumber, OutcomeClass, SimulationResult};

use crate::failure::Failure;
use crate::report::wanted;

/// An optimization as the figures know it.
pub fn search(configuration: &Configuration, state: &State) -> Result<Search, Failure> {
    let best = state.recommended().map(|(record, _)| record.number);
    assembled(configuration, state.began, best, &state.candidates)
}

/// The same, of what is known about it nothing else: a large one is in memory once.
pub fn search_of(configuration: &Configuration, state: State) -> Result<Search, Failure> {
    let best = state.recommended().map(|(record, _)| record.number);
    assembled(configuration, state.began, best, state.candidates)
}

/// What the model of the optimization knows, or one that is fitted for the figures; `None` while
/// there are too few simulations. That takes a second or two.
pub fn model(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
    state: &State,
) -> Result<Option<Model>, Failure> {
    state.candidates.iter().try_for_each(|record| fits(configuration, record))?;
    let known = insights(directory, configuration, state);
    let known = known.map_err(|error| Failure::of_search(error, directory))?;
    let model = known.map(|Insights { insight, of }| Model {
        insight,
        of: match of {
            Origin::Search => ModelOf::Search,
            Origin::FittedAgain => ModelOf::FittedAgain,
            Origin::FittedOnly => ModelOf::FittedOnly,
        },
        cheaper: configuration.fidelities.iter().map(|it| it.name.clone()).collect(),
    });
    Ok(model)
}

/// Refuses a candidate of another configuration.
fn fits(configuration: &Configuration, record: &CandidateRecord) -> Result<(), Failure> {
    let fits = record.parameters.len() == configuration.parameters.len()
        && record.result().is_none_or(|r| r.targets.len() == configuration.target_count());
    if fits {
        return Ok(());
    }
    let message = format!("candidate {} does not match configuration.json", record.number);
    Err(Failure::failed(message, "the journal belongs to another configuration"))
}

fn assembled<R: Borrow<CandidateRecord>>(
    configuration: &Configuration,
    began: Option<Timestamp>,
    best: Option<CandidateNumber>,
    records: impl IntoIterator<Item = R>,
) -> Result<Search, Failure> {
    let parameters = configuration.parameters.iter().map(|parameter| Parameter {
        path: parameter.path.clone(),
        low: parameter.low,
        high: parameter.high,
        log_scale: parameter.log_scale,
    });
    let records = records.into_iter();
    let mut candidates = Vec::with_capacity(records.size_hint().0);
    for record in records {
        let record = record.borrow();
        fits(configuration, record)?;
        // Others have neither a total nor all values, or are of another simulation.
        let is_whole =
            record.result().is_none_or(|result| result.outcome != OutcomeClass::Incomplete);
        if is_whole && record.fidelity.is_full() {
            candidates.push(candidate(record, began));
        }
    }
    Ok(Search {
        parameters: parameters.collect(),
        targets: configuration.targets()?.iter().map(target).collect(),
        candidates,
        best: best.map(|number| number.0),
        model: None,
    })
}

fn target(configured: &ConfiguredTarget) -> Target {
    let target = &configured.target;
    let (low, high) = target.scoring.accepted();
    Target {
        name: target.name.clone(),
        unit: target.class.unit().map(str::to_owned),
        lowest_wanted: Some(low).filter(|low| low.is_finite()),
        highest_wanted: Some(high).filter(|high| high.is_finite()),
        wanted: wanted(&target.scoring),
        norm: target.scoring.norm(),
    }
}

fn candidate(record: &CandidateRecord, began: Option<Timestamp>) -> Candidate {
    let hours = |time: Option<Timestamp>| Some(time?.duration_since(began?).as_secs_f64() / 3600.0);
    Candidate {
        number: record.number.0,
        generation: record.generation,
        parameters: record.parameters.clone(),
        began_h: hours(record.result().and_then(|result| result.started).or(record.submitted)),
        finished_h: hours(record.finished),
        outcome: record.result().map(outcome),
    }
}

fn outcome(result: &SimulationResult) -> Outcome {
    Outcome {
        class: result.outcome,
        machine: result.host.clone(),
        total: result.total,
        values: result.targets.iter().map(|target| target.value).collect(),
        scores: result.targets.iter().map(|target| target.score).collect(),
    }
}
