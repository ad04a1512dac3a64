//! Which of the simulated points is the best: not the luckiest, but the one whose measurements and
//! model agree that it is good.

use super::sites::Site;
use super::surrogate::{Expectation, Surrogate};

/// So many simulations the model's word is worth.
const MODEL_WEIGHT: f64 = 1.0;

/// How a site stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    /// Index of the site.
    pub site: usize,
    /// Its own simulations and the model's expectation, weighted by their numbers.
    pub score: f64,
    /// What was seen of failures and what the model expects of them, weighted in the same way.
    pub risk: f64,
    /// Score, gaps and risk in one number, by which sites are ranked.
    pub total: f64,
}

/// All measured sites, best first.
pub(super) fn standings(sites: &[Site], surrogate: &Surrogate) -> Vec<Standing> {
    let measured: Vec<usize> = (0..sites.len()).filter(|&i| sites[i].measured > 0).collect();
    let points: Vec<_> = measured.iter().map(|&i| sites[i].point.clone()).collect();
    let expectations = surrogate.expect(&points);
    let standing = |(&site, expected): (&usize, &Expectation)| {
        let Site { measured, total, ref candidates, .. } = sites[site];
        let blend = |seen: f64, count: usize, expected: f64| {
            (seen + MODEL_WEIGHT * expected) / (count as f64 + MODEL_WEIGHT)
        };
        let score = blend(measured as f64 * total, measured, expected.score);
        let risk = blend(sites[site].failed() as f64, candidates.len(), expected.risk);
        let gaps = blend(measured as f64 * surrogate.price_of_gaps(&sites[site]), measured, 0.0);
        Standing { site, score, risk, total: score + gaps + surrogate.penalty() * risk }
    };
    let mut standings: Vec<Standing> = measured.iter().zip(&expectations).map(standing).collect();
    standings.sort_by(|a, b| a.total.total_cmp(&b.total));
    standings
}
