//! All that follows from the outcomes so far: the sites, their model, how they stand, and where to
//! search.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expected_score::WarpedRule;
use super::incumbent::{Standing, standings};
use super::kernel::{Kernel, Point};
use super::sites::{Observation, Site, sites};
use super::surrogate::Surrogate;
use super::trust_region::TrustRegion;

/// Iterations of the first fit of the kernel, with the noise chosen in between, of the one with its
/// first directions, and of each later one.
const FIRST_FIT: [usize; 2] = [25, 10];
const TURNED_FIT: [usize; 1] = [10];
const LATER_FIT: [usize; 1] = [8];

/// The best sites, around which the kernel's directions are those of the greatest change.
const SITES_OF_DIRECTIONS: usize = 8;

pub(super) struct Belief {
    /// How the model was fitted, which gives the same one again.
    pub fit: Fit,
    pub sites: Vec<Site>,
    pub surrogate: Surrogate,
    /// Best first.
    pub standings: Vec<Standing>,
    pub region: TrustRegion,
}

/// The last fit of a model: what it began with, and the iterations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fit {
    kernel: Kernel,
    iterations: Vec<usize>,
}

impl Belief {
    /// The first one. `None` without a site that was measured, or where numbers are out of range.
    pub fn first(
        observations: &BTreeMap<u64, Observation>,
        rules: &[WarpedRule],
    ) -> Option<Belief> {
        let sites = sites(observations, rules);
        let measured = sites.iter().filter(|site| site.measured > 0);
        let best = measured.min_by(|a, b| a.total.total_cmp(&b.total))?;
        let region = TrustRegion::new(best.point.clone());
        let kernel = Kernel::new(region.centre.clone(), region.radius);
        let surrogate = Surrogate::fit(kernel, observations, &sites, rules, &FIRST_FIT)?;
        let kernel = turned(&surrogate, &sites, &standings(&sites, &surrogate));
        let fit = Fit { kernel, iterations: TURNED_FIT.to_vec() };
        Belief::again(observations, rules, fit, region)
    }

    /// The next one, with further observations and around the same region; the kernel is the same
    /// unless it is fitted again. `None` where numbers are out of range.
    pub fn next(
        &self,
        observations: &BTreeMap<u64, Observation>,
        rules: &[WarpedRule],
        fits_kernel: bool,
    ) -> Option<Belief> {
        let (kernel, iterations) = if fits_kernel {
            (turned(&self.surrogate, &self.sites, &self.standings), LATER_FIT.to_vec())
        } else {
            (self.surrogate.kernel().clone(), vec![])
        };
        let region = self.region.clone();
        let kernel = Kernel { centre: region.centre.clone(), radius: region.radius, ..kernel };
        Belief::again(observations, rules, Fit { kernel, iterations }, region)
    }

    /// The one that this fit gives, and this region.
    pub fn again(
        observations: &BTreeMap<u64, Observation>,
        rules: &[WarpedRule],
        fit: Fit,
        region: TrustRegion,
    ) -> Option<Belief> {
        let sites = sites(observations, rules);
        let kernel = fit.kernel.clone();
        let surrogate = Surrogate::fit(kernel, observations, &sites, rules, &fit.iterations)?;
        let standings = standings(&sites, &surrogate);
        Some(Belief { fit, sites, surrogate, standings, region })
    }

    /// The point of a site that stands so.
    pub fn point(&self, standing: &Standing) -> &Point {
        &self.sites[standing.site].point
    }

    /// Moves the region to the best site that is not in an abandoned one.
    pub fn follow_best(&mut self) {
        let Belief { sites, standings, region, .. } = self;
        let point = |standing: &Standing| &sites[standing.site].point;
        let of_centre = standings.iter().find(|standing| *point(standing) == region.centre);
        let total_of_centre = of_centre.map_or(f64::INFINITY, |standing| standing.total);
        if let Some(best) = standings.iter().find(|standing| !region.is_abandoned(point(standing)))
        {
            region.follow(point(best).clone(), best.total, total_of_centre);
        }
    }
}

/// The kernel along the directions in which values change most around the best sites.
fn turned(surrogate: &Surrogate, sites: &[Site], standings: &[Standing]) -> Kernel {
    let best = standings.iter().take(SITES_OF_DIRECTIONS).map(|best| &sites[best.site].point);
    surrogate.kernel().clone().along(surrogate.directions(&best.collect::<Vec<_>>()))
}
