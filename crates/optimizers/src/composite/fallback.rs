//! What replaces half of the model's proposals while the model is wrong: CMA-ES, started at the
//! incumbent, which learns from all candidates, those of the model being injected ones (Hansen
//! 2011, arXiv:1110.4181).

use serde::{Deserialize, Serialize};

use super::kernel::Point;
use crate::cma_es::distribution::{Distribution, Sample};
use crate::cma_es::rates::Rates;
use crate::ledger::Survivor;

/// Samples around good points, without a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fallback {
    distribution: Distribution,
    /// The candidates before this one were there before.
    pub since: u64,
}

impl Fallback {
    pub fn new(incumbent: Point, sigma: f64, since: u64) -> Fallback {
        Fallback { distribution: Distribution::new(incumbent, sigma), since }
    }

    /// Learns from candidates and their totals, in any order.
    pub fn learn<'a>(&mut self, candidates: impl Iterator<Item = (u64, &'a Point, f64)>) {
        let n = self.distribution.mean.len();
        let mut generation: Vec<Survivor<Sample>> = candidates
            .map(|(number, point, total)| {
                let mut step = self.distribution.step_to(point);
                // An injected step counts by its direction where it is longer than one that was
                // drawn (ibid., eq. 3).
                let length = step.iter().map(|y| y * y).sum::<f64>().sqrt();
                let longest = (n as f64).sqrt() + 2.0 * n as f64 / (n as f64 + 2.0);
                let shortening = (longest / length).min(1.0);
                for y in &mut step {
                    *y *= shortening;
                }
                let mean = &self.distribution.mean;
                let point = mean.iter().zip(point).map(|(m, x)| m + shortening * (x - m)).collect();
                Survivor { number, total, memory: Sample { point, step } }
            })
            .collect();
        generation.sort_by(|a, b| a.total.total_cmp(&b.total).then(a.number.cmp(&b.number)));
        let differ =
            generation.len() >= 2 && generation[0].total < generation[generation.len() - 1].total;
        if differ {
            self.distribution.update(&generation, &Rates::active(n, &generation));
        }
    }

    /// A point from the distribution, from standard normal deviates.
    pub fn sample(&self, mut normal: impl FnMut() -> f64) -> Point {
        let deviates: Vec<f64> = self.distribution.mean.iter().map(|_| normal()).collect();
        self.distribution.sample(&deviates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deviates::Seeded;

    #[test]
    fn it_descends_a_bowl_of_its_own_and_injected_points() {
        let bowl = |x: &[f64]| x.iter().map(|x| (x - 0.4) * (x - 0.4)).sum::<f64>();
        let mut fallback = Fallback::new(vec![-0.5; 4], 0.2, 0);
        let source = Seeded::new(3, "test");
        for generation in 0..60 {
            let mut points: Vec<Point> =
                (0..8).map(|k| fallback.sample(source.normal(8 * generation + k))).collect();
            // Half of the candidates come from elsewhere, and are no good.
            points.extend((0..8).map(|k| {
                let mut normal = source.normal(10_000 + 8 * generation + k);
                (0..4).map(|_| normal()).collect()
            }));
            let totals: Vec<f64> = points.iter().map(|point| bowl(point)).collect();
            let told =
                (0..).zip(points.iter().zip(totals)).map(|(k, (point, total))| (k, point, total));
            fallback.learn(told);
        }
        let total = bowl(&fallback.distribution.mean);
        // It was 3.24 at the start.
        assert!(total < 1e-2, "{total} at {:?}", fallback.distribution.mean);
    }
}
