//! What to simulate next: not one kind of point but several, since each fails somewhere. Exploiting alone gets
//! stuck, improvement alone wanders; together they were the best and the least variable.

use std::collections::VecDeque;

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
    /// It has that in a smaller box.
    NearOptimum,
    /// It promises the greatest expected improvement.
    Improvement,
    /// It has the least expected total among normal deviates around the centre.
    Probe,
    /// It is the best of one draw of everything that the data leave open.
    Thompson,
}

/// The purposes of candidates 0, 1, 2, …, again and again.
const SCHEDULE: [Purpose; 12] = {
    use Purpose::{Improvement, NearOptimum, Optimum, Probe, Replicate, Thompson};
    [
        Replicate,
        Optimum,
        NearOptimum,
        Probe,
        Probe,
        Improvement, //
        NearOptimum,
        Probe,
        Probe,
        Improvement,
        Thompson,
        Thompson,
    ]
};

/// Deviates among which a probe is chosen, and their standard deviation in radii.
const PROBES: usize = 20;
const PROBE_SPREAD: f64 = 0.7;

/// Boxes of [`Purpose::NearOptimum`], in parts of the trust region.
const SMALLER_BOXES: [f64; 2] = [0.25, 0.5];

/// A gain of so many standard deviations of one simulation's total makes knowing the incumbent better idle.
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
    /// Best first, at least one.
    pub standings: &'a [Standing],
    pub coordinates: &'a Coordinates,
    /// Points whose simulations have not come back.
    pub pending: &'a [Point],
    pub seed: u64,
}

impl Portfolio<'_> {
    /// Points for the candidates `first`, `first + 1`, …
    pub fn propose(&self, first: u64, count: usize) -> Vec<Point> {
        let mut normal = Seeded::new(self.seed, "composite normal").normal(first);
        let mut uniform = Seeded::new(self.seed, "composite uniform").uniform(first);
        let centre = &self.region.centre;
        let schedule = |k: usize| SCHEDULE[((first + k as u64) % SCHEDULE.len() as u64) as usize];

        let optimum = self.optimum(&mut normal);
        let (improvement, choice) = self.choice(&optimum, &mut normal, &mut uniform);
        let mut draws: VecDeque<Vec<f64>> = self
            .surrogate
            .sample_totals(&choice.points, count, &mut normal)
            .unwrap_or_default()
            .into();
        let mut taken = Taken::new(self);
        let mut smaller_boxes = SMALLER_BOXES.iter().cycle();
        for k in 0..count {
            let purpose = schedule(k);
            let first_choice = match purpose {
                Purpose::Replicate => self.replicate(&optimum),
                Purpose::Optimum => Some(optimum.clone()),
                Purpose::NearOptimum => smaller_boxes
                    .next()
                    .map(|part| self.least_total(part * BOX, &[centre.clone(), optimum.clone()])),
                Purpose::Improvement => self.is_bearable(&improvement).then(|| improvement.clone()),
                Purpose::Probe => self.probe(&mut normal),
                Purpose::Thompson => None,
            };
            let is_good = |point: &Point| purpose == Purpose::Replicate || taken.is_new(point);
            let improves =
                matches!(purpose, Purpose::Optimum | Purpose::NearOptimum | Purpose::Improvement);
            let point = first_choice
                .filter(is_good)
                .or_else(|| improves.then(|| choice.improving(&taken)).flatten())
                .or_else(|| draws.pop_front().and_then(|draw| choice.best_new(&draw, &taken)))
                .unwrap_or_else(|| self.anything_new(&taken, &mut normal));
            taken.points.push(point);
        }
        taken.points.split_off(taken.already)
    }

    /// The incumbent, while there are few simulations of it, none under way, and its noise matters: not as long
    /// as the optimum promises much more.
    fn replicate(&self, optimum: &Point) -> Option<Point> {
        let Standing { site, total, .. } = self.standings[0];
        let site = &self.sites[site];
        let promised = total - self.surrogate.expect(std::slice::from_ref(optimum))[0].total;
        let noise = self.surrogate.predict_seen(&site.point).1.sqrt();
        let is_wanted = site.candidates.len() < MOST_REPLICATES
            && promised < MUCH * noise
            && !self.pending.contains(&site.point);
        is_wanted.then(|| site.point.clone())
    }

    /// Where the expected total is least in the trust region.
    fn optimum(&self, normal: &mut impl FnMut() -> f64) -> Point {
        let centre = &self.region.centre;
        let mut starts = vec![centre.clone()];
        starts.extend(self.best_sites().take(2));
        for _ in 0..2 {
            let step = 0.5 * self.region.radius;
            starts.push(centre.iter().map(|c| c + step * normal()).collect());
        }
        self.least_total(BOX, &starts)
    }

    /// Where it is least in a box that reaches so many radii from the centre.
    fn least_total(&self, reach: f64, starts: &[Point]) -> Point {
        let (lower, upper) = self.region.corners(reach);
        let function = |point: &[f64]| self.surrogate.total_and_gradient(point);
        let ends = starts.iter().map(|start| minimize(function, start, &lower, &upper, 40));
        let best = ends.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(point, _)| point);
        self.coordinates.admissible(&best.unwrap_or_else(|| self.region.centre.clone()))
    }

    fn best_sites(&self) -> impl Iterator<Item = Point> {
        self.standings.iter().map(|standing| self.sites[standing.site].point.clone())
    }

    /// The point of greatest expected improvement, and all points among which improvement and Thompson
    /// sampling choose: elites of two searches of the model, and perturbations of the centre and the
    /// optimum in a few coordinates each, as in `TuRBO` (Eriksson et al. 2019).
    fn choice(
        &self,
        optimum: &Point,
        normal: &mut impl FnMut() -> f64,
        uniform: &mut impl FnMut() -> f64,
    ) -> (Point, Choice) {
        let TrustRegion { ref centre, radius, .. } = *self.region;
        let (lower, upper) = self.region.corners(BOX);
        let bounds = (&lower[..], &upper[..]);
        let first: Vec<Point> = self.best_sites().take(10).collect();
        let incumbent_total = self.standings[0].total;
        let step = 0.6 * radius;
        let total = |points: &[Point]| -> Vec<f64> {
            self.surrogate.expect(points).iter().map(|expected| expected.total).collect()
        };
        let (_, mut points) = evolve(total, centre, step, bounds, &first, 10, &mut *normal);
        points.drain(..points.len() - 60);
        let cost = |points: &[Point]| -> Vec<f64> {
            let expectations = self.surrogate.expect(points);
            expectations.iter().map(|e| -log_improvement(e, incumbent_total)).collect()
        };
        let (improvement, elites) = evolve(cost, optimum, step, bounds, &first, 25, &mut *normal);
        points.extend_from_slice(&elites[elites.len() - 100..]);

        let between =
            |part: f64| centre.iter().zip(optimum).map(|(c, x)| x + part * (c - x)).collect();
        points.extend([optimum.clone(), between(0.3), between(0.6)]);
        let dimension = centre.len();
        let moved_share = (12.0 / dimension as f64).min(1.0);
        let mut unit = move || f64::midpoint(uniform(), 1.0);
        for (middle, count) in [(centre, 120), (optimum, 140)] {
            for _ in 0..count {
                let scale = radius * (0.2 + 0.8 * unit());
                let always = (unit() * dimension as f64) as usize;
                let mut point = middle.clone();
                for (i, coordinate) in point.iter_mut().enumerate() {
                    let step = scale * normal();
                    if i == always || unit() < moved_share {
                        *coordinate = (*coordinate + step).clamp(lower[i], upper[i]);
                    }
                }
                points.push(point);
            }
        }
        for _ in 0..60 {
            let scale = 0.5 * radius * (0.1 + 0.9 * unit());
            let near = |(i, x): (usize, &f64)| (x + scale * normal()).clamp(lower[i], upper[i]);
            points.push(optimum.iter().enumerate().map(near).collect());
        }
        let points: Vec<Point> = points.iter().map(|p| self.coordinates.admissible(p)).collect();
        let expectations = self.surrogate.expect(&points);
        let improvements = expectations.iter().map(|expected| {
            let is_bearable = expected.risk < BEARABLE_RISK;
            if is_bearable { log_improvement(expected, incumbent_total) } else { f64::NEG_INFINITY }
        });
        let choice = Choice { improvements: improvements.collect(), points, radius };
        (self.coordinates.admissible(&improvement), choice)
    }

    fn around_centre(&self, normal: &mut impl FnMut() -> f64) -> Point {
        let step = PROBE_SPREAD * self.region.radius;
        let point: Point = self.region.centre.iter().map(|c| c + step * normal()).collect();
        self.coordinates.admissible(&point)
    }

    /// What the model thinks best among normal deviates around the centre: an evolution strategy with
    /// pre-screening. It keeps the data spread in all directions, also where the model sees nothing.
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

/// Points to choose from.
struct Choice {
    points: Vec<Point>,
    /// Logarithms of their expected improvements.
    improvements: Vec<f64>,
    radius: f64,
}

impl Choice {
    /// The point of greatest expected improvement that keeps a distance from those taken.
    fn improving(&self, taken: &Taken) -> Option<Point> {
        let greatest = self.improvements.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if greatest == f64::NEG_INFINITY {
            return None;
        }
        let penalized = self.points.iter().zip(&self.improvements).map(|(point, improvement)| {
            let distance = taken.distance(point) / self.radius;
            libm::exp(improvement - greatest) * (1.0 - libm::exp(-(distance / 0.35).powi(2)))
        });
        let best = penalized.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|(k, _)| self.points[k].clone()).filter(|point| taken.is_new(point))
    }

    /// The new point with the least total.
    fn best_new(&self, totals: &[f64], taken: &Taken) -> Option<Point> {
        let mut order: Vec<usize> = (0..totals.len()).collect();
        order.sort_by(|a, b| totals[*a].total_cmp(&totals[*b]));
        order.into_iter().map(|k| &self.points[k]).find(|point| taken.is_new(point)).cloned()
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
        let points: Vec<Point> = known.chain(portfolio.pending.iter().cloned()).collect();
        Taken { already: points.len(), points, same: SAME * portfolio.region.radius }
    }

    fn is_new(&self, point: &Point) -> bool {
        self.points
            .iter()
            .all(|taken| taken.iter().zip(point).any(|(taken, x)| (taken - x).abs() > self.same))
    }

    /// Root mean square distance to the nearest.
    fn distance(&self, point: &Point) -> f64 {
        let squares = |taken: &Point| -> f64 {
            taken.iter().zip(point).map(|(taken, x)| (taken - x).powi(2)).sum()
        };
        let nearest = self.points.iter().map(squares).fold(f64::INFINITY, f64::min);
        (nearest / point.len() as f64).sqrt()
    }
}

/// The logarithm of how far below `incumbent` the total is to be expected, where it is above it 0 counts
/// (expected improvement, Jones et al. 1998). Its sum of many scores is taken as normal. In the far tail the
/// asymptotic series of log(φ(z) + z Φ(z)) is used (Ament et al. 2023, arXiv:2310.20708).
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
