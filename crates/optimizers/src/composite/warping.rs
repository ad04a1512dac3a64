//! Which warp the values of each target are modelled with. A rate that rises and explodes is best
//! modelled logarithmically, above what is wanted or all the way down to silence; a value that is
//! linear in the parameters would only be bent by that.

use super::expected_score::WarpedRule;
use super::gaussian_process::{FITTED_POINTS, GaussianProcess};
use super::kernel::{Kernel, Point};
use super::worths::Worths;
use crate::linear_algebra::Matrix;

/// What was seen of one target.
pub(super) struct Seen<'a> {
    pub rule: &'a WarpedRule,
    /// Its value at every point.
    pub values: Vec<f64>,
    /// How many simulations each of them is worth; where that is 0 the value says nothing.
    pub worth: Vec<f64>,
    /// Values from elsewhere that have to be within the warp's reach.
    pub others: Vec<f64>,
}

/// One target in the coordinates that its values are modelled in.
pub(super) struct Warped {
    pub rule: WarpedRule,
    pub values: Vec<f64>,
}

/// For each target the warp under which the kernel explains its values best: the density of the
/// values is that of the warped values times the slope of the warp (Snelson et al. 2003, "Warped
/// Gaussian processes").
pub(super) fn choose_warps(
    kernel: &Kernel,
    points: &[Point],
    targets: &[Seen<'_>],
) -> Option<Vec<Warped>> {
    let n = points.len().min(FITTED_POINTS);
    let alternatives = |seen: &Seen<'_>| {
        let warp = |rule: WarpedRule| {
            let log_slope: f64 = seen.known(n).iter().map(|v| rule.warp().log_slope(*v)).sum();
            let values = seen.values.iter().map(|v| rule.warp().warp(*v)).collect();
            (log_slope, Warped { rule, values })
        };
        let mut values = seen.known(points.len());
        values.extend(&seen.others);
        seen.rule.alternatives(&values).map(warp).collect::<Vec<_>>()
    };
    let alternatives: Vec<Vec<(f64, Warped)>> = targets.iter().map(alternatives).collect();
    let columns: Vec<&[f64]> = alternatives.iter().flatten().map(|(_, w)| &w.values[..]).collect();
    let outputs = Matrix::from_fn(n, columns.len(), |k, column| columns[column][k]);
    let worths = targets.iter().zip(&alternatives);
    let worths = worths.flat_map(|(seen, all)| all.iter().map(|_| &seen.worth[..n]));
    let worths = Worths::new(worths);
    let evidences = GaussianProcess::log_evidences(kernel, &points[..n], &outputs, &worths)?;
    let mut evidences = evidences.into_iter();
    let best = |alternatives: Vec<(f64, Warped)>| {
        let rated = alternatives.into_iter().zip(&mut evidences);
        let rated = rated.map(|((log_slope, warped), evidence)| (log_slope + evidence, warped));
        rated.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, warped)| warped)
    };
    alternatives.into_iter().map(best).collect()
}

impl Seen<'_> {
    /// The values that say something, among this many at the beginning.
    fn known(&self, first: usize) -> Vec<f64> {
        let values = self.values.iter().zip(&self.worth).take(first);
        values.filter(|(_, worth)| **worth > 0.0).map(|(value, _)| *value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::warp::Warp;
    use super::*;
    use crate::ScoreRule;
    use crate::deviates::Seeded;

    /// The chosen warps of values up to 40 norms from what is wanted, as a function of two
    /// parameters.
    fn chosen(value: fn(&Point) -> f64) -> WarpedRule {
        let rule = WarpedRule::new(ScoreRule::new(0.0, 0.0, 0.05, 20.0).unwrap());
        chosen_by(&rule, value)
    }

    fn chosen_by(rule: &WarpedRule, value: fn(&Point) -> f64) -> WarpedRule {
        let mut uniform = Seeded::new(5, "test").uniform(0);
        let points: Vec<Point> = (0..30).map(|_| vec![uniform(), uniform()]).collect();
        let values = points.iter().map(value).collect();
        let kernel = Kernel::new(vec![0.0; 2], 0.5);
        let seen = Seen { rule, values, worth: vec![1.0; 30], others: vec![] };
        choose_warps(&kernel, &points, &[seen]).unwrap().remove(0).rule
    }

    #[test]
    fn what_rises_by_factors_from_silence_is_logarithmic_down_to_zero() {
        // Norms from 0.005 to 40, wanted is 4.
        let values = |x: &Point| 0.02 * (4.5 * (x[0] + x[1])).exp();
        let rule = WarpedRule::new(ScoreRule::new(0.2, 0.2, 0.05, 20.0).unwrap());
        let chosen = chosen_by(&rule, values);
        assert!(matches!(chosen.warp(), Warp::Logarithm { .. }), "{chosen:?}");
    }

    #[test]
    fn what_is_linear_stays_linear_and_what_grows_exponentially_does_not() {
        // Two norms and forty: in a linear warp the second is twenty times as far.
        let ratio = |rule: &WarpedRule| rule.warp().warp(2.0) / rule.warp().warp(0.1);
        let linear = ratio(&chosen(|x| x[0] + x[1]));
        assert!(linear > 18.0, "{linear}");
        let exponential = ratio(&chosen(|x| 0.25 * (3.0 * (x[0] + x[1])).sinh()));
        assert!(exponential < 8.0, "{exponential}");
    }
}
