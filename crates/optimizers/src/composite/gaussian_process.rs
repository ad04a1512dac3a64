//! One Gaussian process for every modelled output: they share the covariance, each has its own
//! mean, scale and noise (Rasmussen & Williams 2006, ch. 2).
//!
//! Sharing the covariance means one factorization for each noise ratio in use, five at most,
//! instead of one for every target; and as many again for every block of outputs that are not known
//! everywhere (`worths`).

use super::evidence::{self, Data};
use super::kernel::{Kernel, Point, Row};
use super::noise::NoiseChoice;
use super::prior_sample::PriorSample;
use super::worths::Worths;
use crate::linear_algebra::{Matrix, add_scaled};

/// Points, nearest first, that the kernel's parameters are fitted to.
pub(super) const FITTED_POINTS: usize = 220;

/// Points, nearest first, whose mean is the outputs' prior mean.
const MEAN_POINTS: usize = 60;

/// What is known after the data.
pub(super) struct GaussianProcess {
    kernel: Kernel,
    points: Vec<Point>,
    worths: Worths,
    /// Inverses of the covariances, one for every noise ratio in use by outputs that are known at
    /// the same points.
    inverses: Vec<Matrix>,
    outputs: Vec<Output>,
    /// K⁻¹y of every output, times its standard deviation, in columns.
    weights: Matrix,
}

/// One output's own parameters.
#[derive(Debug, Clone, Copy)]
struct Output {
    mean: f64,
    /// Of the covariance; a covariance of 1 is this variance of the output.
    variance: f64,
    noise_variance: f64,
    /// Index of its inverse.
    inverse: usize,
}

/// Mean and variance of every output at a point, without noise.
pub(super) type Moments = Vec<(f64, f64)>;

/// The variance that a sample path is given, in units of an output's: the kinks of a score must not
/// stop who follows its slope.
const SMOOTHING: f64 = 1e-3;

/// What is known of all outputs at a point.
pub(super) trait Posterior {
    /// What gradients at a point follow from.
    type At;

    /// How many there are.
    fn outputs(&self) -> usize;

    /// Mean and variance of every output.
    fn at(&self, point: &[f64]) -> (Moments, Self::At);

    /// The gradient by the point of what has these derivatives by every output's mean and variance.
    fn gradient(&self, at: &Self::At, derivatives: &[(f64, f64)]) -> Point;

    /// A function of the outputs' moments at `point`, and its gradient by the point. `function`
    /// gives its value and, for every output, its derivatives by mean and variance.
    fn value_and_gradient(
        &self,
        point: &[f64],
        function: impl FnOnce(&[(f64, f64)]) -> (f64, Vec<(f64, f64)>),
    ) -> (f64, Point) {
        let (moments, at) = self.at(point);
        let (value, derivatives) = function(&moments);
        (value, self.gradient(&at, &derivatives))
    }
}

impl GaussianProcess {
    /// Learns from points, the most relevant first, `outputs` (one column for each) and how many
    /// simulations each point is worth to each of them; an output is ignored where that is 0. The
    /// kernel's parameters are fitted in rounds of `iterations`, between which the noise is chosen
    /// again.
    ///
    /// `None` where the covariance cannot be factorized.
    pub fn fit(
        mut kernel: Kernel,
        points: Vec<Point>,
        outputs: &Matrix,
        worths: Worths,
        iterations: &[usize],
    ) -> Option<GaussianProcess> {
        let (standardized, moments) = standardized(outputs, &worths);
        let fitted = points.len().min(FITTED_POINTS);
        let fitted_outputs = standardized.submatrix(0, 0, fitted, outputs.ncols()).to_owned();
        let fitted_worths = worths.first(fitted);
        let mut choice = NoiseChoice::new(&kernel, &points, &standardized, &worths)?;
        for &iterations in iterations {
            let data = Data {
                points: &points[..fitted],
                outputs: &fitted_outputs,
                worths: &fitted_worths,
                noise: &choice.levels,
            };
            evidence::fit(&mut kernel, &data, iterations);
            choice = NoiseChoice::new(&kernel, &points, &standardized, &worths)?;
        }
        let NoiseChoice { levels, inverses, variances, mut weights, .. } = choice;

        let mut kept = Vec::new();
        let mut inverse_of = vec![0; outputs.ncols()];
        for (block, inverses) in worths.blocks().iter().zip(inverses) {
            for (level, inverse) in inverses.into_iter().enumerate() {
                let users = block.members.iter().filter(|&&t| levels[t] == level);
                let users: Vec<usize> = users.copied().collect();
                if !users.is_empty() {
                    for t in users {
                        inverse_of[t] = kept.len();
                    }
                    kept.push(inverse);
                }
            }
        }
        let outputs = (0..outputs.ncols())
            .map(|t| {
                let (mean, sd) = moments[t];
                weights.col_as_slice_mut(t).iter_mut().for_each(|weight| *weight *= sd);
                let variance = variances[t] * sd * sd;
                let noise_variance = variance * worths.noise_ratios[levels[t]];
                Output { mean, variance, noise_variance, inverse: inverse_of[t] }
            })
            .collect();
        Some(GaussianProcess { kernel, points, worths, inverses: kept, outputs, weights })
    }

    /// The logarithm of every output's evidence under a kernel, with the noise that suits it best,
    /// up to a constant that all outputs share. Arguments as for [`fit`](Self::fit).
    pub fn log_evidences(
        kernel: &Kernel,
        points: &[Point],
        outputs: &Matrix,
        worths: &Worths,
    ) -> Option<Vec<f64>> {
        let (standardized, moments) = standardized(outputs, worths);
        let NoiseChoice { costs, .. } = NoiseChoice::new(kernel, points, &standardized, worths)?;
        let evidence = |(t, ((_, sd), cost)): (usize, (&(f64, f64), f64))| {
            -cost - worths.of(t).known * libm::log(*sd)
        };
        Some(moments.iter().zip(costs).enumerate().map(evidence).collect())
    }

    /// The covariance, with its fitted parameters.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Variance of the noise of one simulation's output.
    pub fn noise_variance(&self, output: usize) -> f64 {
        self.outputs[output].noise_variance
    }

    /// The variance of an output where the covariance is 1.
    pub fn variance(&self, output: usize) -> f64 {
        self.outputs[output].variance
    }

    /// How many points it has learnt from.
    pub fn points(&self) -> usize {
        self.points.len()
    }

    /// How many simulations each point is worth to an output.
    pub fn worth(&self, output: usize) -> &[f64] {
        self.worths.of(output).worth()
    }

    /// By how much every point's output is more than is expected where the point is left out, and
    /// the variance of what is expected, without noise (Rasmussen & Williams 2006, eq. 5.12; the
    /// output's mean and scale remain those of all points). `None` where the output is not known.
    pub fn left_out(&self, t: usize) -> Vec<Option<(f64, f64)>> {
        let Output { variance, noise_variance, inverse, .. } = self.outputs[t];
        let block = self.worths.of(t);
        let left_out = |(k, (worth, noise)): (usize, (&f64, f64))| {
            let precision = self.inverses[inverse][(k, k)];
            let spread = variance * (1.0 / precision - noise).max(1e-8);
            (*worth > 0.0).then(|| (self.weights[(k, t)] / precision, spread))
        };
        let points = block.worth().iter().zip(block.noise(noise_variance / variance));
        points.enumerate().map(left_out).collect()
    }

    /// The variance of a sum of every output over some points, each with its weight (a column for
    /// every output).
    pub fn variances_of_sums(&self, points: &[Point], weights: &Matrix) -> Vec<f64> {
        let prior = self.kernel.covariances(points, points) * weights;
        let with_data = self.kernel.covariances(&self.points, points) * weights;
        let mut variances = vec![0.0; self.outputs.len()];
        for (level, inverse) in self.inverses.iter().enumerate() {
            let members: Vec<usize> =
                (0..self.outputs.len()).filter(|&t| self.outputs[t].inverse == level).collect();
            let of_members = Matrix::from_fn(self.points.len(), members.len(), |k, m| {
                with_data[(k, members[m])]
            });
            let solved = inverse * &of_members;
            for (m, &t) in members.iter().enumerate() {
                let known = dot(solved.col_as_slice(m), of_members.col_as_slice(m));
                let unknown = dot(weights.col_as_slice(t), prior.col_as_slice(t)) - known;
                variances[t] = self.outputs[t].variance * unknown.max(0.0);
            }
        }
        variances
    }

    /// The share of every output's variance that is predicted where a point is left out (Rasmussen
    /// & Williams 2006, eq. 5.12), less than 0 where the mean would be the better prediction.
    /// `outputs` are those that it was fitted to.
    pub fn skills(&self, outputs: &Matrix) -> Vec<f64> {
        let skill = |(t, output): (usize, &Output)| {
            let worth = self.worths.of(t).worth();
            let inverse = &self.inverses[output.inverse];
            let sum = |of: &dyn Fn(usize) -> f64| -> f64 {
                worth.iter().enumerate().map(|(k, worth)| worth * of(k)).sum()
            };
            let mean = sum(&|k| outputs[(k, t)]) / sum(&|_| 1.0);
            let missed = sum(&|k| (self.weights[(k, t)] / inverse[(k, k)]).powi(2));
            1.0 - missed / sum(&|k| (outputs[(k, t)] - mean).powi(2)).max(1e-12)
        };
        self.outputs.iter().enumerate().map(skill).collect()
    }

    /// Means at many points, one point a row.
    pub fn means(&self, points: &[Point]) -> Matrix {
        let covariances = self.kernel.covariances(&self.points, points);
        let mut means = covariances.transpose() * &self.weights;
        for (t, output) in self.outputs.iter().enumerate() {
            means.col_as_slice_mut(t).iter_mut().for_each(|mean| *mean += output.mean);
        }
        means
    }

    /// Means and variances at many points.
    pub fn predict(&self, points: &[Point]) -> Vec<Moments> {
        let covariances = self.kernel.covariances(&self.points, points);
        let means = covariances.transpose() * &self.weights;
        let explained: Vec<Vec<f64>> = self
            .inverses
            .iter()
            .map(|inverse| {
                let solved = inverse * &covariances;
                (0..points.len())
                    .map(|k| dot(solved.col_as_slice(k), covariances.col_as_slice(k)))
                    .collect()
            })
            .collect();
        let posterior = |(k, point): (usize, &Point)| {
            let prior = self.kernel.variance(point);
            let one = |(t, output): (usize, &Output)| {
                let left = (prior - explained[output.inverse][k]).max(1e-8);
                (output.mean + means[(k, t)], output.variance * left)
            };
            self.outputs.iter().enumerate().map(one).collect()
        };
        points.iter().enumerate().map(posterior).collect()
    }

    /// The gradient of every output's mean at a point.
    pub fn slopes(&self, point: &Point) -> Vec<Point> {
        let row = self.kernel.row(point, &self.points);
        let slope = |t| self.kernel.gradient(&row, self.weights.col_as_slice(t), 0.0);
        (0..self.outputs.len()).map(slope).collect()
    }

    /// Draws a function from all that the data leave open: one from the prior, corrected by what
    /// the data say of its errors (pathwise conditioning, Wilson et al. 2020, arXiv:2002.09309). It
    /// deviates from the mean by `spread` times as much as the posterior does.
    pub fn sample_path(
        &self,
        spread: f64,
        normal: &mut impl FnMut() -> f64,
        uniform: &mut impl FnMut() -> f64,
    ) -> SamplePath<'_> {
        let prior = PriorSample::draw(&self.kernel, self.outputs.len(), normal, uniform);
        let mut seen = prior.values(&self.kernel.scaled(&self.points));
        let scales: Vec<f64> =
            self.outputs.iter().map(|output| spread * output.variance.sqrt()).collect();
        let mut weights = self.weights.clone();
        for (t, output) in self.outputs.iter().enumerate() {
            let ratio = output.noise_variance / output.variance;
            let noise = self.worths.of(t).noise(ratio);
            for (value, noise) in seen.col_as_slice_mut(t).iter_mut().zip(noise) {
                *value += noise.sqrt() * normal();
            }
            let seen = seen.subcols(t, 1).to_owned();
            let solved = &self.inverses[output.inverse] * seen;
            let weights = weights.col_as_slice_mut(t).iter_mut().zip(solved.col_as_slice(0));
            weights.for_each(|(weight, solved)| *weight -= scales[t] * solved);
        }
        SamplePath { process: self, prior, scales, weights }
    }
}

/// One of the functions that the data leave open.
pub(super) struct SamplePath<'a> {
    process: &'a GaussianProcess,
    prior: PriorSample,
    /// Of the prior's draws, one for every output.
    scales: Vec<f64>,
    /// What covariances with the points are multiplied with, one column for every output.
    weights: Matrix,
}

/// The covariances of a point with the data, and K⁻¹ times them for every inverse.
pub(super) struct Solved {
    row: Row,
    solved: Vec<Matrix>,
}

impl Posterior for GaussianProcess {
    type At = Solved;

    fn outputs(&self) -> usize {
        self.outputs.len()
    }

    fn at(&self, point: &[f64]) -> (Moments, Solved) {
        let row = self.kernel.row(point, &self.points);
        let covariances = Matrix::from_fn(row.entries.len(), 1, |k, _| row.entries[k].covariance);
        let means = self.weights.transpose() * &covariances;
        let solved: Vec<Matrix> =
            self.inverses.iter().map(|inverse| inverse * &covariances).collect();
        let prior = self.kernel.variance(point);
        let left: Vec<f64> = solved
            .iter()
            .map(|solved| prior - dot(solved.col_as_slice(0), covariances.col_as_slice(0)))
            .map(|left| left.max(1e-8))
            .collect();
        let posterior: Moments = (self.outputs.iter().enumerate())
            .map(|(t, output)| {
                (output.mean + means[(t, 0)], output.variance * left[output.inverse])
            })
            .collect();
        (posterior, Solved { row, solved })
    }

    fn gradient(&self, at: &Solved, derivatives: &[(f64, f64)]) -> Point {
        let Solved { row, solved } = at;
        let by_mean = Matrix::from_fn(derivatives.len(), 1, |t, _| derivatives[t].0);
        let mut weights = &self.weights * by_mean;
        let mut own = 0.0;
        for (level, solved) in solved.iter().enumerate() {
            let members = self.outputs.iter().zip(derivatives);
            let by_variance: f64 = members
                .filter(|(output, _)| output.inverse == level)
                .map(|(output, (_, by_variance))| by_variance * output.variance)
                .sum();
            own += by_variance;
            add_scaled(&mut weights, -2.0 * by_variance, solved);
        }
        self.kernel.gradient(row, weights.col_as_slice(0), own)
    }
}

/// The covariances of a point with the data, and its coordinates.
pub(super) struct Placed {
    row: Row,
    z: Matrix,
}

impl Posterior for SamplePath<'_> {
    type At = Placed;

    fn outputs(&self) -> usize {
        self.process.outputs()
    }

    fn at(&self, point: &[f64]) -> (Moments, Placed) {
        let GaussianProcess { kernel, points, outputs, .. } = self.process;
        let row = kernel.row(point, points);
        let covariances = Matrix::from_fn(1, row.entries.len(), |_, k| row.entries[k].covariance);
        let corrections = covariances * &self.weights;
        let z = kernel.scaled(&[point]);
        let prior = self.prior.values(&z);
        let output = |(t, output): (usize, &Output)| {
            let value = output.mean + self.scales[t] * prior[(0, t)] + corrections[(0, t)];
            (value, SMOOTHING * output.variance)
        };
        (outputs.iter().enumerate().map(output).collect(), Placed { row, z })
    }

    fn gradient(&self, at: &Placed, derivatives: &[(f64, f64)]) -> Point {
        let GaussianProcess { kernel, outputs, .. } = self.process;
        let Placed { row, z } = at;
        let by_value = Matrix::from_fn(outputs.len(), 1, |t, _| derivatives[t].0);
        let by_prior = Matrix::from_fn(outputs.len(), 1, |t, _| derivatives[t].0 * self.scales[t]);
        let mut gradient = kernel.gradient(row, (&self.weights * by_value).col_as_slice(0), 0.0);
        let of_prior = kernel.gradient_by_point(self.prior.gradient(z, &by_prior));
        gradient.iter_mut().zip(of_prior).for_each(|(sum, slope)| *sum += slope);
        gradient
    }
}

/// Shifted and scaled outputs, and the mean and standard deviation that were taken out of each.
fn standardized(outputs: &Matrix, worths: &Worths) -> (Matrix, Vec<(f64, f64)>) {
    let mut standardized = outputs.clone();
    let mut standardize =
        |t: usize| worths.standardize(t, standardized.col_as_slice_mut(t), MEAN_POINTS);
    let moments = (0..outputs.ncols()).map(&mut standardize).collect();
    (standardized, moments)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::worths::NOTHING_KNOWN;
    use super::*;
    use crate::deviates::Seeded;

    #[derive(Deserialize)]
    struct File {
        process: Reference,
    }

    #[derive(Deserialize)]
    struct Reference {
        points: Vec<Point>,
        replicates: Vec<f64>,
        values: Vec<Vec<Option<f64>>>,
        log_parameters: Vec<f64>,
        centre: Point,
        radius: f64,
        directions: Vec<Point>,
        queries: Vec<Point>,
        noise: Vec<usize>,
        objective: f64,
        means: Vec<Vec<f64>>,
        variances: Vec<Vec<f64>>,
        noise_variances: Vec<f64>,
    }

    /// `tests/data/make_gaussian_process.py` has its own kernel and solver.
    fn reference() -> Reference {
        let json = include_str!("../../tests/data/gaussian_process.json");
        serde_json::from_str::<File>(json).unwrap().process
    }

    fn matrix(rows: &[Vec<Option<f64>>]) -> Matrix {
        Matrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j].unwrap_or(f64::NAN))
    }

    fn kernel(reference: &Reference) -> Kernel {
        Kernel {
            log_parameters: reference.log_parameters.clone(),
            centre: reference.centre.clone(),
            radius: reference.radius,
            directions: reference.directions.clone(),
            expected: vec![],
        }
    }

    fn worths(reference: &Reference) -> Worths {
        let of_output = |t: usize| -> Vec<f64> {
            let known = reference.values.iter().map(|row| f64::from(u8::from(row[t].is_some())));
            known.zip(&reference.replicates).map(|(known, replicates)| known * replicates).collect()
        };
        let columns: Vec<Vec<f64>> = (0..reference.values[0].len()).map(of_output).collect();
        Worths::new(columns.iter().map(Vec::as_slice))
    }

    fn fitted(reference: &Reference, iterations: &[usize]) -> GaussianProcess {
        let (points, outputs) = (reference.points.clone(), matrix(&reference.values));
        GaussianProcess::fit(kernel(reference), points, &outputs, worths(reference), iterations)
            .unwrap()
    }

    #[test]
    fn the_posterior_is_that_of_numpy() {
        let reference = reference();
        let process = fitted(&reference, &[]);
        let posteriors = process.predict(&reference.queries);
        for (k, posterior) in posteriors.iter().enumerate() {
            for (t, (mean, variance)) in posterior.iter().enumerate() {
                let (expected_mean, expected) = (reference.means[k][t], reference.variances[k][t]);
                assert!((mean - expected_mean).abs() < 1e-7, "{mean} is not {expected_mean}");
                assert!((variance - expected).abs() < 1e-7, "{variance} is not {expected}");
            }
        }
        for (t, expected) in reference.noise_variances.iter().enumerate() {
            assert!((process.noise_variance(t) - expected).abs() < 1e-9);
        }
    }

    /// With another solver, and without the point in the first place.
    #[test]
    fn what_is_left_out_is_predicted_by_a_process_of_the_other_points() {
        let reference = reference();
        let process = fitted(&reference, &[]);
        let values = matrix(&reference.values);
        let covariance = process.kernel.covariances(&process.points, &process.points);
        let mut compared = 0;
        for (t, output) in process.outputs.iter().enumerate() {
            let ratio = output.noise_variance / output.variance;
            let noise: Vec<f64> = process.worths.of(t).noise(ratio).collect();
            let left_out = process.left_out(t);
            let known: Vec<usize> =
                (0..values.nrows()).filter(|&k| reference.values[k][t].is_some()).collect();
            for (k, left_out) in left_out.iter().enumerate() {
                assert_eq!(left_out.is_some(), known.contains(&k));
                let Some((missed, variance)) = *left_out else { continue };
                let others: Vec<usize> = known.iter().copied().filter(|&i| i != k).collect();
                let row = |&i: &usize| -> Vec<f64> {
                    let noise = |j: usize| if i == j { noise[i] } else { 0.0 };
                    others.iter().map(|&j| covariance[(i, j)] + noise(j)).collect()
                };
                let rows: Vec<Vec<f64>> = others.iter().map(row).collect();
                let with: Vec<f64> = others.iter().map(|&i| covariance[(i, k)]).collect();
                let weights = crate::linear_algebra::solve(&rows, &with).unwrap();
                let deviations = others.iter().map(|&i| values[(i, t)] - output.mean);
                let mean: f64 =
                    output.mean + weights.iter().zip(deviations).map(|(w, d)| w * d).sum::<f64>();
                let left = output.variance * (covariance[(k, k)] - dot(&weights, &with));
                let expected = values[(k, t)] - missed;
                let scale = output.variance.sqrt();
                assert!((expected - mean).abs() < 1e-5 * scale, "{expected} is not {mean}");
                assert!((variance - left).abs() < 1e-5 * output.variance, "{variance}, {left}");
                compared += 1;
            }
        }
        assert!(compared > 20, "{compared}");
    }

    #[test]
    fn sums_scatter_as_those_of_sample_paths_do() {
        let reference = reference();
        let process = fitted(&reference, &[]);
        let points = [reference.queries[0].clone(), reference.queries[1].clone()];
        let weights = Matrix::from_fn(2, process.outputs(), |k, t| [0.7, -0.2 - 0.1 * t as f64][k]);
        let mut squares = vec![0.0; process.outputs()];
        let count = 1500;
        let means = process.means(&points);
        for number in 0..count {
            let path = sample_path(&process, number);
            let values: Vec<Moments> = points.iter().map(|point| path.at(point).0).collect();
            for (t, square) in squares.iter_mut().enumerate() {
                let of = |k: usize| weights[(k, t)] * (values[k][t].0 - means[(k, t)]);
                *square += (of(0) + of(1)).powi(2) / count as f64;
            }
        }
        for (seen, variance) in squares.iter().zip(process.variances_of_sums(&points, &weights)) {
            assert!((seen / variance - 1.0).abs() < 0.15, "{seen} is not {variance}");
        }
    }

    #[test]
    fn the_evidence_is_that_of_numpy_and_its_gradient_that_of_differences() {
        let reference = reference();
        let worths = worths(&reference);
        let (outputs, _) = standardized(&matrix(&reference.values), &worths);
        let unknown = reference.values.iter().flatten().filter(|value| value.is_none()).count();
        let Reference { points, noise, .. } = &reference;
        let data = Data { points, outputs: &outputs, worths: &worths, noise };
        let at = |parameters: &[f64]| {
            let kernel = Kernel { log_parameters: parameters.to_vec(), ..kernel(&reference) };
            evidence::objective(&kernel, &data)
        };
        let (value, gradient) = at(&reference.log_parameters);
        let expected = reference.objective + unknown as f64 / 2.0 * NOTHING_KNOWN.ln();
        assert!((value - expected).abs() < 1e-7, "{value} is not {expected}");
        for (i, slope) in gradient.iter().enumerate() {
            let shifted = |step: f64| {
                let mut parameters = reference.log_parameters.clone();
                parameters[i] += step;
                at(&parameters).0
            };
            let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((slope - expected).abs() < 1e-5, "{slope} is not {expected} for {i}");
        }
        let better = fitted(&reference, &[20]);
        assert!(at(&better.kernel.log_parameters).0 < value - 1.0, "fitting raises the evidence");
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let reference = reference();
        let process = fitted(&reference, &[]);
        assert_gradients_are_those_of_differences(&process);
        assert_gradients_are_those_of_differences(&sample_path(&process, 0));
    }

    fn assert_gradients_are_those_of_differences(posterior: &impl Posterior) {
        let function = |posterior: &[(f64, f64)]| {
            let [(m, v), (n, w), (o, x)] = posterior[..] else { unreachable!() };
            let value = m * m + 3.0 * v + n * w + o * x;
            (value, vec![(2.0 * m, 3.0), (w, n), (x, o)])
        };
        let point = vec![0.3, -0.1, 0.2];
        let (_, gradient) = posterior.value_and_gradient(&point, function);
        for (i, slope) in gradient.iter().enumerate() {
            let shifted = |step: f64| {
                let mut point = point.clone();
                point[i] += step;
                posterior.value_and_gradient(&point, function).0
            };
            let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!(
                (slope - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                "{slope}, {expected}"
            );
        }
    }

    fn sample_path(process: &GaussianProcess, number: u64) -> SamplePath<'_> {
        let seeded = Seeded::new(2, "test");
        process.sample_path(
            1.0,
            &mut seeded.normal(number),
            &mut seeded.uniform(1_000_000 + number),
        )
    }

    #[test]
    fn sample_paths_have_the_mean_and_the_variance_of_the_posterior() {
        let reference = reference();
        let process = fitted(&reference, &[]);
        let count = 4000;
        let mut draws = vec![vec![]; reference.queries.len()];
        for number in 0..count {
            let path = sample_path(&process, number);
            for (query, draws) in reference.queries.iter().zip(&mut draws) {
                path.value_and_gradient(query, |known| {
                    draws.push(known.iter().map(|(value, _)| *value).collect::<Vec<f64>>());
                    (0.0, vec![(0.0, 0.0); known.len()])
                });
            }
        }
        let count = count as f64;
        for (draws, posterior) in draws.iter().zip(process.predict(&reference.queries)) {
            for (t, (mean, variance)) in posterior.iter().enumerate() {
                let values: Vec<f64> = draws.iter().map(|draw| draw[t]).collect();
                let average = values.iter().sum::<f64>() / count;
                let spread = values.iter().map(|v| (v - average).powi(2)).sum::<f64>() / count;
                // Five standard errors.
                assert!((average - mean).abs() < 5.0 * (variance / count).sqrt());
                assert!((spread / variance - 1.0).abs() < 5.0 * (2.0 / count).sqrt());
            }
        }
    }
}
