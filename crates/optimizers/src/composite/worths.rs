//! How many simulations each point is worth to each output. One from before may have been measured
//! for some targets only: to the others its point is worth nothing, as if it were not there.
//! Outputs that are worth the same everywhere form a block and share factorizations.
//!
//! And how noisy and how large outputs may be, as far as that is known before.

use crate::linear_algebra::Matrix;

/// The variance of the noise where nothing is known; that of the covariance is about 1. It is on
/// the diagonal of its own row, so it does not spoil the condition of the others.
pub(super) const NOTHING_KNOWN: f64 = 1e8;

/// Added to the diagonal of every covariance, for numbers' sake.
const JITTER: f64 = 1e-6;

/// Ratios of the variance of the noise to the scale of the covariance; each target takes the one
/// that explains it best.
pub(super) const NOISE_RATIOS: [f64; 5] = [0.0005, 0.003, 0.02, 0.1, 0.5];

/// The same where outputs may be nothing but noise.
pub(super) const WIDE_NOISE_RATIOS: [f64; 6] = [0.0005, 0.003, 0.02, 0.1, 0.5, 2.5];

/// How many points' worth of evidence the expected scales are.
const WEIGHT_OF_SCALES: f64 = 3.0;

/// What all points are worth to all outputs.
#[derive(Debug, Clone)]
pub(super) struct Worths {
    /// From which the noise is chosen.
    pub noise_ratios: &'static [f64],
    blocks: Vec<Block>,
    /// For every output the index of its block.
    block_of: Vec<usize>,
    /// For every output the standard deviation that is expected, if any is.
    scales: Option<Vec<f64>>,
}

/// Outputs to which every point is worth the same.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// How many simulations each point is worth; 0 where the outputs are not known.
    worth: Vec<f64>,
    /// At how many points they are known, at least 1.
    pub known: f64,
    /// How many points' worth of evidence there is that the covariance has a scale of 1.
    pub expected: f64,
    /// The outputs.
    pub members: Vec<usize>,
}

impl Worths {
    /// From what the points are worth to each output.
    pub fn new<'a>(outputs: impl IntoIterator<Item = &'a [f64]>) -> Worths {
        let mut worths = Worths {
            noise_ratios: &NOISE_RATIOS,
            blocks: Vec::new(),
            block_of: Vec::new(),
            scales: None,
        };
        for (output, worth) in outputs.into_iter().enumerate() {
            let same = worths.blocks.iter().position(|block| block.worth == worth);
            let block = same.unwrap_or_else(|| {
                worths.blocks.push(Block::new(worth, Vec::new()));
                worths.blocks.len() - 1
            });
            worths.blocks[block].members.push(output);
            worths.block_of.push(block);
        }
        worths
    }

    /// With these standard deviations to be expected of the outputs, and as much noise as there is.
    pub fn expecting(mut self, scales: Vec<f64>) -> Worths {
        self.blocks.iter_mut().for_each(|block| block.expected = WEIGHT_OF_SCALES);
        self.scales = Some(scales);
        self.with_any_noise()
    }

    /// With as much noise as there is.
    pub fn with_any_noise(mut self) -> Worths {
        self.noise_ratios = &WIDE_NOISE_RATIOS;
        self
    }

    /// Of the first points only.
    pub fn first(&self, points: usize) -> Worths {
        let first = |block: &Block| Block {
            expected: block.expected,
            ..Block::new(&block.worth[..points], block.members.clone())
        };
        Worths { blocks: self.blocks.iter().map(first).collect(), ..self.clone() }
    }

    /// Shifts and scales an output, so that it is 0 where it is not known; returns the mean, that
    /// of the first `mean_points`, and the standard deviation that were taken out: the expected
    /// one, or that of the output.
    pub fn standardize(&self, t: usize, output: &mut [f64], mean_points: usize) -> (f64, f64) {
        let scale = self.scales.as_ref().map(|scales| scales[t]);
        self.of(t).standardize(output, mean_points, scale)
    }

    /// An output's block.
    pub fn of(&self, output: usize) -> &Block {
        &self.blocks[self.block_of[output]]
    }

    /// All blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
}

impl Block {
    fn new(worth: &[f64], members: Vec<usize>) -> Block {
        let known = worth.iter().filter(|worth| **worth > 0.0).count().max(1) as f64;
        Block { worth: worth.to_vec(), known, members, expected: 0.0 }
    }

    fn standardize(
        &self,
        output: &mut [f64],
        mean_points: usize,
        scale: Option<f64>,
    ) -> (f64, f64) {
        let is_known = || self.worth.iter().map(|worth| *worth > 0.0);
        let known: Vec<f64> =
            output.iter().zip(is_known()).filter(|(_, known)| *known).map(|(y, _)| *y).collect();
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let mean = mean_of(&known[..known.len().min(mean_points)]);
        let middle = mean_of(&known);
        let squares: f64 = known.iter().map(|y| (y - middle) * (y - middle)).sum();
        let sd = scale.unwrap_or_else(|| (squares / self.known).sqrt()).max(1e-9);
        for (y, is_known) in output.iter_mut().zip(is_known()) {
            *y = if is_known { (*y - mean) / sd } else { 0.0 };
        }
        (mean, sd)
    }

    /// How many points' worth of evidence there is of an output's scale.
    pub fn weight(&self) -> f64 {
        self.known + self.expected
    }

    /// How many simulations each point is worth.
    pub fn worth(&self) -> &[f64] {
        &self.worth
    }

    /// The variance of the noise at every point, with this ratio of one simulation's to the scale
    /// of the covariance.
    pub fn noise(&self, ratio: f64) -> impl Iterator<Item = f64> {
        let of =
            move |worth: &f64| if *worth > 0.0 { ratio / worth + JITTER } else { NOTHING_KNOWN };
        self.worth.iter().map(of)
    }

    /// A covariance with this noise on its diagonal.
    pub fn noisy(&self, covariance: &Matrix, ratio: f64) -> Matrix {
        let mut noisy = covariance.clone();
        for (i, noise) in self.noise(ratio).enumerate() {
            noisy[(i, i)] += noise;
        }
        noisy
    }

    /// The columns of its members.
    pub fn columns(&self, outputs: &Matrix) -> Matrix {
        Matrix::from_fn(outputs.nrows(), self.members.len(), |i, t| outputs[(i, self.members[t])])
    }
}
