//! Smooth functions for sanity: what is easy has to be fast.

use optimizers::{ScoreRule, Space};

use crate::deviates::Deviates;
use crate::problem::{Problem, space};

/// Ten targets, each a different linear function of ten parameters: a quadratic bowl for whoever
/// sees the total only, one step for whoever sees the values.
pub struct Quadratic;

fn mixing(t: usize, i: usize) -> f64 {
    libm::sin((3 * t + 7 * i * (t + 1)) as f64)
}

fn rules() -> Vec<ScoreRule> {
    (0..10).map(|_| ScoreRule::new(0.0, 0.0, 0.1, 20.0).expect("a rule")).collect()
}

impl Problem for Quadratic {
    fn space(&self) -> Space {
        space((0..10).map(|_| (-2.0, 2.0)))
    }

    fn rules(&self) -> Vec<ScoreRule> {
        rules()
    }

    fn truth(&self, parameters: &[f64]) -> Option<Vec<f64>> {
        let value = |t: usize| (0..10).map(|i| mixing(t, i) * (parameters[i] - 0.5)).sum();
        Some((0..10).map(value).collect())
    }

    fn noisy(&self, values: &[f64], deviates: &mut Deviates) -> Vec<f64> {
        values.iter().map(|v| v + 0.01 * deviates.normal()).collect()
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        let mut deviates = Deviates::new(1000 + seed, 0);
        (0..10).map(|_| -1.0 + deviates.uniform()).collect()
    }

    fn reference(&self) -> Option<Vec<f64>> {
        Some(vec![0.5; 10])
    }
}

/// Rosenbrock's function of ten parameters as the residuals it is made of: a curved valley.
pub struct Rosenbrock;

impl Problem for Rosenbrock {
    fn space(&self) -> Space {
        space((0..10).map(|_| (-2.0, 2.0)))
    }

    fn rules(&self) -> Vec<ScoreRule> {
        (0..18).map(|_| ScoreRule::new(0.0, 0.0, 0.1, 20.0).expect("a rule")).collect()
    }

    fn truth(&self, x: &[f64]) -> Option<Vec<f64>> {
        Some((0..9).flat_map(|i| [x[i + 1] - x[i] * x[i], 0.1 * (1.0 - x[i])]).collect())
    }

    fn noisy(&self, values: &[f64], deviates: &mut Deviates) -> Vec<f64> {
        values.iter().map(|v| v + 0.01 * deviates.normal()).collect()
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        let mut deviates = Deviates::new(1000 + seed, 0);
        (0..10).map(|_| -1.0 + deviates.uniform()).collect()
    }

    fn reference(&self) -> Option<Vec<f64>> {
        Some(vec![1.0; 10])
    }
}
