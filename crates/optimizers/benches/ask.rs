//! What a generation of 12 costs the composite optimizer when this many simulations are known:
//! 20 parameters, 31 targets.

use std::num::NonZeroUsize;

use divan::Bencher;
use optimizers::{
    Candidate, Composite, CompositeSettings, Dimension, Earlier, Fidelity, Optimizer, Outcome,
    Sampling, Scale, ScoreRule, Space,
};

const PARAMETERS: usize = 20;
const TARGETS: usize = 31;
const GENERATION: usize = 12;

fn main() {
    divan::main();
}

/// Choosing the candidates with a model that is there.
#[divan::bench(args = [100, 400], sample_count = 5, sample_size = 1)]
fn asking(bencher: Bencher<'_, '_>, simulations: usize) {
    bencher
        .with_inputs(|| {
            let (mut search, last) = with_one_under_way(simulations);
            tell(&mut search, &last);
            search
        })
        .bench_refs(|search| search.ask(GENERATION));
}

/// Learning a generation's outcomes, which the last of them sets off.
#[divan::bench(args = [100, 400], sample_count = 5, sample_size = 1)]
fn learning(bencher: Bencher<'_, '_>, simulations: usize) {
    bencher
        .with_inputs(|| with_one_under_way(simulations))
        .bench_refs(|(search, last)| tell(search, last));
}

/// Both, where there are five times as many cheaper simulations beside the full ones.
#[divan::bench(args = [100, 400], sample_count = 5, sample_size = 1)]
fn with_cheaper(bencher: Bencher<'_, '_>, simulations: usize) {
    bencher
        .with_inputs(|| {
            let fidelities = vec![Fidelity::default()];
            under_way(fidelities, simulations, &[0, 1, 1, 1, 1, 1])
        })
        .bench_refs(|(search, last)| {
            tell(search, last);
            search.ask(GENERATION)
        });
}

/// Looking at what the model knows.
#[divan::bench(args = [100, 400], sample_count = 3, sample_size = 1)]
fn looking(bencher: Bencher<'_, '_>, simulations: usize) {
    bencher
        .with_inputs(|| {
            let (mut search, last) = with_one_under_way(simulations);
            tell(&mut search, &last);
            search
        })
        .bench_refs(|search| search.insight());
}

/// A search that was told all but the last of this many simulations, and that candidate.
fn with_one_under_way(simulations: usize) -> (Composite, Candidate) {
    under_way(vec![], simulations, &[0])
}

/// The same with cheaper simulations; `kinds` are the fidelities of those at every point.
fn under_way(
    fidelities: Vec<Fidelity>,
    simulations: usize,
    kinds: &[usize],
) -> (Composite, Candidate) {
    let centroid = [0.0; PARAMETERS];
    let settings =
        CompositeSettings { offspring_size: GENERATION, fidelities, ..Default::default() };
    let mut search =
        Composite::new(space(), &centroid, &rules(), settings).expect("the centroid is inside");
    let generation = NonZeroUsize::new(GENERATION).expect("a generation is not empty");
    let mut points =
        Sampling::sobol(space(), &centroid, generation, 1).expect("the centroid is inside");
    let points = points.ask((simulations - GENERATION) * kinds.len());
    let earlier: Vec<Earlier> = points
        .into_iter()
        .enumerate()
        .map(|(k, point)| Earlier {
            parameters: point.parameters,
            fidelity: kinds[k % kinds.len()],
        })
        .collect();
    for candidate in search.repeat(&earlier) {
        tell(&mut search, &candidate);
    }
    // The first model is made from nothing; from now on it only learns what is new.
    let mut latest = search.ask(GENERATION);
    let last = latest.pop().expect("a generation is not empty");
    for candidate in &latest {
        tell(&mut search, candidate);
    }
    (search, last)
}

fn space() -> Space {
    let dimension = |i| Dimension {
        name: format!("parameter {i}"),
        low: -1.0,
        high: 1.0,
        scale: Scale::Linear,
        integer: false,
    };
    Space::new((0..PARAMETERS).map(dimension).collect()).expect("the ranges are ranges")
}

fn rules() -> Vec<ScoreRule> {
    let rule = |t| ScoreRule::new(0.1 * t as f64, f64::INFINITY, 0.2, 20.0);
    (0..TARGETS).map(rule).collect::<Result<_, _>>().expect("the rules give scores")
}

/// Tells what a smooth model with some noise gives.
fn tell(search: &mut Composite, candidate: &Candidate) {
    let value = |t: usize| {
        let weighted = candidate.parameters.iter().enumerate();
        let sum: f64 = weighted.map(|(i, x)| x * ((7 * t + 3 * i) as f64).sin()).sum();
        let noise = ((candidate.number * 31 + t as u64) as f64 * 12.9898).sin();
        sum + 0.3 * sum.sin() + 0.05 * noise
    };
    let values: Vec<f64> = (0..TARGETS).map(value).collect();
    let scores = rules().into_iter().zip(&values).map(|(rule, value)| rule.score(Some(*value)));
    let outcome = Outcome::measured(&values, scores.sum());
    search.tell(candidate.number, &outcome).expect("the candidate was asked for");
}
