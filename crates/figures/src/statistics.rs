//! The statistics in the figures.

use faer::{Mat, Side};

/// The quantile of sorted values, 0 ≤ `share` ≤ 1, interpolated linearly between neighbours
/// (`NumPy`'s default, type 7 of Hyndman & Fan 1996); `None` of nothing.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

/// Spearman's rank correlation: Pearson's correlation of the [`ranks`] of both sides. `None` for
/// fewer than three pairs, or where one side is constant.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 3 {
        return None;
    }
    let mean = f64::midpoint(x.len() as f64, 1.0);
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let spread = (product(x, x) * product(y, y)).sqrt();
    (spread > 0.0).then(|| product(x, y) / spread)
}

/// The rank of each value from 1; equal ones share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let same =
            order[first..].iter().take_while(|&&i| values[i] == values[order[first]]).count();
        for &i in &order[first..first + same] {
            ranks[i] = first as f64 + f64::midpoint(same as f64, 1.0);
        }
        first += same;
    }
    ranks
}

/// The covariance matrix (n − 1) of points, row by row; of fewer than two points, zeros.
pub fn covariance(points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let dimensions = points.first().map_or(0, Vec::len);
    let count = points.len() as f64;
    let mean: Vec<f64> =
        (0..dimensions).map(|i| points.iter().map(|point| point[i]).sum::<f64>() / count).collect();
    let entry = |i: usize, j: usize| -> f64 {
        let products = points.iter().map(|point| (point[i] - mean[i]) * (point[j] - mean[j]));
        products.sum::<f64>() / (count - 1.0).max(1.0)
    };
    (0..dimensions).map(|i| (0..dimensions).map(|j| entry(i, j)).collect()).collect()
}

/// The eigenvalues of a symmetric matrix, largest first, each with its eigenvector of length 1.
/// `None` if the matrix holds what is no number.
pub fn eigen(matrix: &[Vec<f64>]) -> Option<Vec<(f64, Vec<f64>)>> {
    let size = matrix.len();
    let matrix = Mat::from_fn(size, size, |i, j| matrix[i][j]);
    let decomposed = matrix.self_adjoint_eigen(Side::Lower).ok()?;
    let (values, vectors) = (decomposed.S().column_vector(), decomposed.U());
    let pair = |k: usize| (values[k], (0..size).map(|i| vectors[(i, k)]).collect());
    Some((0..size).rev().map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::{covariance, eigen, quantile, ranks};

    fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        super::spearman(&ranks(&x), &ranks(&y))
    }

    const X: [f64; 7] = [3.1, -0.4, 2.2, 2.2, 9.0, 5.5, 0.0];
    const Y: [f64; 7] = [1.0, 0.5, 4.0, 2.0, 8.0, 2.0, -1.0];

    #[test]
    fn quantiles_are_those_of_numpy() {
        // np.quantile([-0.4, 0, 2.2, 2.2, 3.1, 5.5, 9], [0, .05, .25, .5, .75, 1])
        let mut sorted = X;
        sorted.sort_by(f64::total_cmp);
        let expected = [-0.4, -0.28, 1.1, 2.2, 4.3, 9.0];
        for (share, expected) in [0.0, 0.05, 0.25, 0.5, 0.75, 1.0].into_iter().zip(expected) {
            let ours = quantile(&sorted, share).unwrap();
            assert!((ours - expected).abs() < 1e-12, "{share}: {ours}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn rank_correlations_are_those_of_scipy() {
        // scipy.stats.spearmanr(X, Y).statistic, SciPy 1.17.1
        let pairs: Vec<_> = X.into_iter().zip(Y).collect();
        let ours = spearman(&pairs).unwrap();
        assert!((ours - 0.718_181_818_181_818_3).abs() < 1e-12, "{ours}");
        assert_eq!(spearman(&[(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]), None);
    }

    #[test]
    fn covariance_and_eigenvalues_are_those_of_numpy() {
        let points: Vec<Vec<f64>> = X.into_iter().zip(Y).map(|(x, y)| vec![x, y]).collect();
        let matrix = covariance(&points);
        // np.cov(X, Y)
        for (ours, expected) in matrix.concat().iter().zip([
            10.674_761_904_761_905,
            8.030_952_380_952_38,
            8.030_952_380_952_38,
            8.559_523_809_523_808,
        ]) {
            assert!((ours - expected).abs() < 1e-12, "{ours}, {expected}");
        }
        // np.linalg.eigh
        let eigen = eigen(&matrix).unwrap();
        for ((ours, vector), expected) in
            eigen.iter().zip([17.717_436_320_654_613, 1.516_849_393_631_098])
        {
            assert!((ours - expected).abs() < 1e-12, "{ours}, {expected}");
            let turned: f64 = matrix[0].iter().zip(vector).map(|(m, v)| m * v).sum();
            assert!((turned - ours * vector[0]).abs() < 1e-12, "no eigenvector");
        }
    }
}
