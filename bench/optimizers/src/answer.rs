//! Whether the answer of a search holds: what its candidate scores with fresh seeds, and how often
//! it explodes. Repetitions are run and told as the program does, or, for comparison, as it once
//! did: one lucky simulation ended the search, and the optimizer heard of no repetition.

use std::collections::{BTreeMap, HashMap};

use optimizers::{Composite, CompositeSettings, Optimizer, Outcome, OutcomeKind};

use crate::problem::Problem;
use crate::run::{median, sorted};

/// Simulations with fresh seeds by which an answer is judged.
const FRESH: u64 = 20;

/// How many of the recommended candidates are compared at the end, beside the luckiest.
const COMPARED: usize = 3;

struct Search<'a> {
    problem: &'a dyn Problem,
    seed: u64,
    optimizer: Composite,
    repetitions: u64,
    is_told: bool,
    /// Parameters and outcomes of all candidates.
    told: Vec<(Vec<f64>, Outcome)>,
    repeated: BTreeMap<usize, Vec<Outcome>>,
    refuted: usize,
}

/// What came of one search.
struct Answer {
    simulations: usize,
    repetitions: usize,
    refuted: usize,
    is_met: bool,
    /// Of the fresh simulations, those that exploded included.
    mean: f64,
    exploded: usize,
}

/// Prints what came of searches of `--budget` simulations, with and without what is new.
pub fn judge(problem: &dyn Problem, options: &HashMap<&str, &str>) {
    let number = |key: &str, default: u64| -> u64 {
        options.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let first = number("--first-seed", 0);
    for (name, is_told) in [("as it was", false), ("earned", true)] {
        if number("--only-earned", 0) > 0 && !is_told {
            continue;
        }
        let mut answers = Vec::new();
        for seed in first..first + number("--seeds", 8) {
            let mut search = Search::new(problem, seed, number("--batch", 12), is_told);
            search.repetitions = number("--repetitions", 5);
            let answer = search.run(number("--budget", 400) as usize);
            let Answer { simulations, repetitions, refuted, is_met, mean, exploded } = answer;
            println!(
                "{name}, seed {seed}: {simulations} simulations, {repetitions} repetitions, {refuted} claims \
                 refuted, {}; mean {mean:.1}, {exploded} of {FRESH} explode",
                if is_met { "met" } else { "not met" }
            );
            answers.push(answer);
        }
        let means: Vec<f64> = answers.iter().map(|answer| answer.mean).collect();
        let holds = answers.iter().filter(|answer| answer.exploded == 0).count();
        println!(
            "{name}: median {:.1}, all {:.1?}; {holds} of {} never explode",
            median(means.clone()),
            sorted(means),
            answers.len()
        );
    }
}

impl Search<'_> {
    fn new(problem: &dyn Problem, seed: u64, batch: u64, is_told: bool) -> Search<'_> {
        let settings = CompositeSettings {
            offspring_size: batch as usize,
            seed,
            ..CompositeSettings::default()
        };
        let (space, start, rules) = (problem.space(), problem.start(seed), problem.rules());
        let optimizer = Composite::new(space, &start, &rules, settings).expect("valid settings");
        Search {
            problem,
            seed,
            optimizer,
            repetitions: 5,
            is_told,
            told: Vec::new(),
            repeated: BTreeMap::new(),
            refuted: 0,
        }
    }

    fn run(mut self, budget: usize) -> Answer {
        let mut met = None;
        while met.is_none() && self.told.len() < budget {
            let count = self.optimizer.offspring_size().min(budget - self.told.len());
            for candidate in self.optimizer.ask(count) {
                let outcome =
                    self.problem.simulate(&candidate.parameters, self.seed, candidate.number);
                self.optimizer.tell(candidate.number, &outcome).expect("asked for");
                self.told.push((candidate.parameters, outcome));
            }
            met = self.met();
        }
        let answer = match met {
            Some(met) if self.is_told => met,
            _ => self.best_of_compared(),
        };
        let totals = (0..FRESH).map(|fresh| {
            let number = 9_000_000 + 1000 * self.seed + fresh;
            self.problem.simulate(&self.told[answer].0, 4242, number)
        });
        let fresh: Vec<Outcome> = totals.collect();
        let exploded = fresh.iter().filter(|it| it.kind == OutcomeKind::Exploded).count();
        Answer {
            simulations: self.told.len(),
            repetitions: self.repeated.values().map(Vec::len).sum(),
            refuted: self.refuted,
            is_met: met.is_some(),
            mean: fresh.iter().map(|it| it.total).sum::<f64>() / FRESH as f64,
            exploded,
        }
    }

    /// The candidate with every target within its norm, if there is one.
    fn met(&mut self) -> Option<usize> {
        loop {
            let is_open =
                |k: &usize| self.told[*k].1.kind == OutcomeKind::Measured && !self.is_refuted(*k);
            let open = (0..self.told.len()).filter(is_open);
            let best =
                open.min_by(|&a, &b| self.told[a].1.total.total_cmp(&self.told[b].1.total))?;
            if !self.is_within(&[&self.told[best].1]) {
                return None;
            }
            if !self.is_told || self.repeated.contains_key(&best) {
                return Some(best);
            }
            self.repeat(best);
            self.refuted += usize::from(self.is_refuted(best));
        }
    }

    /// As `crates/search/src/claim.rs` has it.
    fn is_refuted(&self, candidate: usize) -> bool {
        let (parameters, _) = &self.told[candidate];
        let same = |k: &usize| self.told[*k].0 == *parameters;
        let repeated: Vec<&Outcome> =
            self.repeated.iter().filter(|(k, _)| same(k)).flat_map(|(_, all)| all).collect();
        let failed = repeated.iter().any(|it| it.kind != OutcomeKind::Measured);
        if failed || repeated.is_empty() || self.repeated.contains_key(&candidate) {
            return failed || !(repeated.is_empty() || self.is_within(&repeated));
        }
        let own = (0..self.told.len()).filter(same).map(|k| &self.told[k].1);
        let own = own.filter(|it| it.kind == OutcomeKind::Measured);
        !self.is_within(&own.chain(repeated).collect::<Vec<_>>())
    }

    fn is_within(&self, outcomes: &[&Outcome]) -> bool {
        self.problem.rules().iter().enumerate().all(|(t, rule)| {
            let sum: Option<f64> = outcomes.iter().map(|outcome| outcome.values[t]).sum();
            rule.score(sum.map(|sum| sum / outcomes.len() as f64)) <= 1.0
        })
    }

    fn repeat(&mut self, candidate: usize) {
        if self.repeated.contains_key(&candidate) {
            return;
        }
        let parameters = &self.told[candidate].0;
        let simulate = |repetition| {
            let number = 1_000_000 + 100 * candidate as u64 + repetition;
            self.problem.simulate(parameters, self.seed, number)
        };
        let outcomes: Vec<Outcome> = (1..=self.repetitions).map(simulate).collect();
        for outcome in outcomes.iter().filter(|_| self.is_told) {
            self.optimizer.tell_again(candidate as u64, outcome).expect("asked for");
        }
        self.repeated.insert(candidate, outcomes);
    }

    /// The one with the least mean total of those that are recommended and the luckiest.
    fn best_of_compared(&mut self) -> usize {
        let recommended = self.optimizer.recommend(COMPARED);
        let mut compared: Vec<usize> =
            recommended.iter().map(|best| best.candidate as usize).collect();
        let measured =
            (0..self.told.len()).filter(|&k| self.told[k].1.kind == OutcomeKind::Measured);
        compared.extend(
            measured.min_by(|&a, &b| self.told[a].1.total.total_cmp(&self.told[b].1.total)),
        );
        for &candidate in &compared {
            self.repeat(candidate);
        }
        let mean = |k: usize| self.repeated[&k].iter().map(|it| it.total).sum::<f64>();
        let best = compared.into_iter().min_by(|&a, &b| mean(a).total_cmp(&mean(b)));
        best.expect("something was measured")
    }
}
