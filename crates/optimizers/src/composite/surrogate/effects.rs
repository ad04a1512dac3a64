//! What each parameter does to the mean of the model, alone and together with others.
//!
//! The parameters vary uniformly and independently over a box in which there are points. For each
//! of them, all points of a sample are moved along it to the nodes of a quadrature. What remains
//! when the sample is averaged at each node is the main effect E(f | xᵢ); its variance is the
//! first-order Sobol index (Sobol 1993) in units of the variance of f. The variance along the
//! nodes, averaged over the sample, is the total index, E(Var(f | x₋ᵢ)) (Homma & Saltelli 1996,
//! Reliability Engineering & System Safety 52:1, eq. 7).
//!
//! An average of a Gaussian process is normal: with weights wₐ at points xₐ its variance is
//! wᵀ(K - kᵀK⁻¹k)w. That of the total follows to first order from its slopes.

use super::{Site, Surrogate, nearest};
use crate::composite::gaussian_process::{GaussianProcess, Posterior};
use crate::composite::kernel::Point;
use crate::insight::{CurvePoint, Effect};
use crate::linear_algebra::Matrix;
use crate::sampling::Points;

/// Nodes and weights of Gauss and Legendre on [-1, 1] (Abramowitz & Stegun 1964, table 25.4).
const NODES: [(f64, f64); 9] = [
    (-0.968_160_239_507_626_1, 0.081_274_388_361_574_4),
    (-0.836_031_107_326_635_8, 0.180_648_160_694_857_4),
    (-0.613_371_432_700_590_4, 0.260_610_696_402_935_4),
    (-0.324_253_423_403_808_9, 0.312_347_077_040_002_9),
    (0.0, 0.330_239_355_001_259_8),
    (0.324_253_423_403_808_9, 0.312_347_077_040_002_9),
    (0.613_371_432_700_590_4, 0.260_610_696_402_935_4),
    (0.836_031_107_326_635_8, 0.180_648_160_694_857_4),
    (0.968_160_239_507_626_1, 0.081_274_388_361_574_4),
];

/// Points that are moved along each parameter, and those from which the variance is known: the
/// first of a scrambled Sobol sequence.
const MOVED: usize = 128;
const SAMPLED: usize = 2048;
const SCRAMBLING: u32 = 1;

/// The share of the points that are beyond the box on either side, for every parameter.
const BEYOND: f64 = 0.1;

/// Where parameters vary.
pub(in crate::composite) struct Extents {
    /// From and to, for every parameter.
    pub of: Vec<[f64; 2]>,
}

/// Effects of every parameter.
pub(in crate::composite) struct Effects {
    pub total: Vec<Effect>,
    /// One for every target that is modelled.
    pub targets: Vec<Vec<Effect>>,
}

impl Surrogate {
    /// Where the points that the model is made of are; `sites` are those that it was made with.
    pub fn extents(&self, sites: &[Site]) -> Extents {
        let near = nearest(sites, self.kernel());
        let of = |i: usize| {
            let mut places: Vec<f64> = near.iter().map(|site| site.point[i]).collect();
            places.sort_by(f64::total_cmp);
            let last = places.len().saturating_sub(1);
            let beyond = (BEYOND * last as f64).round() as usize;
            [places[beyond], places[last - beyond]]
        };
        Extents { of: (0..self.kernel().dimension()).map(of).collect() }
    }

    /// What every parameter does to the total and to every modelled target.
    pub fn effects(&self, extents: &Extents) -> Effects {
        let outputs = self.targets.len();
        let sample = extents.sample(SAMPLED);
        let variances = self.responses(&sample).variances();
        let mut effects: Vec<Vec<Effect>> = vec![Vec::new(); outputs + 1];
        for parameter in 0..extents.of.len() {
            let slices: Vec<Slice> = (0..NODES.len())
                .map(|node| self.slice(&extents.moved(&sample[..MOVED], parameter, node)))
                .collect();
            for (output, effects) in effects.iter_mut().enumerate() {
                let values: Vec<&[f64]> =
                    slices.iter().map(|slice| &slice.responses.of[output][..]).collect();
                let [alone, overall] = indices(&values, variances[output]);
                let point = |(node, slice): (usize, &Slice)| CurvePoint {
                    place: f64::midpoint(extents.at(parameter, node), 1.0),
                    mean: mean(values[node]),
                    deviation: slice.variances[output].max(0.0).sqrt(),
                };
                let curve = slices.iter().enumerate().map(point).collect();
                effects.push(Effect { alone, overall, curve });
            }
        }
        let total = effects.pop().unwrap_or_default();
        Effects { total, targets: effects }
    }

    /// The means of every target in the model's coordinates, and the total that follows from them.
    fn responses(&self, points: &[Point]) -> Responses {
        let means = self.process.means(points);
        let count = self.targets.len();
        let mut of = vec![Vec::with_capacity(points.len()); count + 1];
        let mut slopes = Matrix::zeros(points.len(), count);
        for (k, (point, means)) in points.iter().zip(&means).enumerate() {
            let absences = self.absences_at(point);
            let mut total = self.never_measured;
            for (t, (target, (u, _))) in self.targets.iter().zip(means).enumerate() {
                of[t].push(*u);
                let (score, slope) = target.rule.at(*u);
                let present = target.absence.map_or(1.0, |a| 1.0 - absences[a]);
                total += present * score + (1.0 - present) * target.rule.rule().max_score();
                slopes[(k, t)] = present * slope;
            }
            of[count].push(total);
        }
        Responses { of, slopes }
    }

    /// All that is known of the averages over these points.
    fn slice(&self, points: &[Point]) -> Slice {
        let responses = self.responses(points);
        let count = self.targets.len();
        let share = 1.0 / points.len() as f64;
        let uniform = Matrix::from_fn(points.len(), count, |_, _| share);
        let by_slope =
            Matrix::from_fn(points.len(), count, |k, t| share * responses.slopes[(k, t)]);
        let mut variances = self.variances_of_sums(points, &uniform);
        variances.push(self.variances_of_sums(points, &by_slope).iter().sum());
        Slice { responses, variances }
    }

    /// The variance of a sum over some points of every target, with weights in columns.
    fn variances_of_sums(&self, points: &[Point], weights: &Matrix) -> Vec<f64> {
        let mut variances = self.process.own.variances_of_sums(points, weights);
        for layer in &self.process.below {
            let process: &GaussianProcess = &layer.process;
            let mut below = Matrix::zeros(points.len(), process.outputs());
            for (t, share) in layer.shares.iter().enumerate() {
                let Some(share) = share else { continue };
                for k in 0..points.len() {
                    below[(k, share.output)] = share.scale * weights[(k, t)];
                }
            }
            let of_layer = process.variances_of_sums(points, &below);
            for (variance, share) in variances.iter_mut().zip(&layer.shares) {
                *variance += share.map_or(0.0, |share| of_layer[share.output]);
            }
        }
        variances
    }
}

/// The targets, and last the total, at some points.
struct Responses {
    /// For each of them all points.
    of: Vec<Vec<f64>>,
    /// Of the total by every target, a row for each point.
    slopes: Matrix,
}

impl Responses {
    fn variances(&self) -> Vec<f64> {
        let variance = |values: &Vec<f64>| {
            let mean = mean(values);
            values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
        };
        self.of.iter().map(variance).collect()
    }
}

struct Slice {
    responses: Responses,
    /// Of the averages over its points.
    variances: Vec<f64>,
}

impl Extents {
    /// Points all over the box.
    fn sample(&self, count: usize) -> Vec<Point> {
        let points = Points::Sobol { seed: SCRAMBLING };
        let within = |(u, [low, high]): (f64, &[f64; 2])| low + (high - low) * (u + 1.0) / 2.0;
        let point = |number| {
            points.point(number, self.of.len()).into_iter().zip(&self.of).map(within).collect()
        };
        (0..count as u64).map(point).collect()
    }

    /// Where a node is along a parameter.
    fn at(&self, parameter: usize, node: usize) -> f64 {
        let [low, high] = self.of[parameter];
        low + (high - low) * (NODES[node].0 + 1.0) / 2.0
    }

    /// Points that were moved to a node along a parameter.
    fn moved(&self, points: &[Point], parameter: usize, node: usize) -> Vec<Point> {
        let mut moved = points.to_vec();
        for point in &mut moved {
            point[parameter] = self.at(parameter, node);
        }
        moved
    }
}

/// The first-order and the total index, from the values of all points at every node and the
/// variance of all.
fn indices(values: &[&[f64]], variance: f64) -> [f64; 2] {
    if variance < 1e-12 {
        return [0.0, 0.0];
    }
    let along = |of: &dyn Fn(usize) -> f64| -> f64 {
        let sum = |of: &dyn Fn(usize) -> f64| -> f64 {
            NODES.iter().enumerate().map(|(node, (_, weight))| weight / 2.0 * of(node)).sum()
        };
        let mean = sum(of);
        sum(&|node| (of(node) - mean).powi(2))
    };
    let alone = along(&|node| mean(values[node]));
    let count = values.first().map_or(0, |values| values.len());
    let overall: f64 = (0..count).map(|k| along(&|node| values[node][k])).sum();
    let overall = (overall / count.max(1) as f64 / variance).clamp(0.0, 1.0);
    [(alone / variance).min(overall), overall]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::composite::expected_score::WarpedRule;
    use crate::composite::kernel::Kernel;
    use crate::composite::sites::{Observation, sites};
    use crate::composite::surrogate::Simulations;
    use crate::deviates::Seeded;
    use crate::{Outcome, ScoreRule};

    /// Both indices of every parameter of a function of three parameters on a box.
    fn indices_of(extents: &Extents, function: impl Fn(&Point) -> f64) -> Vec<[f64; 2]> {
        let sample = extents.sample(SAMPLED);
        let all = Responses {
            of: vec![sample.iter().map(&function).collect()],
            slopes: Matrix::zeros(0, 0),
        };
        let variance = all.variances()[0];
        let of = |parameter| {
            let slices: Vec<Vec<f64>> = (0..NODES.len())
                .map(|node| extents.moved(&sample[..MOVED], parameter, node))
                .map(|points| points.iter().map(&function).collect())
                .collect();
            indices(&slices.iter().map(Vec::as_slice).collect::<Vec<_>>(), variance)
        };
        (0..extents.of.len()).map(of).collect()
    }

    fn assert_near(indices: &[[f64; 2]], expected: &[[f64; 2]], tolerance: f64) {
        for (ours, theirs) in indices.iter().flatten().zip(expected.iter().flatten()) {
            assert!((ours - theirs).abs() < tolerance, "{indices:?} are not {expected:?}");
        }
    }

    /// Ishigami & Homma (1990) with a = 7 and b = 0.1; the indices are in closed form.
    #[test]
    fn indices_of_the_ishigami_function_are_those_of_its_closed_form() {
        let extents = Extents { of: vec![[-PI, PI]; 3] };
        let indices = indices_of(&extents, |x| {
            x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
        });
        let [a, b]: [f64; 2] = [7.0, 0.1];
        let first = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
        let (second, third) = (a * a / 8.0, 8.0 * b * b * PI.powi(8) / 225.0);
        let all = first + second + third;
        let expected = [[first, first + third], [second, second], [0.0, third]];
        let expected = expected.map(|pair| pair.map(|variance| variance / all));
        assert!((expected[0][0] - 0.3139).abs() < 1e-4 && (expected[2][1] - 0.2437).abs() < 1e-4);
        assert_near(&indices, &expected, 0.03);
    }

    /// The variance of aᵢxᵢ is aᵢ²wᵢ²/12 over a width wᵢ.
    #[test]
    fn indices_of_a_linear_function_are_squares_of_its_slopes() {
        let extents = Extents { of: vec![[-0.2, 0.4], [0.0, 0.3], [0.1, 0.1]] };
        let indices = indices_of(&extents, |x| x[0] - 4.0 * x[1] + 9.0 * x[2]);
        assert_near(&indices, &[[0.2, 0.2], [0.8, 0.8], [0.0, 0.0]], 0.01);
        assert_eq!(indices_of(&extents, |_| 5.0), [[0.0; 2]; 3]);
    }

    /// Three targets of two parameters, one of them missing where the second is large.
    fn surrogate() -> (Surrogate, Vec<Site>) {
        let rule = |wanted| WarpedRule::new(ScoreRule::new(wanted, wanted, 0.2, 20.0).unwrap());
        let rules = [rule(0.5), rule(1.0), rule(0.0)];
        let mut uniform = Seeded::new(1, "test").uniform(0);
        let observation = |number| {
            let point: Point = vec![uniform(), uniform()];
            let second = (point[1] < 0.5).then_some(point[0] - point[1]);
            let values = vec![Some(point[0] + point[1] * point[1]), second, Some(point[0])];
            let outcome = Outcome { values, ..Outcome::measured(&[], 0.0) };
            (number, Observation::new((point, 0), &outcome, 3))
        };
        let observations = (0..25).map(observation).collect();
        let all: Vec<&Observation> = std::collections::BTreeMap::values(&observations).collect();
        let sites = sites(&observations, &rules);
        let kernel = Kernel::new(vec![0.0, 0.0], 0.5);
        let simulations =
            Simulations { observations: &all, sites: &sites, others: &[], is_full: true };
        (Surrogate::fit(kernel, simulations, &rules, &[15], vec![]).unwrap(), sites)
    }

    /// Averages over random points, of the means and of functions that the data leave open.
    #[test]
    fn main_effects_and_their_bands_are_those_of_random_averages() {
        let (surrogate, sites) = surrogate();
        let extents = surrogate.extents(&sites);
        let effects = surrogate.effects(&extents);
        let (parameter, node) = (0, 7);
        let x = extents.at(parameter, node);
        let seeded = Seeded::new(4, "test");
        let (mut uniform, mut normal) = (seeded.uniform(0), seeded.normal(1));
        let [low, high] = extents.of[1];
        let points: Vec<Point> =
            (0..400).map(|_| vec![x, low + (high - low) * (uniform() + 1.0) / 2.0]).collect();
        let average = |of: &dyn Fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / 400.0;
        let paths: Vec<_> =
            (0..150).map(|_| surrogate.sample_path(1.0, &mut normal, &mut uniform)).collect();
        let scatter = |averages: &[f64]| {
            let middle = mean(averages);
            mean(&averages.iter().map(|x| (x - middle).powi(2)).collect::<Vec<_>>()).sqrt()
        };
        for (t, effects) in effects.targets.iter().enumerate() {
            let CurvePoint { place, mean, deviation } = effects[parameter].curve[node];
            assert!((2.0 * place - 1.0 - x).abs() < 1e-12);
            let ours = average(&|point| surrogate.process.at(point).0[t].0);
            assert!((mean - ours).abs() < 0.03, "target {t}: {mean} is not {ours}");
            let averages: Vec<f64> =
                paths.iter().map(|path| average(&|point| path.at(point).0[t].0)).collect();
            let ratio = deviation / scatter(&averages);
            assert!((0.75..1.3).contains(&ratio), "target {t}: {deviation}, {ratio}");
        }
        let total = effects.total[parameter].curve[node];
        let ours = average(&|point| surrogate.totals_of_means(std::slice::from_ref(point))[0]);
        assert!((total.mean - ours).abs() < 0.15 + 0.02 * ours, "{total:?} is not {ours}");
        let averages: Vec<f64> =
            paths.iter().map(|path| average(&|point| surrogate.total_by(path, point).0)).collect();
        let ratio = total.deviation / scatter(&averages);
        assert!((0.6..1.6).contains(&ratio), "{total:?}, {ratio}");
    }
}
