//! All that follows from the outcomes so far: the sites, their model, how they stand, and where to
//! search.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expected_score::WarpedRule;
use super::incumbent::{Standing, standings};
use super::kernel::{Kernel, Point};
use super::sites::{Observation, Site, sites};
use super::surrogate::{Below, Simulations, Surrogate};
use super::trust_region::TrustRegion;
use crate::Relation;

/// Sites without which there is no model of a fidelity.
const LEAST_MEASURED: usize = 5;

/// The same where cheaper simulations have a model.
const LEAST_WITH_CHEAPER: usize = 3;

/// Iterations of the first fit of the kernel, with the noise chosen in between, of the one with its
/// first directions, and of each later one.
const FIRST_FIT: [usize; 2] = [25, 10];
const TURNED_FIT: [usize; 1] = [10];
const LATER_FIT: [usize; 1] = [8];

/// The best sites, around which the kernel's directions are those of the greatest change.
const SITES_OF_DIRECTIONS: usize = 8;

/// Cheaper simulations whose model predicts less than this share of their own targets' variance, or
/// which are fewer than this, are not believed.
const LEAST_SKILL: f64 = 0.25;
const LEAST_BELIEVED: usize = 14;

/// Sites of cheaper simulations that are looked at as points to go on from.
const CHEAP_GUIDES: usize = 24;

pub(super) struct Belief {
    /// How the models were fitted, which gives the same ones again.
    pub fits: Fits,
    /// Of full simulations.
    pub sites: Vec<Site>,
    /// Of full simulations. Before there are a few of them, cheaper ones stand for them.
    pub surrogate: Surrogate,
    /// Whether there are a few of them.
    pub is_of_full: bool,
    /// Sites of full simulations, best first.
    pub standings: Vec<Standing>,
    /// All points that were simulated and are worth going on from, best first.
    pub guides: Vec<Guide>,
    pub region: TrustRegion,
    /// The fitted kernel of every fidelity that has a model.
    kernels: Vec<Option<Kernel>>,
    /// For every cheaper fidelity that has a model, how much of its own targets' variance that
    /// predicts.
    skills: Vec<Option<f64>>,
}

/// A point that was simulated, and what total it is expected to have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guide {
    pub point: Point,
    pub total: f64,
}

/// The last fit of a model: what it began with, and the iterations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fit {
    kernel: Kernel,
    iterations: Vec<usize>,
}

/// For every fidelity, if it has a model.
pub(super) type Fits = Vec<Option<Fit>>;

/// What a belief is made from.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'a> {
    /// By candidate.
    pub observations: &'a BTreeMap<u64, Observation>,
    /// Further ones of candidates, in the order in which they were told.
    pub repetitions: &'a [(u64, Observation)],
    pub rules: &'a [WarpedRule],
    /// How many fidelities there are, the full simulation included.
    pub fidelities: usize,
}

impl<'a> Evidence<'a> {
    fn of(&self, fidelity: usize) -> impl Iterator<Item = (&'a u64, &'a Observation)> + use<'a> {
        let repetitions =
            self.repetitions.iter().map(|(number, observation)| (number, observation));
        self.observations.iter().chain(repetitions).filter(move |(_, o)| o.fidelity == fidelity)
    }

    fn sites(&self, fidelity: usize) -> Vec<Site> {
        sites(self.of(fidelity), self.rules)
    }

    fn surrogate(
        &self,
        fidelity: usize,
        [sites, others]: [&[Site]; 2],
        fit: &Fit,
        below: Vec<Below>,
    ) -> Option<Surrogate> {
        let observations: Vec<&Observation> = self.of(fidelity).map(|(_, o)| o).collect();
        let Fit { kernel, iterations } = fit;
        let is_full = fidelity == 0;
        let simulations = Simulations { observations: &observations, sites, others, is_full };
        Surrogate::fit(kernel.clone(), simulations, self.rules, iterations, below)
    }

    /// How many simulations of a fidelity were measured for all targets.
    fn measured(&self, fidelity: usize) -> usize {
        self.of(fidelity).filter(|(_, observation)| observation.is_complete()).count()
    }
}

/// The model of one fidelity and what it is made of.
pub(super) struct Part {
    pub fidelity: usize,
    pub surrogate: Surrogate,
    pub sites: Vec<Site>,
}

impl Belief {
    /// The first one. `None` without a site that was measured, or where numbers are out of range.
    pub fn first(evidence: Evidence<'_>) -> Option<Belief> {
        let all: Vec<Vec<Site>> = (0..evidence.fidelities).map(|f| evidence.sites(f)).collect();
        let has_model = |f: &usize| evidence.measured(*f) >= LEAST_MEASURED;
        let fidelity = (0..evidence.fidelities).find(has_model)?;
        let measured = all[fidelity].iter().filter(|site| site.measured > 0);
        let best = measured.min_by(|a, b| a.total.total_cmp(&b.total))?;
        let region = TrustRegion::new(best.point.clone());
        let mut fits = vec![None; evidence.fidelities];
        fits[fidelity] = Some(first_fit(evidence, fidelity, &all[fidelity], &region)?);
        Belief::again(evidence, fits, region)
    }

    /// The next one, with further observations and around the same region; a fidelity's kernel is
    /// the same unless it is to be fitted again. `None` where numbers are out of range.
    pub fn next(&self, evidence: Evidence<'_>, is_due: &[bool]) -> Option<Belief> {
        let region = self.region.clone();
        let best: Vec<&Point> =
            self.guides.iter().take(SITES_OF_DIRECTIONS).map(|guide| &guide.point).collect();
        let directions = is_due.contains(&true).then(|| self.surrogate.directions(&best));
        let mut fits: Fits = Vec::with_capacity(evidence.fidelities);
        for (fidelity, kernel) in self.kernels.iter().enumerate() {
            let moved = |kernel: &Kernel| {
                let (centre, radius) = (region.centre.clone(), region.radius);
                Kernel { centre, radius, ..kernel.clone() }
            };
            fits.push(match (kernel, &directions) {
                (Some(kernel), Some(directions)) if is_due[fidelity] => {
                    let kernel = moved(kernel).along(directions.clone());
                    Some(Fit { kernel, iterations: LATER_FIT.to_vec() })
                }
                (Some(kernel), _) => Some(Fit { kernel: moved(kernel), iterations: vec![] }),
                (None, _) if fidelity > 0 && evidence.measured(fidelity) >= LEAST_MEASURED => {
                    first_fit(evidence, fidelity, &evidence.sites(fidelity), &region)
                }
                (None, _) => None,
            });
        }
        // What full simulations are expected to be like is known from the cheaper ones.
        let believed = |fidelity: &usize| self.is_believed(*fidelity);
        let below = (1..evidence.fidelities).find(believed);
        let below = below.and_then(|fidelity| self.kernels[fidelity].as_ref());
        if let Some(below) = below {
            let expected = below.log_parameters.clone();
            let kernel = Kernel { expected, ..below.clone() };
            match &mut fits[0] {
                Some(own) if is_due[0] => own.kernel.expected = kernel.expected,
                None if evidence.measured(0) >= LEAST_WITH_CHEAPER => {
                    let (centre, radius) = (region.centre.clone(), region.radius);
                    let kernel = Kernel { centre, radius, ..kernel };
                    fits[0] = Some(Fit { kernel, iterations: TURNED_FIT.to_vec() });
                }
                _ => {}
            }
        }
        if fits[0].is_none() && evidence.measured(0) >= LEAST_MEASURED {
            fits[0] = first_fit(evidence, 0, &evidence.sites(0), &region);
        }
        Belief::again(evidence, fits, region)
    }

    /// The one that these fits give, and this region.
    pub fn again(evidence: Evidence<'_>, fits: Fits, region: TrustRegion) -> Option<Belief> {
        let mut kernels = vec![None; fits.len()];
        let mut skills = vec![None; fits.len()];
        let mut below = Vec::new();
        let mut cheap_sites = Vec::new();
        let mut stand_in = None;
        let full = evidence.sites(0);
        for (fidelity, fit) in fits.iter().enumerate().skip(1) {
            let Some(fit) = fit else { continue };
            let sites = evidence.sites(fidelity);
            let surrogate = evidence.surrogate(fidelity, [&sites, &full], fit, vec![])?;
            kernels[fidelity] = Some(surrogate.kernel().clone());
            cheap_sites.extend(sites.into_iter().filter(|site| site.measured > 0));
            let enough = evidence.measured(fidelity) >= LEAST_BELIEVED;
            let skill = if enough { surrogate.skill() } else { 0.0 };
            skills[fidelity] = enough.then_some(skill);
            if fits[0].is_some() {
                if skill >= LEAST_SKILL {
                    below.push(surrogate.into_below());
                }
            } else if stand_in.is_none() {
                stand_in = Some(surrogate);
            }
        }
        let sites = full;
        let is_of_full = fits[0].is_some();
        let surrogate = if let Some(fit) = &fits[0] {
            let surrogate = evidence.surrogate(0, [&sites, &[]], fit, below)?;
            kernels[0] = Some(surrogate.kernel().clone());
            surrogate
        } else {
            let observations: Vec<&Observation> = evidence.of(0).map(|(_, o)| o).collect();
            stand_in?.with_risks_of(&observations)
        };
        let standings = standings(&sites, &surrogate);
        let guide = |standing: &Standing| {
            let Standing { site, total, .. } = *standing;
            Guide { point: sites[site].point.clone(), total }
        };
        let mut guides: Vec<Guide> = standings.iter().map(guide).collect();
        if !cheap_sites.is_empty() {
            guides.extend(cheap_guides(&cheap_sites, &sites, &surrogate));
            guides.sort_by(|a, b| a.total.total_cmp(&b.total));
        }
        Some(Belief {
            fits,
            sites,
            surrogate,
            is_of_full,
            standings,
            guides,
            region,
            kernels,
            skills,
        })
    }

    /// How much of its own targets' variance the model of a cheaper fidelity predicts.
    pub fn skill(&self, fidelity: usize) -> Option<f64> {
        self.skills[fidelity]
    }

    /// How near that is to being enough to believe it, from 0 to 1; `None` where too little is
    /// known.
    pub fn credit(&self, fidelity: usize) -> Option<f64> {
        self.skills[fidelity].map(|skill| (skill / LEAST_SKILL).clamp(0.0, 1.0))
    }

    /// Whether that is enough to believe it.
    pub fn is_believed(&self, fidelity: usize) -> bool {
        self.skills[fidelity].is_some_and(|skill| skill >= LEAST_SKILL)
    }

    /// What a fidelity tells of every target that is modelled.
    pub fn relations(&self, fidelity: usize) -> Option<Vec<(usize, Relation)>> {
        self.layer_of(fidelity).map(|layer| self.surrogate.relations(layer))
    }

    /// How much of what is not known of full simulations at these points is what a cheaper fidelity
    /// would tell, as a multiple of what only full ones would; `None` where that is not known.
    pub fn doubt(&self, fidelity: usize, points: &[Point]) -> Option<f64> {
        let layer = self.layer_of(fidelity)?;
        let doubts = self.surrogate.doubts(points);
        Some(doubts[1 + layer] / doubts[0].max(f64::MIN_POSITIVE))
    }

    /// The layer that a fidelity is in the model of full simulations.
    fn layer_of(&self, fidelity: usize) -> Option<usize> {
        let is_known = self.is_of_full && self.is_believed(fidelity);
        let layer = (0..fidelity).filter(|fidelity| self.is_believed(*fidelity)).count();
        is_known.then_some(layer)
    }

    /// The models of cheaper fidelities, believed or not, made again.
    pub fn cheaper(&self, evidence: Evidence<'_>) -> Vec<Part> {
        let fits = self.fits.iter().enumerate().skip(1);
        let part = |(fidelity, fit): (usize, &Option<Fit>)| {
            let sites = evidence.sites(fidelity);
            let fit = fit.as_ref()?;
            let surrogate = evidence.surrogate(fidelity, [&sites, &self.sites], fit, vec![])?;
            Some(Part { fidelity, surrogate, sites })
        };
        fits.filter_map(part).collect()
    }

    /// The best full simulation.
    pub fn incumbent(&self) -> Option<&Point> {
        self.standings.first().map(|best| &self.sites[best.site].point)
    }

    /// Moves the region to the best site that is not in an abandoned one.
    pub fn follow_best(&mut self) {
        let Belief { guides, region, .. } = self;
        let of_centre = guides.iter().find(|guide| guide.point == region.centre);
        let total_of_centre = of_centre.map_or(f64::INFINITY, |guide| guide.total);
        if let Some(best) = guides.iter().find(|guide| !region.is_abandoned(&guide.point)) {
            region.follow(best.point.clone(), best.total, total_of_centre);
        }
    }
}

/// The first fit of a fidelity's kernel, and with its directions where it is to begin again.
fn first_fit(
    evidence: Evidence<'_>,
    fidelity: usize,
    sites: &[Site],
    region: &TrustRegion,
) -> Option<Fit> {
    let kernel = Kernel::new(region.centre.clone(), region.radius);
    let fit = Fit { kernel, iterations: FIRST_FIT.to_vec() };
    let surrogate = evidence.surrogate(fidelity, [sites, &[]], &fit, vec![])?;
    let standings = standings(sites, &surrogate);
    let best = standings.iter().take(SITES_OF_DIRECTIONS).map(|best| &sites[best.site].point);
    let directions = surrogate.directions(&best.collect::<Vec<_>>());
    let kernel = surrogate.kernel().clone().along(directions);
    Some(Fit { kernel, iterations: TURNED_FIT.to_vec() })
}

/// The sites of cheaper simulations of which most is to be expected, and where no full one was.
fn cheap_guides(cheap: &[Site], full: &[Site], surrogate: &Surrogate) -> Vec<Guide> {
    let is_new = |site: &&Site| !full.iter().any(|full| full.point == site.point);
    let points: Vec<Point> = cheap.iter().filter(is_new).map(|site| site.point.clone()).collect();
    let totals = surrogate.totals_of_means(&points);
    let mut rated: Vec<(f64, Point)> = totals.into_iter().zip(points).collect();
    rated.sort_by(|a, b| a.0.total_cmp(&b.0));
    let points: Vec<Point> = rated.into_iter().take(CHEAP_GUIDES).map(|(_, point)| point).collect();
    let expectations = surrogate.expect(&points);
    let guides = points.into_iter().zip(expectations);
    guides.map(|(point, expected)| Guide { point, total: expected.total }).collect()
}
