//! Cheaper versions of a problem.

use optimizers::{Outcome, OutcomeKind, ScoreRule};

use crate::deviates::Deviates;
use crate::problem::Problem;

/// What is wrong with the cheap version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is that of a place 6 % of every range away, times 1.25, with twice the noise, and every
    /// fifth target is something else.
    Distorted,
    /// It is what another point gives: one of those before.
    Shuffled,
}

/// Of every range.
const DISPLACEMENT: f64 = 0.06;
const SCALE: f64 = 1.25;
const NOISE: f64 = 2.0;
const UNRELATED: usize = 5;

/// The cheap version that belongs to one search.
pub struct Cheap<'a> {
    problem: &'a dyn Problem,
    flaw: Flaw,
    seed: u64,
    /// Signs of the displacement.
    signs: Vec<f64>,
    /// All points so far.
    points: Vec<Vec<f64>>,
}

impl<'a> Cheap<'a> {
    pub fn new(problem: &'a dyn Problem, flaw: Flaw, seed: u64) -> Cheap<'a> {
        let mut deviates = Deviates::new(9_000, seed);
        let sign = |_| if deviates.uniform() < 0.5 { -1.0 } else { 1.0 };
        let signs = (0..problem.space().len()).map(sign).collect();
        Cheap { problem, flaw, seed, signs, points: vec![] }
    }

    /// What the cheap simulation of a candidate gives.
    pub fn simulate(&mut self, parameters: &[f64], candidate: u64) -> Outcome {
        self.points.push(parameters.to_vec());
        match self.flaw {
            Flaw::Distorted => self.distorted(parameters, candidate),
            Flaw::Shuffled => {
                let mut deviates = Deviates::new(9_100 + self.seed, candidate);
                let place = deviates.uniform() * self.points.len() as f64;
                let other = self.points[place as usize].clone();
                // Not the noise of the full simulation.
                self.problem.simulate(&other, self.seed, 2_000_000 + candidate)
            }
        }
    }

    fn distorted(&self, parameters: &[f64], candidate: u64) -> Outcome {
        let space = self.problem.space();
        let unit: Vec<f64> = space
            .to_unit(parameters)
            .iter()
            .zip(&self.signs)
            .map(|(x, sign)| (x + sign * 2.0 * DISPLACEMENT).clamp(-1.0, 1.0))
            .collect();
        let mut outcome =
            self.problem.simulate(&space.from_unit(&unit), self.seed, 2_000_000 + candidate);
        let Some(truth) = self.problem.truth(&space.from_unit(&unit)) else { return outcome };
        if outcome.kind != OutcomeKind::Measured {
            return outcome;
        }
        let rules = self.problem.rules();
        for (t, (value, truth)) in outcome.values.iter_mut().zip(truth).enumerate() {
            let noisy = value.map(|noisy| SCALE * truth + SCALE * NOISE * (noisy - truth));
            *value = if (t + 1).is_multiple_of(UNRELATED) {
                Some(self.unrelated(t, &rules[t], &unit))
            } else {
                noisy
            };
        }
        let scores = rules.iter().zip(&outcome.values);
        outcome.total = scores.map(|(rule, value)| rule.score(*value)).sum();
        outcome
    }

    /// A smooth function of a place that crosses what is wanted.
    fn unrelated(&self, target: usize, rule: &ScoreRule, unit: &[f64]) -> f64 {
        let mut deviates = Deviates::new(9_200 + self.seed, target as u64);
        let width = 2.0 / (unit.len() as f64).sqrt();
        let angle: f64 = unit.iter().map(|x| width * deviates.normal() * x).sum();
        let phase = std::f64::consts::TAU * deviates.uniform();
        rule.low() + 6.0 * rule.norm() * libm::sin(angle + phase)
    }
}
