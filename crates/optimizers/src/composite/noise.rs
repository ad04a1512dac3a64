//! How noisy each output is: of a few noise ratios the one with the greatest evidence.

use super::evidence;
use super::kernel::{Kernel, Point};
use super::worths::Worths;
use crate::linear_algebra::{Cholesky, Matrix};

/// For every output the noise ratio with the greatest evidence, and what comes of it.
pub(super) struct NoiseChoice {
    pub levels: Vec<usize>,
    /// Minus the logarithms of the evidences.
    pub costs: Vec<f64>,
    /// For every block of outputs one for every noise ratio.
    pub inverses: Vec<Vec<Matrix>>,
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
        worths: &Worths,
    ) -> Option<NoiseChoice> {
        let (n, targets) = (outputs.nrows(), outputs.ncols());
        let covariance = kernel.covariances(points, points);
        let mut choice = NoiseChoice {
            levels: vec![0; targets],
            costs: vec![f64::INFINITY; targets],
            inverses: Vec::with_capacity(worths.blocks().len()),
            variances: vec![1.0; targets],
            weights: Matrix::zeros(n, targets),
        };
        for block in worths.blocks() {
            let own = block.columns(outputs);
            let mut inverses = Vec::with_capacity(worths.noise_ratios.len());
            for (level, ratio) in worths.noise_ratios.iter().enumerate() {
                let cholesky = Cholesky::new(&block.noisy(&covariance, *ratio))?;
                let inverse = cholesky.inverse();
                let solved = &inverse * &own;
                for (column, &t) in block.members.iter().enumerate() {
                    let solved = solved.col_as_slice(column);
                    let variance = evidence::variance(own.col_as_slice(column), solved, block);
                    let cost = cholesky.half_log_determinant()
                        + block.weight() / 2.0 * libm::log(variance);
                    if cost < choice.costs[t] {
                        choice.costs[t] = cost;
                        choice.levels[t] = level;
                        choice.variances[t] = variance;
                        choice.weights.col_as_slice_mut(t).copy_from_slice(solved);
                    }
                }
                inverses.push(inverse);
            }
            choice.inverses.push(inverses);
        }
        Some(choice)
    }
}
