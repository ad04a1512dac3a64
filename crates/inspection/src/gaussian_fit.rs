//! A Gaussian fitted to responses by orientation.

use std::f64::consts::{FRAC_PI_2, LN_2, PI};

use serde::Serialize;

use crate::nonnegative::nonnegative;
use crate::simplex::minimize;

/// Tuning is neither narrower nor wider than this.
const WIDTHS_RAD: [f64; 2] = [0.05, FRAC_PI_2];

/// Fewer orientations are no curve.
pub const FEWEST_ORIENTATIONS: usize = 5;

/// A fit that explains less of the variance is no tuning: what it leaves over is more than what it
/// describes, and its width is that of chance.
pub const LEAST_EXPLAINED: f64 = 0.5;

/// b + A·exp(−d²/2σ²) with b, A ≥ 0, where d is the distance of an orientation from the peak on the
/// circle of orientations: the least squares fit with σ between 0.05 rad and 90°.
///
/// # Examples
///
/// A cell with a baseline of 2 Hz and a bump of 10 Hz whose σ is 20°:
///
/// ```
/// use inspection::GaussianFit;
///
/// let rate_hz = |d_deg: f64| 2.0 + 10.0 * (-0.5 * (d_deg / 20.0).powi(2)).exp();
/// let orientations_deg = (-4..=4).map(|i| 20.0 * f64::from(i));
/// let points: Vec<_> = orientations_deg.map(|d| (d.to_radians(), rate_hz(d))).collect();
/// let fit = GaussianFit::of(&points, false).expect("a Gaussian fits a Gaussian");
/// assert!((fit.baseline_hz - 2.0).abs() < 1e-3 && (fit.amplitude_hz - 10.0).abs() < 1e-3);
/// assert!((fit.half_width_deg - 20.0 * 1.177_41).abs() < 0.01); // √(2 ln 2)
/// assert!(fit.explained_variance > 0.999_99);
/// assert_eq!(GaussianFit::of(&points[..4], false), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GaussianFit {
    /// b.
    pub baseline_hz: f64,
    /// A.
    pub amplitude_hz: f64,
    /// Where the peak is, relative to the preferred orientation.
    pub peak_deg: f64,
    /// Half of the width at half of the height above the baseline, σ·√(2 ln 2).
    pub half_width_deg: f64,
    /// The share of the variance of the rates that the fit explains, R².
    pub explained_variance: f64,
}

impl GaussianFit {
    /// Fits (orientation relative to the preferred one in rad, rate in Hz). The peak lies at 0, or
    /// is looked for as well. `None` with fewer than five different orientations, if all rates are
    /// the same, if no Gaussian is better than a constant, or if σ is at a limit.
    pub fn of(points: &[(f64, f64)], with_peak: bool) -> Option<Self> {
        if !is_curve(points) || points.iter().all(|point| point.1 == points[0].1) {
            return None;
        }
        let squares = |log_width: f64, peak: f64| -> (f64, [f64; 2]) {
            let width = log_width.exp().clamp(WIDTHS_RAD[0], WIDTHS_RAD[1]);
            solve(points, width, peak)
        };
        let highest = points.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |point| point.0);
        let peaks = if with_peak { vec![highest, 0.0] } else { vec![0.0] };
        let widths = [0.1, 0.2, 0.35, 0.6, 1.0].map(f64::ln);
        let starts = peaks.iter().flat_map(|&peak| widths.map(|width| [width, peak]));
        let ([log_width, peak], _) = starts
            .map(|start| {
                if with_peak {
                    minimize(|&[width, peak]| squares(width, peak).0, start, 0.2, 1e-12)
                } else {
                    let ([width], value) =
                        minimize(|&[width]| squares(width, 0.0).0, [start[0]], 0.2, 1e-12);
                    ([width, 0.0], value)
                }
            })
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        let width = log_width.exp().clamp(WIDTHS_RAD[0], WIDTHS_RAD[1]);
        let (squares, [baseline_hz, amplitude_hz]) = solve(points, width, peak);
        let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64;
        let spread: f64 = points.iter().map(|point| (point.1 - mean).powi(2)).sum();
        let is_within = width > 1.001 * WIDTHS_RAD[0] && width < 0.999 * WIDTHS_RAD[1];
        (amplitude_hz > 0.0 && is_within).then(|| Self {
            baseline_hz,
            amplitude_hz,
            peak_deg: difference(peak, 0.0).to_degrees(),
            half_width_deg: (width * (2.0 * LN_2).sqrt()).to_degrees(),
            explained_variance: 1.0 - squares / spread,
        })
    }

    /// The share of the variance between these means that the fit explains; each is (orientation
    /// relative to the preferred one in rad, mean rate in Hz, how many rates it is the mean of).
    ///
    /// Cells differ in their rates whatever is shown. What a tuning could explain is how the means
    /// over cells differ, and a curve fitted to thousands of points may explain all of that and
    /// still little of [their variance](Self::explained_variance).
    pub fn explained_between(&self, means: &[(f64, f64, usize)]) -> f64 {
        let n: f64 = means.iter().map(|&(_, _, n)| n as f64).sum();
        let mean = means.iter().map(|&(_, rate, n)| n as f64 * rate).sum::<f64>() / n;
        let squares = |of: &dyn Fn(f64) -> f64| -> f64 {
            means.iter().map(|&(d, rate, n)| n as f64 * (rate - of(d)).powi(2)).sum()
        };
        1.0 - squares(&|d| self.rate_hz(d.to_degrees())) / squares(&|_| mean)
    }

    /// The rate at an orientation relative to the preferred one.
    pub fn rate_hz(&self, orientation_deg: f64) -> f64 {
        let distance = difference(orientation_deg.to_radians(), self.peak_deg.to_radians());
        let width = self.half_width_deg.to_radians() / (2.0 * LN_2).sqrt();
        self.baseline_hz + self.amplitude_hz * (-0.5 * (distance / width).powi(2)).exp()
    }
}

/// Whether these are rates at enough different orientations.
pub fn is_curve(points: &[(f64, f64)]) -> bool {
    let mut different: Vec<i64> =
        points.iter().map(|(d, _)| (d.rem_euclid(PI) * 1e6) as i64).collect();
    different.sort_unstable();
    different.dedup();
    different.len() >= FEWEST_ORIENTATIONS
}

/// The difference of two orientations, −π/2 to π/2.
pub fn difference(a_rad: f64, b_rad: f64) -> f64 {
    (a_rad - b_rad + FRAC_PI_2).rem_euclid(PI) - FRAC_PI_2
}

/// The squared residuals of the best baseline and amplitude for a width and a peak, and these.
fn solve(points: &[(f64, f64)], width: f64, peak: f64) -> (f64, [f64; 2]) {
    let bell = |d: f64| (-0.5 * (difference(d, peak) / width).powi(2)).exp();
    let (mut gram, mut moments) = ([[0.0; 2]; 2], [0.0; 2]);
    for &(d, rate) in points {
        let bell = bell(d);
        gram[0][0] += 1.0;
        gram[0][1] += bell;
        gram[1][1] += bell * bell;
        moments[0] += rate;
        moments[1] += bell * rate;
    }
    gram[1][0] = gram[0][1];
    let [baseline, amplitude] = nonnegative(&gram, &moments);
    let residual = |&(d, rate): &(f64, f64)| (rate - baseline - amplitude * bell(d)).powi(2);
    (points.iter().map(residual).sum(), [baseline, amplitude])
}

#[cfg(test)]
mod tests {
    use super::GaussianFit;

    #[test]
    fn a_gaussian_is_found_again() {
        let wanted = GaussianFit {
            baseline_hz: 1.5,
            amplitude_hz: 12.0,
            peak_deg: -20.0,
            half_width_deg: 25.0,
            explained_variance: 1.0,
        };
        let angles = (0..10).map(|i| 18.0 * f64::from(i));
        let points: Vec<_> = angles.map(|a| (a.to_radians(), wanted.rate_hz(a))).collect();
        let found = GaussianFit::of(&points, true).unwrap();
        assert!((found.half_width_deg - 25.0).abs() < 1e-3, "{found:?}");
        assert!(
            (found.peak_deg + 20.0).abs() < 1e-3 && found.explained_variance > 0.999_999,
            "{found:?}"
        );
    }

    #[test]
    fn the_means_are_explained_where_cells_differ_in_rate() {
        let tuning = |d: f64| 1.0 + 9.0 * (-0.5 * (d / 0.4).powi(2)).exp();
        let differences: Vec<f64> = (-8..=8).map(|i| f64::from(i) * 0.17).collect();
        // Half of the cells fire nine times as much as the others.
        let points: Vec<_> = differences
            .iter()
            .flat_map(|&d| [0.2, 1.8].map(|gain| (d, gain * tuning(d))))
            .collect();
        let fit = GaussianFit::of(&points, false).unwrap();
        let means: Vec<_> = differences.iter().map(|&d| (d, tuning(d), 2)).collect();
        assert!(fit.explained_variance < 0.5, "{fit:?}");
        assert!(fit.explained_between(&means) > 0.999_999);
        let constant: Vec<_> = means.iter().map(|&(d, _, n)| (d, 4.0 + d, n)).collect();
        assert!(fit.explained_between(&constant) < 0.0);
    }

    #[test]
    fn what_is_not_tuned_has_no_width() {
        assert_eq!(GaussianFit::of(&[(0.0, 2.0), (1.0, 2.0), (0.5, 2.0)], false), None);
        let flat: Vec<_> = (0..9).map(|i| (f64::from(i) / 3.0, 4.0)).collect();
        assert_eq!(GaussianFit::of(&flat, true), None);
    }
}
