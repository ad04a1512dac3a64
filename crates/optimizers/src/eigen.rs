//! Eigendecomposition; with `linear_algebra`, the only place that knows the linear algebra library.

use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

/// Eigenvalues in ascending order and the orthonormal eigenvectors of a symmetric matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Eigen {
    pub values: Vec<f64>,
    /// n × n, row after row; column j belongs to value j.
    pub vectors: Vec<f64>,
}

/// Decomposes a symmetric matrix given row after row, of which the lower triangle is read. `None`
/// where the iteration does not converge or the matrix is not finite.
///
/// The sign of an eigenvector is arbitrary; here its largest component (the first of equals) is
/// positive.
pub(crate) fn decompose(matrix: &[f64], n: usize) -> Option<Eigen> {
    if !matrix.iter().all(|entry| entry.is_finite()) {
        return None;
    }
    let decomposition =
        Mat::from_fn(n, n, |i, j| matrix[i * n + j]).self_adjoint_eigen(Side::Lower).ok()?;
    let vectors = decomposition.U();
    let signs: Vec<f64> = (0..n)
        .map(|j| {
            (0..n).map(|i| vectors[(i, j)]).fold(0.0f64, |largest, component| {
                if component.abs() > largest.abs() { component } else { largest }
            })
        })
        .map(f64::signum)
        .collect();
    Some(Eigen {
        values: (0..n).map(|j| decomposition.S()[j]).collect(),
        vectors: (0..n * n).map(|at| vectors[(at / n, at % n)] * signs[at % n]).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 3 × 3 second-difference matrix has the eigenvalues 2 - 2 cos(k π / 4).
    #[test]
    fn second_differences() {
        let matrix = [2.0, -1.0, 0.0, -1.0, 2.0, -1.0, 0.0, -1.0, 2.0];
        let eigen = decompose(&matrix, 3).unwrap();
        for (k, value) in eigen.values.iter().enumerate() {
            let expected = 2.0 - 2.0 * ((k + 1) as f64 * std::f64::consts::PI / 4.0).cos();
            assert!((value - expected).abs() < 1e-14, "{value} is not {expected}");
        }
        let first = [0.5, std::f64::consts::FRAC_1_SQRT_2, 0.5];
        for (i, expected) in first.iter().enumerate() {
            assert!((eigen.vectors[3 * i] - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn what_is_not_finite_has_no_decomposition() {
        assert!(decompose(&[f64::NAN], 1).is_none());
    }
}
