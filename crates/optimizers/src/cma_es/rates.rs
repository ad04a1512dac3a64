//! Weights of the ranks and learning rates. Equations are those of Hansen's tutorial,
//! arXiv:1604.00772, unless said otherwise.

use crate::ledger::Survivor;

/// The strategy parameters of one update.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    /// Weight of each candidate, best first, in the new mean; their sum is 1.
    pub mean_weights: Vec<f64>,
    /// Weight of each candidate's step in the covariance; negative ones push it away.
    pub covariance_weights: Vec<f64>,
    pub c_sigma: f64,
    pub d_sigma: f64,
    pub c_c: f64,
    pub c_1: f64,
    pub c_mu: f64,
}

/// 4 + ⌊3 ln n⌋ (eq. 48).
pub(crate) fn default_offspring_size(n: usize) -> usize {
    4 + (3.0 * libm::log(n.max(1) as f64)) as usize
}

impl Rates {
    /// The tutorial's defaults for the candidates of `generation` in `n` dimensions.
    ///
    /// Candidates with equal totals, as exploded ones have, share the weights of their ranks: their
    /// order says nothing.
    pub fn active<Memory>(n: usize, generation: &[Survivor<Memory>]) -> Rates {
        let lambda = generation.len();
        let n = n as f64;
        // eq. 49
        let raw: Vec<f64> = (1..=lambda)
            .map(|rank| libm::log(f64::midpoint(lambda as f64, 1.0)) - libm::log(rank as f64))
            .collect();
        let (better, worse) = raw.split_at(lambda / 2);
        let mu_eff = effective_size(better);
        let c_1 = 2.0 / ((n + 1.3).powi(2) + mu_eff); // eq. 57
        let c_mu = (2.0 * (0.25 + mu_eff + 1.0 / mu_eff - 2.0) / ((n + 2.0).powi(2) + mu_eff))
            .min(1.0 - c_1); // eq. 58
        // eqs. 50-52: how much the negative weights may take away, so that the covariance matrix
        // stays positive definite
        let negative_sum = (1.0 + c_1 / c_mu)
            .min(1.0 + 2.0 * effective_size(worse) / (mu_eff + 2.0))
            .min((1.0 - c_1 - c_mu) / (n * c_mu));
        // eq. 53
        let positive: f64 = raw.iter().filter(|w| **w > 0.0).sum();
        let negative: f64 = raw.iter().filter(|w| **w < 0.0).sum();
        let weights: Vec<f64> = raw
            .iter()
            .map(|&w| if w > 0.0 { w / positive } else { -negative_sum * w / negative })
            .collect();
        let mean_weights: Vec<f64> = weights.iter().map(|w| w.max(0.0)).collect();

        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0); // eq. 55
        Rates {
            mean_weights: shared_among_equals(&mean_weights, generation),
            covariance_weights: shared_among_equals(&weights, generation),
            c_sigma,
            d_sigma: damping(n, mu_eff, c_sigma),
            c_c: (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n), // eq. 56
            c_1,
            c_mu,
        }
    }

    /// DEAP's `cma.Strategy.computeParams`, which `BluePyOpt` leaves at its defaults.
    pub fn bluepyopt(n: usize, lambda: usize) -> Rates {
        let mu = lambda / 2;
        let n = n as f64;
        let raw: Vec<f64> = (1..=lambda)
            .map(|rank| libm::log(mu as f64 + 0.5) - libm::log(rank as f64))
            .map(|weight| weight.max(0.0))
            .collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|w| w / sum).collect();
        let mu_eff = effective_size(&weights);
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 3.0);
        let c_1 = 2.0 / ((n + 1.3).powi(2) + mu_eff);
        Rates {
            mean_weights: weights.clone(),
            covariance_weights: weights,
            c_sigma,
            d_sigma: damping(n, mu_eff, c_sigma),
            c_c: 4.0 / (n + 4.0),
            c_1,
            c_mu: (2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / ((n + 2.0).powi(2) + mu_eff))
                .min(1.0 - c_1),
        }
    }
}

/// Damping of the step size (eq. 55).
fn damping(n: f64, mu_eff: f64, c_sigma: f64) -> f64 {
    1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma
}

/// (Σw)² / Σw²: of how many equal weights these, of one sign, have the variance (eq. 8).
pub(crate) fn effective_size(weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    sum * sum / weights.iter().map(|w| w * w).sum::<f64>()
}

fn shared_among_equals<Memory>(weights: &[f64], generation: &[Survivor<Memory>]) -> Vec<f64> {
    let mut shared = Vec::with_capacity(weights.len());
    for equals in generation.chunk_by(|a, b| a.total == b.total) {
        let ranks = shared.len()..shared.len() + equals.len();
        let share = weights[ranks].iter().sum::<f64>() / equals.len() as f64;
        shared.extend(equals.iter().map(|_| share));
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(totals: &[f64]) -> Vec<Survivor<()>> {
        let survivor = |(number, &total): (u64, &f64)| Survivor { number, total, memory: () };
        (0..).zip(totals).map(survivor).collect()
    }

    fn assert_close(ours: f64, theirs: f64) {
        assert!((ours - theirs).abs() < 1e-14, "{ours} is not {theirs}");
    }

    /// 10 dimensions, 10 candidates. Weights, `c_1`, `c_mu` and `c_c` are what `cma` 4.5.0 has in
    /// `CMAEvolutionStrategy(10 * [0], 1, {"popsize": 10}).sp`; its step size control has other
    /// constants, so these two are from `cmaes` 0.13.1, `CMA(mean=zeros(10), sigma=1)`.
    #[test]
    fn active_rates_are_those_of_cma_and_cmaes() {
        let totals: Vec<f64> = (0..10).map(f64::from).collect();
        let rates = Rates::active(10, &generation(&totals));
        let weights = [
            0.456_272_646_903_405_97,
            0.270_753_097_001_785_2,
            0.162_231_117_158_669_78,
            0.085_233_547_100_164_48,
            0.025_509_591_835_974_777,
            -0.080_012_607_580_872_24,
            -0.221_764_160_999_146_53,
            -0.344_554_941_784_820_93,
            -0.452_864_086_378_421_96,
            -0.549_749_917_697_385_3,
        ];
        for ((ours, mean_weight), theirs) in
            rates.covariance_weights.iter().zip(&rates.mean_weights).zip(weights)
        {
            assert_close(*ours, theirs);
            assert_close(*mean_weight, theirs.max(0.0));
        }
        assert_close(rates.c_1, 0.015_283_824_524_751_714);
        assert_close(rates.c_mu, 0.023_551_776_650_417_47);
        assert_close(rates.c_c, 0.294_990_383_035_622_25);
        assert_close(rates.c_sigma, 0.284_428_587_946_367_5);
        assert_close(rates.d_sigma, 1.284_428_587_946_367_5);
    }

    #[test]
    fn equal_totals_share_the_weights_of_their_ranks() {
        let distinct = Rates::active(5, &generation(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let exploded = Rates::active(5, &generation(&[1.0, 2.0, 620.0, 620.0, 620.0, 620.0]));
        assert_eq!(exploded.mean_weights[..2], distinct.mean_weights[..2]);
        for (shared, ranked) in [
            (&exploded.mean_weights, &distinct.mean_weights),
            (&exploded.covariance_weights, &distinct.covariance_weights),
        ] {
            let share = ranked[2..].iter().sum::<f64>() / 4.0;
            assert_eq!(shared[2..], [share; 4]);
        }
    }
}
