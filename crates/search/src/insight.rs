//! What the model of a search knows, for those who look at the search from outside: nothing is
//! proposed and nothing written.

use configuration::{Algorithm, Configuration};
use journal::{Entry, Follower, OptimizationDirectory, State};
use optimizers::{Earlier, Insight, Simulated};
use simulation::OutcomeClass;

use crate::error::SearchError;
use crate::memory;
use crate::replay::{optimizer, outcome, replay, rules};

/// Candidates of a search whose journal is read again as a whole.
const REPEATED: usize = 3000;

/// What a model knows, and which one.
#[derive(Debug, Clone, PartialEq)]
pub struct Insights {
    /// What it knows.
    pub insight: Insight,
    /// Which it is.
    pub of: Origin,
}

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is the one by which the search chooses its candidates.
    Search,
    /// The search has one of the same kind, but what it has learnt is not at hand: this one was
    /// fitted to the same simulations at once.
    FittedAgain,
    /// The search has none: this one was fitted to what it simulated.
    FittedOnly,
}

/// What the model of a search knows by now, or one that is fitted to its simulations; `None` while
/// these are too few.
pub fn insights(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
    state: &State,
) -> Result<Option<Insights>, SearchError> {
    let is_composite = configuration.optimizer.algorithm == Algorithm::Composite;
    if is_composite && state.candidates.len() <= REPEATED {
        let known =
            entries(directory).and_then(|entries| remembered(directory, configuration, entries));
        if let Some(insight) = known {
            return Ok(Some(Insights { insight, of: Origin::Search }));
        }
    }
    let of = if is_composite { Origin::FittedAgain } else { Origin::FittedOnly };
    let wrong = |error: &dyn std::fmt::Display| SearchError::Optimizer(error.to_string());
    let space = configuration.space().map_err(|error| wrong(&error))?;
    let complete =
        state.finished().filter(|(_, result)| result.outcome != OutcomeClass::Incomplete);
    let simulations: Vec<Simulated> = complete
        .map(|(record, result)| Simulated {
            candidate: record.number.0,
            of: Earlier { parameters: record.parameters.clone(), fidelity: record.fidelity.0 },
            outcome: outcome(configuration, record.fidelity, result),
        })
        .collect();
    let rules = rules(configuration)?;
    let insight = Insight::of_simulations(space, &configuration.centroid(), &rules, &simulations);
    let insight = insight.map_err(|error| wrong(&error))?;
    Ok(insight.map(|insight| Insights { insight, of }))
}

fn entries(directory: &OptimizationDirectory) -> Option<Vec<Entry>> {
    let mut follower = Follower::new(&directory.journal());
    let mut all = vec![];
    loop {
        let entries = follower.read().ok()?;
        if entries.is_empty() {
            return Some(all);
        }
        all.extend(entries);
    }
}

/// What the optimizer knew when it last wrote down what it has learnt. To go on from there would
/// mean to learn from one generation after the other.
fn remembered(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
    mut entries: Vec<Entry>,
) -> Option<Insight> {
    let (snapshot, known) = memory::read(&directory.optimizer(), &entries)?;
    entries.truncate(known);
    let state = State::of(&entries).ok()?;
    let mut optimizer = optimizer(configuration).ok()?;
    optimizer.restore(snapshot);
    replay(optimizer.as_mut(), configuration, &entries, &state).ok()?;
    if optimizer.is_restored() { optimizer.insight() } else { None }
}
