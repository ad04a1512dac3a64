//! The score that is to be expected of a value which is known up to a normal distribution in warped
//! coordinates.
//!
//! The score is a known function of u, with `v = a exp(u) + b exp(-u) + c` for every [`Warp`]: 0
//! where v is accepted, a slope on either side of it, and `max_score` beyond. With u normal, every
//! moment of the score is a sum of
//!
//! ```text
//! ∫ₐᵇ exp(k u) N(u; m, s²) du
//!     = exp(k m + k² s² / 2) (Φ((b - m - k s²) / s) - Φ((a - m - k s²) / s))
//! ```
//!
//! with k from -2 to 2 (completing the square), so no quadrature is needed. That the expectation is
//! taken over the values, not over the total, is the idea of composite Bayesian optimization
//! (Astudillo & Frazier 2019, arXiv:1906.01537).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::warp::Warp;
use crate::ScoreRule;

/// Norms from what is wanted to where a warp turns from linear to logarithmic.
const LINEAR_NORMS: [f64; 3] = [5.0, 20.0, 80.0];

/// Norms from zero down to the floor of a logarithmic warp, for what is wanted at zero or above.
const FLOOR_NORMS: [f64; 2] = [0.1, 1.0];

/// A value further away than this many times the narrowest linear stretch is an artefact and counts
/// as missing.
const OUTLIER: f64 = 1e6;

/// A score rule in warped coordinates.
#[derive(Debug, Clone)]
pub(super) struct WarpedRule {
    rule: ScoreRule,
    warp: Warp,
    slopes: Vec<Slope>,
}

/// A stretch of u on which the score is `sign (a exp(u) + b exp(-u) + offset) / norm`.
#[derive(Debug, Clone)]
struct Slope {
    from: f64,
    to: f64,
    /// 1 above what is accepted, -1 below.
    sign: f64,
    offset: f64,
    /// dv/du at the ends.
    dv_du: [f64; 2],
}

/// What is to be expected of a score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct ExpectedScore {
    pub mean: f64,
    pub variance: f64,
    /// Derivatives of the mean by the mean and by the variance of u.
    pub by_mean: f64,
    pub by_variance: f64,
}

impl WarpedRule {
    /// The warp that is linear over the fewest norms.
    pub fn new(rule: ScoreRule) -> WarpedRule {
        WarpedRule::linear_over(LINEAR_NORMS[0], rule)
    }

    /// All warps that these values of the target may be modelled with.
    pub fn alternatives(&self, values: &[f64]) -> impl Iterator<Item = WarpedRule> {
        let linear = LINEAR_NORMS.iter().map(|&norms| WarpedRule::linear_over(norms, self.rule));
        let logarithmic = FLOOR_NORMS.iter().filter_map(|&n| WarpedRule::logarithmic(n, self.rule));
        let reaches_all =
            |warped: &WarpedRule| values.iter().all(|value| warped.warp.reaches(*value));
        linear.chain(logarithmic).filter(reaches_all)
    }

    fn linear_over(linear_norms: f64, rule: ScoreRule) -> WarpedRule {
        let (middle, half_width) = wanted(&rule);
        WarpedRule::with(Warp::asinh(middle, linear_norms * rule.norm() + half_width), rule)
    }

    fn logarithmic(floor_norms: f64, rule: ScoreRule) -> Option<WarpedRule> {
        let (middle, _) = wanted(&rule);
        let warp = Warp::logarithm(middle, floor_norms * rule.norm());
        (middle >= 0.0).then(|| WarpedRule::with(warp, rule))
    }

    fn with(warp: Warp, rule: ScoreRule) -> WarpedRule {
        let (low, high) = (rule.low(), rule.high());
        let reach = rule.max_score() * rule.norm();
        let [a, b, c] = warp.exponentials();
        let slope = |bound: f64, sign: f64| {
            let ends = [bound, bound + sign * reach].map(|value| warp.warp(value));
            let [from, to] = if sign > 0.0 { ends } else { [ends[1], ends[0]] };
            // Where v has a floor, which is at -∞, it does not change there.
            let falling = |u: f64| if b == 0.0 { 0.0 } else { b * libm::exp(-u) };
            let dv_du = [from, to].map(|u| a * libm::exp(u) - falling(u));
            Slope { from, to, sign, offset: c - bound, dv_du }
        };
        let mut slopes = Vec::with_capacity(2);
        if low.is_finite() {
            slopes.push(slope(low, -1.0));
        }
        if high.is_finite() {
            slopes.push(slope(high, 1.0));
        }
        WarpedRule { rule, warp, slopes }
    }

    pub fn rule(&self) -> &ScoreRule {
        &self.rule
    }

    pub fn warp(&self) -> &Warp {
        &self.warp
    }

    /// Whether a value is a number, and no outlier.
    pub fn is_usable(&self, value: f64) -> bool {
        let (middle, half_width) = wanted(&self.rule);
        let scale = LINEAR_NORMS[0] * self.rule.norm() + half_width;
        (value - middle).abs() <= OUTLIER * scale
    }

    /// The score at u, and its slope.
    pub fn at(&self, u: f64) -> (f64, f64) {
        let u = u.clamp(-LIMIT, LIMIT);
        let [a, b, c] = self.warp.exponentials();
        let (rising, falling) = (a * libm::exp(u), b * libm::exp(-u));
        let on = self.slopes.iter().find(|slope| slope.from < u && u < slope.to);
        let slope = on.map_or(0.0, |slope| slope.sign * (rising - falling) / self.rule.norm());
        (self.rule.score(Some(rising + falling + c)), slope)
    }

    /// Moments of the score where u is normal with this mean and variance.
    pub fn expect(&self, mean: f64, variance: f64) -> ExpectedScore {
        // Far beyond all data; the limits keep the exponentials finite.
        let (mean, variance) = (mean.clamp(-LIMIT, LIMIT), variance.clamp(1e-12, 9.0));
        let sd = variance.sqrt();
        let (norm, max_score) = (self.rule.norm(), self.rule.max_score());
        let [up, down] = [0, 1].map(|k| self.warp.exponentials()[k] / norm);
        let mut expected = ExpectedScore::default();
        let mut second_moment = 0.0;
        for &Slope { from, to, sign, offset, dv_du } in &self.slopes {
            let (a, b) = ((from - mean) / sd, (to - mean) / sd);
            let beyond = if sign > 0.0 { upper_tail(b) } else { upper_tail(-a) };
            expected.mean += max_score * beyond;
            second_moment += max_score * max_score * beyond;
            if a > FAR || b < -FAR {
                continue;
            }
            let integral = |k: f64| {
                let shift = k * sd;
                libm::exp(k * mean + k * k * variance / 2.0) * mass(a - shift, b - shift)
            };
            let (e_0, rising, falling) = (integral(0.0), up * integral(1.0), down * integral(-1.0));
            let offset = offset / norm;
            let varying = rising + falling;
            expected.mean += sign * (varying + offset * e_0);
            second_moment += up * up * integral(2.0)
                + down * down * integral(-2.0)
                + 2.0 * offset * varying
                + (2.0 * up * down + offset * offset) * e_0;
            expected.by_mean += sign * (rising - falling);
            // E'' by the variance is half of the second derivative, to which the kinks at both ends
            // add.
            let density = |z: f64| libm::exp(-z * z / 2.0) / (sd * (2.0 * PI).sqrt());
            let kinks = (dv_du[0] * density(a) - dv_du[1] * density(b)) / norm;
            expected.by_variance += sign / 2.0 * (varying + kinks);
        }
        expected.variance = (second_moment - expected.mean * expected.mean).max(0.0);
        expected
    }
}

/// The middle of what is accepted, or its one end, and half of its width.
fn wanted(rule: &ScoreRule) -> (f64, f64) {
    let (low, high) = (rule.low(), rule.high());
    match (low.is_finite(), high.is_finite()) {
        (true, true) => (high / 2.0 + low / 2.0, high / 2.0 - low / 2.0),
        (true, false) => (low, 0.0),
        (false, _) => (high, 0.0),
    }
}

/// Warped values never lie further out.
const LIMIT: f64 = 20.0;

/// Standard deviations beyond which nothing is left of a normal distribution.
const FAR: f64 = 9.0;

/// 1 - Φ(z).
pub(super) fn upper_tail(z: f64) -> f64 {
    libm::erfc(z * FRAC_1_SQRT_2) / 2.0
}

/// Φ(b) - Φ(a), taken on the side on which it does not cancel.
fn mass(a: f64, b: f64) -> f64 {
    if a + b > 0.0 { upper_tail(a) - upper_tail(b) } else { upper_tail(-b) - upper_tail(-a) }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Reference {
        expected_scores: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        low: Option<f64>,
        high: Option<f64>,
        norm: f64,
        max_score: f64,
        floor_norms: Option<f64>,
        mean: f64,
        sd: f64,
        expected: f64,
        variance: f64,
    }

    fn cases() -> Vec<(WarpedRule, Case)> {
        let json = include_str!("../../tests/data/gaussian_process.json");
        let reference: Reference = serde_json::from_str(json).unwrap();
        let rule = |case: Case| {
            let low = case.low.unwrap_or(f64::NEG_INFINITY);
            let high = case.high.unwrap_or(f64::INFINITY);
            let rule = ScoreRule::new(low, high, case.norm, case.max_score).unwrap();
            let logarithmic = |norms| WarpedRule::logarithmic(norms, rule).unwrap();
            (case.floor_norms.map_or_else(|| WarpedRule::new(rule), logarithmic), case)
        };
        reference.expected_scores.into_iter().map(rule).collect()
    }

    /// `tests/data/make_gaussian_process.py` integrates numerically, with SciPy.
    #[test]
    fn moments_are_those_of_numerical_integration() {
        for (rule, case) in cases() {
            let ExpectedScore { mean, variance, .. } = rule.expect(case.mean, case.sd * case.sd);
            let Case { expected, variance: expected_variance, .. } = case;
            assert!((mean - expected).abs() < 1e-9, "{mean} is not {expected}");
            let error = (variance - expected_variance).abs();
            assert!(error < 1e-7, "{variance} is not {expected_variance}");
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        for (rule, Case { mean, sd, .. }) in cases() {
            let (step, variance) = (1e-5 * sd, sd * sd);
            let at = |mean, variance| rule.expect(mean, variance).mean;
            let expected = rule.expect(mean, variance);
            let by_mean = (at(mean + step, variance) - at(mean - step, variance)) / (2.0 * step);
            let step = 1e-5 * variance;
            let by_variance =
                (at(mean, variance + step) - at(mean, variance - step)) / (2.0 * step);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-4 * (1.0 + b.abs());
            assert!(near(expected.by_mean, by_mean), "{} is not {by_mean}", expected.by_mean);
            assert!(
                near(expected.by_variance, by_variance),
                "{} is not {by_variance}",
                expected.by_variance
            );
        }
    }

    #[test]
    fn a_score_and_its_slope_are_those_without_doubt() {
        let step = 1e-6;
        for (rule, case) in cases() {
            // Some means are at a kink.
            let u = case.mean + 0.0123;
            let (score, slope) = rule.at(u);
            let expected = rule.expect(u, 0.0).mean;
            assert!((score - expected).abs() < 1e-5 * (1.0 + score), "{expected}");
            let difference = (rule.at(u + step).0 - rule.at(u - step).0) / (2.0 * step);
            let tolerance = 1e-4 * (1.0 + slope.abs());
            assert!((slope - difference).abs() < tolerance, "{slope} at {u}: {difference}");
        }
    }

    #[test]
    fn without_doubt_the_expected_score_is_the_score() {
        for (rule, _) in cases() {
            let values = [-9.0, -1.0, 0.4, 0.5, 2.0, 3.3, 4.0, 60.0];
            for value in values.into_iter().filter(|value| rule.warp().reaches(*value)) {
                let u = rule.warp().warp(value);
                let score = rule.rule().score(Some(value));
                assert!((rule.expect(u, 0.0).mean - score).abs() < 2e-5, "{value}");
            }
        }
    }

    #[test]
    fn extreme_beliefs_have_finite_moments() {
        for (rule, case) in cases() {
            for mean in [-1e9, -30.0, 0.0, 30.0, f64::MAX] {
                for variance in [0.0, 1e-300, 1.0, 1e12] {
                    let expected = rule.expect(mean, variance);
                    assert!((0.0..=case.max_score + 1e-9).contains(&expected.mean), "{expected:?}");
                    assert!(expected.variance.is_finite() && expected.by_variance.is_finite());
                }
            }
        }
    }

    #[test]
    fn artefacts_are_not_usable() {
        let rule = WarpedRule::new(ScoreRule::new(1.0, 1.0, 1.0, 20.0).unwrap());
        assert!([f64::NAN, f64::NEG_INFINITY, 1e300].iter().all(|value| !rule.is_usable(*value)));
        assert!(rule.is_usable(4e6));
    }
}
