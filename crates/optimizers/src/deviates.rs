//! Random numbers that depend on the seed and a candidate's number, on nothing else.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Where standard normal deviates come from.
pub(crate) trait Deviates: Send {
    /// Fills `deviates` for the candidate `number`; the same number always gives the same values.
    fn fill(&mut self, number: u64, deviates: &mut [f64]);
}

/// Deviates from a counter-based generator: the seed is the key, the candidate's number the stream.
#[derive(Debug, Clone)]
pub(crate) struct Seeded {
    key: [u8; 32],
}

impl Seeded {
    /// `purpose` (at most 24 bytes count) keeps two uses of one seed independent.
    pub fn new(seed: u64, purpose: &str) -> Seeded {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        for (place, byte) in key[8..].iter_mut().zip(purpose.bytes()) {
            *place = byte;
        }
        Seeded { key }
    }

    /// Uniform deviates in [-1, 1) for the candidate `number`.
    pub fn uniform(&self, number: u64) -> impl FnMut() -> f64 + use<> {
        let mut generator = ChaCha8Rng::from_seed(self.key);
        generator.set_stream(number);
        move || (generator.next_u64() >> 11) as f64 * 2f64.powi(-52) - 1.0
    }

    /// Standard normal deviates for the candidate `number`: Marsaglia's polar method (Marsaglia &
    /// Bray 1964). It needs a logarithm and a square root only, and with libm's logarithm the
    /// deviates are the same on every machine.
    pub fn normal(&self, number: u64) -> impl FnMut() -> f64 + use<> {
        let mut uniform = self.uniform(number);
        let mut second = None;
        move || {
            second.take().unwrap_or_else(|| {
                let (u, v, s) = loop {
                    let (u, v) = (uniform(), uniform());
                    let s = u * u + v * v;
                    if s > 0.0 && s < 1.0 {
                        break (u, v, s);
                    }
                };
                let factor = (-2.0 * libm::log(s) / s).sqrt();
                second = Some(v * factor);
                u * factor
            })
        }
    }
}

impl Deviates for Seeded {
    fn fill(&mut self, number: u64, deviates: &mut [f64]) {
        deviates.fill_with(self.normal(number));
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        seed: u64,
        number: u64,
        deviates: Vec<f64>,
    }

    /// `tests/data/make_deviates.py` has its own `ChaCha8` and its own logarithm.
    #[test]
    fn deviates_are_those_of_another_implementation() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../tests/data/deviates.json")).unwrap();
        for Case { seed, number, deviates } in cases {
            let mut ours = vec![0.0; deviates.len()];
            Seeded::new(seed, "cma-es").fill(number, &mut ours);
            for (ours, theirs) in ours.iter().zip(deviates) {
                assert!((ours - theirs).abs() < 1e-14, "{ours} is not {theirs}");
            }
        }
    }

    #[test]
    fn deviates_are_normal() {
        let mut deviates = vec![0.0; 101];
        let mut all = Vec::new();
        for number in 0..1000 {
            Seeded::new(5, "cma-es").fill(number, &mut deviates);
            all.extend_from_slice(&deviates);
        }
        let share = |below: f64| {
            all.iter().filter(|deviate| **deviate < below).count() as f64 / all.len() as f64
        };
        // The normal distribution function; five standard errors of a share are at most 0.008.
        for (below, expected) in [(-2.0, 0.02275), (-1.0, 0.15866), (0.0, 0.5), (1.0, 0.84134)] {
            assert!((share(below) - expected).abs() < 0.008, "{} below {below}", share(below));
        }
    }
}
