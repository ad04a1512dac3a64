//! CMA-ES: sampling from a normal distribution that follows the better candidates.
//!
//! - `settings`: which variant, and how it is set up
//! - `rates`: the weights of the ranks and the learning rates, one set per variant
//! - `distribution`: mean, step size and covariance, and how they learn
//! - `boundary`: how a sampled point comes to lie inside the ranges
//! - `stopping`: when to stop

use self::boundary::Boundary;
use self::distribution::{Distribution, Sample};
use self::rates::{Rates, default_offspring_size};
use self::stopping::Stopping;
use crate::deviates::{Deviates, Seeded};
use crate::ledger::{Ledger, Survivor};
use crate::{
    Candidate, Diagnostics, Dimension, Earlier, Optimizer, Outcome, Recommendation, Space,
    TellError,
};

mod boundary;
pub(crate) mod distribution;
pub(crate) mod rates;
mod settings;
mod stopping;

#[cfg(test)]
mod bluepyopt_trace;

pub use settings::{CmaEsError, CmaEsSettings, CmaEsVariant};

/// Covariance matrix adaptation evolution strategy.
///
/// The distribution learns each time that `offspring_size` candidates have been resolved since it
/// last did. Ask a generation, tell all of it, and this is the textbook algorithm.
///
/// Asynchronously (`ask(1)` whenever there is room, tells in any order) candidates come back to a
/// distribution that has moved on. The mean then goes to where the best of them lie, but the
/// covariance and both paths learn from the step that each was, `y = (x - mean) / sigma` with the
/// mean and sigma that it was drawn from. (With those of the moment, late candidates all lie behind
/// the mean, and the distribution grows along its own path: with two generations in flight a
/// 10-dimensional ellipsoid is then never solved. If the mean, too, took the steps as they were, it
/// would overshoot and oscillate.) With one generation in flight expect 1.2 to 1.4 times the
/// evaluations of generational use, with two 1.5 to 2.1 times.
///
/// Lost candidates count, but nothing is learnt from them: the weights are those of a generation of
/// the size that is left, and nothing happens with fewer than 2.
///
/// Parameters whose range has no width stay out of the search altogether.
///
/// # Examples
///
/// ```
/// use optimizers::{
///     CmaEs, CmaEsSettings, CmaEsVariant, Dimension, Optimizer, Outcome, Scale, Space,
/// };
///
/// let dimension = |i: usize| Dimension {
///     name: format!("x{i}"), low: -5.0, high: 5.0, scale: Scale::Linear, integer: false,
/// };
/// let space = Space::new((0..3).map(dimension).collect())?;
/// let settings = CmaEsSettings {
///     variant: CmaEsVariant::BluePyOpt,
///     offspring_size: Some(12),
///     ..CmaEsSettings::default()
/// };
/// let mut optimizer = CmaEs::new(space, &[3.0, -2.0, 4.0], settings)?;
/// for _ in 0..60 {
///     for candidate in optimizer.ask(12) {
///         let squares = candidate.parameters.iter().map(|x| x * x).sum();
///         optimizer.tell(candidate.number, &Outcome::measured(&[squares], squares))?;
///     }
/// }
/// assert!(optimizer.recommend(1)[0].total < 1e-3);
/// assert!(optimizer.diagnostics().sigma < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CmaEs {
    space: Space,
    /// The dimensions that are searched; the distribution knows these only.
    free: Vec<usize>,
    centroid: Vec<f64>,
    variant: CmaEsVariant,
    boundary: Boundary,
    distribution: Distribution,
    deviates: Box<dyn Deviates>,
    ledger: Ledger<Sample>,
    stopping: Stopping,
}

impl CmaEs {
    /// A search that starts around `centroid` (one value per dimension, in the parameters' units).
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside, or a setting is out of its range.
    pub fn new(
        space: Space,
        centroid: &[f64],
        settings: CmaEsSettings,
    ) -> Result<CmaEs, CmaEsError> {
        let CmaEsSettings { variant, offspring_size, sigma, seed } = settings;
        let centroid = space.admit(centroid)?;
        if !(sigma > 0.0 && sigma <= 1e6) {
            return Err(CmaEsError::Sigma { sigma });
        }
        let free: Vec<usize> =
            (0..space.len()).filter(|&i| !space.dimensions()[i].is_fixed()).collect();
        let offspring_size = offspring_size.unwrap_or_else(|| default_offspring_size(free.len()));
        if offspring_size < 2 {
            return Err(CmaEsError::OffspringSize { offspring_size });
        }
        let boundary = match variant {
            CmaEsVariant::Active => Boundary::Mirror,
            CmaEsVariant::BluePyOpt => Boundary::Clip,
        };
        let unit = space.to_unit(&centroid);
        let mean = free.iter().map(|&i| boundary.point_of(unit[i])).collect();
        Ok(CmaEs {
            boundary,
            distribution: Distribution::new(mean, sigma),
            deviates: Box::new(Seeded::new(seed, "cma-es")),
            ledger: Ledger::new(offspring_size),
            stopping: Stopping::new(variant, free.len(), offspring_size, sigma),
            space,
            free,
            centroid,
            variant,
        })
    }

    fn propose(&mut self) -> Candidate {
        // Only where the predecessor need not be reproduced: its first candidates are all random.
        let is_centroid = self.variant == CmaEsVariant::Active && self.ledger.next_number() == 0;
        let mut point = if is_centroid {
            self.distribution.mean.clone()
        } else {
            let mut deviates = vec![0.0; self.free.len()];
            self.deviates.fill(self.ledger.next_number(), &mut deviates);
            match self.variant {
                CmaEsVariant::Active => self.distribution.sample(&deviates),
                CmaEsVariant::BluePyOpt => self.distribution.sample_along_axes(&deviates),
            }
        };
        self.boundary.repair(&mut point);
        let parameters =
            if is_centroid { self.centroid.clone() } else { self.parameters_at(&point) };
        let step = self.distribution.step_to(&point);
        let (number, generation) = self.ledger.enter(Sample { point, step });
        Candidate { number, generation, parameters, fidelity: 0 }
    }

    /// The next candidate, with the parameters of an earlier run. They were drawn from another
    /// distribution, so that the step to them is learnt from at a length that this one may have
    /// (Hansen 2011, "Injecting external solutions into CMA-ES", arXiv:1110.4181).
    fn enter(&mut self, earlier: &[f64]) -> Candidate {
        if earlier.len() != self.space.len() {
            return self.propose();
        }
        let unit = self.space.to_unit(earlier);
        let point: Vec<f64> = self.free.iter().map(|&i| self.boundary.point_of(unit[i])).collect();
        let step = self.distribution.likely_step_to(&point);
        let (number, generation) = self.ledger.enter(Sample { point, step });
        Candidate { number, generation, parameters: earlier.to_vec(), fidelity: 0 }
    }

    /// The parameters at a point of the search.
    fn parameters_at(&self, point: &[f64]) -> Vec<f64> {
        let mut unit = self.space.to_unit(&self.centroid);
        for (&i, &coordinate) in self.free.iter().zip(point) {
            unit[i] = self.boundary.unit_at(coordinate);
        }
        self.space.from_unit(&unit)
    }

    fn learn(&mut self, generation: &[Survivor<Sample>]) {
        let n = self.free.len();
        if n == 0 || generation.len() < 2 {
            return;
        }
        match self.variant {
            CmaEsVariant::Active => {
                // Totals that are all the same say nothing about where to go.
                if generation[0].total < generation[generation.len() - 1].total {
                    self.distribution.update(generation, &Rates::active(n, generation));
                    self.distribution.limit_spread(self.integer_steps());
                }
            }
            CmaEsVariant::BluePyOpt => {
                self.distribution.update(generation, &Rates::bluepyopt(n, generation.len()));
            }
        }
        self.stopping.check(generation, &self.distribution, self.ledger.generations());
    }

    /// For every searched dimension the distance of neighbouring integers, 0 where it is not one.
    fn integer_steps(&self) -> Vec<f64> {
        let step = |(&i, &coordinate): (&usize, &f64)| match &self.space.dimensions()[i] {
            dimension @ Dimension { integer: true, .. } => {
                dimension.integer_step(self.boundary.unit_at(coordinate))
            }
            _ => 0.0,
        };
        self.free.iter().zip(&self.distribution.mean).map(step).collect()
    }
}

impl Optimizer for CmaEs {
    fn ask(&mut self, count: usize) -> Vec<Candidate> {
        (0..count).map(|_| self.propose()).collect()
    }

    fn take_over(&mut self, earlier: &[Earlier]) -> Vec<Candidate> {
        earlier.iter().map(|earlier| self.enter(&earlier.parameters)).collect()
    }

    fn tell(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        if let Some(generation) = self.ledger.resolve(candidate, outcome)? {
            self.learn(&generation);
        }
        Ok(())
    }

    fn offspring_size(&self) -> usize {
        self.ledger.offspring_size()
    }

    fn generation(&self) -> u64 {
        self.ledger.generations()
    }

    fn stop_reason(&self) -> Option<String> {
        if self.free.is_empty() {
            return Some("every parameter is fixed".to_owned());
        }
        self.stopping.reason().map(ToOwned::to_owned)
    }

    fn recommend(&self, count: usize) -> Vec<Recommendation> {
        self.ledger.least_totals(count)
    }

    fn diagnostics(&self) -> Diagnostics {
        Diagnostics {
            sigma: self.distribution.sigma,
            axis_ratio: self.distribution.condition().sqrt(),
            centroid: self.parameters_at(&self.distribution.mean),
            model: None,
            fidelities: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scale;

    /// One logarithmic, one fixed and one linear parameter, the last with its centroid on a bound.
    fn space() -> Space {
        let dimension = |name: &str, low, high, scale| Dimension {
            name: name.to_owned(),
            low,
            high,
            scale,
            integer: false,
        };
        Space::new(vec![
            dimension("weight", 1e-4, 10.0, Scale::Log),
            dimension("tau", 20.0, 20.0, Scale::Linear),
            dimension("delay", 0.1, 0.7, Scale::Linear),
        ])
        .unwrap()
    }

    const CENTROID: [f64; 3] = [0.3, 20.0, 0.7];

    fn started(settings: CmaEsSettings) -> Result<CmaEs, CmaEsError> {
        CmaEs::new(space(), &CENTROID, settings)
    }

    #[test]
    fn candidate_0_is_the_centroid_to_the_last_bit() {
        let mut optimizer = started(CmaEsSettings::default()).unwrap();
        assert_eq!(optimizer.ask(1)[0].parameters, CENTROID);
    }

    #[test]
    fn fixed_parameters_do_not_count_in_the_offspring_size() {
        // 4 + ⌊3 ln 2⌋
        assert_eq!(started(CmaEsSettings::default()).unwrap().offspring_size(), 6);
    }

    #[test]
    fn equal_totals_leave_the_distribution_as_it_is() {
        let mut optimizer = started(CmaEsSettings::default()).unwrap();
        let before = optimizer.diagnostics();
        for candidate in optimizer.ask(6) {
            optimizer.tell(candidate.number, &Outcome::measured(&[], 620.0)).unwrap();
        }
        assert_eq!(optimizer.diagnostics(), before);
        assert_eq!(optimizer.generation(), 1);
    }

    /// Candidates far from the centroid are rewarded, which makes the distribution grow.
    #[test]
    fn the_spread_stays_below_a_third_of_the_range() {
        let mut optimizer = started(CmaEsSettings::default()).unwrap();
        for _ in 0..50 {
            let centroid = space().to_unit(&optimizer.diagnostics().centroid);
            for candidate in optimizer.ask(6) {
                let unit = space().to_unit(&candidate.parameters);
                let total = unit.iter().zip(&centroid).map(|(u, c)| -(u - c).powi(2)).sum();
                optimizer.tell(candidate.number, &Outcome::measured(&[], total)).unwrap();
            }
            assert!((0..2).all(|i| optimizer.distribution.spread(i) < 2.0 / 3.0 + 1e-12));
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let refused = |settings| started(settings).err().map(|error| error.to_string());
        let with_sigma = |sigma| CmaEsSettings { sigma, ..CmaEsSettings::default() };
        assert_eq!(
            refused(with_sigma(0.0)).as_deref(),
            Some("the initial sigma is 0, but must be above zero and at most 1e6")
        );
        assert!(refused(with_sigma(f64::NAN)).is_some());
        assert_eq!(
            refused(CmaEsSettings { offspring_size: Some(1), ..CmaEsSettings::default() })
                .as_deref(),
            Some("a generation of 1 is too small, CMA-ES needs at least 2")
        );
        let outside = CmaEs::new(space(), &[0.3, 21.0, 0.7], CmaEsSettings::default());
        assert!(matches!(outside.err(), Some(CmaEsError::Centroid(_))));
    }
}
