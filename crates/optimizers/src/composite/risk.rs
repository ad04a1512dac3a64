//! The probability that something goes wrong at a point: that the network explodes, that the
//! simulation fails, or that a target cannot be measured.
//!
//! Each is a logistic regression on coordinates and their squares with a normal prior of the
//! coefficients (ridge), fitted by Newton's method (Hastie et al. 2009, sec. 4.4.1). It learns from
//! a single event, and it knows nothing of the totals that such simulations are given.
//!
//! Where the same is known of cheaper simulations, their coefficients are the prior's mean, unless
//! the events are more likely without (Laplace's approximation of the evidence, Bishop 2006, eq.
//! 4.137).

use super::kernel::Point;
use crate::linear_algebra::{Cholesky, Matrix};

/// Precision of the prior of the constant, of a coordinate's coefficient and of its square's.
const PRECISION: [f64; 3] = [0.01, 0.3, 1.0];

/// The same around the coefficients of cheaper simulations.
const PRECISION_AROUND: [f64; 3] = [0.3, 1.0, 3.0];

/// Newton steps at most; four to eight are needed.
const STEPS: usize = 15;

/// The probability of one kind of event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Risk {
    /// Of 1, z and z².
    coefficients: Vec<f64>,
}

impl Risk {
    /// Learns from points and whether the event happened there. `None` where it always or never
    /// did.
    pub fn fit(points: &[&Point], happened: &[bool]) -> Option<Risk> {
        let events = happened.iter().filter(|happened| **happened).count();
        if events == 0 || events == happened.len() {
            return None;
        }
        let middle = vec![0.0; 1 + 2 * points[0].len()];
        Risk::around(&middle, PRECISION, points, happened).map(|(risk, _)| risk)
    }

    /// As [`fit`](Self::fit), where the risk of cheaper simulations is known. They may be all that
    /// there is.
    pub fn fit_with(below: Option<&Risk>, points: &[&Point], happened: &[bool]) -> Option<Risk> {
        let Some(below) = below else { return Risk::fit(points, happened) };
        if points.is_empty() {
            return Some(below.clone());
        }
        let middle = &below.coefficients;
        let with = Risk::around(middle, PRECISION_AROUND, points, happened);
        let without = Risk::around(&vec![0.0; middle.len()], PRECISION, points, happened);
        let best = with.into_iter().chain(without).min_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|(risk, _)| risk)
    }

    /// The coefficients at the maximum of the posterior around `middle`, and minus the logarithm of
    /// the evidence.
    fn around(
        middle: &[f64],
        precisions: [f64; 3],
        points: &[&Point],
        happened: &[bool],
    ) -> Option<(Risk, f64)> {
        let events = happened.iter().filter(|happened| **happened).count();
        let dimension = points[0].len();
        let size = middle.len();
        let features = Matrix::from_fn(points.len(), size, |k, feature| match feature {
            0 => 1.0,
            f if f <= dimension => points[k][f - 1],
            f => points[k][f - 1 - dimension].powi(2),
        });
        let precision = |feature: usize| precisions[feature.div_ceil(dimension.max(1)).min(2)];
        let share = (events as f64 + 0.5) / (happened.len() as f64 + 1.0);
        let mut coefficients = Matrix::from_fn(size, 1, |f, _| middle[f]);
        if middle.iter().all(|x| *x == 0.0) {
            coefficients[(0, 0)] = libm::log(share / (1.0 - share));
        }
        let mut half_log_determinant = 0.0;
        for _ in 0..STEPS {
            let linear = &features * &coefficients;
            let probabilities: Vec<f64> =
                linear.col_as_slice(0).iter().map(|x| logistic(*x)).collect();
            let residuals = Matrix::from_fn(points.len(), 1, |k, _| {
                probabilities[k] - f64::from(u8::from(happened[k]))
            });
            let mut gradient = features.transpose() * residuals;
            let weighted = Matrix::from_fn(points.len(), size, |k, f| {
                features[(k, f)] * (probabilities[k] * (1.0 - probabilities[k]) + 1e-4)
            });
            let mut hessian = features.transpose() * weighted;
            for f in 0..size {
                gradient[(f, 0)] += precision(f) * (coefficients[(f, 0)] - middle[f]);
                hessian[(f, f)] += precision(f);
            }
            let cholesky = Cholesky::new(&hessian)?;
            half_log_determinant = cholesky.half_log_determinant();
            let step = cholesky.inverse() * gradient;
            coefficients -= &step;
            if step.norm_max() < 1e-3 {
                break;
            }
        }
        let risk = Risk { coefficients: coefficients.col_as_slice(0).to_vec() };
        let surprise = |(point, happened): (&&Point, &bool)| {
            let probability = risk.probability(point);
            -libm::log(if *happened { probability } else { 1.0 - probability })
        };
        let mut cost = half_log_determinant;
        cost += points.iter().zip(happened).map(surprise).sum::<f64>();
        for (f, (x, middle)) in risk.coefficients.iter().zip(middle).enumerate() {
            let precision = precision(f);
            cost += precision * (x - middle).powi(2) / 2.0 - libm::log(precision) / 2.0;
        }
        Some((risk, cost))
    }

    /// The event's probability at `point`.
    pub fn probability(&self, point: &[f64]) -> f64 {
        let [linear, square] = self.of_coordinates(point.len());
        let terms = point.iter().zip(linear.iter().zip(square)).map(|(z, (a, b))| z * (a + b * z));
        logistic(self.coefficients[0] + terms.sum::<f64>())
    }

    /// Adds `factor` times the probability's gradient, where the probability is `probability`.
    pub fn add_gradient(&self, point: &[f64], probability: f64, factor: f64, gradient: &mut [f64]) {
        let slope = factor * probability * (1.0 - probability);
        let [linear, square] = self.of_coordinates(point.len());
        for (i, entry) in gradient.iter_mut().enumerate() {
            *entry += slope * (linear[i] + 2.0 * square[i] * point[i]);
        }
    }

    fn of_coordinates(&self, dimension: usize) -> [&[f64]; 2] {
        let (linear, square) = self.coefficients[1..].split_at(dimension);
        [linear, square]
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x.clamp(-30.0, 30.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deviates::Seeded;

    /// Points that explode beyond a first coordinate of 0.3.
    fn risk() -> (Vec<Point>, Vec<bool>, Risk) {
        let mut uniform = Seeded::new(1, "test").uniform(0);
        let points: Vec<Point> = (0..80).map(|_| (0..3).map(|_| uniform()).collect()).collect();
        let happened: Vec<bool> = points.iter().map(|point| point[0] > 0.3).collect();
        let risk = Risk::fit(&points.iter().collect::<Vec<_>>(), &happened).unwrap();
        (points, happened, risk)
    }

    #[test]
    fn it_rises_where_events_happened() {
        let (_, _, risk) = risk();
        assert!(risk.probability(&[0.9, 0.0, 0.0]) > 0.9);
        assert!(risk.probability(&[-0.5, 0.0, 0.0]) < 0.1);
    }

    /// At the maximum of the posterior Σ (p - y) f + precision w is 0 for every feature f.
    #[test]
    fn coefficients_are_at_the_maximum_of_the_posterior() {
        let (points, happened, risk) = risk();
        for feature in 0..7 {
            let value = |point: &Point| match feature {
                0 => 1.0,
                f if f <= 3 => point[f - 1],
                f => point[f - 4].powi(2),
            };
            let residual = |(point, happened): (&Point, &bool)| {
                (risk.probability(point) - f64::from(u8::from(*happened))) * value(point)
            };
            let sum: f64 = points.iter().zip(&happened).map(residual).sum();
            let precision = PRECISION[[0, 1, 1, 1, 2, 2, 2][feature]];
            let slope = sum + precision * risk.coefficients[feature];
            assert!(slope.abs() < 1e-2, "{slope} for {feature}");
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let (_, _, risk) = risk();
        let point = [0.2, -0.4, 0.6];
        let mut gradient = vec![1.0; 3];
        risk.add_gradient(&point, risk.probability(&point), 2.0, &mut gradient);
        for i in 0..3 {
            let shifted = |step: f64| {
                let mut point = point;
                point[i] += step;
                risk.probability(&point)
            };
            let expected = 1.0 + 2.0 * (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((gradient[i] - expected).abs() < 1e-7);
        }
    }

    #[test]
    fn what_never_or_always_happens_has_no_model() {
        let point = vec![0.0];
        assert!(Risk::fit(&[&point, &point], &[false, false]).is_none());
        assert!(Risk::fit(&[&point, &point], &[true, true]).is_none());
        let risk = Risk::fit(&[&point, &point], &[true, false]).unwrap();
        assert!((risk.probability(&point) - 0.5).abs() < 1e-6, "the same point, once of two");
    }

    #[test]
    fn the_risk_of_cheaper_simulations_is_believed_unless_the_events_say_otherwise() {
        let (_, _, below) = risk();
        let [safe, unsafe_] = [vec![-0.6, 0.0, 0.0], vec![0.8, 0.0, 0.0]];
        assert_eq!(Risk::fit_with(Some(&below), &[], &[]).unwrap(), below);
        // One explosion where the cheaper ones explode, too, and one survivor where they do not.
        let agreeing = Risk::fit_with(Some(&below), &[&safe, &unsafe_], &[false, true]).unwrap();
        assert!(agreeing.probability(&safe) < 0.1 && agreeing.probability(&unsafe_) > 0.9);
        // Twenty that explode on the other side only.
        let mut uniform = Seeded::new(2, "test").uniform(0);
        let points: Vec<Point> = (0..20).map(|_| (0..3).map(|_| uniform()).collect()).collect();
        let happened: Vec<bool> = points.iter().map(|point| point[0] < -0.2).collect();
        let points: Vec<&Point> = points.iter().collect();
        let other = Risk::fit_with(Some(&below), &points, &happened).unwrap();
        assert_eq!(other, Risk::fit(&points, &happened).unwrap());
    }
}
