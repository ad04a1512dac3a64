//! What to simulate next: not one kind of point but several, since each fails somewhere. Exploiting
//! alone gets stuck, improvement alone wanders; together they were the best and the least variable.

use super::belief::Guide;
use super::coordinates::Coordinates;
use super::evolution::evolve;
use super::expected_score::upper_tail;
use super::incumbent::Standing;
use super::kernel::Point;
use super::minimizer::minimize;
use super::sites::Site;
use super::surrogate::{Expectation, Surrogate};
use super::trust_region::TrustRegion;
use crate::deviates::Seeded;

/// Why a candidate is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Again, to know the incumbent better.
    Replicate,
    /// It has the least expected total in the trust region.
    Optimum,
    /// It has the least total of one function drawn from all that the data leave open.
    Thompson,
    /// It promises the greatest expected improvement.
    Improvement,
    /// It has the least expected total among normal deviates around the centre.
    Probe,
}

/// The purposes of candidates 0, 1, 2, …, again and again.
const SCHEDULE: [Purpose; 12] = {
    use Purpose::{Improvement, Optimum, Probe, Replicate, Thompson};
    [
        Replicate,
        Optimum,
        Thompson,
        Probe,
        Thompson,
        Improvement, //
        Thompson,
        Thompson,
        Probe,
        Thompson,
        Thompson,
        Thompson,
    ]
};

/// The same for cheaper simulations, where the points of full ones are not among them.
const CHEAP_SCHEDULE: [Purpose; 6] = {
    use Purpose::{Optimum, Probe, Thompson};
    [Thompson, Optimum, Thompson, Probe, Thompson, Thompson]
};

/// How far the functions of [`Purpose::Thompson`] deviate from what is expected, in posterior
/// standard deviations, and the half width of their box in radii. Far from the data nearly
/// everything is left open.
const THOMPSON_SPREAD: f64 = 0.75;
const THOMPSON_BOX: f64 = 1.0;

/// Points among which each of them is looked at for where to begin, and their standard deviation in
/// radii.
const THOMPSON_STARTS: usize = 24;
const THOMPSON_START_SPREAD: f64 = 0.3;

/// Deviates among which a probe is chosen, and their standard deviation in radii.
const PROBES: usize = 20;
const PROBE_SPREAD: f64 = 0.7;

/// A gain of this many standard deviations of one simulation's total makes knowing the incumbent
/// better idle.
const MUCH: f64 = 0.5;

/// Simulations of one point after which another one is no news.
const MOST_REPLICATES: usize = 4;

/// Points closer than this, in radii, count as the same.
const SAME: f64 = 0.02;

/// Half width of the trust region's box in radii.
const BOX: f64 = 2.0;

/// Risk above which a point is neither taken for its improvement nor as a probe.
const BEARABLE_RISK: f64 = 0.35;

/// All that proposals are made from.
pub(super) struct Portfolio<'a> {
    pub surrogate: &'a Surrogate,
    pub region: &'a TrustRegion,
    pub sites: &'a [Site],
    /// Of full simulations, best first.
    pub standings: &'a [Standing],
    /// Of all, best first, at least one.
    pub guides: &'a [Guide],
    pub coordinates: &'a Coordinates,
    /// Points whose simulations have not come back, and their fidelities.
    pub pending: &'a [(Point, usize)],
    /// Points at which there was no cheaper simulation yet, though a full one.
    pub unpaired: Vec<Point>,
    /// How many candidates there were of each fidelity.
    pub before: Vec<usize>,
    pub seed: u64,
}

impl Portfolio<'_> {
    /// Points for the candidates `first`, `first + 1`, …, which have these fidelities.
    pub fn propose(&self, first: u64, fidelities: &[usize]) -> Vec<Point> {
        let mut normal = Seeded::new(self.seed, "composite normal").normal(first);
        let mut uniform = Seeded::new(self.seed, "composite uniform").uniform(first);
        let optimum = self.optimum(&mut normal);
        let mut taken = Taken::new(self);
        let mut before = self.before.clone();
        let mut unpaired = self.unpaired.clone();
        for &fidelity in fidelities {
            let purpose = self.purpose(fidelity, before[fidelity]);
            before[fidelity] += 1;
            if fidelity > 0
                && before[fidelity] % 2 == 1
                && let Some(point) = unpaired.pop()
            {
                taken.points.push(point);
                continue;
            }
            let first_choice = match purpose {
                Purpose::Replicate => self.replicate(&optimum),
                Purpose::Optimum => Some(optimum.clone()),
                Purpose::Improvement => self.improvement(&optimum, &mut normal),
                Purpose::Probe => self.probe(&mut normal),
                Purpose::Thompson => None,
            };
            let is_good = |point: &Point| purpose == Purpose::Replicate || taken.is_new(point);
            let point = first_choice
                .filter(is_good)
                .or_else(|| {
                    let drawn = self.thompson(&optimum, &mut normal, &mut uniform);
                    Some(drawn).filter(|point| taken.is_new(point))
                })
                .unwrap_or_else(|| self.anything_new(&taken, &mut normal));
            if fidelity == 0 && before.len() > 1 {
                unpaired.insert(0, point.clone());
            }
            taken.points.push(point);
        }
        taken.points.split_off(taken.already)
    }

    /// Why a candidate is simulated that has `before` others of its fidelity before it.
    fn purpose(&self, fidelity: usize, before: usize) -> Purpose {
        match (fidelity, SCHEDULE[before % SCHEDULE.len()]) {
            // Cheaper simulations spread the data.
            (0, Purpose::Probe) if self.before.len() > 1 => Purpose::Thompson,
            (0, purpose) => purpose,
            _ => CHEAP_SCHEDULE[before % CHEAP_SCHEDULE.len()],
        }
    }

    /// The incumbent, while there are few simulations of it, none under way, and its noise matters:
    /// not as long as the optimum promises much more.
    fn replicate(&self, optimum: &Point) -> Option<Point> {
        let Standing { site, total, .. } = *self.standings.first()?;
        let site = &self.sites[site];
        let promised = total - self.surrogate.expect(std::slice::from_ref(optimum))[0].total;
        let noise = self.surrogate.predict_seen(&site.point).1.sqrt();
        let is_wanted = site.candidates.len() < MOST_REPLICATES
            && promised < MUCH * noise
            && !self.pending.iter().any(|(point, fidelity)| *fidelity == 0 && *point == site.point);
        is_wanted.then(|| site.point.clone())
    }

    /// Where the expected total is least in the trust region.
    fn optimum(&self, normal: &mut impl FnMut() -> f64) -> Point {
        let centre = &self.region.centre;
        let mut starts = vec![centre.clone()];
        starts.extend(self.best_sites().take(2));
        starts.extend((0..2).map(|_| self.around(centre, 0.5, normal)));
        self.least(|point| self.surrogate.total_and_gradient(point), BOX, &starts, 40)
    }

    /// Where the total of a function that the data leave open is least in a smaller box (Thompson
    /// sampling).
    fn thompson(
        &self,
        optimum: &Point,
        normal: &mut impl FnMut() -> f64,
        uniform: &mut impl FnMut() -> f64,
    ) -> Point {
        let path = self.surrogate.sample_path(THOMPSON_SPREAD, normal, uniform);
        let total = |point: &[f64]| self.surrogate.total_by(&path, point);
        let middles = [optimum, &self.region.centre];
        let mut starts: Vec<Point> = middles.into_iter().cloned().collect();
        starts.extend(self.best_sites().take(4));
        for k in 0..THOMPSON_STARTS {
            starts.push(self.around(middles[k % 2], THOMPSON_START_SPREAD, normal));
        }
        let mut rated: Vec<(f64, Point)> =
            starts.into_iter().map(|start| (total(&start).0, start)).collect();
        rated.sort_by(|a, b| a.0.total_cmp(&b.0));
        let starts: Vec<Point> = rated.into_iter().take(2).map(|(_, start)| start).collect();
        self.least(total, THOMPSON_BOX, &starts, 30)
    }

    /// Where a function is least in a box that reaches `reach` radii from the centre, as far as
    /// `iterations` lead.
    fn least(
        &self,
        function: impl Fn(&[f64]) -> (f64, Point),
        reach: f64,
        starts: &[Point],
        iterations: usize,
    ) -> Point {
        let (lower, upper) = self.region.corners(reach);
        let ends =
            starts.iter().map(|start| minimize(&function, start, &lower, &upper, iterations));
        let best = ends.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(point, _)| point);
        self.coordinates.admissible(&best.unwrap_or_else(|| self.region.centre.clone()))
    }

    fn best_sites(&self) -> impl Iterator<Item = Point> {
        self.guides.iter().map(|guide| guide.point.clone())
    }

    /// The point of greatest expected improvement in the trust region, if its risk is bearable.
    fn improvement(&self, optimum: &Point, normal: &mut impl FnMut() -> f64) -> Option<Point> {
        let (lower, upper) = self.region.corners(BOX);
        let incumbent_total = self.guides[0].total;
        let cost = |points: &[Point]| -> Vec<f64> {
            let expectations = self.surrogate.expect(points);
            expectations.iter().map(|e| -log_improvement(e, incumbent_total)).collect()
        };
        let step = 0.6 * self.region.radius;
        let first: Vec<Point> = self.best_sites().take(10).collect();
        let best = evolve(cost, optimum, step, (&lower, &upper), &first, 25, normal);
        Some(self.coordinates.admissible(&best)).filter(|point| self.is_bearable(point))
    }

    /// Normal deviates around a point, with a standard deviation of `spread` radii.
    fn around(&self, middle: &Point, spread: f64, normal: &mut impl FnMut() -> f64) -> Point {
        let step = spread * self.region.radius;
        middle.iter().map(|x| x + step * normal()).collect()
    }

    fn around_centre(&self, normal: &mut impl FnMut() -> f64) -> Point {
        self.coordinates.admissible(&self.around(&self.region.centre, PROBE_SPREAD, normal))
    }

    /// What the model thinks best among normal deviates around the centre: an evolution strategy
    /// with pre-screening. It keeps the data spread in all directions, also where the model sees
    /// nothing.
    fn probe(&self, normal: &mut impl FnMut() -> f64) -> Option<Point> {
        let points: Vec<Point> = (0..PROBES).map(|_| self.around_centre(normal)).collect();
        let expectations = self.surrogate.expect(&points);
        let totals = points.into_iter().zip(expectations.iter().map(|expected| expected.total));
        totals.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(point, _)| point)
    }

    /// A random point with a bearable risk, and a new one, if there is one.
    fn anything_new(&self, taken: &Taken, normal: &mut impl FnMut() -> f64) -> Point {
        let last = self.around_centre(normal);
        let mut others = (0..40).map(|_| self.around_centre(normal));
        others.find(|point| taken.is_new(point) && self.is_bearable(point)).unwrap_or(last)
    }

    fn is_bearable(&self, point: &Point) -> bool {
        self.surrogate.risk(point) < BEARABLE_RISK
    }
}

/// Points that need no further simulation.
struct Taken {
    points: Vec<Point>,
    /// How many of them are not of this portfolio.
    already: usize,
    same: f64,
}

impl Taken {
    fn new(portfolio: &Portfolio<'_>) -> Taken {
        let is_known = |site: &&Site| site.candidates.len() >= MOST_REPLICATES;
        let known = portfolio.sites.iter().filter(is_known).map(|site| site.point.clone());
        let points: Vec<Point> =
            known.chain(portfolio.pending.iter().map(|(point, _)| point.clone())).collect();
        Taken { already: points.len(), points, same: SAME * portfolio.region.radius }
    }

    fn is_new(&self, point: &Point) -> bool {
        self.points
            .iter()
            .all(|taken| taken.iter().zip(point).any(|(taken, x)| (taken - x).abs() > self.same))
    }
}

/// The logarithm of how far below `incumbent` the total is to be expected, where it is above it 0
/// counts (expected improvement, Jones et al. 1998). Its sum of many scores is taken as normal. In
/// the far tail the asymptotic series of log(φ(z) + z Φ(z)) is used (Ament et al. 2023,
/// arXiv:2310.20708).
fn log_improvement(expected: &Expectation, incumbent: f64) -> f64 {
    let sd = (expected.variance + 1e-12).sqrt();
    let z = (incumbent - expected.total) / sd;
    let log_density = -z * z / 2.0 - 0.918_938_533_204_672_8;
    let log_unit = if z > -5.0 {
        libm::log(libm::exp(log_density) + z * upper_tail(-z))
    } else {
        log_density - 2.0 * libm::log(-z)
    };
    log_unit + libm::log(sd)
}
