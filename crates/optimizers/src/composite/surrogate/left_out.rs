//! How well the model predicts what it is not told: every point is left out once.
//!
//! For a Gaussian process this needs no further fit (Rasmussen & Williams 2006, eq. 5.12):
//!
//! ```text
//! yᵢ - μᵢ = [K⁻¹y]ᵢ / [K⁻¹]ᵢᵢ        σᵢ² = 1 / [K⁻¹]ᵢᵢ
//! ```
//!
//! The noise is part of K. Here that of wild points is larger than what simulations scatter by, to
//! make them count less; so it is taken out of σᵢ², and what simulations scatter by is put in.
//! On top of cheaper simulations y is what these do not tell, and what is not known of them adds to
//! the variance.

use super::{Site, Surrogate, filled, nearest};
use crate::composite::gaussian_process::{GaussianProcess, Moments};
use crate::composite::kernel::Point;
use crate::insight::{Prediction, Predictions};

/// Standard deviations from the mean of a normal distribution within which 90 % lie.
const WITHIN: f64 = 1.644_853_627;

/// What was left out of the total and of every modelled target.
pub(in crate::composite) struct LeftOut {
    pub total: Predictions,
    /// One for every target that is modelled.
    pub targets: Vec<Predictions>,
}

impl Surrogate {
    /// Predictions of all points that the model is made of; `sites` are those that it was made
    /// with, of this fidelity.
    pub fn left_out(&self, sites: &[Site], fidelity: usize) -> LeftOut {
        let near = nearest(sites, self.kernel());
        let points: Vec<Point> = near.iter().map(|site| site.point.clone()).collect();
        let own = &self.process.own;
        let from_below = self.doubts_below(&points);
        let targets = self.targets.iter().enumerate();
        let left_out: Vec<OfTarget> = targets
            .map(|(t, target)| {
                let u = |value: &f64| target.rule.warp().warp(*value);
                let seen = filled(&near, target.target).iter().map(u).collect();
                OfTarget::of(own, t, seen, &from_below)
            })
            .collect();
        let predictions = |(target, of): (usize, &OfTarget)| {
            let has_value = |k: &usize| near[*k].values[target].is_some();
            let points = (0..near.len()).filter(has_value).filter_map(|k| {
                let (expected, variance) = of.expected[k]?;
                let simulations = near[k].looked_at[target].max(1) as f64;
                Some(Prediction {
                    candidate: near[k].candidates.first().copied(),
                    seen: of.seen[k],
                    expected,
                    deviation: (variance + of.noise / simulations).sqrt(),
                    weight: (of.worth[k] / simulations).min(1.0),
                })
            });
            judged(fidelity, points.collect())
        };
        let indices = self.targets.iter().map(|target| target.target);
        let of_targets = indices.zip(&left_out).map(predictions).collect();
        let whole = near.iter().enumerate().filter(|(_, site)| site.measured > 0);
        let points = whole.filter_map(|(k, site)| {
            let (expected, variance) = self.total_left_out(k, site, &left_out)?;
            let weight = left_out.first().map_or(1.0, |of| of.worth[k] / site.measured as f64);
            Some(Prediction {
                candidate: site.candidates.first().copied(),
                seen: site.total,
                expected,
                deviation: variance.sqrt(),
                weight: weight.min(1.0),
            })
        });
        LeftOut { total: judged(fidelity, points.collect()), targets: of_targets }
    }

    /// For every modelled target, what cheaper simulations leave open at some points.
    fn doubts_below(&self, points: &[Point]) -> Vec<Vec<f64>> {
        let mut doubts = vec![vec![0.0; points.len()]; self.targets.len()];
        for layer in &self.process.below {
            let known: Vec<Moments> = layer.process.predict(points);
            for (doubts, share) in doubts.iter_mut().zip(&layer.shares) {
                let Some(share) = share else { continue };
                for (doubt, known) in doubts.iter_mut().zip(&known) {
                    *doubt += share.scale * share.scale * known[share.output].1;
                }
            }
        }
        doubts
    }

    /// Mean and variance of the total at a site, without its simulations.
    fn total_left_out(&self, k: usize, site: &Site, left_out: &[OfTarget]) -> Option<(f64, f64)> {
        let absences = self.absences_at(&site.point);
        let (mut total, mut variance) = (self.never_measured, 0.0);
        for (target, of) in self.targets.iter().zip(left_out) {
            let (expected, spread) = of.expected[k]?;
            let simulations = site.looked_at[target.target].max(1) as f64;
            let score = target.rule.expect(expected, spread + of.noise / simulations);
            let (mean, of_score) = target.with_absence(score, &absences);
            total += mean;
            variance += of_score;
        }
        Some((total, variance))
    }
}

/// One target in the model's coordinates, point by point.
struct OfTarget {
    seen: Vec<f64>,
    /// Mean and variance without noise; `None` where the target was not looked at.
    expected: Vec<Option<(f64, f64)>>,
    /// The variance of one simulation's noise.
    noise: f64,
    /// How many simulations each point is worth.
    worth: Vec<f64>,
}

impl OfTarget {
    fn of(own: &GaussianProcess, t: usize, seen: Vec<f64>, from_below: &[Vec<f64>]) -> OfTarget {
        let left_out = own.left_out(t).into_iter().zip(&seen).zip(&from_below[t]);
        let expected = left_out.map(|((left_out, seen), below)| {
            left_out.map(|(missed, variance)| (seen - missed, variance + below))
        });
        OfTarget {
            expected: expected.collect(),
            noise: own.noise_variance(t),
            worth: own.worth(t).to_vec(),
            seen,
        }
    }
}

/// How good these predictions are.
fn judged(fidelity: usize, points: Vec<Prediction>) -> Predictions {
    let sum = |of: &dyn Fn(&Prediction) -> f64| points.iter().map(of).sum::<f64>();
    let weights = sum(&|point| point.weight);
    let mean = sum(&|point| point.weight * point.seen) / weights;
    let variance = sum(&|point| point.weight * (point.seen - mean).powi(2));
    let missed = sum(&|point| point.weight * (point.seen - point.expected).powi(2));
    let near =
        |point: &&Prediction| (point.seen - point.expected).abs() <= WITHIN * point.deviation;
    Predictions {
        fidelity,
        r_squared: (variance > 1e-12 * weights).then(|| 1.0 - missed / variance),
        within: points.iter().filter(near).count() as f64 / points.len().max(1) as f64,
        points,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::composite::expected_score::WarpedRule;
    use crate::composite::kernel::Kernel;
    use crate::composite::sites::{Observation, sites};
    use crate::composite::surrogate::Simulations;
    use crate::deviates::Seeded;
    use crate::{Outcome, ScoreRule};

    /// A rate that grows by factors, another value with much noise, and noise alone.
    fn observations() -> BTreeMap<u64, Observation> {
        let seeded = Seeded::new(8, "test");
        let (mut uniform, mut normal) = (seeded.uniform(0), seeded.normal(1));
        let observation = |number| {
            let point: Point = vec![0.5 * uniform(), 0.5 * uniform()];
            let rate = 4.0 * (2.0 * point[0] + point[1]).exp() * (1.0 + 0.02 * normal());
            let values = [rate, point[0] - point[1] + 0.2 * normal(), normal()];
            (number, Observation::new((point, 0), &Outcome::measured(&values, 0.0), 3))
        };
        (0..40).map(observation).collect()
    }

    fn rules() -> [WarpedRule; 3] {
        [(4.0, 0.5), (0.0, 0.2), (0.0, 0.5)].map(|(wanted, norm)| {
            WarpedRule::new(ScoreRule::new(wanted, wanted, norm, 20.0).unwrap())
        })
    }

    fn fitted(
        observations: &BTreeMap<u64, Observation>,
        kernel: &Kernel,
        iterations: &[usize],
    ) -> (Surrogate, Vec<Site>) {
        let all: Vec<&Observation> = observations.values().collect();
        let sites = sites(observations, &rules());
        let simulations =
            Simulations { observations: &all, sites: &sites, others: &[], is_full: true };
        (Surrogate::fit(kernel.clone(), simulations, &rules(), iterations, vec![]).unwrap(), sites)
    }

    #[test]
    fn points_are_predicted_as_a_fit_to_the_others_does() {
        let observations = observations();
        let kernel = Kernel::new(vec![0.0, 0.0], 0.5);
        let (surrogate, sites) = fitted(&observations, &kernel, &[]);
        let LeftOut { total, targets } = surrogate.left_out(&sites, 0);
        for number in (0..40).step_by(5) {
            let mut others = observations.clone();
            let left_out = others.remove(&number).unwrap();
            let (again, _) = fitted(&others, &kernel, &[]);
            let of = |predictions: &Predictions| {
                *predictions.points.iter().find(|it| it.candidate == Some(number)).unwrap()
            };
            // Mean, scale and noise are now chosen without it, and perhaps another warp.
            let values = again.process.predict(std::slice::from_ref(&left_out.point)).remove(0);
            for (t, (mean, _)) in values.into_iter().enumerate() {
                let ours = of(&targets[t]);
                let value = |of: &Surrogate, u: f64| {
                    let [a, b, c] = of.targets[t].rule.warp().exponentials();
                    a * u.exp() + b * (-u).exp() + c
                };
                let (u, theirs) = (ours.expected, value(&again, mean));
                let spread = value(&surrogate, u + ours.deviation) - value(&surrogate, u);
                let difference = value(&surrogate, u) - theirs;
                assert!(difference.abs() < 0.4 * spread, "target {t}: {theirs}, {ours:?}");
            }
            let (score, variance) = again.predict_seen(&left_out.point);
            let ours = of(&total);
            assert!((score - ours.expected).abs() < 0.4 * ours.deviation, "{score}, {ours:?}");
            let ratio = ours.deviation / variance.sqrt();
            assert!((0.6..1.7).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn what_can_be_predicted_is_told_from_noise_and_intervals_hold_what_was_seen() {
        let (surrogate, sites) =
            fitted(&observations(), &Kernel::new(vec![0.0, 0.0], 0.5), &[25, 10]);
        let LeftOut { total, targets } = surrogate.left_out(&sites, 0);
        let r_squared: Vec<f64> = targets.iter().map(|it| it.r_squared.unwrap()).collect();
        // The variance of the second is a sixth, that of its noise 0.04.
        assert!(r_squared[0] > 0.95 && (0.6..0.9).contains(&r_squared[1]), "{r_squared:?}");
        assert!(r_squared[2] < 0.2, "{r_squared:?}");
        let within: Vec<f64> = targets.iter().chain([&total]).map(|it| it.within).collect();
        assert!(within.iter().all(|share| (0.65..=1.0).contains(share)), "{within:?}");
        assert!(targets.iter().all(|it| it.points.len() == 40) && total.points.len() == 40);
    }
}
