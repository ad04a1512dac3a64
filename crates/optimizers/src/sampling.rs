//! Baselines that learn nothing: what a search has to be better than, and a first look at a space.

use std::num::NonZeroUsize;

use crate::deviates::Seeded;
use crate::ledger::Ledger;
use crate::{
    Candidate, CentroidError, Diagnostics, Earlier, Optimizer, Outcome, Recommendation, Space,
    TellError,
};

/// Candidates spread over the space's unit coordinates, except the first, which is the centroid.
/// (An integer at the end of its range is the nearest to half as many coordinates as the others,
/// and so comes half as often.)
///
/// # Examples
///
/// Of sixteen successive points of a Sobol sequence, every sixteenth of every range has one:
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use optimizers::{Dimension, Optimizer, Sampling, Scale, Space};
///
/// let dimension = |name: &str| Dimension {
///     name: name.to_owned(), low: 0.0, high: 16.0, scale: Scale::Linear, integer: false,
/// };
/// let space = Space::new(vec![dimension("g_exc"), dimension("g_inh")])?;
/// let sixteen = NonZeroUsize::new(16).expect("a generation is not empty");
/// let mut optimizer = Sampling::sobol(space, &[8.0, 8.0], sixteen, 1)?;
/// optimizer.ask(16); // with the centroid among them
/// let candidates = optimizer.ask(16);
/// for i in 0..2 {
///     let mut strata: Vec<_> = candidates.iter().map(|c| c.parameters[i] as usize).collect();
///     strata.sort();
///     assert_eq!(strata, Vec::from_iter(0..16));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sampling {
    space: Space,
    centroid: Vec<f64>,
    points: Points,
    ledger: Ledger<()>,
}

/// Where the points come from.
#[derive(Debug)]
pub(crate) enum Points {
    /// Independent uniform deviates.
    Uniform(Seeded),
    /// A low-discrepancy sequence: Sobol's with the direction numbers of Joe & Kuo (2008),
    /// scrambled as Owen (1995) proposed, by the hash of Burley (2020).
    Sobol {
        /// Chooses the scrambling.
        seed: u32,
    },
}

/// The sequence has this many points; further ones come from another scrambling.
const SOBOL_POINTS: u64 = 1 << 16;

impl Sampling {
    /// Independent uniform candidates; `offspring_size` only divides them into generations.
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside.
    pub fn uniform(
        space: Space,
        centroid: &[f64],
        offspring_size: NonZeroUsize,
        seed: u64,
    ) -> Result<Sampling, CentroidError> {
        let points = Points::Uniform(Seeded::new(seed, "random search"));
        Self::new(space, centroid, offspring_size, points)
    }

    /// Candidates of a scrambled Sobol sequence, which leaves no gaps and makes no clusters. Beyond
    /// 256 parameters the sequence is repeated with another scrambling.
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside.
    pub fn sobol(
        space: Space,
        centroid: &[f64],
        offspring_size: NonZeroUsize,
        seed: u64,
    ) -> Result<Sampling, CentroidError> {
        let seed = (seed ^ (seed >> 32)) as u32;
        Self::new(space, centroid, offspring_size, Points::Sobol { seed })
    }

    fn new(
        space: Space,
        centroid: &[f64],
        offspring_size: NonZeroUsize,
        points: Points,
    ) -> Result<Sampling, CentroidError> {
        Ok(Sampling {
            centroid: space.admit(centroid)?,
            space,
            points,
            ledger: Ledger::new(offspring_size.get()),
        })
    }

    /// The next candidate: with the parameters of an earlier run, or the next point.
    fn propose(&mut self, earlier: Option<&Vec<f64>>) -> Candidate {
        let (number, generation) = self.ledger.enter(());
        let parameters = match earlier.filter(|earlier| earlier.len() == self.space.len()) {
            Some(earlier) => earlier.clone(),
            None if number == 0 => self.centroid.clone(),
            None => self.space.from_unit(&self.points.point(number, self.space.len())),
        };
        Candidate { number, generation, parameters, fidelity: 0 }
    }
}

impl Points {
    /// The point of this number, each coordinate in [-1, 1].
    pub fn point(&self, number: u64, dimension: usize) -> Vec<f64> {
        match self {
            Self::Uniform(source) => {
                let mut uniform = source.uniform(number);
                (0..dimension).map(|_| uniform()).collect()
            }
            Self::Sobol { seed } => {
                let (index, round) = (number % SOBOL_POINTS, number / SOBOL_POINTS);
                let coordinate = |i: usize| {
                    let set = (i / 256) as u32;
                    let scrambling = seed.wrapping_add(round as u32).wrapping_add(set << 16);
                    let unit = sobol_burley::sample(index as u32, (i % 256) as u32, scrambling);
                    2.0 * f64::from(unit) - 1.0
                };
                (0..dimension).map(coordinate).collect()
            }
        }
    }
}

impl Optimizer for Sampling {
    fn ask(&mut self, count: usize) -> Vec<Candidate> {
        (0..count).map(|_| self.propose(None)).collect()
    }

    fn take_over(&mut self, earlier: &[Earlier]) -> Vec<Candidate> {
        earlier.iter().map(|earlier| self.propose(Some(&earlier.parameters))).collect()
    }

    fn tell(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        self.ledger.resolve(candidate, outcome).map(drop)
    }

    fn offspring_size(&self) -> usize {
        self.ledger.offspring_size()
    }

    fn generation(&self) -> u64 {
        self.ledger.generations()
    }

    fn stop_reason(&self) -> Option<String> {
        None
    }

    fn recommend(&self, count: usize) -> Vec<Recommendation> {
        self.ledger.least_totals(count)
    }

    fn diagnostics(&self) -> Diagnostics {
        // The standard deviation of a uniform deviate in [-1, 1] is 1/√3.
        Diagnostics {
            sigma: 3f64.sqrt().recip(),
            axis_ratio: 1.0,
            centroid: self.centroid.clone(),
            model: None,
            fidelities: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Points;

    /// Of 2^k points of a scrambled Sobol sequence, each of 2^k equal slices of every axis holds
    /// one.
    #[test]
    fn a_sobol_sequence_leaves_no_slice_empty() {
        let points = Points::Sobol { seed: 7 };
        for dimension in 0..60 {
            let mut slices = [0; 64];
            for number in 0..64 {
                let coordinate = points.point(number, 60)[dimension];
                slices[((coordinate + 1.0) * 32.0) as usize] += 1;
            }
            assert!(slices.iter().all(|&count| count == 1), "{dimension}: {slices:?}");
        }
        assert_ne!(points.point(3, 300)[10], points.point(3, 300)[266]);
        assert_ne!(points.point(1, 1), points.point(1 + (1 << 16), 1));
    }
}
