//! The baseline: what a search has to be better than.

use std::num::NonZeroUsize;

use crate::deviates::Seeded;
use crate::ledger::Ledger;
use crate::{
    Candidate, CentroidError, Diagnostics, Optimizer, Outcome, Recommendation, Space, TellError,
};

/// Candidates uniform in the space's unit coordinates, except the first, which is the centroid.
/// (An integer at the end of its range is the nearest to half as many coordinates as the others, and so
/// comes half as often.)
#[derive(Debug)]
pub struct RandomSearch {
    space: Space,
    centroid: Vec<f64>,
    source: Seeded,
    ledger: Ledger<()>,
}

impl RandomSearch {
    /// A random search; `offspring_size` only divides the candidates into generations.
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside.
    pub fn new(
        space: Space,
        centroid: &[f64],
        offspring_size: NonZeroUsize,
        seed: u64,
    ) -> Result<RandomSearch, CentroidError> {
        Ok(RandomSearch {
            centroid: space.admit(centroid)?,
            space,
            source: Seeded::new(seed, "random search"),
            ledger: Ledger::new(offspring_size.get()),
        })
    }
}

impl Optimizer for RandomSearch {
    fn ask(&mut self, count: usize) -> Vec<Candidate> {
        let propose = |_| {
            let (number, generation) = self.ledger.enter(());
            let parameters = if number == 0 {
                self.centroid.clone()
            } else {
                let mut uniform = self.source.uniform(number);
                let unit: Vec<f64> = (0..self.space.len()).map(|_| uniform()).collect();
                self.space.from_unit(&unit)
            };
            Candidate { number, generation, parameters }
        };
        (0..count).map(propose).collect()
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
        }
    }
}
