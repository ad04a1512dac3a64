//! What is believed of every point that was not simulated: each target's value, the risks, and what
//! total follows from them.

use super::expected_score::{ExpectedScore, WarpedRule};
use super::gaussian_process::{GaussianProcess, Moments, Posterior, SamplePath};
use super::kernel::{Kernel, Point};
use super::relation::{Related, relate};
use super::risk::Risk;
use super::sites::{Observation, Site};
use super::stacked::{Share, Stacked};
use super::warping::{Seen, Warped, choose_warps};
use super::worths::Worths;
use crate::linear_algebra::Matrix;
use crate::{OutcomeKind, Relation};

mod effects;
mod left_out;

/// Sites, nearest first, that the model is made of; the rest of a long search lies elsewhere.
const MODELLED_SITES: usize = 350;

/// Directions that the kernel knows; more were no better, and with few parameters they say nothing
/// new.
const MOST_DIRECTIONS: usize = 2;

/// Totals of more than this many good ones count less and less.
const FAR_FROM_GOOD: f64 = 1.5;

/// Norms for each target below which a total is good in any case.
const NEGLIGIBLE: f64 = 0.3;

/// The model of all targets and risks.
pub(super) struct Surrogate {
    process: Stacked<GaussianProcess>,
    targets: Vec<ModelledTarget>,
    /// The scores of targets that have never been measured.
    never_measured: f64,
    /// Exploding, failing otherwise, and leaving nothing.
    risks: Vec<(OutcomeKind, Risk)>,
    /// Each a way in which targets come to be missing.
    absences: Vec<Risk>,
    penalty: f64,
    /// How well each target is predicted where a point is left out.
    skills: Vec<f64>,
}

pub(super) struct ModelledTarget {
    /// Which of all.
    target: usize,
    pub rule: WarpedRule,
    /// Index of its absence, where it is sometimes missing.
    absence: Option<usize>,
}

/// What a model is made of.
#[derive(Clone, Copy)]
pub(super) struct Simulations<'a> {
    pub observations: &'a [&'a Observation],
    pub sites: &'a [Site],
    /// Sites of another fidelity.
    pub others: &'a [Site],
    pub is_full: bool,
}

/// What is known of cheaper simulations.
pub(super) struct Below {
    pub process: GaussianProcess,
    /// One for every output of the process.
    pub targets: Vec<ModelledTarget>,
    pub skills: Vec<f64>,
    risks: Vec<(OutcomeKind, Risk)>,
    absences: Vec<Risk>,
}

impl Below {
    /// The output that is this target's value.
    pub fn output_of(&self, target: usize) -> Option<usize> {
        self.targets.iter().position(|modelled| modelled.target == target)
    }

    fn absence_of(&self, target: usize) -> Option<&Risk> {
        let absence = self.targets[self.output_of(target)?].absence?;
        Some(&self.absences[absence])
    }
}

/// What is to be expected of a total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expectation {
    /// The expected sum of the scores of a simulation that neither explodes nor fails.
    pub score: f64,
    /// Its variance.
    pub variance: f64,
    /// The probability that the simulation explodes, fails or leaves nothing.
    pub risk: f64,
    /// The score, and what the risk and likely gaps cost.
    pub total: f64,
}

impl Surrogate {
    /// Learns from all simulations, on top of what cheaper ones say. `sites` has at least one that
    /// was measured. The values of the `others` can be expressed in the model's coordinates, too.
    pub fn fit(
        kernel: Kernel,
        Simulations { observations, sites, others, is_full }: Simulations<'_>,
        rules: &[WarpedRule],
        iterations: &[usize],
        below: Vec<Below>,
    ) -> Option<Surrogate> {
        let near = nearest(sites, &kernel);
        let points: Vec<Point> = near.iter().map(|site| site.point.clone()).collect();
        let is_measured = |t: &usize| near.iter().any(|site| site.values[*t].is_some());
        let (measured, never): (Vec<usize>, Vec<usize>) = (0..rules.len()).partition(is_measured);
        let never_measured: f64 = never.iter().map(|&t| rules[t].rule().max_score()).sum();
        let mut patterns: Vec<(Vec<Option<bool>>, Option<&Risk>)> = Vec::new();
        let absence = |t: &usize| {
            let missing: Vec<Option<bool>> = near.iter().map(|site| site.is_missing(*t)).collect();
            let known = below.iter().find_map(|below| below.absence_of(*t));
            let pattern = (missing, known);
            (known.is_some() || pattern.0.contains(&Some(true))).then(|| {
                patterns.iter().position(|other| *other == pattern).unwrap_or_else(|| {
                    patterns.push(pattern);
                    patterns.len() - 1
                })
            })
        };
        let absence_of: Vec<Option<usize>> = measured.iter().map(absence).collect();
        let good = good_total(&near)? - never_measured;
        let floor = NEGLIGIBLE * measured.len() as f64;
        let discounts: Vec<f64> = near
            .iter()
            .map(|site| {
                let total = match site.measured {
                    0 => site.total * measured.len() as f64 / rules.len() as f64,
                    _ => site.total - never_measured,
                };
                discount(total / good.max(floor), !below.is_empty())
            })
            .collect();
        let seen = |&t: &usize| Seen {
            rule: &rules[t],
            values: filled(&near, t),
            worth: near.iter().zip(&discounts).map(|(s, d)| s.looked_at[t] as f64 / d).collect(),
            others: others.iter().filter_map(|site| site.values[t]).collect(),
        };
        let seen: Vec<Seen<'_>> = measured.iter().map(seen).collect();
        // A pattern has events and others, so only numbers out of range can keep it from being
        // fitted.
        let absence = |(missing, known): &(Vec<Option<bool>>, Option<&Risk>)| {
            let looked_at = points.iter().zip(missing);
            let looked_at = looked_at.filter_map(|(point, missing)| Some((point, (*missing)?)));
            let (points, missing): (Vec<&Point>, Vec<bool>) = looked_at.unzip();
            Risk::fit_with(*known, &points, &missing)
        };
        let absences: Option<Vec<Risk>> = patterns.iter().map(absence).collect();
        let risks_below: Vec<_> = below.iter().map(|below| &below.risks[..]).collect();
        let risks = risks(observations, &risks_below);
        let worths = Worths::new(seen.iter().map(|seen| &seen.worth[..]));
        let Related { rests, worths, layers } = if below.is_empty() {
            Related {
                worths: if is_full { worths } else { worths.with_any_noise() },
                rests: choose_warps(&kernel, &points, &seen)?,
                layers: vec![],
            }
        } else {
            relate(&kernel, &points, &seen, &measured, below)?
        };
        let outputs = Matrix::from_fn(points.len(), rests.len(), |k, t| rests[t].values[k]);
        let targets = rests.into_iter().zip(measured).zip(absence_of);
        let targets = targets.map(|((Warped { rule, .. }, target), absence)| ModelledTarget {
            target,
            rule,
            absence,
        });
        let own = GaussianProcess::fit(kernel, points.clone(), &outputs, worths, iterations)?;
        let skills = if is_full { vec![] } else { own.skills(&outputs) };
        Some(Surrogate {
            process: Stacked { own, below: layers },
            targets: targets.collect(),
            never_measured,
            risks,
            absences: absences?,
            penalty: good,
            skills,
        })
    }

    /// The share of the targets' variance that is predicted where a point is left out, on average.
    pub fn skill(&self) -> f64 {
        self.skills.iter().sum::<f64>() / self.skills.len().max(1) as f64
    }

    /// What a model of more expensive simulations is put on.
    pub fn into_below(self) -> Below {
        let Surrogate { process, targets, risks, absences, skills, .. } = self;
        Below { process: process.own, targets, skills, risks, absences }
    }

    /// The same with the risks of other simulations, of which these are known and which resemble
    /// those that it has learnt from.
    pub fn with_risks_of(self, observations: &[&Observation]) -> Surrogate {
        let risks = risks(observations, &[&self.risks[..]]);
        Surrogate { risks, ..self }
    }

    /// The covariance, with its fitted parameters.
    pub fn kernel(&self) -> &Kernel {
        self.process.own.kernel()
    }

    /// The targets that are modelled, as indices among all, and a, b and c of v = a exp(u) +
    /// b exp(-u) + c for their coordinates u.
    pub fn coordinates(&self) -> impl Iterator<Item = (usize, [f64; 3])> {
        self.targets.iter().map(|target| (target.target, target.rule.warp().exponentials()))
    }

    /// How many points the model of values is made of.
    pub fn points(&self) -> usize {
        self.process.own.points()
    }

    /// What a layer below tells of every target that is modelled.
    pub fn relations(&self, layer: usize) -> Vec<(usize, Relation)> {
        let relation = |(t, modelled): (usize, &ModelledTarget)| {
            let share = self.process.below[layer].shares[t];
            let scale = share.map_or(0.0, |share| share.scale);
            let explained = self.process.explained(layer, t);
            (modelled.target, Relation { scale, explained })
        };
        self.targets.iter().enumerate().map(relation).collect()
    }

    /// How much of the expected total's variance at some points comes from what is not known of the
    /// model's own part, and from each layer below, to first order.
    pub fn doubts(&self, points: &[Point]) -> Vec<f64> {
        let Stacked { own, below } = &self.process;
        let parts = |process: &GaussianProcess| process.predict(points);
        let (own, layers): (_, Vec<_>) =
            (parts(own), below.iter().map(|layer| parts(&layer.process)).collect());
        let mut doubts = vec![0.0; 1 + below.len()];
        for (k, all) in self.process.predict(points).iter().enumerate() {
            for (t, (target, (mean, variance))) in self.targets.iter().zip(all).enumerate() {
                let squared = target.rule.expect(*mean, *variance).by_mean.powi(2);
                doubts[0] += squared * own[k][t].1;
                for (layer, (below, of_layer)) in below.iter().zip(&layers).enumerate() {
                    if let Some(Share { output, scale }) = below.shares[t] {
                        doubts[1 + layer] += squared * scale * scale * of_layer[k][output].1;
                    }
                }
            }
        }
        doubts
    }

    /// The totals that would follow from the means of the values, without doubt; and the risks'
    /// price.
    pub fn totals_of_means(&self, points: &[Point]) -> Vec<f64> {
        let means = self.process.means(points);
        let total = |(point, means): (&Point, &Moments)| self.expectation(point, means).total;
        points.iter().zip(&means).map(total).collect()
    }

    /// The directions along which values change most around these points.
    pub fn directions(&self, points: &[&Point]) -> Vec<Point> {
        let half = self.kernel().dimension() / 2;
        self.process.directions(points, MOST_DIRECTIONS.min(half))
    }

    /// What a lost simulation costs, as a total: about what the better simulations have in targets
    /// that can be measured, and not the worst possible total, since it is a simulation that is
    /// lost and not the model.
    pub fn penalty(&self) -> f64 {
        self.penalty
    }

    /// What is to be expected at each point, of the noiseless values.
    pub fn expect(&self, points: &[Point]) -> Vec<Expectation> {
        let posteriors = self.process.predict(points);
        points.iter().zip(&posteriors).map(|(point, p)| self.expectation(point, p)).collect()
    }

    /// Mean and variance of the sum of scores that one simulation will show, with its noise.
    pub fn predict_seen(&self, point: &Point) -> (f64, f64) {
        let mut posterior = self.process.predict(std::slice::from_ref(point)).remove(0);
        for (t, (_, variance)) in posterior.iter_mut().enumerate() {
            *variance += self.process.own.noise_variance(t);
        }
        let Expectation { score, variance, .. } = self.expectation(point, &posterior);
        (score, variance)
    }

    fn expectation(&self, point: &[f64], posterior: &Moments) -> Expectation {
        let absences = self.absences_at(point);
        let (mut score, mut variance) = (self.never_measured, 0.0);
        let mut gaps = 0.0;
        for (target, (mean, spread)) in self.targets.iter().zip(posterior) {
            let expected = target.rule.expect(*mean, *spread);
            let (mean, target_variance) = target.with_absence(expected, &absences);
            score += mean;
            variance += target_variance;
            if let Some(a) = target.absence {
                gaps += absences[a] * target.price_of_gap(expected, self.penalty);
            }
        }
        let risk = self.risk(point);
        Expectation { score, variance, risk, total: score + gaps + self.penalty * risk }
    }

    /// The probability that a simulation at `point` explodes, fails or leaves nothing.
    pub fn risk(&self, point: &[f64]) -> f64 {
        let survival = self.risks.iter().map(|(_, risk)| 1.0 - risk.probability(point));
        1.0 - survival.product::<f64>()
    }

    /// What the gaps of a site cost beside the scores that missing values have.
    pub fn price_of_gaps(&self, site: &Site) -> f64 {
        let has_gap = |target: &ModelledTarget| {
            site.looked_at[target.target] > 0 && site.values[target.target].is_none()
        };
        if !self.targets.iter().any(has_gap) {
            return 0.0;
        }
        let posterior = self.process.predict(std::slice::from_ref(&site.point)).remove(0);
        let price = |(target, (mean, variance)): (&ModelledTarget, &(f64, f64))| {
            let expected = target.rule.expect(*mean, *variance);
            if has_gap(target) { target.price_of_gap(expected, self.penalty) } else { 0.0 }
        };
        self.targets.iter().zip(&posterior).map(price).sum()
    }

    /// The expected total at `point`, and its gradient.
    pub fn total_and_gradient(&self, point: &[f64]) -> (f64, Point) {
        self.total_by(&self.process, point)
    }

    /// Draws values at all points from all that the data leave open; they deviate from their
    /// expectation by `spread` times as much.
    pub fn sample_path(
        &self,
        spread: f64,
        normal: &mut impl FnMut() -> f64,
        uniform: &mut impl FnMut() -> f64,
    ) -> Stacked<SamplePath<'_>> {
        self.process.sample_path(spread, normal, uniform)
    }

    /// The total at `point` that follows from what is known of the values, and its gradient.
    pub fn total_by(&self, known: &impl Posterior, point: &[f64]) -> (f64, Point) {
        let absences = self.absences_at(point);
        let mut by_absence = vec![0.0; absences.len()];
        let (mut total, mut gradient) = known.value_and_gradient(point, |posterior| {
            let mut sum = self.never_measured;
            let mut derivatives = Vec::with_capacity(posterior.len());
            for (target, (mean, variance)) in self.targets.iter().zip(posterior) {
                let expected = target.rule.expect(*mean, *variance);
                sum += target.with_absence(expected, &absences).0;
                let mut weight = 1.0;
                if let Some(a) = target.absence {
                    let price = target.price_of_gap(expected, self.penalty);
                    sum += absences[a] * price;
                    by_absence[a] += target.rule.rule().max_score() - expected.mean + price;
                    // With a price the gap costs the same whatever the value would have been.
                    weight = if price > 0.0 { 1.0 } else { 1.0 - absences[a] };
                }
                derivatives.push((weight * expected.by_mean, weight * expected.by_variance));
            }
            (sum, derivatives)
        });
        for ((absence, probability), factor) in self.absences.iter().zip(&absences).zip(by_absence)
        {
            absence.add_gradient(point, *probability, factor, &mut gradient);
        }
        let risk = self.risk(point);
        total += self.penalty * risk;
        for (_, one) in &self.risks {
            let probability = one.probability(point);
            // The others' survival times this one's slope.
            let factor = self.penalty * (1.0 - risk) / (1.0 - probability).max(1e-12);
            one.add_gradient(point, probability, factor, &mut gradient);
        }
        (total, gradient)
    }

    fn absences_at(&self, point: &[f64]) -> Vec<f64> {
        self.absences.iter().map(|absence| absence.probability(point)).collect()
    }
}

impl ModelledTarget {
    /// What a missing value costs beside its score. A value that would score badly anyway loses
    /// little by being missing, and the other targets may promise much where it is; yet of such a
    /// simulation less is known than of one with all values. So it costs no less than one that was
    /// lost.
    fn price_of_gap(&self, expected: ExpectedScore, penalty: f64) -> f64 {
        (penalty - (self.rule.rule().max_score() - expected.mean)).max(0.0)
    }

    /// Mean and variance of the score, where a missing value has the greatest.
    fn with_absence(&self, expected: ExpectedScore, absences: &[f64]) -> (f64, f64) {
        let ExpectedScore { mean, variance, .. } = expected;
        let Some(missing) = self.absence.map(|a| absences[a]) else { return (mean, variance) };
        let excess = self.rule.rule().max_score() - mean;
        let mixed = mean + missing * excess;
        (mixed, (1.0 - missing) * (variance + missing * excess * excess))
    }
}

/// The risks of exploding, of failing otherwise, and of leaving nothing, by what is known of such
/// simulations and of cheaper ones.
fn risks(
    observations: &[&Observation],
    below: &[&[(OutcomeKind, Risk)]],
) -> Vec<(OutcomeKind, Risk)> {
    let points: Vec<&Point> = observations.iter().map(|o| &o.point).collect();
    let risk_of = |kind| {
        let happened: Vec<bool> = observations.iter().map(|o| o.kind == kind).collect();
        let known = below.iter().flat_map(|risks| risks.iter()).find(|(other, _)| *other == kind);
        let known = known.map(|(_, risk)| risk);
        Some((kind, Risk::fit_with(known, &points, &happened)?))
    };
    let kinds = [OutcomeKind::Exploded, OutcomeKind::Failed, OutcomeKind::NoData];
    kinds.into_iter().filter_map(risk_of).collect()
}

/// The sites nearest to the centre, good ones being a little nearer; first all that were measured
/// for every target.
fn nearest<'a>(sites: &'a [Site], kernel: &Kernel) -> Vec<&'a Site> {
    let mut near: Vec<(bool, f64, &Site)> = sites
        .iter()
        .filter(|site| site.has_values())
        .map(|site| {
            let offsets = site.point.iter().zip(&kernel.centre).map(|(x, c)| (x - c).powi(2));
            let mean_square = offsets.sum::<f64>() / kernel.dimension() as f64;
            let distance = mean_square.sqrt() / kernel.radius + 1e-3 * site.total;
            (site.measured == 0, distance, site)
        })
        .collect();
    near.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    near.into_iter().map(|(_, _, site)| site).take(MODELLED_SITES).collect()
}

/// A target's value at each site; where it has none, that of the nearest one with a value: what is
/// missing must neither bend the model nor be a reason to leave a site out.
fn filled(sites: &[&Site], target: usize) -> Vec<f64> {
    let borrowed = |site: &Site| {
        let distance = |other: &Site| -> f64 {
            site.point.iter().zip(&other.point).map(|(x, y)| (x - y) * (x - y)).sum()
        };
        let present =
            sites.iter().filter_map(|other| Some((distance(other), other.values[target]?)));
        present.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |(_, value)| value)
    };
    sites.iter().map(|site| site.values[target].unwrap_or_else(|| borrowed(site))).collect()
}

/// By how much less the values of a site count to the model, where its total is this many times a
/// good one. Near an explosion or in silence values are wild; were they to be fitted like others,
/// they would make the model blind or overconfident where it matters. Where cheaper simulations
/// promise something else, that has to be corrected.
fn discount(times_good: f64, has_below: bool) -> f64 {
    (times_good / FAR_FROM_GOOD).clamp(1.0, 10.0).powi(if has_below { 2 } else { 4 })
}

/// The median total of the better fifth, of five at least; `None` if no site was measured for every
/// target.
fn good_total(sites: &[&Site]) -> Option<f64> {
    let complete = sites.iter().filter(|site| site.measured > 0);
    let mut totals: Vec<f64> = complete.map(|site| site.total).collect();
    totals.sort_by(f64::total_cmp);
    let better = totals.len().min((totals.len() / 5).max(5));
    totals.get(better / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::composite::sites::sites;
    use crate::deviates::Seeded;
    use crate::{Outcome, ScoreRule};

    /// Three targets of two parameters: one is missing where the second is large, one always;
    /// points with a large first parameter explode.
    fn surrogate() -> Surrogate {
        let rule = |wanted| WarpedRule::new(ScoreRule::new(wanted, wanted, 0.2, 20.0).unwrap());
        let rules = [rule(0.5), rule(1.0), rule(0.0)];
        let mut uniform = Seeded::new(1, "test").uniform(0);
        let observation = |number| {
            let point: Point = vec![uniform(), uniform()];
            let kind = if point[0] > 0.6 { OutcomeKind::Exploded } else { OutcomeKind::Measured };
            let second = (point[1] < 0.5).then_some(point[0] - point[1]);
            let values = vec![Some(point[0] + point[1] * point[1]), second, None];
            let outcome = Outcome { kind, values, ..Outcome::measured(&[], 0.0) };
            (number, Observation::new((point, 0), &outcome, 3))
        };
        let observations: BTreeMap<u64, Observation> = (0..60).map(observation).collect();
        let all: Vec<&Observation> = observations.values().collect();
        let sites = sites(&observations, &rules);
        let kernel = Kernel::new(vec![0.0, 0.0], 0.5);
        let simulations =
            Simulations { observations: &all, sites: &sites, others: &[], is_full: true };
        Surrogate::fit(kernel, simulations, &rules, &[15], vec![]).unwrap()
    }

    #[test]
    fn expectations_follow_values_absences_and_risks() {
        let surrogate = surrogate();
        let expect = |x, y| surrogate.expect(&[vec![x, y]])[0];
        // |0.64 - 0.5| / 0.2 and |0.8 - 1| / 0.2, and 20 for what is never measured
        let quiet = expect(0.0, -0.8);
        assert!((quiet.score - (0.7 + 1.0 + 20.0)).abs() < 0.5, "{quiet:?}");
        assert!(quiet.risk < 0.1 && quiet.total > quiet.score);
        assert!(expect(0.9, 0.0).risk > 0.8);
        let missing = expect(-0.4, 0.95);
        let values = (-0.4f64 + 0.9025 - 0.5).abs() / 0.2;
        assert!(missing.score > values + 35.0, "{missing:?}: the second target is missing there");
        assert!(missing.score < values + 40.5, "{missing:?}");
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let surrogate = surrogate();
        for point in [[0.1, 0.2], [0.5, 0.4], [-0.7, 0.6]] {
            let (total, gradient) = surrogate.total_and_gradient(&point);
            assert!((total - surrogate.expect(&[point.to_vec()])[0].total).abs() < 1e-9);
            for i in 0..2 {
                let shifted = |step: f64| {
                    let mut point = point;
                    point[i] += step;
                    surrogate.total_and_gradient(&point).0
                };
                let expected = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                let error = (gradient[i] - expected).abs();
                assert!(error < 1e-3 * (1.0 + expected.abs()), "{} is not {expected}", gradient[i]);
            }
        }
    }

    #[test]
    fn bad_points_are_worth_less_but_never_nothing() {
        let discounts = |has_below| [0.0, 1.5, 3.0, 1e9].map(|times| discount(times, has_below));
        assert_eq!(discounts(false), [1.0, 1.0, 16.0, 1e4]);
        assert_eq!(discounts(true), [1.0, 1.0, 4.0, 1e2]);
    }

    #[test]
    fn totals_of_sample_paths_scatter_around_the_expected() {
        let surrogate = surrogate();
        let points = [vec![0.0, 0.0], vec![-0.4, 0.95]];
        let seeded = Seeded::new(2, "test");
        let (mut normal, mut uniform) = (seeded.normal(0), seeded.uniform(1));
        let mut sums = [0.0; 2];
        for _ in 0..500 {
            let path = surrogate.sample_path(1.0, &mut normal, &mut uniform);
            for (sum, point) in sums.iter_mut().zip(&points) {
                *sum += surrogate.total_by(&path, point).0;
            }
        }
        for (sum, expected) in sums.iter().zip(surrogate.expect(&points)) {
            // The smoothing of the kinks adds a little.
            let tolerance = 0.05 + 5.0 * (expected.variance / 500.0).sqrt();
            assert!((sum / 500.0 - expected.total).abs() < tolerance, "{sum}, {expected:?}");
        }
    }
}
