//! Random numbers that depend on nothing but a key: (seed, purpose, index).
//!
//! Every cell, row of synapses and window of input draws from a stream of its own, so that what it
//! gets does not depend on the order of the work or the number of threads. A stream is `SplitMix64`
//! (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators") started at a hash
//! of its key.

use std::f64::consts::PI;

use crate::lanes::ln;

/// What a stream is drawn for. The number is part of the key.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// The phases of the waves that make the orientation map.
    OrientationMap,
    /// The jitter of positions and the phase of receptive fields, by population.
    Cells(usize),
    /// The spread of spike thresholds, by population.
    Thresholds(usize),
    /// The presynaptic partners of one neuron, by projection.
    Partners(usize),
    /// The delay of one connection, by projection.
    Delays(usize),
    /// Membrane potentials at the beginning, by population.
    InitialPotentials(usize),
    /// The spikes of the LGN, by presentation.
    LgnSpikes(usize),
}

impl Purpose {
    fn key(self) -> u64 {
        let (kind, number) = match self {
            Self::OrientationMap => (1, 0),
            Self::Cells(population) => (2, population),
            Self::Thresholds(population) => (3, population),
            Self::Partners(projection) => (4, projection),
            Self::Delays(projection) => (5, projection),
            Self::InitialPotentials(population) => (6, population),
            Self::LgnSpikes(presentation) => (7, presentation),
        };
        kind << 32 | number as u64
    }
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of this key.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let key = mix(seed.wrapping_add(GOLDEN)) ^ purpose.key();
        Self(mix(mix(key.wrapping_add(GOLDEN)) ^ index))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Exponential with mean 1, in steps of 2⁻²⁴ of probability.
    #[inline]
    pub fn exponential(&mut self) -> f32 {
        -ln(((self.bits() >> 40) + 1) as f32 * (1.0 / (1_u32 << 24) as f32))
    }

    /// Normal with mean 0 and standard deviation 1 (Box & Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(2.0 * PI * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
    }

    #[test]
    fn distributions_have_their_moments() {
        // 4 standard errors of 100 000 draws.
        let n = 100_000;
        let mut stream = Stream::new(1, Purpose::OrientationMap, 0);
        let mut draw =
            |f: fn(&mut Stream) -> f64| -> Vec<f64> { (0..n).map(|_| f(&mut stream)).collect() };
        let close = |x: f64, wanted: f64, error: f64| (x - wanted).abs() < 4.0 * error / 316.0;
        let (mean, variance) = mean_and_variance(&draw(Stream::uniform));
        assert!(close(mean, 0.5, 0.289) && close(variance, 1.0 / 12.0, 0.075));
        let (mean, variance) = mean_and_variance(&draw(|s| f64::from(s.exponential())));
        assert!(close(mean, 1.0, 1.0) && close(variance, 1.0, 2.83));
        let (mean, variance) = mean_and_variance(&draw(Stream::normal));
        assert!(close(mean, 0.0, 1.0) && close(variance, 1.0, 1.42));
    }

    #[test]
    fn the_first_numbers_of_neighbouring_streams_are_uncorrelated() {
        let firsts: Vec<f64> =
            (0..100_000).map(|i| Stream::new(5, Purpose::Partners(3), i).uniform() - 0.5).collect();
        let product: f64 = firsts.windows(2).map(|pair| pair[0] * pair[1]).sum();
        // The standard deviation of the sum is √100 000/12.
        assert!(product.abs() < 4.0 * 26.4, "{product}");
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).bits();
        let reference = first(1, Purpose::Cells(2), 3);
        assert_eq!(reference, first(1, Purpose::Cells(2), 3));
        assert_ne!(reference, first(2, Purpose::Cells(2), 3));
        assert_ne!(reference, first(1, Purpose::Cells(3), 3));
        assert_ne!(reference, first(1, Purpose::Thresholds(2), 3));
        assert_ne!(reference, first(1, Purpose::Cells(2), 4));
    }
}
