//! Ridge regression with its own judgement of how well it predicts.

use crate::statistics::eigen;

/// A linear model of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge {
    /// The change of the value for a change of each variable by one.
    pub slopes: Vec<f64>,
    /// The share of the values' variance that the model predicts of points it was not fitted to,
    /// each left out once: 1 at best, 0 or less for a model that is no better than the mean.
    pub predicted: f64,
}

/// Penalties that are tried, as shares of the mean eigenvalue of `XᵀX`.
const PENALTIES: [f64; 9] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0];

/// Fits `y = a + Xb` with the penalty `λ|b|²` that predicts best when each point is left out once
/// (Hoerl & Kennard 1970; the residual of a point left out is its residual over 1 − hᵢᵢ, Golub,
/// Heath & Wahba 1979, equation 1.4 before averaging). `None` for fewer than four points or where
/// the values are all the same.
pub fn ridge(points: &[Vec<f64>], values: &[f64]) -> Option<Ridge> {
    let count = points.len();
    let variables = points.first()?.len();
    if count < 4 || variables == 0 {
        return None;
    }
    let n = count as f64;
    let mean: Vec<f64> =
        (0..variables).map(|j| points.iter().map(|point| point[j]).sum::<f64>() / n).collect();
    let x: Vec<Vec<f64>> = points
        .iter()
        .map(|point| point.iter().zip(&mean).map(|(x, mean)| x - mean).collect())
        .collect();
    let mean_value = values.iter().sum::<f64>() / n;
    let y: Vec<f64> = values.iter().map(|value| value - mean_value).collect();
    let left_out_mean: f64 = y.iter().map(|y| (y * n / (n - 1.0)).powi(2)).sum();
    if left_out_mean <= 1e-24 * n * mean_value.powi(2) {
        return None;
    }
    let mut gram = vec![vec![0.0; variables]; variables];
    for row in &x {
        for (a, &xa) in row.iter().enumerate() {
            for (b, &xb) in row.iter().enumerate().take(a + 1) {
                gram[a][b] += xa * xb;
            }
        }
    }
    let (strengths, axes): (Vec<f64>, Vec<Vec<f64>>) = eigen(&gram)?.into_iter().unzip();
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    // The points along the axes, and how the values go along with them.
    let z: Vec<Vec<f64>> =
        x.iter().map(|row| axes.iter().map(|axis| dot(row, axis)).collect()).collect();
    let along: Vec<f64> =
        (0..variables).map(|k| z.iter().zip(&y).map(|(z, y)| z[k] * y).sum()).collect();
    let mean_strength = strengths.iter().sum::<f64>() / variables as f64;
    let weights = |share: f64| -> Vec<f64> {
        strengths.iter().map(|strength| 1.0 / (strength.max(0.0) + share * mean_strength)).collect()
    };
    let left_out = |weights: &[f64]| -> f64 {
        let residual = |(z, y): (&Vec<f64>, &f64)| {
            let (mut fitted, mut leverage) = (0.0, 1.0 / n);
            for ((z, weight), along) in z.iter().zip(weights).zip(&along) {
                fitted += z * weight * along;
                leverage += z * z * weight;
            }
            ((y - fitted) / (1.0 - leverage).max(1e-9)).powi(2)
        };
        z.iter().zip(&y).map(residual).sum()
    };
    let tried = PENALTIES.map(weights).map(|weights| (left_out(&weights), weights));
    let (error, weights) = tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let slope = |j: usize| -> f64 {
        axes.iter().zip(&weights).zip(&along).map(|((axis, w), along)| axis[j] * w * along).sum()
    };
    Some(Ridge {
        slopes: (0..variables).map(slope).collect(),
        predicted: 1.0 - error / left_out_mean,
    })
}

#[cfg(test)]
mod tests {
    use super::ridge;

    /// 12 points of 3 variables, and values that follow two of them, with something on top.
    fn data() -> (Vec<Vec<f64>>, Vec<f64>) {
        let x = |i: usize, j: usize| ((i * (7 * j + 3)) % 12) as f64 / 12.0;
        let points: Vec<Vec<f64>> = (0..12)
            .map(|i| (0..3).map(|j| x(i, j) + if j == 1 { 0.3 * x(i, 0) } else { 0.0 }).collect())
            .collect();
        let values = points.iter().enumerate();
        let values = values.map(|(i, p)| 2.0 * p[0] - p[2] + 0.3 * ((5 * i) % 7) as f64 / 7.0);
        (points.clone(), values.collect())
    }

    #[test]
    fn slopes_and_prediction_are_those_of_numpy() {
        let (points, values) = data();
        let fitted = ridge(&points, &values).unwrap();
        // np.linalg.solve(X.T @ X + λ I, X.T @ y), and for each λ twelve such fits of eleven
        // points.
        let expected = [
            1.842_109_621_089_163_2,
            -0.010_831_375_515_692_708,
            -0.880_988_261_995_869_8,
            0.944_270_897_583_001_4,
        ];
        for (ours, expected) in fitted.slopes.iter().chain([&fitted.predicted]).zip(expected) {
            assert!((ours - expected).abs() < 1e-9, "{ours}, {expected}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_model() {
        let (points, values) = data();
        assert_eq!(ridge(&points[..3], &values[..3]), None);
        assert_eq!(ridge(&points, &[1.5; 12]), None);
    }
}
