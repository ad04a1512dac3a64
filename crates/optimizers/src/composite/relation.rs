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
        let outputs: Vec<Option<usize>> =
            targets.iter().map(|target| below.output_of(*target)).collect();
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
    let mut multiples = vec![0.0; rests.len()];
    for ((t, _), evidences) in with_output.iter().zip(evidences.chunks(SCALES.len())) {
        let rated = SCALES.iter().zip(evidences).map(|(scale, evidence)| {
            (evidence - ((scale - 1.0) / SCALE_SPREAD).powi(2) / 2.0, *scale)
        });
        let best = rated.max_by(|a, b| a.0.total_cmp(&b.0));
        multiples[*t] = best.map_or(0.0, |(_, scale)| scale);
    }
    Some(multiples)
}

/// The standard deviation of some values.
fn deviation(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}
