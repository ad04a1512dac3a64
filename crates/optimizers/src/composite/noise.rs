//! How noisy each output is: of a few noise ratios the one with the greatest evidence.

use super::evidence::{self, JITTER, NOISE_RATIOS};
use super::kernel::{Kernel, Point};
use crate::linear_algebra::{Cholesky, Matrix};

/// For every output the noise ratio with the greatest evidence, and what comes of it.
pub(super) struct NoiseChoice {
    pub levels: Vec<usize>,
    /// Minus the logarithms of the evidences.
    pub costs: Vec<f64>,
    /// One for every noise ratio.
    pub inverses: Vec<Matrix>,
    /// Scales of the covariance.
    pub variances: Vec<f64>,
    /// K⁻¹y in columns.
    pub weights: Matrix,
}

impl NoiseChoice {
    /// Of standardized outputs; `None` where a covariance cannot be factorized.
    pub fn new(
        kernel: &Kernel,
        points: &[Point],
        outputs: &Matrix,
        worth: &[f64],
    ) -> Option<NoiseChoice> {
        let (n, targets) = (outputs.nrows(), outputs.ncols());
        let covariance = kernel.covariances(points, points);
        let mut choice = NoiseChoice {
            levels: vec![0; targets],
            costs: vec![f64::INFINITY; targets],
            inverses: Vec::with_capacity(NOISE_RATIOS.len()),
            variances: vec![1.0; targets],
            weights: Matrix::zeros(n, targets),
        };
        for (level, ratio) in NOISE_RATIOS.iter().enumerate() {
            let mut noisy = covariance.clone();
            for i in 0..n {
                noisy[(i, i)] += ratio / worth[i] + JITTER;
            }
            let cholesky = Cholesky::new(&noisy)?;
            let inverse = cholesky.inverse();
            let solved = &inverse * outputs;
            for t in 0..targets {
                let variance = evidence::variance(outputs.col_as_slice(t), solved.col_as_slice(t));
                let cost = cholesky.half_log_determinant() + n as f64 / 2.0 * libm::log(variance);
                if cost < choice.costs[t] {
                    choice.costs[t] = cost;
                    choice.levels[t] = level;
                    choice.variances[t] = variance;
                    let weights = choice.weights.col_as_slice_mut(t);
                    weights.copy_from_slice(solved.col_as_slice(t));
                }
            }
            choice.inverses.push(inverse);
        }
        Some(choice)
    }
}
