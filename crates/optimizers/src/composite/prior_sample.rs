//! Functions drawn from the Gaussian process before it has seen data, with values and gradients
//! everywhere.
//!
//! The three parts of the covariance are drawn one by one. The Matérn part is a sum of cosines
//! whose frequencies have its spectral density, a t distribution with 5 degrees of freedom (random
//! features, Rahimi & Recht 2007; Rasmussen & Williams 2006, eq. 4.15); the others are what their
//! names say, a linear and a homogeneous quadratic function with normal coefficients:
//!
//! ```text
//! f(z) = √(2/F) Σ w cos(ω·z + φ) + √s_l a·z / (2.5 L) + √s_q z·B z / (2.5 L)²
//! ```

use std::f64::consts::PI;

use super::kernel::Kernel;
use crate::linear_algebra::Matrix;

/// Cosines; with this many their covariance is within about 1 / √F = 5 % of the Matérn covariance.
const FEATURES: usize = 400;

/// Twice the smoothness 5/2.
const DEGREES_OF_FREEDOM: usize = 5;

/// One function for every output, of variance 1 in the kernel's units. They share the frequencies.
pub(super) struct PriorSample {
    /// ω, one a row, and φ.
    frequencies: Matrix,
    phases: Vec<f64>,
    /// Coefficients of the cosines, of the coordinates and of their products, in columns for every
    /// output.
    features: Matrix,
    linear: Matrix,
    quadratic: Matrix,
}

impl PriorSample {
    pub fn draw(
        kernel: &Kernel,
        outputs: usize,
        normal: &mut impl FnMut() -> f64,
        uniform: &mut impl FnMut() -> f64,
    ) -> PriorSample {
        let size = kernel.coordinates();
        let mut frequencies = Matrix::zeros(FEATURES, size);
        for f in 0..FEATURES {
            let squares: f64 = (0..DEGREES_OF_FREEDOM).map(|_| normal().powi(2)).sum();
            let scale = (DEGREES_OF_FREEDOM as f64 / squares).sqrt();
            (0..size).for_each(|i| frequencies[(f, i)] = scale * normal());
        }
        let phases = (0..FEATURES).map(|_| PI * uniform()).collect();
        let mut normals = |rows, sd: f64| Matrix::from_fn(rows, outputs, |_, _| sd * normal());
        let [linear, quadratic] = kernel.polynomial().map(f64::sqrt);
        let width = kernel.width_squared();
        PriorSample {
            frequencies,
            phases,
            features: normals(FEATURES, (2.0 / FEATURES as f64).sqrt()),
            linear: normals(size, linear / width.sqrt()),
            quadratic: normals(size * size, quadratic / width),
        }
    }

    /// The value of every output at every point of coordinates `z`, one point a row.
    pub fn values(&self, z: &Matrix) -> Matrix {
        let size = z.ncols();
        let mut cosines = z * self.frequencies.transpose();
        for (f, phase) in self.phases.iter().enumerate() {
            cosines.col_as_slice_mut(f).iter_mut().for_each(|x| *x = libm::cos(*x + phase));
        }
        let product = |k: usize, ij: usize| z[(k, ij / size)] * z[(k, ij % size)];
        let products = Matrix::from_fn(z.nrows(), size * size, product);
        cosines * &self.features + z * &self.linear + products * &self.quadratic
    }

    /// The gradient by the coordinates `z`, one row, of the sum of all outputs with these weights.
    pub fn gradient(&self, z: &Matrix, weights: &Matrix) -> Vec<f64> {
        let size = z.ncols();
        let angles = z * self.frequencies.transpose();
        let features = &self.features * weights;
        let slopes = Matrix::from_fn(1, FEATURES, |_, f| {
            -features[(f, 0)] * libm::sin(angles[(0, f)] + self.phases[f])
        });
        let cosines = slopes * &self.frequencies;
        let linear = &self.linear * weights;
        let quadratic = &self.quadratic * weights;
        let by = |i: usize| {
            let products = (0..size)
                .map(|j| (quadratic[(i * size + j, 0)] + quadratic[(j * size + i, 0)]) * z[(0, j)]);
            cosines[(0, i)] + linear[(i, 0)] + products.sum::<f64>()
        };
        (0..size).map(by).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::composite::kernel::Point;
    use crate::deviates::Seeded;

    fn kernel() -> Kernel {
        let mut kernel = Kernel::new(vec![0.1, -0.2, 0.0], 0.4).along(vec![vec![0.6, 0.8, 0.0]]);
        let logs = [0.3, 1.5, -0.5, 0.2, 0.9, 0.4];
        kernel.log_parameters.copy_from_slice(&logs);
        kernel
    }

    fn draw(kernel: &Kernel, outputs: usize, number: u64) -> PriorSample {
        let seeded = Seeded::new(6, "test");
        PriorSample::draw(
            kernel,
            outputs,
            &mut seeded.normal(number),
            &mut seeded.uniform(1000 + number),
        )
    }

    #[test]
    fn draws_have_the_kernels_covariance() {
        let kernel = kernel();
        let points: Vec<Point> =
            vec![vec![0.3, 0.1, -0.6], vec![-0.5, 0.4, 0.2], vec![0.35, 0.0, -0.4]];
        let z = kernel.scaled(&points);
        let expected = kernel.covariances(&points, &points);
        let (draws, outputs) = (100, 100);
        let mut found = Matrix::zeros(3, 3);
        for number in 0..draws {
            let values = draw(&kernel, outputs, number).values(&z);
            found += &values * values.transpose();
        }
        let count = (draws as usize * outputs) as f64;
        for i in 0..3 {
            for j in 0..3 {
                let scale = (expected[(i, i)] * expected[(j, j)]).sqrt();
                let error = (found[(i, j)] / count - expected[(i, j)]) / scale;
                // Five standard errors of 10 000 values.
                assert!(error.abs() < 5.0 * (2.0 / count).sqrt(), "{error} for {i}, {j}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let kernel = kernel();
        let sample = draw(&kernel, 2, 3);
        let weights = Matrix::from_fn(2, 1, |t, _| [0.7, -1.5][t]);
        let z = Matrix::from_fn(1, 4, |_, i| [0.4, -0.3, 0.9, 0.1][i]);
        for (i, slope) in sample.gradient(&z, &weights).iter().enumerate() {
            let shifted = |step: f64| {
                let mut z = z.clone();
                z[(0, i)] += step;
                (sample.values(&z) * &weights)[(0, 0)]
            };
            let expected = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            assert!((slope - expected).abs() < 1e-6, "{slope} is not {expected}");
        }
    }
}
