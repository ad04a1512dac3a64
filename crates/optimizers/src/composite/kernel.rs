//! The covariance that all targets share.
//!
//! ```text
//! k(x, y) = (1 + r + r²/3) exp(-r) + s_l g + s_q g²
//! zᵢ = (xᵢ - cᵢ) / lᵢ        r² = 5 |z(x) - z(y)|²        g = z(x)·z(y) / (2.5 L)²
//! ```
//!
//! a Matérn covariance of smoothness 5/2 with a length scale for every coordinate (Rasmussen &
//! Williams 2006, eq. 4.17), and those of a linear and of a homogeneous quadratic function around
//! the centre c of the trust region with radius L (ibid., sec. 4.2.2): most targets are nearly
//! linear over short distances, which few points suffice to learn.
//!
//! Coordinates are the parameters, and then how far a point lies along a few directions. What many
//! parameters do together, as to excite a population, is learnt along such a direction from points
//! that differ in everything else.

use serde::{Deserialize, Serialize};

use crate::linear_algebra::Matrix;

/// A point of the search in unit coordinates, without the fixed parameters.
pub(super) type Point = Vec<f64>;

/// The covariance function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kernel {
    /// Logarithms of `s_l` and `s_q`, then of the length scales of the parameters and of the
    /// directions.
    pub log_parameters: Vec<f64>,
    pub centre: Point,
    pub radius: f64,
    /// Unit vectors.
    pub directions: Vec<Point>,
    /// Where the logarithms of the parameters are known from something similar: what they are
    /// expected to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<f64>,
}

/// Standard deviation of a parameter's logarithm from what is expected by something similar.
const SIMILAR: f64 = 0.5;

/// `s_l` and `s_q`.
const POLYNOMIAL: usize = 2;

/// What covariances are made of.
pub(super) struct Distances {
    /// r
    pub scaled: Matrix,
    /// g
    pub product: Matrix,
}

impl Kernel {
    /// Without directions, with every parameter at the middle of its prior.
    pub fn new(centre: Point, radius: f64) -> Kernel {
        let (log_parameters, directions) = (vec![], vec![]);
        Kernel { log_parameters, centre, radius, directions, expected: vec![] }.along(vec![])
    }

    /// The same covariance along other directions. Their length scales are those of the earlier
    /// ones, in their order, or the middle of the prior.
    pub fn along(mut self, directions: Vec<Point>) -> Kernel {
        self.directions = directions;
        let prior = self.prior();
        self.log_parameters.truncate(prior.len());
        let known = self.log_parameters.len();
        self.log_parameters.extend(prior[known..].iter().map(|(mean, _)| *mean));
        self
    }

    /// Normal priors of the logarithms of the parameters, mean and standard deviation: length
    /// scales that grow as the box's diagonal does (Hvarfner et al. 2024, arXiv:2402.02229),
    /// polynomial parts of about the size of the rest, and along a direction the whole range.
    pub fn prior(&self) -> Vec<(f64, f64)> {
        let length = libm::log(0.8 * (self.dimension() as f64).sqrt());
        let mut prior = vec![(0.0, 1.5), (-1.0, 1.5)];
        prior.extend(vec![(length, 1.0); self.dimension()]);
        prior.extend(vec![(libm::log(2.0), 1.0); self.directions.len()]);
        for (prior, expected) in prior.iter_mut().zip(&self.expected) {
            *prior = (*expected, SIMILAR);
        }
        prior
    }

    /// How many parameters are searched.
    pub fn dimension(&self) -> usize {
        self.centre.len()
    }

    /// How many coordinates there are: the parameters and the directions.
    pub fn coordinates(&self) -> usize {
        self.log_parameters.len() - POLYNOMIAL
    }

    /// `s_l` and `s_q`.
    pub fn polynomial(&self) -> [f64; POLYNOMIAL] {
        [0, 1].map(|i| libm::exp(self.log_parameters[i]))
    }

    /// The index of a coordinate's length scale among the parameters.
    pub fn index_of_length(coordinate: usize) -> usize {
        POLYNOMIAL + coordinate
    }

    /// The scale of g; with the prior's length scales it is 4 D L² in the coordinates' own units.
    pub fn width_squared(&self) -> f64 {
        6.25 * self.radius * self.radius
    }

    fn inverse_lengths(&self) -> Vec<f64> {
        self.log_parameters[POLYNOMIAL..].iter().map(|length| libm::exp(-length)).collect()
    }

    /// The points' coordinates z, one point a row.
    pub fn scaled<P: AsRef<[f64]>>(&self, points: &[P]) -> Matrix {
        let inverse = self.inverse_lengths();
        let mut scaled = Matrix::zeros(points.len(), inverse.len());
        for (k, point) in points.iter().enumerate() {
            let point = point.as_ref().iter();
            let step: Point = point.zip(&self.centre).map(|(x, c)| x - c).collect();
            let along = self.directions.iter().map(|u| dot(u, &step));
            for (i, z) in step.iter().copied().chain(along).enumerate() {
                scaled[(k, i)] = z * inverse[i];
            }
        }
        scaled
    }

    pub fn distances(&self, rows: &[Point], columns: &[Point]) -> Distances {
        let (a, b) = (self.scaled(rows), self.scaled(columns));
        let squares = |m: &Matrix| -> Vec<f64> {
            (0..m.nrows()).map(|k| (0..m.ncols()).map(|i| m[(k, i)] * m[(k, i)]).sum()).collect()
        };
        let (a_squared, b_squared) = (squares(&a), squares(&b));
        let mut product = &a * b.transpose();
        let mut scaled = product.clone();
        for (j, b_squared) in b_squared.iter().enumerate() {
            for (entry, a_squared) in scaled.col_as_slice_mut(j).iter_mut().zip(&a_squared) {
                *entry = (5.0 * (a_squared + b_squared - 2.0 * *entry).max(0.0)).sqrt();
            }
            product.col_as_slice_mut(j).iter_mut().for_each(|g| *g /= self.width_squared());
        }
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
        let z = self.scaled(&[point]);
        let g = (0..z.ncols()).map(|i| z[(0, i)] * z[(0, i)]).sum::<f64>() / self.width_squared();
        let [linear, quadratic] = self.polynomial();
        1.0 + linear * g + quadratic * g * g
    }

    /// Covariances of `point` with `others`.
    pub fn row(&self, point: &[f64], others: &[Point]) -> Row {
        let point = self.scaled(&[point]);
        let others = self.scaled(others);
        let (mut squares, mut g) = (vec![0.0; others.nrows()], vec![0.0; others.nrows()]);
        for i in 0..others.ncols() {
            let x = point[(0, i)];
            for ((square, g), y) in squares.iter_mut().zip(&mut g).zip(others.col_as_slice(i)) {
                *square += (x - y) * (x - y);
                *g += x * y;
            }
        }
        let (width, polynomial) = (self.width_squared(), self.polynomial());
        let entry = |(square, g): (&f64, &f64)| {
            let (r, g) = ((5.0 * square).sqrt(), g / width);
            let decay = libm::exp(-r);
            KernelEntry { covariance: value(r, decay, g, polynomial), r, decay, g }
        };
        Row { entries: squares.iter().zip(&g).map(entry).collect(), point, others }
    }

    /// Σ wₖ ∂k(point, otherₖ)/∂point, plus `own` times the derivative of the point's variance.
    pub fn gradient(&self, row: &Row, weights: &[f64], own: f64) -> Point {
        let Row { entries, point, others } = row;
        let [linear, quadratic] = self.polynomial();
        let width = self.width_squared();
        let (mut matern, mut polynomial) = (vec![], vec![]);
        for (entry, weight) in entries.iter().zip(weights) {
            matern.push(weight * 5.0 / 3.0 * (1.0 + entry.r) * entry.decay);
            polynomial.push(weight * (linear + 2.0 * quadratic * entry.g) / width);
        }
        let g = (0..point.ncols()).map(|i| point[(0, i)] * point[(0, i)]).sum::<f64>() / width;
        let own = own * (2.0 * linear + 4.0 * quadratic * g) / width;
        let sum_of_matern = matern.iter().sum::<f64>();
        let by_coordinate = |i: usize| {
            let (x, others) = (point[(0, i)], others.col_as_slice(i));
            dot(&matern, others) - sum_of_matern * x + dot(&polynomial, others) + own * x
        };
        self.gradient_by_point((0..point.ncols()).map(by_coordinate))
    }

    /// The gradient by a point of what has these slopes along its coordinates z.
    pub fn gradient_by_point(&self, slopes: impl IntoIterator<Item = f64>) -> Point {
        let slopes = slopes.into_iter().zip(self.inverse_lengths());
        let mut slopes = slopes.map(|(slope, inverse)| slope * inverse);
        let mut gradient: Point = slopes.by_ref().take(self.dimension()).collect();
        for (direction, slope) in self.directions.iter().zip(slopes) {
            gradient.iter_mut().zip(direction).for_each(|(sum, u)| *sum += slope * u);
        }
        gradient
    }
}

/// The covariances of a point with others.
pub(super) struct Row {
    pub entries: Vec<KernelEntry>,
    /// Their coordinates z.
    point: Matrix,
    others: Matrix,
}

/// The covariance with one other point, and its parts.
pub(super) struct KernelEntry {
    pub covariance: f64,
    r: f64,
    /// exp(-r)
    decay: f64,
    g: f64,
}

fn value(r: f64, decay: f64, g: f64, [linear, quadratic]: [f64; POLYNOMIAL]) -> f64 {
    (1.0 + r + r * r / 3.0) * decay + g * (linear + quadratic * g)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
