//! The model of size tuning, fitted to single cells.

use std::thread;

use libm::erf;
use serde::Serialize;

use crate::nonnegative::nonnegative;
use crate::simplex::minimize;

/// Radii at which a fitted curve is looked at, from 0 to the largest shown, as mozaik does.
pub const CURVE_POINTS: usize = 100;
/// Scales of the grid from which fits start.
const GRID: usize = 20;
/// How much larger a surround is than what it surrounds, at least. Scales that are nearly the same
/// would let huge amplitudes cancel each other and fit the noise.
const APART: f64 = 1.1;
/// Fits that are refined.
const STARTS: usize = 6;
/// The model has seven parameters: with fewer radii anything fits.
pub const FEWEST_RADII: usize = 8;

/// The response R to a grating in a disk of radius r as centre, surround and far surround:
///
/// R(r) = Kc·erf(r/a)² − Ks·erf(r/(a + b))² + Kf·erf(r/(a + b + c))² + R₀
///
/// with nothing negative and each scale at least a tenth larger than the one before. That is what
/// mozaik's `SizeTuningAnalysisFit` fits (an integral of Gaussian sensitivity over the disk,
/// squared, for each mechanism), but for the distance of the scales. These are limited to half of
/// the smallest radius shown and four times the largest, beyond which curves do not differ.
///
/// For given scales the amplitudes are linear, so that only three numbers are searched (variable
/// projection: Golub & Pereyra 1973): every combination of a grid of scales first, then the simplex
/// method from the best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeTuningFit {
    /// Kc.
    pub centre_hz: f64,
    /// a.
    pub centre_deg: f64,
    /// Ks.
    pub surround_hz: f64,
    /// a + b.
    pub surround_deg: f64,
    /// Kf.
    pub far_surround_hz: f64,
    /// a + b + c.
    pub far_surround_deg: f64,
    /// R₀.
    pub baseline_hz: f64,
    /// |R − data| over |data − mean of the data|; 0 for constant data.
    pub relative_error: f64,
    /// The radius with the greatest response.
    pub peak_deg: f64,
    /// The greatest response.
    pub peak_hz: f64,
    /// The radius beyond the peak with the least response.
    pub suppression_deg: f64,
    /// (R at the peak − R at the suppression)/R at the peak; 0 for no response.
    pub suppression_index: f64,
    /// (greatest R beyond the suppression − R at the suppression)/R at the peak.
    pub counter_suppression_index: f64,
}

impl SizeTuningFit {
    /// The response at a radius.
    pub fn rate_hz(&self, radius_deg: f64) -> f64 {
        let part = |scale_deg: f64| erf(radius_deg / scale_deg).powi(2);
        self.centre_hz * part(self.centre_deg) - self.surround_hz * part(self.surround_deg)
            + self.far_surround_hz * part(self.far_surround_deg)
            + self.baseline_hz
    }
}

/// Fits many cells that were shown the same radii, in parallel. Each has a rate for each radius.
/// `None` with fewer than eight different radii.
///
/// # Examples
///
/// A cell whose surround is twice as large as its centre:
///
/// ```
/// use inspection::fit_size_tuning;
///
/// let part = |radius: f64, scale: f64| libm::erf(radius / scale).powi(2);
/// let radii_deg: Vec<f64> = (1..=16).map(|i| 0.2 * f64::from(i)).collect();
/// let cell_hz = radii_deg.iter().map(|&r| 1.0 + 30.0 * part(r, 0.5) - 15.0 * part(r, 1.0));
/// let fits = fit_size_tuning(&radii_deg, &[cell_hz.collect()]);
/// let fit = fits[0].as_ref().expect("there are enough radii");
/// assert!((fit.centre_hz - 30.0).abs() < 1e-6 && (fit.centre_deg - 0.5).abs() < 1e-6);
/// assert!((fit.surround_hz - 15.0).abs() < 1e-6 && (fit.surround_deg - 1.0).abs() < 1e-6);
/// // Large disks suppress the response to 1 + 30 − 15 Hz.
/// assert!((fit.suppression_index - (1.0 - 16.0 / fit.peak_hz)).abs() < 1e-4);
/// assert_eq!(fit_size_tuning(&radii_deg[..7], &[vec![1.0; 7]]), [None]);
/// ```
pub fn fit_size_tuning(radii_deg: &[f64], cells_hz: &[Vec<f64>]) -> Vec<Option<SizeTuningFit>> {
    let Some(grid) = Grid::new(radii_deg) else { return vec![None; cells_hz.len()] };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = cells_hz.len().div_ceil(threads).max(1);
    let mut fits = vec![None; cells_hz.len()];
    thread::scope(|scope| {
        for (cells_hz, fits) in cells_hz.chunks(share).zip(fits.chunks_mut(share)) {
            let grid = &grid;
            // What no thread can be had for is done at the end.
            let _ = thread::Builder::new().spawn_scoped(scope, move || {
                for (rates_hz, fit) in cells_hz.iter().zip(fits) {
                    *fit = Some(grid.fit(rates_hz));
                }
            });
        }
    });
    for (rates_hz, fit) in cells_hz.iter().zip(&mut fits).filter(|(_, fit)| fit.is_none()) {
        *fit = Some(grid.fit(rates_hz));
    }
    fits
}

/// Combinations of three scales, in ascending order: every combination of the grid, and those in
/// which neighbours are as near to each other as they may be.
fn combinations() -> impl Iterator<Item = [usize; 3]> {
    let above = |from: usize| (from + 1..GRID).map(|i| 3 * i);
    (0..GRID).flat_map(move |g| {
        let i = 3 * g;
        let apart = above(g).flat_map(move |j| above(j / 3).map(move |k| [i, j, k]));
        let near = above(g).flat_map(move |k| [[i, i + 1, k], [i, k, k + 1]]);
        apart.chain(near).chain([[i, i + 1, i + 2]])
    })
}

/// What fits to the same radii have in common.
struct Grid<'a> {
    radii_deg: &'a [f64],
    limits_deg: [f64; 2],
    scales_deg: Vec<f64>,
    /// erf(r/scale)² for each scale.
    columns: Vec<Vec<f64>>,
    /// The products of these columns with each other.
    products: Vec<Vec<f64>>,
    sums: Vec<f64>,
}

impl<'a> Grid<'a> {
    fn new(radii_deg: &'a [f64]) -> Option<Self> {
        let mut different: Vec<f64> = radii_deg.iter().copied().filter(|&r| r > 0.0).collect();
        different.sort_by(f64::total_cmp);
        different.dedup();
        if different.len() < FEWEST_RADII {
            return None;
        }
        let (least, greatest) = (0.5 * different[0], 4.0 * different[different.len() - 1]);
        let factor = (greatest / least).powf(1.0 / (GRID - 1) as f64);
        let scale = |i: usize| least * factor.powi((i / 3) as i32) * APART.powi((i % 3) as i32);
        let scales_deg: Vec<f64> = (0..3 * GRID).map(scale).collect();
        let columns: Vec<_> = scales_deg.iter().map(|&scale| column(radii_deg, scale)).collect();
        let products =
            columns.iter().map(|a| columns.iter().map(|b| dot(a, b)).collect()).collect();
        let sums = columns.iter().map(|column| column.iter().sum()).collect();
        let limits_deg = [least, greatest];
        Some(Self { radii_deg, limits_deg, scales_deg, columns, products, sums })
    }

    fn fit(&self, rates_hz: &[f64]) -> SizeTuningFit {
        let refined = self.starts(rates_hz).into_iter().map(|scales| {
            minimize(|scales| self.solve(rates_hz, scales).0, scales.map(f64::ln), 0.2, 1e-13)
        });
        let best =
            refined.min_by(|a, b| a.1.total_cmp(&b.1)).map_or([0.0; 3], |(scales, _)| scales);
        // A simplex that became flat too early is blown up once.
        let (scales, _) = minimize(|scales| self.solve(rates_hz, scales).0, best, 0.1, 1e-13);
        let (squares, [centre_hz, surround_hz, far_surround_hz, baseline_hz]) =
            self.solve(rates_hz, &scales);
        let [centre_deg, surround_deg, far_surround_deg] = self.within(&scales);
        let mean = rates_hz.iter().sum::<f64>() / rates_hz.len() as f64;
        let spread: f64 = rates_hz.iter().map(|rate| (rate - mean).powi(2)).sum();
        let fit = SizeTuningFit {
            centre_hz,
            centre_deg,
            surround_hz,
            surround_deg,
            far_surround_hz,
            far_surround_deg,
            baseline_hz,
            relative_error: if spread > 0.0 { (squares / spread).sqrt() } else { 0.0 },
            peak_deg: 0.0,
            peak_hz: 0.0,
            suppression_deg: 0.0,
            suppression_index: 0.0,
            counter_suppression_index: 0.0,
        };
        self.with_indices(fit)
    }

    /// The scales of the grid that fit best, no two of them neighbours.
    fn starts(&self, rates_hz: &[f64]) -> Vec<[f64; 3]> {
        let moments: Vec<f64> = self.columns.iter().map(|column| dot(column, rates_hz)).collect();
        let sum: f64 = rates_hz.iter().sum();
        let squares = dot(rates_hz, rates_hz);
        let n = rates_hz.len() as f64;
        let mut tried = vec![];
        for [i, j, k] in combinations() {
            let p = |a: usize, b: usize| self.products[a][b];
            let (si, sj, sk) = (self.sums[i], self.sums[j], self.sums[k]);
            let gram = [
                [p(i, i), -p(i, j), p(i, k), si],
                [-p(i, j), p(j, j), -p(j, k), -sj],
                [p(i, k), -p(j, k), p(k, k), sk],
                [si, -sj, sk, n],
            ];
            let moments = [moments[i], -moments[j], moments[k], sum];
            let x = nonnegative(&gram, &moments);
            // At the minimum the residual is orthogonal to what is fitted.
            let fitted: f64 = x.iter().zip(moments).map(|(x, moment)| x * moment).sum();
            tried.push((squares - fitted, [i, j, k]));
        }
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut starts: Vec<[usize; 3]> = vec![];
        for (_, scales) in tried {
            // Of the grid, twins by themselves.
            let is_near = |other: &[usize; 3]| {
                let pairs = scales.iter().zip(other);
                pairs.into_iter().all(|(a, b)| a % 3 == b % 3 && a.abs_diff(*b) <= 3)
            };
            if starts.len() < STARTS && !starts.iter().any(is_near) {
                starts.push(scales);
            }
        }
        starts.into_iter().map(|scales| scales.map(|i| self.scales_deg[i])).collect()
    }

    /// Scales within their limits and in their order, from their logarithms.
    fn within(&self, log_scales: &[f64; 3]) -> [f64; 3] {
        let [least, greatest] = self.limits_deg;
        let [centre, surround, far] = log_scales.map(f64::exp);
        let centre = centre.clamp(least, greatest / (APART * APART));
        let surround = surround.clamp(APART * centre, greatest / APART);
        [centre, surround, far.clamp(APART * surround, greatest)]
    }

    /// The squared residuals with the best amplitudes for these scales, and the amplitudes.
    fn solve(&self, rates_hz: &[f64], log_scales: &[f64; 3]) -> (f64, [f64; 4]) {
        let scales = self.within(log_scales);
        let row = |r: f64| {
            let [centre, surround, far] = scales.map(|scale| erf(r / scale).powi(2));
            [centre, -surround, far, 1.0]
        };
        let (mut gram, mut moments) = ([[0.0; 4]; 4], [0.0; 4]);
        let rows: Vec<[f64; 4]> = self.radii_deg.iter().map(|&r| row(r)).collect();
        for (row, rate) in rows.iter().zip(rates_hz) {
            for i in 0..4 {
                moments[i] += row[i] * rate;
                for j in 0..4 {
                    gram[i][j] += row[i] * row[j];
                }
            }
        }
        let x = nonnegative(&gram, &moments);
        let residuals = rows.iter().zip(rates_hz).map(|(row, rate)| rate - dot(row, &x));
        (residuals.map(|residual| residual * residual).sum(), x)
    }

    /// Reads peak and suppression off the fitted curve, as mozaik does.
    fn with_indices(&self, mut fit: SizeTuningFit) -> SizeTuningFit {
        let greatest = self.radii_deg.iter().copied().fold(0.0, f64::max);
        let step = greatest / (CURVE_POINTS - 1) as f64;
        let curve: Vec<f64> = (0..CURVE_POINTS).map(|i| fit.rate_hz(i as f64 * step)).collect();
        let extreme = |from: usize, sign: f64| {
            // The first of equal ones.
            let better = |best: usize, i: usize| {
                if sign * curve[i] > sign * curve[best] { i } else { best }
            };
            (from..CURVE_POINTS).reduce(better).unwrap_or(CURVE_POINTS - 1)
        };
        let peak = extreme(0, 1.0);
        let suppression = extreme(peak + 1, -1.0);
        let rebound = extreme(suppression + 1, 1.0);
        fit.peak_deg = peak as f64 * step;
        fit.peak_hz = curve[peak];
        fit.suppression_deg = suppression as f64 * step;
        if curve[peak] > 0.0 {
            fit.suppression_index = (curve[peak] - curve[suppression]) / curve[peak];
            fit.counter_suppression_index = (curve[rebound] - curve[suppression]) / curve[peak];
        }
        fit
    }
}

fn column(radii_deg: &[f64], scale_deg: f64) -> Vec<f64> {
    radii_deg.iter().map(|r| erf(r / scale_deg).powi(2)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
