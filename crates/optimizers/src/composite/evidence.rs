//! How well kernel parameters explain the data: the objective that the length scales and the
//! polynomial parts are fitted by.

use super::kernel::{Distances, Kernel, Point};
use super::minimizer::minimize;
use super::worths::{Block, Worths};
use crate::linear_algebra::{Cholesky, Matrix, add_scaled};

/// Targets are correlated, so their evidences are no independent votes: together they count as this
/// many at most.
const INDEPENDENT_TARGETS: f64 = 4.0;

/// How many standard deviations of the prior a parameter may leave its mean.
const REACH: f64 = 3.5;

/// What the kernel is fitted to. Outputs are standardized.
pub(super) struct Data<'a> {
    pub points: &'a [Point],
    /// One column for every output; 0 where it is not known.
    pub outputs: &'a Matrix,
    /// How many simulations an output is worth at a point: its noise is this many times less.
    pub worths: &'a Worths,
    /// For every output an index into the noise ratios.
    pub noise: &'a [usize],
}

/// Moves the kernel's parameters towards the maximum of the posterior.
pub(super) fn fit(kernel: &mut Kernel, data: &Data<'_>, iterations: usize) {
    let prior = kernel.prior();
    let lower: Vec<f64> = prior.iter().map(|(mean, sd)| mean - REACH * sd).collect();
    let upper: Vec<f64> = prior.iter().map(|(mean, sd)| mean + REACH * sd).collect();
    let start = kernel.log_parameters.clone();
    let mut trial = kernel.clone();
    let objective = |parameters: &[f64]| {
        trial.log_parameters.copy_from_slice(parameters);
        objective(&trial, data)
    };
    kernel.log_parameters = minimize(objective, &start, &lower, &upper, iterations).0;
}

/// Minus the logarithm of the posterior of the kernel's parameters, up to a constant, and its
/// gradient (Rasmussen & Williams 2006, eqs. 5.8 and 5.9), with the scale of every output at its
/// maximum, σ² = yᵀK⁻¹y / n.
pub(super) fn objective(kernel: &Kernel, data: &Data<'_>) -> (f64, Vec<f64>) {
    let n = data.points.len();
    let prior = kernel.prior();
    let wall = || (f64::INFINITY, vec![0.0; prior.len()]);
    let Distances { scaled, product } = kernel.distances(data.points, data.points);
    let [linear, quadratic] = kernel.polynomial();
    let (mut covariance, mut slope) = (Matrix::zeros(n, n), Matrix::zeros(n, n));
    for j in 0..n {
        let (r, g) = (scaled.col_as_slice(j), product.col_as_slice(j));
        let entries = covariance.col_as_slice_mut(j).iter_mut().zip(slope.col_as_slice_mut(j));
        for ((covariance, slope), (&r, &g)) in entries.zip(r.iter().zip(g)) {
            let decay = libm::exp(-r);
            *slope = 5.0 / 3.0 * (1.0 + r) * decay;
            *covariance = (1.0 + r + r * r / 3.0) * decay + g * (linear + quadratic * g);
        }
    }

    // f = Σₜ log|K| / 2 + n log(σₜ²) / 2, and W with df = -Σᵢⱼ Wᵢⱼ dKᵢⱼ / 2
    let mut value = 0.0;
    let mut weights = Matrix::zeros(n, n);
    for (block, (level, ratio)) in blocks_and_levels(data.worths) {
        let members: Vec<usize> =
            block.members.iter().copied().filter(|&t| data.noise[t] == level).collect();
        if members.is_empty() {
            continue;
        }
        let Some(cholesky) = Cholesky::new(&block.noisy(&covariance, *ratio)) else {
            return wall();
        };
        let inverse = cholesky.inverse();
        let outputs = Matrix::from_fn(n, members.len(), |i, t| data.outputs[(i, members[t])]);
        let solved = &inverse * &outputs;
        value += members.len() as f64 * cholesky.half_log_determinant();
        let mut scaled = solved.clone();
        for t in 0..members.len() {
            let variance = variance(outputs.col_as_slice(t), solved.col_as_slice(t), block);
            value += block.weight() / 2.0 * libm::log(variance);
            scaled.col_as_slice_mut(t).iter_mut().for_each(|entry| *entry /= variance);
        }
        weights += &scaled * solved.transpose();
        add_scaled(&mut weights, -(members.len() as f64), &inverse);
    }

    let temper = (INDEPENDENT_TARGETS / data.noise.len() as f64).min(1.0);
    let mut gradient = vec![0.0; prior.len()];
    let (mut by_linear, mut by_quadratic) = (0.0, 0.0);
    let mut by_product = weights.clone();
    let mut by_distance = weights;
    for j in 0..n {
        let columns =
            by_distance.col_as_slice_mut(j).iter_mut().zip(by_product.col_as_slice_mut(j));
        let parts = slope.col_as_slice(j).iter().zip(product.col_as_slice(j));
        for ((by_distance, by_product), (slope, g)) in columns.zip(parts) {
            by_linear += *by_distance * g;
            by_quadratic += *by_distance * g * g;
            *by_distance *= slope;
            *by_product *= linear + 2.0 * quadratic * g;
        }
    }
    gradient[0] = -temper * linear * by_linear / 2.0;
    gradient[1] = -temper * quadratic * by_quadratic / 2.0;
    // Σᵢⱼ Bᵢⱼ (zᵢ - zⱼ)² / 2 = Σᵢ (Σⱼ Bᵢⱼ) zᵢ² - zᵀBz for every coordinate, and zᵀPz for the
    // products
    let points = kernel.scaled(data.points);
    add_scaled(&mut by_product, kernel.width_squared(), &by_distance);
    let turned = &by_product * &points;
    let row_sums: Vec<f64> = (0..n).map(|i| by_distance.col_as_slice(i).iter().sum()).collect();
    for i in 0..points.ncols() {
        let (z, bz) = (points.col_as_slice(i), turned.col_as_slice(i));
        let terms = z.iter().zip(bz).zip(&row_sums);
        let terms = terms.map(|((z, bz), sum)| z * (sum * z - bz / kernel.width_squared()));
        gradient[Kernel::index_of_length(i)] = -temper * terms.sum::<f64>();
    }

    let mut value = temper * value;
    for (i, (mean, sd)) in prior.iter().enumerate() {
        let deviation = (kernel.log_parameters[i] - mean) / sd;
        value += deviation * deviation / 2.0;
        gradient[i] += deviation / sd;
    }
    (value, gradient)
}

/// Blocks of outputs and noise ratios: each pair has a covariance of its own.
fn blocks_and_levels(worths: &Worths) -> impl Iterator<Item = (&Block, (usize, &f64))> {
    let with_levels =
        |block| worths.noise_ratios.iter().enumerate().map(move |level| (block, level));
    worths.blocks().iter().flat_map(with_levels)
}

/// yᵀK⁻¹y / n: the scale of the covariance that explains an output of this block best, n points
/// being known, or with an inverse gamma distribution expected that is worth m points of scale 1,
/// (yᵀK⁻¹y + m) / (n + m). An output that does not vary keeps a trace.
pub(super) fn variance(output: &[f64], solved: &[f64], block: &Block) -> f64 {
    let product: f64 = output.iter().zip(solved).map(|(y, a)| y * a).sum();
    ((product + block.expected) / block.weight()).max(1e-12)
}
