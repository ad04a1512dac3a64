//! The composite optimizer: it models the value of every target, applies the score rules to what the model
//! expects, and simulates where that promises most.
//!
//! - `expected_score`: the warp of values, and exact moments of scores
//! - `kernel`, `evidence`, `gaussian_process`: the model of the values
//! - `risk`: explosions, failures and missing values
//! - `sites`, `surrogate`, `incumbent`: what was seen, what is believed, and what is best
//! - `trust_region`, `portfolio`, `evolution`, `minimizer`: where to look, and what to simulate there

use std::collections::BTreeMap;

use self::coordinates::Coordinates;
use self::expected_score::WarpedRule;
use self::incumbent::{Standing, standings};
use self::kernel::{Kernel, Point};
use self::portfolio::Portfolio;
use self::sites::{Observation, Site, sites};
use self::surrogate::Surrogate;
use self::trust_region::TrustRegion;
use crate::deviates::Seeded;
use crate::ledger::Ledger;
use crate::{
    Candidate, CentroidError, Diagnostics, Optimizer, Outcome, OutcomeKind, Recommendation, ScoreRule, Space, TellError,
};

mod coordinates;
mod evidence;
mod evolution;
mod expected_score;
mod gaussian_process;
mod incumbent;
mod kernel;
mod minimizer;
mod portfolio;
mod risk;
mod sites;
mod surrogate;
mod trust_region;

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompositeSettings {
    /// Candidates per generation, at least 1.
    pub offspring_size: usize,
    /// Standard deviation of the first candidates around the centroid, in coordinates in which every range
    /// is [-1, 1].
    pub sigma: f64,
    /// Together with the candidates' numbers it determines everything random.
    pub seed: u64,
}

impl Default for CompositeSettings {
    fn default() -> CompositeSettings {
        CompositeSettings { offspring_size: 12, sigma: 0.3, seed: 0 }
    }
}

/// Settings that the composite optimizer cannot work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompositeError {
    /// The centroid does not fit the space.
    #[error(transparent)]
    Centroid(#[from] CentroidError),
    /// There are no targets to model.
    #[error("there is no target to model")]
    NoTarget,
    /// A generation has no candidates.
    #[error("a generation needs at least one candidate")]
    OffspringSize,
    /// The spread of the first candidates is none.
    #[error("the initial sigma is {sigma}, but must be above zero and at most 1e6")]
    Sigma {
        /// The sigma that was asked for.
        sigma: f64,
    },
}

/// Simulations that have to be measured before there is a model.
const LEAST_MEASURED: usize = 5;

/// Iterations of the first fit of the kernel, with the noise chosen in between, and of each later one.
const FIRST_FIT: [usize; 2] = [25, 10];
const LATER_FIT: [usize; 1] = [8];

/// Searches with a model of every target's value.
pub struct Composite {
    coordinates: Coordinates,
    rules: Vec<WarpedRule>,
    settings: CompositeSettings,
    ledger: Ledger<()>,
    /// Of all candidates, by number.
    points: Vec<Point>,
    observations: BTreeMap<u64, Observation>,
    belief: Option<Belief>,
    plan: Plan,
    /// Outcomes since the last fit, and since the trust region adapted.
    news: usize,
    since_adaptation: usize,
}

/// All that follows from the outcomes so far.
struct Belief {
    sites: Vec<Site>,
    surrogate: Surrogate,
    /// Best first.
    standings: Vec<Standing>,
    region: TrustRegion,
}

/// The points of the candidates to come, made when the first of them is asked for.
#[derive(Default)]
struct Plan {
    first: u64,
    pending: Vec<Point>,
    points: Option<Vec<Point>>,
}

impl Composite {
    /// A search that starts around `centroid` (one value per dimension, in the parameters' units).
    /// Outcomes have one value for each of the `rules`, in their order.
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside, there are no rules, or a setting is out of its
    /// range.
    pub fn new(
        space: Space,
        centroid: &[f64],
        rules: &[ScoreRule],
        settings: CompositeSettings,
    ) -> Result<Composite, CompositeError> {
        let coordinates = Coordinates::new(space, centroid)?;
        let CompositeSettings { offspring_size, sigma, .. } = settings;
        if rules.is_empty() {
            return Err(CompositeError::NoTarget);
        }
        if offspring_size == 0 {
            return Err(CompositeError::OffspringSize);
        }
        if !(sigma > 0.0 && sigma <= 1e6) {
            return Err(CompositeError::Sigma { sigma });
        }
        Ok(Composite {
            coordinates,
            rules: rules.iter().copied().map(WarpedRule::new).collect(),
            settings,
            ledger: Ledger::new(offspring_size),
            points: Vec::new(),
            observations: BTreeMap::new(),
            belief: None,
            plan: Plan::default(),
            news: 0,
            since_adaptation: 0,
        })
    }

    fn propose(&mut self) -> Candidate {
        let number = self.ledger.next_number();
        self.renew_plan(number);
        let (point, parameters) = if number == 0 || self.coordinates.dimension() == 0 {
            let centroid = self.coordinates.centroid().to_vec();
            (self.coordinates.point_of(&centroid), centroid)
        } else {
            let point = self.planned_point(number);
            let parameters = self.coordinates.parameters_at(&point);
            (point, parameters)
        };
        self.points.push(point);
        let (number, generation) = self.ledger.enter(());
        Candidate { number, generation, parameters }
    }

    /// Learns and plans anew, when all that was planned has been asked for or a third of a generation has
    /// come back since.
    fn renew_plan(&mut self, number: u64) {
        let size = self.settings.offspring_size;
        let is_used_up = number == 0 || number >= self.plan.first + size as u64;
        if !is_used_up && self.news < size.div_ceil(3) {
            return;
        }
        if self.news > 0 {
            self.learn();
            self.news = 0;
        }
        let pending = self.ledger.pending().map(|number| self.points[number as usize].clone());
        self.plan = Plan { first: number, pending: pending.collect(), points: None };
    }

    fn planned_point(&mut self, number: u64) -> Point {
        let Some(belief) = &self.belief else { return self.initial_point(number) };
        let Plan { first, pending, points } = &mut self.plan;
        let points = points.get_or_insert_with(|| {
            let portfolio = Portfolio {
                surrogate: &belief.surrogate,
                region: &belief.region,
                sites: &belief.sites,
                standings: &belief.standings,
                coordinates: &self.coordinates,
                pending,
                seed: self.settings.seed,
            };
            portfolio.propose(*first, self.settings.offspring_size)
        });
        points[(number - *first) as usize].clone()
    }

    /// A random point around the centroid, nearer where most explode.
    fn initial_point(&self, number: u64) -> Point {
        let centroid = self.coordinates.point_of(self.coordinates.centroid());
        let mut normal = Seeded::new(self.settings.seed, "composite start").normal(number);
        let point: Point =
            centroid.iter().map(|c| c + self.settings.sigma * normal()).collect();
        self.coordinates.admissible(&point)
    }

    fn learn(&mut self) {
        let is_measured = |o: &&Observation| o.kind == OutcomeKind::Measured;
        let measured = self.observations.values().filter(is_measured).count();
        if measured < LEAST_MEASURED || self.coordinates.dimension() == 0 {
            return;
        }
        let sites = sites(&self.observations, &self.rules);
        let least = |a: &&Site, b: &&Site| a.total.total_cmp(&b.total);
        let Some(best) = sites.iter().filter(|site| site.measured > 0).min_by(least) else { return };
        let (mut region, kernel, iterations) = match &self.belief {
            None => {
                let region = TrustRegion::new(best.point.clone());
                let kernel = Kernel::new(region.centre.clone(), region.radius);
                (region, kernel, &FIRST_FIT[..])
            }
            Some(Belief { region, surrogate, .. }) => {
                let kernel = Kernel {
                    centre: region.centre.clone(),
                    radius: region.radius,
                    ..surrogate.kernel().clone()
                };
                (region.clone(), kernel, &LATER_FIT[..])
            }
        };
        let fit = Surrogate::fit(kernel, &self.observations, &sites, &self.rules, iterations);
        let Some(surrogate) = fit else { return };
        let standings = standings(&sites, &surrogate);
        let incumbent = &sites[standings[0].site].point;
        let of_centre = standings.iter().find(|standing| sites[standing.site].point == region.centre);
        let total_of_centre = of_centre.map_or(f64::INFINITY, |standing| standing.total);
        region.follow(incumbent, standings[0].total, total_of_centre);
        if self.since_adaptation >= self.settings.offspring_size {
            region.adapt();
            self.since_adaptation = 0;
        }
        self.belief = Some(Belief { sites, surrogate, standings, region });
    }
}

impl Optimizer for Composite {
    fn ask(&mut self, count: usize) -> Vec<Candidate> {
        (0..count).map(|_| self.propose()).collect()
    }

    fn tell(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        self.ledger.resolve(candidate, outcome)?;
        if outcome.kind == OutcomeKind::Lost {
            return Ok(());
        }
        let observation = Observation {
            point: self.points[candidate as usize].clone(),
            kind: outcome.kind,
            values: outcome.values.clone(),
        };
        self.observations.insert(candidate, observation);
        self.news += 1;
        self.since_adaptation += 1;
        Ok(())
    }

    fn offspring_size(&self) -> usize {
        self.ledger.offspring_size()
    }

    fn generation(&self) -> u64 {
        self.ledger.generations()
    }

    fn stop_reason(&self) -> Option<String> {
        (self.coordinates.dimension() == 0).then(|| "every parameter is fixed".to_owned())
    }

    fn recommend(&self, count: usize) -> Vec<Recommendation> {
        let Some(Belief { sites, standings, .. }) = &self.belief else {
            return self.ledger.least_totals(count);
        };
        let recommend = |standing: &Standing| {
            let Site { candidates, .. } = &sites[standing.site];
            Recommendation {
                candidate: candidates[0],
                total: standing.score,
                simulations: candidates.len(),
                risk: Some(standing.risk),
            }
        };
        standings.iter().take(count).map(recommend).collect()
    }

    fn diagnostics(&self) -> Diagnostics {
        let (sigma, centroid) = match &self.belief {
            Some(Belief { region, .. }) => {
                (region.radius, self.coordinates.parameters_at(&region.centre))
            }
            None => (self.settings.sigma, self.coordinates.centroid().to_vec()),
        };
        Diagnostics { sigma, axis_ratio: 1.0, centroid }
    }
}
