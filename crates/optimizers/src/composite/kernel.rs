//! The covariance that all targets share.
//!
//! ```text
//! k(x, y) = (1 + r + r²/3) exp(-r) + s_l g + s_q g²
//! r² = 5 Σᵢ ((xᵢ - yᵢ) / lᵢ)²        g = (x - c)·(y - c) / (4 D L²)
//! ```
//!
//! a Matérn covariance of smoothness 5/2 with a length scale for every parameter (Rasmussen & Williams
//! 2006, eq. 4.17), and those of a linear and of a homogeneous quadratic function around the centre c of the
//! trust region with radius L (ibid., sec. 4.2.2): most targets are nearly linear over short distances,
//! which few points suffice to learn.

use crate::linear_algebra::Matrix;

/// A point of the search in unit coordinates, without the fixed parameters.
pub(super) type Point = Vec<f64>;

/// The covariance function.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    /// Logarithms of the length scales, then of `s_l` and `s_q`.
    pub log_parameters: Vec<f64>,
    pub centre: Point,
    pub radius: f64,
}

/// Normal priors of the logarithms of the kernel's parameters, mean and standard deviation: length scales
/// that grow as the box's diagonal does (Hvarfner et al. 2024, arXiv:2402.02229), and polynomial parts of
/// about the size of the rest.
pub(super) fn prior(dimension: usize) -> Vec<(f64, f64)> {
    let length = libm::log(0.8 * (dimension as f64).sqrt());
    let mut prior = vec![(length, 1.0); dimension];
    prior.extend([(0.0, 1.5), (-1.0, 1.5)]);
    prior
}

/// What covariances are made of.
pub(super) struct Distances {
    /// r
    pub scaled: Matrix,
    /// g
    pub product: Matrix,
}

impl Kernel {
    /// With every parameter at the middle of its prior.
    pub fn new(centre: Point, radius: f64) -> Kernel {
        let log_parameters = prior(centre.len()).iter().map(|(mean, _)| *mean).collect();
        Kernel { log_parameters, centre, radius }
    }

    /// How many parameters are searched.
    pub fn dimension(&self) -> usize {
        self.centre.len()
    }

    pub fn length(&self, i: usize) -> f64 {
        libm::exp(self.log_parameters[i])
    }

    /// `s_l` and `s_q`.
    pub fn polynomial(&self) -> [f64; 2] {
        let n = self.dimension();
        [n, n + 1].map(|i| libm::exp(self.log_parameters[i]))
    }

    /// The scale of g.
    fn width_squared(&self) -> f64 {
        4.0 * self.dimension() as f64 * self.radius * self.radius
    }

    /// The points divided by the length scales, one a row.
    pub fn scaled(&self, points: &[Point]) -> Matrix {
        let inverse: Vec<f64> = (0..self.dimension()).map(|i| 1.0 / self.length(i)).collect();
        Matrix::from_fn(points.len(), self.dimension(), |k, i| points[k][i] * inverse[i])
    }

    pub fn distances(&self, rows: &[Point], columns: &[Point]) -> Distances {
        let (a, b) = (self.scaled(rows), self.scaled(columns));
        let squares = |m: &Matrix| -> Vec<f64> {
            (0..m.nrows()).map(|k| (0..m.ncols()).map(|i| m[(k, i)] * m[(k, i)]).sum()).collect()
        };
        let (a_squared, b_squared) = (squares(&a), squares(&b));
        let mut scaled = &a * b.transpose();
        for (j, b_squared) in b_squared.iter().enumerate() {
            for (entry, a_squared) in scaled.col_as_slice_mut(j).iter_mut().zip(&a_squared) {
                *entry = (5.0 * (a_squared + b_squared - 2.0 * *entry).max(0.0)).sqrt();
            }
        }
        let width = self.width_squared().sqrt();
        let centred = |points: &[Point]| {
            Matrix::from_fn(points.len(), self.dimension(), |k, i| {
                (points[k][i] - self.centre[i]) / width
            })
        };
        let product = centred(rows) * centred(columns).transpose();
        Distances { scaled, product }
    }

    /// Covariances of `rows` with `columns`.
    pub fn covariances(&self, rows: &[Point], columns: &[Point]) -> Matrix {
        let Distances { mut scaled, product } = self.distances(rows, columns);
        let polynomial = self.polynomial();
        for j in 0..columns.len() {
            for (entry, &g) in scaled.col_as_slice_mut(j).iter_mut().zip(product.col_as_slice(j)) {
                *entry = value(*entry, libm::exp(-*entry), g, polynomial);
            }
        }
        scaled
    }

    /// The variance of `point`.
    pub fn variance(&self, point: &[f64]) -> f64 {
        let g = self.product(point, point);
        let [linear, quadratic] = self.polynomial();
        1.0 + linear * g + quadratic * g * g
    }

    /// Covariances of `point` with `others`, and for each of these r, exp(-r) and g.
    pub fn row(&self, point: &[f64], others: &[Point]) -> Vec<KernelEntry> {
        let inverse: Vec<f64> = (0..self.dimension()).map(|i| 1.0 / self.length(i)).collect();
        let polynomial = self.polynomial();
        let entry = |other: &Point| {
            let squares =
                point.iter().zip(other).zip(&inverse).map(|((x, y), l)| ((x - y) * l).powi(2));
            let r = (5.0 * squares.sum::<f64>()).sqrt();
            let (decay, g) = (libm::exp(-r), self.product(point, other));
            KernelEntry { covariance: value(r, decay, g, polynomial), r, decay, g }
        };
        others.iter().map(entry).collect()
    }

    /// Σ wₖ ∂k(point, otherₖ)/∂point, plus `own` times the derivative of the point's variance.
    pub fn gradient(
        &self,
        point: &[f64],
        others: &[Point],
        row: &[KernelEntry],
        weights: &[f64],
        own: f64,
    ) -> Point {
        let n = self.dimension();
        let [linear, quadratic] = self.polynomial();
        let (mut by_distance, mut by_product) = (vec![0.0; n], vec![0.0; n]);
        for ((other, entry), weight) in others.iter().zip(row).zip(weights) {
            let matern = weight * 5.0 / 3.0 * (1.0 + entry.r) * entry.decay;
            let polynomial = weight * (linear + 2.0 * quadratic * entry.g);
            for i in 0..n {
                by_distance[i] -= matern * (point[i] - other[i]);
                by_product[i] += polynomial * (other[i] - self.centre[i]);
            }
        }
        let own = own * (2.0 * linear + 4.0 * quadratic * self.product(point, point));
        (0..n)
            .map(|i| {
                let product = by_product[i] + own * (point[i] - self.centre[i]);
                by_distance[i] / self.length(i).powi(2) + product / self.width_squared()
            })
            .collect()
    }

    fn product(&self, x: &[f64], y: &[f64]) -> f64 {
        let terms = x.iter().zip(y).zip(&self.centre).map(|((x, y), c)| (x - c) * (y - c));
        terms.sum::<f64>() / self.width_squared()
    }
}

/// The covariance with one other point, and its parts.
pub(super) struct KernelEntry {
    pub covariance: f64,
    r: f64,
    /// exp(-r)
    decay: f64,
    g: f64,
}

fn value(r: f64, decay: f64, g: f64, [linear, quadratic]: [f64; 2]) -> f64 {
    (1.0 + r + r * r / 3.0) * decay + g * (linear + quadratic * g)
}
