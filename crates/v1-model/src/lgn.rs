//! The input: spikes of ON and OFF cells of the lateral geniculate nucleus.
//!
//! Each cell fires as an inhomogeneous Poisson process. Its rate follows the linear response of a
//! difference of Gaussians to the stimulus, with a saturating dependence on contrast and divisive
//! suppression from a larger field; ON and OFF cells respond with opposite sign. For a drifting
//! grating the response is a sinusoid, so it is computed once in closed form, as a complex
//! amplitude.

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::geometry::{CORTICAL, Population};
use crate::network::Network;
use crate::parameters::Parameters;
use crate::random::{Purpose, Stream};
use crate::time::{STEP_MS, STEPS_PER_MS, WINDOW};

/// What is on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scene {
    /// Uniform grey.
    Blank,
    /// A drifting sinusoidal grating.
    Grating {
        /// Of the bars.
        orientation_rad: f64,
        /// From 0 to 100.
        contrast_percent: f64,
        /// In a disk of this radius in the middle; everywhere if there is none.
        radius_deg: Option<f64>,
    },
}

/// A Gaussian part of the receptive field of an LGN cell.
struct Gaussian {
    height: f64,
    sigma_deg: f64,
}

// The difference of Gaussians that mozaik's models take from Cai, DeAngelis & Freeman (1997), with
// a delay of the surround.
const CENTRE: Gaussian = Gaussian { height: 1.0, sigma_deg: 0.103_253 };
const SURROUND: Gaussian = Gaussian { height: 0.032_473, sigma_deg: 0.461_558 };
const SURROUND_DELAY_MS: f64 = 6.0;
/// The spatial frequency at which `lgn_amax` is the amplitude at saturation.
const REFERENCE_CYCLES_PER_DEG: f64 = 0.8;
/// After a stimulus appears responses rise with this time constant.
const RISE_MS: f64 = 40.0;

/// The midpoint rule for an angle φ, as nodes sin φ and weights for an integral from −1 to 1: exact
/// for the square-root end of a disk.
static NODES: LazyLock<[(f64, f64); 16]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let (sin, cos) = libm::sincos(PI * ((i as f64 + 0.5) / 16.0 - 0.5));
        (sin, cos * PI / 16.0)
    })
});

/// A complex number.
type Complex = [f64; 2];

/// The LGN, both sheets one after the other.
#[derive(Debug)]
pub struct Lgn {
    positions_deg: Vec<[f64; 2]>,
    on_cells: usize,
    background_hz: f64,
    amplitude_hz: f64,
    half_contrast_percent: f64,
    cycles_per_deg: f64,
    radians_per_ms: f64,
    suppression_sigma_deg: f64,
}

/// The spikes of the LGN during one presentation.
#[derive(Debug)]
pub struct LgnSpikes {
    stream: Stream,
    cells: usize,
    on_cells: usize,
    background_hz: f32,
    /// The signed amplitude of each cell, empty for a blank screen.
    amplitudes_hz: Vec<[f32; 2]>,
    /// The carrier e^iωt with its rise, at the middle of each ms.
    carrier: Vec<[f32; 2]>,
    /// No cell fires faster than this.
    highest_hz: f32,
    /// When the next candidate comes, and the mean time between two, in steps.
    next: f64,
    mean_gap: f64,
}

impl Lgn {
    /// Prepares the cells.
    pub fn new(parameters: &Parameters, network: &Network) -> Self {
        let value = |name: &str| parameters.value(&format!("sheets.retina_lgn.params.{name}"));
        let um_per_deg = parameters.value("sheets.l4_cortex_exc.params.magnification_factor");
        let positions = |cells: &Population| -> Vec<[f64; 2]> {
            let degrees = |&um: &f32| f64::from(um) / um_per_deg;
            cells
                .x_um
                .iter()
                .map(degrees)
                .zip(cells.y_um.iter().map(degrees))
                .map(<[f64; 2]>::from)
                .collect()
        };
        let [on, off] = [CORTICAL, CORTICAL + 1].map(|p| positions(&network.populations[p]));
        Self {
            on_cells: on.len(),
            positions_deg: [on, off].concat(),
            background_hz: value("lgn_r0"),
            amplitude_hz: value("lgn_amax"),
            half_contrast_percent: value("lgn_c50"),
            cycles_per_deg: value("lgn_sf"),
            radians_per_ms: 2.0 * PI * value("lgn_tf") / 1000.0,
            suppression_sigma_deg: value("lgn_supp_sigma"),
        }
    }

    /// The spikes of a presentation that lasts `duration_ms`; `number` tells presentations apart.
    pub fn spikes(&self, scene: Scene, duration_ms: f64, seed: u64, number: usize) -> LgnSpikes {
        let amplitudes_hz = self.amplitudes_hz(scene);
        let carrier = |ms: usize| {
            let t = ms as f64 + 0.5;
            let rise = 1.0 - libm::exp(-t / RISE_MS);
            let (sin, cos) = libm::sincos(self.radians_per_ms * t);
            [(rise * cos) as f32, (rise * sin) as f32]
        };
        let strongest =
            amplitudes_hz.iter().map(|[re, im]| re * re + im * im).fold(0.0, f32::max).sqrt();
        let highest_hz = (self.background_hz as f32 + strongest) * 1.0001;
        let per_step = f64::from(highest_hz) * f64::from(STEP_MS) * 1.0e-3;
        let mut stream = Stream::new(seed, Purpose::LgnSpikes(number), 0);
        let mean_gap = 1.0 / (per_step * self.positions_deg.len() as f64);
        LgnSpikes {
            next: f64::from(stream.exponential()) * mean_gap,
            stream,
            cells: self.positions_deg.len(),
            on_cells: self.on_cells,
            background_hz: self.background_hz as f32,
            carrier: if amplitudes_hz.is_empty() {
                vec![]
            } else {
                (0..libm::ceil(duration_ms) as usize).map(carrier).collect()
            },
            amplitudes_hz,
            highest_hz,
            mean_gap,
        }
    }

    fn amplitudes_hz(&self, scene: Scene) -> Vec<[f32; 2]> {
        let Scene::Grating { orientation_rad, contrast_percent, radius_deg } = scene else {
            return vec![];
        };
        let k = 2.0 * PI * self.cycles_per_deg;
        let [re, im] = response(2.0 * PI * REFERENCE_CYCLES_PER_DEG, self.radians_per_ms, whole);
        let reference = libm::sqrt(re * re + im * im);
        let full = response(k, self.radians_per_ms, whole);
        let (sin, cos) = libm::sincos(orientation_rad + PI / 2.0);
        let amplitude = |(i, &[x, y]): (usize, &[f64; 2])| {
            // Coordinates along and across the direction in which the grating drifts.
            let (u, v) = (x * cos + y * sin, y * cos - x * sin);
            let (coverage, local) = match radius_deg {
                None => {
                    let (sin, cos) = libm::sincos(k * u);
                    (1.0, [full[0] * cos - full[1] * sin, full[0] * sin + full[1] * cos])
                }
                Some(radius) => {
                    let inside = |k: f64, sigma: f64| in_disk(k, sigma, u, v, radius);
                    (self.coverage(&inside), response(k, self.radians_per_ms, inside))
                }
            };
            // Saturation with contrast, which counts for the suppressive field as far as that is
            // covered (after Bonin, Mante & Carandini 2005).
            let suppression = contrast_percent * libm::sqrt(coverage) + self.half_contrast_percent;
            let gain = self.amplitude_hz * contrast_percent / suppression / reference;
            let sign = if i < self.on_cells { gain } else { -gain };
            [(sign * local[0]) as f32, (sign * local[1]) as f32]
        };
        self.positions_deg.iter().enumerate().map(amplitude).collect()
    }

    /// The share of a cell's suppressive field that the stimulus covers.
    fn coverage(&self, inside: &impl Fn(f64, f64) -> Complex) -> f64 {
        let sigma = self.suppression_sigma_deg;
        if sigma > 0.0 {
            (inside(0.0, sigma)[0] / (2.0 * PI * sigma * sigma)).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }
}

/// The response of the difference of Gaussians, of which `integral(k, sigma)` gives each part's
/// integral over the grating e^iku; the surround lags.
fn response(k: f64, radians_per_ms: f64, integral: impl Fn(f64, f64) -> Complex) -> Complex {
    let centre = integral(k, CENTRE.sigma_deg).map(|z| z * CENTRE.height);
    let surround = integral(k, SURROUND.sigma_deg).map(|z| z * SURROUND.height);
    let (sin, cos) = libm::sincos(radians_per_ms * SURROUND_DELAY_MS);
    [
        centre[0] - (surround[0] * cos + surround[1] * sin),
        centre[1] - (surround[1] * cos - surround[0] * sin),
    ]
}

/// The integral of exp(−r²/2σ²) e^iku over the plane.
fn whole(k: f64, sigma: f64) -> Complex {
    [2.0 * PI * sigma * sigma * libm::exp(-0.5 * k * k * sigma * sigma), 0.0]
}

/// The same for a Gaussian at (`u0`, `v0`), over the disk of this radius around the origin: across
/// the grating in closed form, along it by quadrature.
fn in_disk(k: f64, sigma: f64, u0: f64, v0: f64, radius: f64) -> Complex {
    let from = (u0 - 4.0 * sigma).max(-radius);
    let to = (u0 + 4.0 * sigma).min(radius);
    let mut sum = [0.0, 0.0];
    if to <= from {
        return sum;
    }
    let root2 = std::f64::consts::SQRT_2 * sigma;
    for (node, weight) in NODES.iter() {
        let u = 0.5 * (from + to) + 0.5 * (to - from) * node;
        let half = libm::sqrt(radius * radius - u * u);
        let across = libm::erf((half - v0) / root2) + libm::erf((half + v0) / root2);
        let along = (u - u0) / sigma;
        let weight = weight * libm::exp(-0.5 * along * along) * across;
        let (sin, cos) = libm::sincos(k * u);
        sum[0] += weight * cos;
        sum[1] += weight * sin;
    }
    sum.map(|z| z * 0.5 * (to - from) * sigma * libm::sqrt(PI / 2.0))
}

impl LgnSpikes {
    /// Calls `spiked` with population, cell and time (in steps) of each spike of the next window,
    /// which begins `step` steps after the beginning of the presentation.
    ///
    /// The superposition of all cells at the highest rate is one Poisson process, whose events fall
    /// on a random cell; each is kept with the probability that the cell's rate of that moment has
    /// (Lewis & Shedler 1979, thinning).
    #[inline]
    pub fn window(&mut self, step: usize, mut spiked: impl FnMut(usize, usize, f64)) {
        let end = (step + WINDOW) as f64;
        while self.next < end {
            let at = self.next;
            self.next += f64::from(self.stream.exponential()) * self.mean_gap;
            let bits = self.stream.bits();
            let cell = (((bits >> 32) * self.cells as u64) >> 32) as usize;
            let spikes = self.amplitudes_hz.is_empty() || {
                let [cos, sin] = self.carrier[at as usize / STEPS_PER_MS];
                let [re, im] = self.amplitudes_hz[cell];
                let rate_hz = self.background_hz + (re * cos - im * sin);
                let point = (bits as u32 >> 8) as f32 * (1.0 / (1_u32 << 24) as f32);
                point * self.highest_hz < rate_hz
            };
            if spikes {
                let off = cell >= self.on_cells;
                let cell = if off { cell - self.on_cells } else { cell };
                spiked(CORTICAL + usize::from(off), cell, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lgn(overrides: &[(&str, f64)]) -> Lgn {
        let fixed = [("num_samples_reduction", 1.0e6)];
        let all = overrides.iter().copied().chain(fixed);
        let parameters = Parameters::with_overrides(all).unwrap();
        let network = Network::build(&parameters, 1).unwrap();
        Lgn::new(&parameters, &network)
    }

    const FULL: Scene =
        Scene::Grating { orientation_rad: 0.3, contrast_percent: 100.0, radius_deg: None };

    #[test]
    fn the_integral_over_a_disk_agrees_with_a_sum_over_a_fine_grid() {
        let k = 5.0;
        let radius = 1.25;
        for (sigma, u0, v0) in
            [(0.103, 0.2, -0.4), (0.46, 1.1, 0.3), (1.5, -1.0, 2.0), (0.1, 1.2, 0.4)]
        {
            let spacing = 0.002;
            let mut sum = [0.0, 0.0];
            let line = || (-625..=625).map(|i| f64::from(i) * spacing);
            for (u, v) in line().flat_map(|u| line().map(move |v| (u, v))) {
                if u * u + v * v <= radius * radius {
                    let r2 = (u - u0).powi(2) + (v - v0).powi(2);
                    let weight = (-r2 / (2.0 * sigma * sigma)).exp() * spacing * spacing;
                    sum[0] += weight * (k * u).cos();
                    sum[1] += weight * (k * u).sin();
                }
            }
            let got = in_disk(k, sigma, u0, v0, radius);
            let whole_disk = sum[0].hypot(sum[1]);
            let error = (got[0] - sum[0]).hypot(got[1] - sum[1]);
            assert!(error < 0.003 * whole_disk, "{sigma}: {got:?} {sum:?}");
        }
    }

    #[test]
    fn a_large_disk_is_a_full_field() {
        let lgn = lgn(&[]);
        let disk = |radius| Scene::Grating {
            orientation_rad: 0.3,
            contrast_percent: 100.0,
            radius_deg: Some(radius),
        };
        let (full, large) = (lgn.amplitudes_hz(FULL), lgn.amplitudes_hz(disk(30.0)));
        for (a, b) in full.iter().zip(&large) {
            assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 0.5, "{a:?} {b:?}");
        }
        // A₁₀₀ · 100/(100 + 20) Hz at the reference frequency.
        assert!(full.iter().all(|a| (a[0].hypot(a[1]) - 100.0 / 1.2).abs() < 1.0e-3));
        // A small disk releases its middle from suppression, and does not drive cells far away.
        let small = lgn.amplitudes_hz(disk(0.6));
        let strength = |cell: usize| small[cell][0].hypot(small[cell][1]);
        let r = |cell: usize| lgn.positions_deg[cell][0].hypot(lgn.positions_deg[cell][1]);
        assert!((0..small.len()).filter(|&i| r(i) < 0.2).all(|i| strength(i) > 84.0));
        assert!((0..small.len()).filter(|&i| r(i) > 2.5).all(|i| strength(i) < 1.0));
    }

    #[test]
    fn spikes_follow_the_rates() {
        let lgn = lgn(&[]);
        let amplitudes = lgn.amplitudes_hz(FULL);
        let duration_ms = 2000.0;
        let mut spikes = lgn.spikes(FULL, duration_ms, 1, 0);
        let on_cells = lgn.on_cells;
        let mut per_50_ms = [[0_u32; 40]; 2];
        for window in 0..4000 {
            spikes.window(window * WINDOW, |population, cell, step| {
                assert!((window * WINDOW..(window + 1) * WINDOW).contains(&(step as usize)));
                let number = cell + if population == CORTICAL { 0 } else { on_cells };
                // Cells that respond together at the beginning, and those half a cycle later.
                let group = usize::from(amplitudes[number][0] < 0.0);
                if amplitudes[number][0].abs() > 80.0 {
                    per_50_ms[group][step as usize / (50 * STEPS_PER_MS)] += 1;
                }
            });
        }
        let expected = |bin: usize, sign: f64| -> f64 {
            (0..50)
                .map(|ms| {
                    let t = (bin * 50 + ms) as f64 + 0.5;
                    let response = 1.0 - (-t / RISE_MS).exp();
                    let group = amplitudes.iter().filter(|a| f64::from(a[0]) * sign > 80.0);
                    group
                        .map(|a| {
                            let phase = 2.0 * PI * 0.002 * t;
                            let (re, im) = (f64::from(a[0]), f64::from(a[1]));
                            let drive = re * phase.cos() - im * phase.sin();
                            (10.0 + response * drive).max(0.0) * 1.0e-3
                        })
                        .sum::<f64>()
                })
                .sum()
        };
        for (group, sign) in [1.0, -1.0].into_iter().enumerate() {
            for (bin, &count) in per_50_ms[group].iter().enumerate() {
                let mean = expected(bin, sign);
                let z = (f64::from(count) - mean) / (mean + 1.0).sqrt();
                assert!(z.abs() < 5.0, "{group} {bin}: {count} {mean}");
            }
        }
    }

    #[test]
    fn spontaneous_trains_are_poisson_at_the_background_rate() {
        let lgn = lgn(&[]);
        let mut spikes = lgn.spikes(Scene::Blank, 5000.0, 3, 0);
        let mut counts = vec![0.0; lgn.positions_deg.len()];
        for window in 0..10_000 {
            spikes.window(window * WINDOW, |population, cell, _| {
                counts[cell + if population == CORTICAL { 0 } else { lgn.on_cells }] += 1.0;
            });
        }
        // 50 spikes of each cell on average, with the variance of a Poisson distribution.
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / n;
        assert!((mean - 50.0).abs() < 4.0 * (50.0 / n).sqrt(), "{mean}");
        assert!((variance / mean - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{}", variance / mean);
    }
}
