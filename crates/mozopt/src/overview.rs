//! Where an optimization stands, counted in one way for everybody who shows it: the live view,
//! `status`, the report and the dashboard.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use configuration::{Configuration, Limits};
use journal::{CandidateRecord, Phase, State};
use search::Progress;
use simulation::SimulationResult;

/// How many of the latest simulations tell how long the next ones take.
const LATEST: usize = 50;

/// The counts.
#[derive(Debug)]
pub struct Overview {
    /// The generation that was proposed last.
    pub generation: u64,
    /// How many generations are complete.
    pub generations: u64,
    /// The generation that `max_ngen` ends with. Simulations from before have generations, too.
    pub last_generation: u64,
    /// How many simulations this optimization has run.
    pub simulations: u64,
    /// How many it runs at most.
    pub simulations_to_run: u64,
    /// How many run.
    pub running: usize,
    /// How many failed, by the words of their class.
    pub failures: BTreeMap<&'static str, usize>,
    /// How long the rest takes at most, from the latest simulations.
    pub time_left: Option<Duration>,
}

impl Overview {
    /// Of what the controller itself sees.
    pub fn new(progress: &Progress<'_>) -> Self {
        let &Progress { state, configuration, limits, running } = progress;
        let offspring = configuration.optimizer.offspring_size as u64;
        let Limits { max_ngen, max_simulations, slots, .. } = *limits;
        let by_generations = max_ngen.saturating_mul(offspring);
        let simulations_to_run =
            max_simulations.map_or(by_generations, |limit| limit.min(by_generations));
        let simulations = state.simulated();
        let mut failures = BTreeMap::new();
        for (_, result) in state.finished().filter(|(_, result)| result.outcome.is_failure()) {
            *failures.entry(result.outcome.words()).or_default() += 1;
        }
        let left = simulations_to_run.saturating_sub(simulations);
        let time_left = mean_seconds(state).and_then(|seconds| {
            Duration::try_from_secs_f64(seconds * left as f64 / slots as f64).ok()
        });
        Self {
            generation: state.candidates.last().map_or(0, |record| record.generation),
            generations: state.generations(),
            last_generation: max_ngen.saturating_add(state.imported.div_ceil(offspring.max(1))),
            simulations,
            simulations_to_run,
            running,
            failures,
            time_left,
        }
    }

    /// Of what the journal says.
    pub fn of(configuration: &Configuration, state: &State) -> Self {
        let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
        let submitted = |record: &&CandidateRecord| matches!(record.phase, Phase::Submitted { .. });
        let running = state.candidates.iter().filter(submitted).count();
        Self::new(&Progress { state, configuration, limits, running })
    }

    /// How many simulations failed.
    pub fn failed(&self) -> usize {
        self.failures.values().sum()
    }

    /// `18 crashed, 1 timed out`; nothing where none failed.
    pub fn failures_in_words(&self) -> String {
        let words: Vec<_> = self.failures.iter().map(|(class, n)| format!("{n} {class}")).collect();
        words.join(", ")
    }
}

/// The simulations that ended last, the latest first.
pub fn latest(state: &State, most: usize) -> Vec<(&CandidateRecord, &SimulationResult)> {
    let mut finished: Vec<_> = state.finished().collect();
    let key = |(record, _): &(&CandidateRecord, &SimulationResult)| Reverse(record.finished);
    if finished.len() > most && most > 0 {
        finished.select_nth_unstable_by_key(most - 1, key);
        finished.truncate(most);
    }
    finished.sort_by_key(key);
    finished
}

/// The mean duration of the latest simulations.
fn mean_seconds(state: &State) -> Option<f64> {
    let latest = latest(state, LATEST).into_iter();
    let seconds: Vec<f64> = latest
        .filter(|(record, _)| record.was_begun())
        .map(|(_, result)| result.simulation_seconds + result.evaluation_seconds)
        .collect();
    (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64)
}
