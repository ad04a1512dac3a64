//! Matrices and the factorization of covariances. With `eigen`, the only place that knows the
//! linear algebra library. Everything runs on the calling thread: simulations own the other cores.

use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::{Mat, Side};

/// A matrix of doubles, stored column after column.
pub(crate) type Matrix = Mat<f64>;

/// The Cholesky factorization of a symmetric positive definite matrix.
pub(crate) struct Cholesky(faer::linalg::solvers::Llt<f64>);

impl Cholesky {
    /// Factorizes; `None` where the matrix is not positive definite or not finite.
    pub fn new(matrix: &Matrix) -> Option<Cholesky> {
        let factorization = matrix.llt(Side::Lower).ok()?;
        // A NaN passes comparisons that should have stopped the factorization.
        let diagonal = |i| factorization.L()[(i, i)].is_finite();
        (0..matrix.nrows()).all(diagonal).then_some(Cholesky(factorization))
    }

    /// Half of the logarithm of the determinant.
    pub fn half_log_determinant(&self) -> f64 {
        let factor = self.0.L();
        (0..factor.nrows()).map(|i| libm::log(factor[(i, i)])).sum()
    }

    /// The inverse of the matrix.
    pub fn inverse(&self) -> Matrix {
        self.0.inverse()
    }
}

/// Adds `factor` times `other`, of the same shape.
pub(crate) fn add_scaled(matrix: &mut Matrix, factor: f64, other: &Matrix) {
    *matrix += faer::Scale(factor) * other;
}

/// The solution of a square system given by its rows; `None` where there is none.
pub(crate) fn solve(rows: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    if rows.len() != n || rows.iter().any(|row| row.len() != n) {
        return None;
    }
    let matrix = Mat::from_fn(n, n, |i, j| rows[i][j]);
    let right = Mat::from_fn(n, 1, |i, _| right[i]);
    let solution = matrix.full_piv_lu().solve(&right);
    let solution: Vec<f64> = (0..n).map(|i| solution[(i, 0)]).collect();
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second-difference matrix of order 3 has determinant 4, and its inverse is
    /// min(i, j) (4 - max(i, j)) / 4 for i, j from 1.
    #[test]
    fn second_differences() {
        let matrix = Mat::from_fn(3, 3, |i, j| [2.0, -1.0, 0.0][i.abs_diff(j)]);
        let cholesky = Cholesky::new(&matrix).unwrap();
        assert!((cholesky.half_log_determinant() - 4f64.ln() / 2.0).abs() < 1e-14);
        let inverse = cholesky.inverse();
        for (i, j) in [(0, 0), (0, 1), (2, 0), (1, 2), (1, 1)] {
            let expected = ((i.min(j) + 1) * (3 - i.max(j))) as f64 / 4.0;
            assert!((inverse[(i, j)] - expected).abs() < 1e-14, "entry {i}, {j}");
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert!(Cholesky::new(&Mat::from_fn(2, 2, |_, _| 1.0 - 1e-3)).is_none());
        assert!(Cholesky::new(&Mat::from_fn(2, 2, |i, j| [1.0, 2.0][i.abs_diff(j)])).is_none());
        assert!(Cholesky::new(&Mat::from_fn(2, 2, |_, _| f64::NAN)).is_none());
    }
}
