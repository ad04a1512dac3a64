//! A mean field of V1: four populations (excitatory and inhibitory, layers 4 and 2/3) of leaky
//! integrate-and-fire neurons on a ring of orientations and in two opposite phases, with depressing
//! synapses, push–pull inhibition and a surround. It costs half a millisecond, explodes in a good
//! part of its box, and is nonlinear in the ways in which the real model is.
//!
//! Rates are fixed points of Siegert's formula (Siegert 1951; Brunel 2000, eq. 21),
//!
//! ```text
//! 1 / r = t_ref + τ √π ∫ exp(t²) (1 + erf t) dt    from (V_reset - μ) / σ to (V_threshold - μ) / σ
//! ```

use std::sync::LazyLock;

use optimizers::{ScoreRule, Space};

use crate::deviates::Deviates;
use crate::problem::{Problem, space};

const POPULATIONS: usize = 4;
/// Orientations 0, 22.5, …, 90° from the stimulus; the others follow by symmetry.
const ORIENTATIONS: usize = 5;
const SHARES: [f64; ORIENTATIONS] = [0.125, 0.25, 0.25, 0.25, 0.125];
const PHASES: usize = 2;

/// Rates of every population, phase and orientation in spikes per second.
type Rates = [[[f64; ORIENTATIONS]; PHASES]; POPULATIONS];

/// Name, reference value and range of every parameter. The first 20 make the smaller problem.
const PARAMETERS: [(&str, f64, f64, f64); 37] = [
    ("LGN to L4E, mV s", 0.34, 0.08, 0.9),
    ("LGN to L4I, mV s", 0.22, 0.05, 0.7),
    ("L4E to L4E, mV s", 0.42, 0.1, 1.5),
    ("L4I to L4E, mV s", 0.62, 0.15, 1.6),
    ("L4E to L4I, mV s", 0.66, 0.2, 1.6),
    ("L4I to L4I, mV s", 0.40, 0.1, 1.2),
    ("L4E to L23E, mV s", 0.50, 0.1, 1.6),
    ("L4E to L23I, mV s", 0.30, 0.05, 1.2),
    ("L23E to L23E, mV s", 0.62, 0.1, 2.0),
    ("L23I to L23E, mV s", 0.60, 0.15, 1.6),
    ("L23E to L23I, mV s", 0.75, 0.2, 1.8),
    ("L23I to L23I, mV s", 0.38, 0.1, 1.2),
    ("L23E to L4E, mV s", 0.20, 0.0, 0.9),
    ("background to E, mV", 8.6, 4.0, 13.0),
    ("background to I, mV", 9.6, 5.0, 13.0),
    ("depression, s", 0.03, 0.0, 0.12),
    ("push-pull", 0.55, 0.0, 1.0),
    ("width of inhibition, degrees", 42.0, 15.0, 80.0),
    ("surround to L23E, mV s", 0.25, 0.0, 1.0),
    ("surround to L23I, mV s", 0.55, 0.0, 1.5),
    ("noise of L4E, mV", 4.0, 2.0, 7.0),
    ("noise of L4I, mV", 4.0, 2.0, 7.0),
    ("noise of L23E, mV", 4.0, 2.0, 7.0),
    ("noise of L23I, mV", 4.0, 2.0, 7.0),
    ("threshold of L4E, mV", 15.0, 12.0, 18.0),
    ("threshold of L4I, mV", 15.0, 12.0, 18.0),
    ("threshold of L23E, mV", 15.0, 12.0, 18.0),
    ("threshold of L23I, mV", 15.0, 12.0, 18.0),
    ("more background to L23E, mV", 0.0, -2.0, 2.0),
    ("more background to L23I, mV", 0.0, -2.0, 2.0),
    ("width of excitation, degrees", 25.0, 12.0, 50.0),
    ("time constant of E, ms", 15.0, 8.0, 25.0),
    ("time constant of I, ms", 10.0, 6.0, 20.0),
    ("LGN at rest, /s", 8.0, 3.0, 18.0),
    ("L23E to L4I, mV s", 0.15, 0.0, 0.6),
    ("adaptation, mV s", 0.10, 0.0, 0.4),
    ("phase of excitation", 0.6, 0.1, 1.0),
];

pub struct MeanField {
    rules: Vec<ScoreRule>,
    space: Space,
    size: usize,
}

/// Of excitation and of inhibition.
type Spreads = [[[f64; ORIENTATIONS]; ORIENTATIONS]; 2];

struct Stimulus {
    contrast: f64,
    /// Share of the full drive that the size gives, and share of the surround that it covers.
    drive: f64,
    surround: f64,
}

impl MeanField {
    /// With the first `size` parameters; the others keep their reference values.
    pub fn new(size: usize) -> MeanField {
        let space = space(PARAMETERS[..size].iter().map(|&(_, _, low, high)| (low, high)));
        let reference: Vec<f64> = PARAMETERS.iter().map(|p| p.1).collect();
        let values = values(&reference).expect("the reference does not explode");
        let rules = rules(&values);
        MeanField { rules, space, size }
    }
}

/// Wanted are the reference's values, each missed by up to half a norm, so that no point has all of
/// them.
fn rules(reference: &[f64]) -> Vec<ScoreRule> {
    let mut deviates = Deviates::new(4, 4);
    let rule = |(t, &value): (usize, &f64)| {
        let norm = 0.12 * value.abs() + if (8..12).contains(&t) || t >= 14 { 0.03 } else { 0.2 };
        let wanted = value + norm * (deviates.uniform() - 0.5);
        let (low, high) = match t {
            0 | 1 => (wanted - norm, wanted + norm),
            14 => (wanted, f64::INFINITY),
            _ => (wanted, wanted),
        };
        ScoreRule::new(low, high, norm, 20.0).expect("a rule")
    };
    reference.iter().enumerate().map(rule).collect()
}

impl Problem for MeanField {
    fn space(&self) -> Space {
        self.space.clone()
    }

    fn rules(&self) -> Vec<ScoreRule> {
        self.rules.clone()
    }

    fn truth(&self, parameters: &[f64]) -> Option<Vec<f64>> {
        let mut all: Vec<f64> = PARAMETERS.iter().map(|p| p.1).collect();
        all[..self.size].copy_from_slice(&parameters[..self.size]);
        values(&all)
    }

    /// Poisson counts of 100 neurons in 2 s, the network's realization, and the measurement.
    fn noisy(&self, values: &[f64], deviates: &mut Deviates) -> Vec<f64> {
        let noisy = |(t, &value): (usize, &f64)| {
            let realization = 0.04 * value.abs() * deviates.normal();
            let measurement = match t {
                0..8 => (value.max(0.0) / 200.0).sqrt(),
                8..12 | 14..27 => 0.02,
                12..14 => 0.03,
                _ => 0.02 * value.abs(),
            };
            value + realization + measurement * deviates.normal()
        };
        values.iter().enumerate().map(noisy).collect()
    }

    /// A point of the box that does not explode, with a total of about a hundred.
    fn start(&self, seed: u64) -> Vec<f64> {
        (0..)
            .map(|k| self.anywhere(10_000 * (seed + 1) + k))
            .find(|point| self.total(point).is_some_and(|total| (80.0..160.0).contains(&total)))
            .expect("there are such points")
    }

    fn reference(&self) -> Option<Vec<f64>> {
        Some(PARAMETERS[..self.size].iter().map(|p| p.1).collect())
    }
}

/// The 31 values: spontaneous rates, evoked rates, orientation selectivities (4 each), responses to
/// low contrast (2), modulation ratios, surround suppressions, ISI variabilities (4 each),
/// excitation and inhibition (4), synchrony.
fn values(p: &[f64]) -> Option<Vec<f64>> {
    let show = |contrast, drive, surround| Stimulus { contrast, drive, surround };
    let spreads = [p[30], p[17]].map(spread);
    let fixed_point = |stimulus, start| fixed_point(p, &stimulus, start, &spreads);
    let rest = fixed_point(show(0.0, 1.0, 0.0), None)?;
    let full = fixed_point(show(1.0, 1.0, 0.6), Some(&rest))?;
    let low = fixed_point(show(0.25, 1.0, 0.6), Some(&rest))?;
    let small = fixed_point(show(1.0, 0.8, 0.1), Some(&full))?;
    let large = fixed_point(show(1.0, 1.02, 1.0), Some(&full))?;
    let mean = |rates: &Rates, population: usize, k: usize| {
        f64::midpoint(rates[population][0][k], rates[population][1][k])
    };
    let each = |f: &dyn Fn(usize) -> f64| (0..POPULATIONS).map(f).collect::<Vec<f64>>();
    let mut values = each(&|q| mean(&rest, q, 0));
    values.extend(each(&|q| mean(&full, q, 0)));
    values.extend(each(&|q| {
        let (mut along, mut all) = (0.0, 1e-3);
        for k in 0..ORIENTATIONS {
            let angle = k as f64 * std::f64::consts::FRAC_PI_4;
            along += SHARES[k] * mean(&full, q, k) * libm::cos(angle);
            all += SHARES[k] * mean(&full, q, k);
        }
        along / all
    }));
    values.extend([0, 2].map(|q| (mean(&low, q, 0) + 0.1) / (mean(&full, q, 0) + 0.1)));
    values.extend(each(&|q| {
        let [on, off] = [0, 1].map(|phase| full[q][phase][0]);
        1.57 * (on - off) / (on + off + 0.1)
    }));
    values.extend(each(&|q| {
        let [small, full, large] = [&small, &full, &large].map(|rates| mean(rates, q, 0));
        let most = small.max(full).max(large) + 0.1;
        (most - large) / most
    }));
    // Neurons below threshold are driven by noise and irregular, those above fire like clocks.
    values.extend(each(&|q| {
        let (drive, noise) = input(p, q, 0, 0, &rest, &show(0.0, 1.0, 0.0), &spreads);
        let distance = (p[24 + q] - drive) / noise;
        1.05 / (1.0 + libm::exp(-1.5 - 1.2 * distance)) * libm::exp(-0.004 * mean(&rest, q, 0))
    }));
    for q in [0, 2] {
        let excitation = (0..POPULATIONS).step_by(2).map(|s| weight(p, q, s) * mean(&full, s, 0));
        let inhibition = weight(p, q, q + 1) * mean(&full, q + 1, 0);
        values.extend([excitation.sum::<f64>(), inhibition]);
    }
    let loop_gain = weight(p, 2, 2) * (mean(&full, 2, 0) / (5.0 + mean(&full, 2, 0)));
    values.push(loop_gain / (1.0 + weight(p, 2, 3) * mean(&full, 3, 0) / 10.0));
    Some(values)
}

/// Weight of the source population on the target population in mV s.
fn weight(p: &[f64], target: usize, source: usize) -> f64 {
    match (target, source) {
        (0, 0) => p[2],
        (0, 1) => p[3],
        (0, 2) => p[12],
        (1, 0) => p[4],
        (1, 1) => p[5],
        (1, 2) => p[34],
        (2, 0) => p[6],
        (3, 0) => p[7],
        (2, 2) => p[8],
        (2, 3) => p[9],
        (3, 2) => p[10],
        (3, 3) => p[11],
        _ => 0.0,
    }
}

/// Mean and standard deviation of the input in mV.
fn input(
    p: &[f64],
    target: usize,
    phase: usize,
    orientation: usize,
    rates: &Rates,
    stimulus: &Stimulus,
    spreads: &Spreads,
) -> (f64, f64) {
    let is_inhibitory = target % 2 == 1;
    let mut mean = if is_inhibitory { p[14] } else { p[13] };
    if target >= 2 {
        mean += p[26 + target];
    } else {
        let angle = 22.5 * orientation as f64;
        let tuning = libm::exp(-(angle / 30.0).powi(2) / 2.0);
        let sign = if phase == 0 { 1.0 } else { -1.0 };
        let lgn = p[33]
            + 16.0
                * stimulus.contrast.sqrt()
                * stimulus.drive
                * (0.35 + tuning * (0.4 + 0.6 * sign));
        mean += p[target] * lgn;
    }
    let mut variance = p[20 + target].powi(2);
    for source in 0..POPULATIONS {
        let w = weight(p, target, source);
        if w == 0.0 {
            continue;
        }
        let from_inhibition = source % 2 == 1;
        let shares = &spreads[usize::from(from_inhibition)][orientation];
        let (mut same, mut opposite) = (0.0, 0.0);
        for k in 0..ORIENTATIONS {
            same += shares[k] * rates[source][phase][k];
            opposite += shares[k] * rates[source][1 - phase][k];
        }
        let (middle, half) = (f64::midpoint(same, opposite), (same - opposite) / 2.0);
        let seen = if from_inhibition {
            let sign = if target == 0 { -p[16] } else { 0.3 };
            middle + sign * half
        } else {
            middle + p[36] * half
        };
        let depression = if from_inhibition { 1.0 } else { 1.0 / (1.0 + p[15] * seen.max(0.0)) };
        let drive = w * seen.max(0.0) * depression;
        mean += if from_inhibition { -drive } else { drive };
        variance += 0.35 * drive;
    }
    if target >= 2 {
        let surround = f64::midpoint(rates[2][0][orientation], rates[2][1][orientation]);
        mean += p[16 + target] * stimulus.surround * surround / (1.0 + 0.02 * surround);
    }
    if !is_inhibitory {
        mean -= p[35] * rates[target][phase][orientation];
    }
    (mean, variance.sqrt())
}

/// For every orientation the shares of its connections that come from each orientation and its
/// mirror image.
fn spread(width: f64) -> [[f64; ORIENTATIONS]; ORIENTATIONS] {
    let weight = |a: f64, b: f64| {
        let distance = (a - b).abs().min(180.0 - (a - b).abs());
        libm::exp(-(distance / width).powi(2) / 2.0)
    };
    std::array::from_fn(|orientation| {
        let here = 22.5 * orientation as f64;
        let both: [f64; ORIENTATIONS] = std::array::from_fn(|k| {
            let there = 22.5 * k as f64;
            let mirrored = if k == 0 || k == 4 { 0.0 } else { weight(here, 180.0 - there) };
            weight(here, there) + mirrored
        });
        both.map(|weight| weight / both.iter().sum::<f64>())
    })
}

/// Rates that give themselves; `None` where they run away or never settle.
fn fixed_point(
    p: &[f64],
    stimulus: &Stimulus,
    start: Option<&Rates>,
    spreads: &Spreads,
) -> Option<Rates> {
    let mut rates = start.copied().unwrap_or([[[3.0; ORIENTATIONS]; PHASES]; POPULATIONS]);
    for _ in 0..250 {
        let mut change: f64 = 0.0;
        for target in 0..POPULATIONS {
            let (time_constant, pace) = if target % 2 == 1 { (p[32], 0.3) } else { (p[31], 0.2) };
            for phase in 0..PHASES {
                for k in 0..ORIENTATIONS {
                    let (mean, noise) = input(p, target, phase, k, &rates, stimulus, spreads);
                    let rate = siegert(mean, noise, p[24 + target], time_constant / 1000.0);
                    let step = pace * (rate - rates[target][phase][k]);
                    rates[target][phase][k] += step;
                    change = change.max(step.abs());
                }
            }
        }
        if rates[0][0][0] > 80.0 || rates[2][0][0] > 80.0 {
            return None;
        }
        if change < 1e-3 {
            return Some(rates);
        }
    }
    None
}

const STEP: f64 = 0.002;
const LOWEST: f64 = -40.0;
const HIGHEST: f64 = 5.5;

/// ∫ exp(t²) (1 + erf t) dt from `LOWEST`, at steps of `STEP`, by Simpson's rule.
static INTEGRAL: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let integrand = |t: f64| {
        if t > -5.0 {
            libm::exp(t * t) * libm::erfc(-t)
        } else {
            // The asymptotic series of erfcx.
            let s = 1.0 / (t * t);
            (1.0 - s / 2.0 + 0.75 * s * s) / (-t * std::f64::consts::PI.sqrt())
        }
    };
    let mut table = vec![0.0];
    for i in 0..((HIGHEST - LOWEST) / STEP) as usize {
        let t = LOWEST + i as f64 * STEP;
        let area = integrand(t) + 4.0 * integrand(t + STEP / 2.0) + integrand(t + STEP);
        table.push(table[i] + STEP / 6.0 * area);
    }
    table
});

fn siegert(mean: f64, noise: f64, threshold: f64, time_constant: f64) -> f64 {
    let integral = |x: f64| {
        let place = (x.clamp(LOWEST, HIGHEST - STEP) - LOWEST) / STEP;
        let (i, part) = (place as usize, place.fract());
        INTEGRAL[i] + part * (INTEGRAL[i + 1] - INTEGRAL[i])
    };
    let reset = 5.0;
    let (low, high) = ((reset - mean) / noise, (threshold - mean) / noise);
    let passage = time_constant * std::f64::consts::PI.sqrt() * (integral(high) - integral(low));
    1.0 / (0.002 + passage.max(0.0))
}
