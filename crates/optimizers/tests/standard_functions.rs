//! How many evaluations the active CMA-ES needs, against other people's CMA-ES
//! (`data/make_reference_evaluations.py`) and on what makes a search harder in practice.

use std::collections::BTreeMap;

use optimizers::{CmaEs, CmaEsSettings, Dimension, Optimizer, Outcome, OutcomeKind, Scale, Space};
use serde::Deserialize;

type Problem = fn(&[f64]) -> f64;

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|v| (v - 1.0).powi(2)).sum()
}

fn ellipsoid(x: &[f64]) -> f64 {
    (0..).zip(x).map(|(i, v)| 10f64.powf(f64::from(6 * i) / 9.0) * (v - 1.0).powi(2)).sum()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

/// Name, function of ten values in [-5, 5], start of every coordinate, initial standard deviation:
/// as in the script.
const PROBLEMS: [(&str, Problem, f64, f64); 3] = [
    ("sphere", sphere, 3.0, 1.5),
    ("ellipsoid", ellipsoid, 3.0, 1.5),
    ("Rosenbrock", rosenbrock, 0.0, 0.5),
];

fn dimension(i: usize, low: f64, high: f64) -> Dimension {
    Dimension { name: format!("parameter {i}"), low, high, scale: Scale::Linear, integer: false }
}

/// A search in [-5, 5]^10 with generations of ten.
fn optimizer(start: f64, sigma: f64, seed: u64) -> CmaEs {
    let space = Space::new((0..10).map(|i| dimension(i, -5.0, 5.0)).collect()).unwrap();
    let settings = CmaEsSettings {
        offspring_size: Some(10),
        sigma: sigma / 5.0,
        seed,
        ..CmaEsSettings::default()
    };
    CmaEs::new(space, &[start; 10], settings).unwrap()
}

/// Evaluations until the total is at most `target`, with `in_flight` candidates at work, of which
/// one after another ends, in a haphazard order. More than 20 000 are not made.
fn evaluations(
    mut optimizer: CmaEs,
    target: f64,
    in_flight: usize,
    judge: impl Fn(&[f64]) -> Outcome,
) -> Option<usize> {
    let mut at_work = optimizer.ask(in_flight);
    for evaluations in 1..=20_000 {
        let candidate = at_work.swap_remove(evaluations * 7919 % at_work.len());
        let outcome = judge(&candidate.parameters);
        if outcome.total <= target {
            return Some(evaluations);
        }
        optimizer.tell(candidate.number, &outcome).unwrap();
        at_work.extend(optimizer.ask(1));
    }
    None
}

/// The same with whole generations.
fn generational_evaluations(mut optimizer: CmaEs, target: f64, problem: Problem) -> Option<usize> {
    let mut evaluations = 0;
    while evaluations < 20_000 {
        for candidate in optimizer.ask(optimizer.offspring_size()) {
            let total = problem(&candidate.parameters);
            evaluations += 1;
            if total <= target {
                return Some(evaluations);
            }
            optimizer.tell(candidate.number, &measured(total)).unwrap();
        }
    }
    None
}

fn measured(total: f64) -> Outcome {
    Outcome::measured(&[], total)
}

/// The median, in which searches that did not arrive count as the longest.
fn median(evaluations: impl IntoIterator<Item = Option<usize>>) -> f64 {
    let mut sorted: Vec<usize> =
        evaluations.into_iter().map(|evaluations| evaluations.unwrap_or(usize::MAX)).collect();
    sorted.sort_unstable();
    sorted[sorted.len() / 2] as f64
}

#[derive(Deserialize)]
struct Reference {
    /// By problem and package.
    evaluations: BTreeMap<String, BTreeMap<String, Vec<Option<usize>>>>,
}

#[test]
fn as_few_evaluations_as_the_reference_implementations() {
    let reference: Reference =
        serde_json::from_str(include_str!("data/reference_evaluations.json")).unwrap();
    for (name, problem, start, sigma) in PROBLEMS {
        let ours =
            median((1..=21).map(|seed| {
                generational_evaluations(optimizer(start, sigma, seed), 1e-9, problem)
            }));
        for (package, theirs) in &reference.evaluations[name] {
            let theirs = median(theirs.iter().copied());
            println!("{name}: {ours} evaluations, {theirs} with {package}");
            assert!(
                (ours / theirs - 1.0).abs() < 0.1,
                "{name} takes {ours} evaluations, but {theirs} with {package}"
            );
        }
    }
}

#[test]
fn late_outcomes_cost_evaluations_but_not_the_result() {
    for (name, problem, start, sigma) in PROBLEMS {
        let median_with = |in_flight| {
            median((1..=11).map(|seed| {
                evaluations(optimizer(start, sigma, seed), 1e-9, in_flight, |x| {
                    measured(problem(x))
                })
            }))
        };
        let (prompt, one_generation, two) = (median_with(1), median_with(10), median_with(20));
        println!("{name}: {prompt} evaluations, {one_generation} with 10 in flight, {two} with 20");
        assert!(one_generation < 1.6 * prompt, "{name}: {one_generation} against {prompt}");
        assert!(two < 2.3 * prompt, "{name}: {two} against {prompt}");
    }
}

/// Where the mean coordinate is above -0.5 everything explodes, with one total for all. The search
/// starts there, so that most of its first candidates have no rank among each other.
#[test]
fn a_plateau_of_explosions_is_left() {
    for seed in 1..=5 {
        let reached = evaluations(optimizer(0.0, 1.5, seed), 1e-9, 1, |x| {
            if x.iter().sum::<f64>() > -5.0 {
                Outcome { kind: OutcomeKind::Exploded, ..Outcome::measured(&[], 620.0) }
            } else {
                measured(x.iter().map(|v| (v + 2.0).powi(2)).sum())
            }
        });
        assert!(reached.is_some_and(|evaluations| evaluations < 3000), "seed {seed}: {reached:?}");
    }
}

/// Six integers with steps of 0.01 to 0.67 in unit coordinates that hardly matter, next to six
/// numbers that do: by the time that the integers decide, the step size is far below their steps.
#[test]
fn integers_do_not_freeze() {
    let integer = |i: usize| i.is_multiple_of(2);
    let high = |i: usize| [20.0, 200.0, 3.0][i % 3];
    let dimensions = (0..12).map(|i| {
        if integer(i) {
            Dimension { integer: true, ..dimension(i, 0.0, high(i)) }
        } else {
            dimension(i, -1.0, 1.0)
        }
    });
    let space = Space::new(dimensions.collect()).unwrap();
    let start: Vec<f64> =
        (0..12).map(|i| if integer(i) { (0.3 * high(i)).floor() } else { -0.4 }).collect();
    for seed in 1..=10 {
        let settings = CmaEsSettings { offspring_size: Some(12), seed, ..CmaEsSettings::default() };
        let optimizer = CmaEs::new(space.clone(), &start, settings).unwrap();
        let reached = evaluations(optimizer, 1e-8, 1, |x| {
            let term = |(i, v): (usize, &f64)| {
                if integer(i) {
                    1e-3 * (v - (0.7 * high(i)).floor()).powi(2)
                } else {
                    (v - 0.3).powi(2)
                }
            };
            measured(x.iter().enumerate().map(term).sum())
        });
        assert!(reached.is_some_and(|evaluations| evaluations < 4000), "seed {seed}: {reached:?}");
    }
}

#[test]
fn the_reasons_to_stop_are_given_in_words() {
    let reason = |problem: Problem| {
        let mut optimizer = optimizer(3.0, 1.5, 1);
        while optimizer.stop_reason().is_none() && optimizer.generation() < 5000 {
            for candidate in optimizer.ask(10) {
                let total = problem(&candidate.parameters);
                optimizer.tell(candidate.number, &measured(total)).unwrap();
            }
        }
        optimizer.stop_reason().unwrap_or_default()
    };
    assert_eq!(reason(|_| 620.0), "the totals have not changed over 40 generations");
    assert_eq!(reason(sphere), "the totals have not changed over 40 generations");
    assert_eq!(reason(|x| 1e30 * sphere(x)), "the step size has shrunk to 1e-12 of the range");
    assert_eq!(
        reason(|x| 1e30 * (1e18 * x[0].powi(2) + x[1..].iter().map(|v| v * v).sum::<f64>())),
        "the distribution has become too flat to compute with (condition number above 1e14)"
    );
}
