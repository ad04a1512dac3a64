//! What every problem offers.

use optimizers::{Dimension, Outcome, OutcomeKind, Scale, ScoreRule, Space};

use crate::deviates::Deviates;

/// A model with known, noiseless values.
pub trait Problem {
    fn space(&self) -> Space;
    fn rules(&self) -> Vec<ScoreRule>;
    /// The noiseless values; `None` where the model explodes.
    fn truth(&self, parameters: &[f64]) -> Option<Vec<f64>>;
    /// One simulation's values.
    fn noisy(&self, values: &[f64], deviates: &mut Deviates) -> Vec<f64>;
    /// Where the search with this seed begins.
    fn start(&self, seed: u64) -> Vec<f64>;
    /// A point known to be good.
    fn reference(&self) -> Option<Vec<f64>>;

    /// A point drawn from the whole box.
    fn anywhere(&self, number: u64) -> Vec<f64> {
        let mut deviates = Deviates::new(77, number);
        let unit: Vec<f64> =
            (0..self.space().len()).map(|_| 2.0 * deviates.uniform() - 1.0).collect();
        self.space().from_unit(&unit)
    }

    fn total_of(&self, values: &[f64]) -> f64 {
        self.rules().iter().zip(values).map(|(rule, value)| rule.score(Some(*value))).sum()
    }

    /// The noiseless total; `None` where the model explodes.
    fn total(&self, parameters: &[f64]) -> Option<f64> {
        self.truth(parameters).map(|values| self.total_of(&values))
    }

    /// What the simulation of a search's candidate gives. Near an explosion the noise may tip it.
    fn simulate(&self, parameters: &[f64], search_seed: u64, candidate: u64) -> Outcome {
        let mut deviates = Deviates::new(500 + search_seed, candidate);
        let worst = self.rules().iter().map(ScoreRule::max_score).sum();
        let tipped: Vec<f64> =
            parameters.iter().map(|p| p * (1.0 + 0.01 * deviates.normal())).collect();
        match (self.truth(parameters), self.truth(&tipped)) {
            (Some(values), Some(_)) => {
                let values = self.noisy(&values, &mut deviates);
                let total = self.total_of(&values);
                Outcome::measured(&values, total)
            }
            _ => Outcome {
                kind: OutcomeKind::Exploded,
                values: vec![None; self.rules().len()],
                total: worst,
                core_seconds: None,
            },
        }
    }
}

pub fn space(ranges: impl Iterator<Item = (f64, f64)>) -> Space {
    let dimension = |(i, (low, high))| Dimension {
        name: format!("parameter {i}"),
        low,
        high,
        scale: Scale::Linear,
        integer: false,
    };
    Space::new(ranges.enumerate().map(dimension).collect()).expect("the problems' boxes are boxes")
}
