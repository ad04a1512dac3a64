//! The `BluePyOpt` variant against recordings of the real `BluePyOpt`, which
//! `tests/data/make_bluepyopt_trace.py` made.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{CmaEs, CmaEsSettings, CmaEsVariant};
use crate::deviates::Deviates;
use crate::{Dimension, Optimizer, Outcome, Scale, Space};

const SETTINGS: CmaEsSettings = CmaEsSettings {
    variant: CmaEsVariant::BluePyOpt,
    offspring_size: Some(12),
    sigma: 0.3,
    seed: 0,
};

#[derive(Deserialize)]
struct Trace {
    /// low, high, centroid, optimum
    parameters: Vec<(f64, f64, f64, f64)>,
    generations: Vec<Generation>,
}

#[derive(Deserialize)]
struct Generation {
    deviates: Vec<Vec<f64>>,
    population: Vec<Vec<f64>>,
    totals: Vec<f64>,
    sigma: f64,
    centroid: Vec<f64>,
    p_sigma: Vec<f64>,
    p_c: Vec<f64>,
    covariance_lower_triangle: Vec<f64>,
    /// Rows of B.
    axes: Vec<Vec<f64>>,
    axis_lengths: Vec<f64>,
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn space(ranges: impl Iterator<Item = (f64, f64)>) -> Space {
    let dimension = |(i, (low, high))| Dimension {
        name: format!("parameter {i}"),
        low,
        high,
        scale: Scale::Linear,
        integer: false,
    };
    Space::new(ranges.enumerate().map(dimension).collect()).unwrap()
}

/// Largest difference of two vectors, relative to the largest component.
fn difference(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    ours.iter().zip(theirs).fold(0.0, |worst, (a, b)| f64::max(worst, (a - b).abs() / largest))
}

struct Recorded(Vec<Vec<f64>>);

impl Deviates for Recorded {
    fn fill(&mut self, number: u64, deviates: &mut [f64]) {
        deviates.copy_from_slice(&self.0[number as usize % self.0.len()]);
    }
}

/// The objectives of the script, summed.
fn total(trace: &Trace, parameters: &[f64]) -> f64 {
    let d: Vec<f64> = parameters
        .iter()
        .zip(&trace.parameters)
        .map(|(x, (low, high, _, optimum))| (x - optimum) / (high - low))
        .collect();
    (0..8)
        .map(|k: i32| {
            let at = 2 * k as usize;
            (d[at] + d[at + 1] - d[(at + 5) % 16]).powi(2)
                + 2f64.powi(k - 4) * d[at].powi(2)
                + 2f64.powi(3 - k) * d[at + 1].powi(2)
        })
        .sum()
}

/// Twenty generations in which our optimizer gets the deviates that the real one drew, and nothing
/// else of it: what it proposes it evaluates itself.
///
/// An eigenvector's sign is arbitrary, and after the first generations most eigenvalues are equal
/// up to rounding, so that any rotation of their eigenvectors is as good. Therefore the deviates z,
/// which mean the step B D z, are given to ours as Bᵀ(ours) B(theirs) z: the same numbers in other
/// axes.
#[test]
fn twenty_generations_are_bluepyopts() {
    let trace: Trace = read("bluepyopt_trace.json");
    let n = trace.parameters.len();
    let space = space(trace.parameters.iter().map(|p| (p.0, p.1)));
    let centroid: Vec<f64> = trace.parameters.iter().map(|p| p.2).collect();
    let mut optimizer = CmaEs::new(space.clone(), &centroid, SETTINGS).unwrap();

    let identity =
        (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect::<Vec<_>>();
    let mut their_axes: &Vec<Vec<f64>> = &identity;
    let mut worst = [0.0f64; 8];
    let mut clipped = 0;
    for recorded in &trace.generations {
        let our_axes = optimizer.distribution.eigen.vectors.clone();
        let in_our_axes = |z: &Vec<f64>| {
            let y: Vec<f64> =
                their_axes.iter().map(|row| row.iter().zip(z).map(|(b, z)| b * z).sum()).collect();
            (0..n).map(|j| (0..n).map(|i| our_axes[i * n + j] * y[i]).sum()).collect()
        };
        optimizer.deviates =
            Box::new(Recorded(recorded.deviates.iter().map(in_our_axes).collect()));

        let candidates = optimizer.ask(12);
        let mut population = Vec::new();
        let mut totals = Vec::new();
        for candidate in &candidates {
            population.extend(space.to_unit(&candidate.parameters));
            totals.push(total(&trace, &candidate.parameters));
        }
        for (candidate, total) in candidates.iter().zip(&totals) {
            optimizer.tell(candidate.number, &Outcome::measured(&[], *total)).unwrap();
        }
        clipped += population.iter().filter(|u| u.abs() > 1.0 - 2e-9).count();

        let ours = &optimizer.distribution;
        let lower: Vec<f64> =
            (0..n).flat_map(|i| ours.covariance[i * n..=i * n + i].to_vec()).collect();
        let differences = [
            difference(&population, &recorded.population.concat()),
            difference(&totals, &recorded.totals),
            difference(&ours.mean, &recorded.centroid),
            difference(&[ours.sigma], &[recorded.sigma]),
            difference(&lower, &recorded.covariance_lower_triangle),
            difference(&ours.p_sigma, &recorded.p_sigma),
            difference(&ours.p_c, &recorded.p_c),
            difference(&ours.axis_lengths, &recorded.axis_lengths),
        ];
        for (worst, difference) in worst.iter_mut().zip(differences) {
            *worst = worst.max(difference);
        }
        their_axes = &recorded.axes;
    }
    let names =
        ["population", "totals", "centroid", "sigma", "C", "p_sigma", "p_c", "axis lengths"];
    for (name, worst) in names.iter().zip(worst) {
        println!("largest relative difference in {name}: {worst:.1e}");
        assert!(worst < 1e-13, "{name} differs by {worst:e}");
    }
    assert!(clipped > 300, "the trace is meant to have clipped coordinates, but has {clipped}");
    assert_eq!(trace.generations.len(), 20);
    assert_eq!(optimizer.stop_reason(), None);
}

/// The script's generator.
struct Sums(u64);

impl Sums {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 48271 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }
}

impl Deviates for Sums {
    fn fill(&mut self, _: u64, deviates: &mut [f64]) {
        deviates.fill_with(|| (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0);
    }
}

#[derive(Deserialize)]
struct Stops {
    stops: BTreeMap<String, Stop>,
}

#[derive(Deserialize)]
struct Stop {
    generation: u64,
    criteria: Vec<String>,
}

#[test]
fn it_stops_when_bluepyopt_stops_and_for_the_same_reason() {
    let Stops { stops } = read("bluepyopt_stops.json");
    for (problem, expected) in stops {
        let mut noise = Sums(2);
        let mut total = |x: &[f64]| -> f64 {
            let sum =
                |term: &dyn Fn((usize, f64)) -> f64| x.iter().copied().enumerate().map(term).sum();
            match problem.as_str() {
                "sphere" => sum(&|(_, v)| v * v),
                "raised sphere" => sum(&|(_, v)| 1.0 + v * v),
                "constant" => 3.0,
                "huge sphere" => sum(&|(_, v)| 1e200 * (v - 0.3) * (v - 0.3)),
                "huge ellipsoid" => sum(&|(k, v)| 1e200 * 1e9f64.powi(k as i32) * v * v),
                "noise" => 100.0 + noise.uniform(),
                _ => panic!("the script has a problem that is not here: {problem}"),
            }
        };
        let settings = CmaEsSettings { offspring_size: Some(8), ..SETTINGS };
        let space = space([(-1.0, 1.0); 3].into_iter());
        let mut optimizer = CmaEs::new(space, &[0.5; 3], settings).unwrap();
        optimizer.deviates = Box::new(Sums(1));
        while optimizer.stop_reason().is_none() && optimizer.generation() < 2000 {
            for candidate in optimizer.ask(8) {
                let outcome = Outcome::measured(&[], total(&candidate.parameters));
                optimizer.tell(candidate.number, &outcome).unwrap();
            }
        }
        let reason = optimizer.stop_reason().unwrap_or_default();
        println!("{problem}: generation {}, {reason}", optimizer.generation());
        assert_eq!(optimizer.generation(), expected.generation, "{problem}");
        let in_words = match expected.criteria[0].as_str() {
            "TolHistFun" => "the best total has not changed",
            "EqualFunVals" => "had the same total",
            "NoEffectCoor" => "the spread of a parameter",
            "ConditionCov" => "condition number",
            "Stagnationv2" => "has not improved by 1 %",
            other => panic!("{problem} was stopped by {other}"),
        };
        assert!(reason.contains(in_words), "{problem}: {reason}");
    }
}
