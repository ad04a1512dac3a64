//! One search on one problem, and what it would have recommended after every generation.

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::time::Instant;

use optimizers::{
    Candidate, CmaEs, CmaEsSettings, CmaEsVariant, Composite, CompositeSettings, Optimizer,
    Outcome, OutcomeKind, Reading,
};

use crate::problem::Problem;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    CmaEs,
    Composite,
    /// A generation in flight, each outcome answered with a new candidate.
    Asynchronous,
}

/// What is known of a simulation from before.
pub enum Told {
    Some(Vec<Reading>),
    Whole(Outcome),
}

/// What is known when a search begins.
#[derive(Default)]
pub struct Known {
    /// Simulations, some of them not measured for all targets.
    pub simulations: Vec<(Vec<f64>, Told)>,
    /// Points to simulate first.
    pub starts: Vec<Vec<f64>>,
}

impl Known {
    /// From a search of `budget` simulations, of whose values these targets were measured.
    pub fn from_search(
        problem: &dyn Problem,
        is_measured: impl Fn(usize) -> bool,
        seed: u64,
        budget: usize,
        batch: usize,
    ) -> Known {
        let rules = problem.rules();
        let targets: Vec<usize> = (0..rules.len()).filter(|&t| is_measured(t)).collect();
        let some_rules: Vec<_> = targets.iter().map(|&t| rules[t]).collect();
        let settings =
            CompositeSettings { offspring_size: batch, seed, ..CompositeSettings::default() };
        let mut optimizer =
            Composite::new(problem.space(), &problem.start(seed), &some_rules, settings)
                .expect("valid settings");
        let mut known = Known::default();
        while known.simulations.len() < budget {
            for candidate in optimizer.ask(batch) {
                // Not the noise of the search to come.
                let number = 1_000_000 + candidate.number;
                let outcome = problem.simulate(&candidate.parameters, seed, number);
                let values: Vec<_> = targets.iter().map(|&t| outcome.values[t]).collect();
                let told = Outcome { values, ..outcome.clone() };
                optimizer.tell(candidate.number, &told).expect("asked for");
                let reading = |(t, value): (usize, &Option<f64>)| match value {
                    _ if !is_measured(t) => Reading::Unknown,
                    None => Reading::Missing,
                    Some(value) => Reading::Value(*value),
                };
                let told = match outcome.kind {
                    OutcomeKind::Measured => {
                        Told::Some(outcome.values.iter().enumerate().map(reading).collect())
                    }
                    _ => Told::Whole(outcome),
                };
                known.simulations.push((candidate.parameters, told));
            }
        }
        let best = optimizer.recommend(batch);
        let point = |candidate: u64| known.simulations[candidate as usize].0.clone();
        known.starts = best.iter().map(|best| point(best.candidate)).collect();
        known
    }
}

pub struct History {
    /// Simulations, and the true total of the recommended point (the worst where that explodes).
    recommended: Vec<(usize, f64)>,
    exploded: Vec<bool>,
    /// Of the optimizer, when each outcome had been told.
    seconds: Vec<f64>,
}

pub fn run(
    problem: &dyn Problem,
    algorithm: Algorithm,
    seed: u64,
    budget: usize,
    batch: usize,
    known: &Known,
) -> History {
    let start = problem.start(seed);
    let space = problem.space();
    let mut optimizer: Box<dyn Optimizer> = match algorithm {
        Algorithm::CmaEs => {
            let settings = CmaEsSettings {
                variant: CmaEsVariant::BluePyOpt,
                offspring_size: Some(batch),
                seed,
                ..CmaEsSettings::default()
            };
            Box::new(CmaEs::new(space, &start, settings).expect("valid settings"))
        }
        Algorithm::Composite | Algorithm::Asynchronous => {
            let settings =
                CompositeSettings { offspring_size: batch, seed, ..CompositeSettings::default() };
            Box::new(
                Composite::new(space, &start, &problem.rules(), settings).expect("valid settings"),
            )
        }
    };
    let worst: f64 = problem.rules().iter().map(|rule| rule.max_score()).sum();
    let batch = NonZeroUsize::new(batch).expect("a batch").get();
    let mut history =
        History { recommended: Vec::new(), exploded: Vec::new(), seconds: Vec::new() };
    let mut proposed: Vec<Vec<f64>> = Vec::new();
    let mut clock = 0.0;
    let mut timed = |work: &mut dyn FnMut()| {
        let begin = processor_seconds();
        work();
        clock += processor_seconds() - begin;
        clock
    };
    for (parameters, told) in &known.simulations {
        let candidate = optimizer.repeat(&[parameters.clone().into()]).remove(0);
        match told {
            Told::Some(readings) => optimizer.tell_some(candidate.number, readings),
            Told::Whole(outcome) => optimizer.tell(candidate.number, outcome),
        }
        .expect("asked for");
        proposed.push(candidate.parameters);
    }
    let starts: Vec<_> = known.starts.iter().cloned().map(Into::into).collect();
    let mut in_flight = optimizer.repeat(&starts);
    proposed.extend(in_flight.iter().map(|candidate| candidate.parameters.clone()));
    while history.exploded.len() < budget {
        let wanted = match algorithm {
            Algorithm::Asynchronous if !in_flight.is_empty() => 1,
            _ => batch.saturating_sub(in_flight.len()),
        };
        let mut candidates = Vec::new();
        timed(&mut || candidates = optimizer.ask(wanted));
        proposed.extend(candidates.iter().map(|candidate| candidate.parameters.clone()));
        in_flight.extend(candidates);
        let returning: Vec<Candidate> = if algorithm == Algorithm::Asynchronous {
            // Running times differ: any of the older half may be the next to end.
            let place = (history.exploded.len() * 7919) % in_flight.len().div_ceil(2);
            vec![in_flight.remove(place)]
        } else {
            std::mem::take(&mut in_flight)
        };
        for candidate in returning {
            let outcome = problem.simulate(&candidate.parameters, seed, candidate.number);
            history.exploded.push(outcome.kind == OutcomeKind::Exploded);
            let seconds =
                timed(&mut || optimizer.tell(candidate.number, &outcome).expect("asked for"));
            history.seconds.push(seconds);
        }
        if history.exploded.len().is_multiple_of(batch) {
            let best = optimizer.recommend(1);
            let parameters = best.first().map(|best| &proposed[best.candidate as usize]);
            let total =
                parameters.and_then(|parameters| problem.total(parameters)).unwrap_or(worst);
            history.recommended.push((history.exploded.len(), total));
        }
    }
    history
}

/// Seconds of a processor that this process has used, where Linux tells; else the time. Others may
/// be using the machine.
pub fn processor_seconds() -> f64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let statistics = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGIN.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

impl History {
    pub fn simulations(&self) -> usize {
        self.exploded.len()
    }

    /// The true total that was recommended after `n` simulations.
    pub fn at(&self, n: usize) -> f64 {
        let before = self.recommended.iter().take_while(|(simulations, _)| *simulations <= n);
        before.last().map_or(f64::INFINITY, |(_, total)| *total)
    }

    /// How many simulations it took to recommend something as good as this.
    pub fn first_below(&self, level: f64) -> Option<usize> {
        self.recommended.iter().find(|(_, total)| *total <= level).map(|(n, _)| *n)
    }

    pub fn exploded_share(&self, n: usize) -> f64 {
        self.exploded[..n].iter().filter(|exploded| **exploded).count() as f64 / n as f64
    }

    /// What one of the ten batches before simulation `n` cost the optimizer, in seconds.
    pub fn cost_of_batch(&self, n: usize, batch: usize) -> f64 {
        (self.seconds[n - 1] - self.seconds[n.saturating_sub(10 * batch + 1)]) / 10.0
    }

    /// For the comparison with the optimizers of other packages.
    pub fn json(&self, method: &str, seed: usize) -> serde_json::Value {
        serde_json::json!({
            "method": method,
            "seed": seed,
            "simulations": self.simulations(),
            "exploded": self.exploded.iter().filter(|exploded| **exploded).count(),
            "seconds": self.seconds.last(),
            "recommended": self.recommended,
        })
    }

    pub fn brief(&self) -> String {
        let totals: Vec<String> =
            self.recommended.iter().map(|(_, total)| format!("{total:.1}")).collect();
        format!("{:.1} s, {}", self.seconds.last().unwrap_or(&0.0), totals.join(" "))
    }
}

pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

pub fn median(values: Vec<f64>) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
