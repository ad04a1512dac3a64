//! What the full simulations' values have to do with those of cheaper ones, target by target: in
//! the cheaper ones' warp the multiple of what they give that leaves the likeliest rest. A multiple
//! of 0 means that they tell nothing of the target.

use super::gaussian_process::{FITTED_POINTS, GaussianProcess, Posterior};
use super::kernel::{Kernel, Point};
use super::stacked::{Layer, Share};
use super::surrogate::Below;
use super::warping::{Seen, Warped};
use super::worths::Worths;
use crate::linear_algebra::Matrix;

/// The multiples.
const SCALES: [f64; 8] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.6, 2.0];

/// Standard deviation of the normal prior of the multiple, whose mean is 1.
const SCALE_SPREAD: f64 = 0.5;

/// How many targets' worth of evidence there is that a cheaper simulation tells something of a
/// target, and that it does not.
const RELATED: [f64; 2] = [4.0, 1.0];

/// A cheaper simulation that cannot predict this share of its own target's variance tells nothing.
const LEAST_SKILL: f64 = 0.05;

/// How much of a cheaper simulation's deviation the rest is expected to have.
const REST: f64 = 0.5;

/// What is left of the values, and what to expect of it.
pub(super) struct Related {
    /// In the coordinates of the model, without what the cheaper ones give.
    pub rests: Vec<Warped>,
    pub worths: Worths,
    pub layers: Vec<Layer<GaussianProcess>>,
}

/// Finds the relations of `seen`, which are these targets, to everything below. `kernel` is that of
/// the rest.
pub(super) fn relate(
    kernel: &Kernel,
    points: &[Point],
    seen: &[Seen<'_>],
    targets: &[usize],
    below: Vec<Below>,
) -> Option<Related> {
    let mut rests: Vec<Warped> = Vec::with_capacity(seen.len());
    let mut scales: Vec<f64> = Vec::with_capacity(seen.len());
    for (seen, target) in seen.iter().zip(targets) {
        let known = below.iter().find_map(|below| {
            let output = below.output_of(*target)?;
            Some((&below.targets[output].rule, below.process.variance(output).sqrt()))
        });
        let rule = known.map_or(seen.rule, |(rule, _)| rule);
        let values: Vec<f64> = seen.values.iter().map(|value| rule.warp().warp(*value)).collect();
        scales.push(known.map_or_else(|| deviation(&values), |(_, scale)| REST * scale));
        rests.push(Warped { rule: rule.clone(), values });
    }
    let worths = Worths::new(seen.iter().map(|seen| &seen.worth[..])).expecting(scales.clone());
    let mut layers = Vec::with_capacity(below.len());
    for below in below {
        let means = below.process.means(points);
        let is_known = |output: &usize| below.skills[*output] >= LEAST_SKILL;
        let outputs: Vec<Option<usize>> =
            targets.iter().map(|target| below.output_of(*target).filter(is_known)).collect();
        let multiples = multiples(kernel, points, seen, &rests, &scales, &means, &outputs)?;
        let mut shares = Vec::with_capacity(seen.len());
        for ((rest, output), multiple) in rests.iter_mut().zip(outputs).zip(multiples) {
            let share = output.map(|output| Share { output, scale: multiple });
            let share = share.filter(|share| share.scale != 0.0);
            if let Some(Share { output, scale }) = share {
                for (k, value) in rest.values.iter_mut().enumerate() {
                    *value -= scale * means[(k, output)];
                }
            }
            shares.push(share);
        }
        debug_assert!(below.process.outputs() == below.targets.len());
        layers.push(Layer { process: below.process, shares });
    }
    Some(Related { rests, worths, layers })
}

/// For every target the likeliest multiple of these outputs, whose means at the points are in
/// columns; 0 where there is no output.
fn multiples(
    kernel: &Kernel,
    points: &[Point],
    seen: &[Seen<'_>],
    rests: &[Warped],
    scales: &[f64],
    means: &Matrix,
    outputs: &[Option<usize>],
) -> Option<Vec<f64>> {
    let n = points.len().min(FITTED_POINTS);
    let with_output: Vec<(usize, usize)> =
        outputs.iter().enumerate().filter_map(|(t, output)| Some((t, (*output)?))).collect();
    let columns = with_output.len() * SCALES.len();
    let rest = |k: usize, column: usize| {
        let (t, output) = with_output[column / SCALES.len()];
        rests[t].values[k] - SCALES[column % SCALES.len()] * means[(k, output)]
    };
    let candidates = Matrix::from_fn(n, columns, rest);
    let targets = (0..columns).map(|column| with_output[column / SCALES.len()].0);
    let worths = Worths::new(targets.clone().map(|t| &seen[t].worth[..n]))
        .expecting(targets.map(|t| scales[t]).collect());
    let evidences = GaussianProcess::log_evidences(kernel, &points[..n], &candidates, &worths)?;
    // The evidence of nothing and, on average over their prior, of all other multiples; and of
    // these the mean.
    let prior: Vec<f64> = SCALES[1..].iter().map(|scale| prior(*scale)).collect();
    let weigh = |evidences: &[f64]| {
        let most = evidences.iter().copied().fold(f64::MIN, f64::max);
        let likelihood = |evidence: &f64| libm::exp(evidence - most);
        let weights: Vec<f64> =
            prior.iter().zip(&evidences[1..]).map(|(p, e)| p * likelihood(e)).collect();
        let sum = weights.iter().sum::<f64>();
        let mean = SCALES[1..].iter().zip(&weights).map(|(scale, w)| scale * w).sum::<f64>() / sum;
        ([sum / prior.iter().sum::<f64>(), likelihood(&evidences[0])], mean)
    };
    let weighed: Vec<([f64; 2], f64)> = evidences.chunks(SCALES.len()).map(weigh).collect();
    let mut multiples = vec![0.0; rests.len()];
    for ((t, _), ((_, mean), related)) in
        with_output.iter().zip(weighed.iter().zip(related(&weighed)))
    {
        multiples[*t] = if related < 0.5 { 0.0 } else { *mean };
    }
    Some(multiples)
}

fn prior(scale: f64) -> f64 {
    libm::exp(-((scale - 1.0) / SCALE_SPREAD).powi(2) / 2.0)
}

/// For every target the probability that it is related, by its likelihood if it is and if it is not
/// and by how many of the others are (expectation maximization, Dempster et al. 1977).
fn related(weighed: &[([f64; 2], f64)]) -> Vec<f64> {
    let [yes, no] = RELATED;
    let mut share = yes / (yes + no);
    let mut related = vec![share; weighed.len()];
    for _ in 0..20 {
        for (related, ([if_so, if_not], _)) in related.iter_mut().zip(weighed) {
            let so = share * if_so;
            *related = so / (so + (1.0 - share) * if_not).max(f64::MIN_POSITIVE);
        }
        share = (related.iter().sum::<f64>() + yes) / (weighed.len() as f64 + yes + no);
    }
    related
}

/// The standard deviation of some values.
fn deviation(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}
