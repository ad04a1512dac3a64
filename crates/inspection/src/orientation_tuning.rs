//! Responses by orientation.

use std::collections::BTreeMap;

use serde::Serialize;
use targets::orientation::is_same_orientation;

use crate::gaussian_fit::{FEWEST_ORIENTATIONS, LEAST_EXPLAINED, difference, is_curve};
use crate::responses::{Grating, Responses};
use crate::{Distribution, GaussianFit, PerCell};

/// The width of the bins of the difference from the preferred orientation.
const BIN_DEG: f64 = 10.0;

/// The responses of a sheet's cells to full-field gratings of one contrast.
///
/// Each cell contributes one point for each orientation shown, at its difference from the
/// orientation that the cell prefers by the model's map. So few orientations give a whole curve of
/// the population.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrientationTuning {
    /// The contrast.
    pub contrast_percent: f64,
    /// The orientations shown.
    pub orientations_deg: Vec<f64>,
    /// How often each was shown, at least.
    pub trials: usize,
    /// How many cells have a preferred orientation and were recorded.
    pub cells: usize,
    /// The mean rate of these cells without a stimulus.
    pub spontaneous_hz: Option<f64>,
    /// The sheet index of each point's cell.
    pub neurons: Vec<usize>,
    /// The orientation shown minus the preferred one, −90 to 90, of each point.
    pub differences_deg: Vec<f64>,
    /// The mean rate over trials, of each point.
    pub rates_hz: Vec<f64>,
    /// The points in bins of 10° of the difference, around −80, …, 90.
    pub bins: Vec<TuningBin>,
    /// A Gaussian fitted to all points, with its peak at 0; of a tuning, which explains at least
    /// half of the variance between the means of the bins.
    pub fit: Option<GaussianFit>,
    /// The share of the variance between the means of the bins that the fitted Gaussian explains,
    /// also where that is too little for [a fit](Self::fit); `None` where no Gaussian is better
    /// than a constant, or with fewer than five bins.
    pub explained_between_bins: Option<f64>,
    /// The orientation selectivity index of each cell that was shown its preferred orientation and
    /// the orthogonal one (to 0.1 rad) and fires to either: (p − o)/(p + o) with p and o the rates
    /// to these.
    pub selectivity: PerCell,
    /// The half width at half height of a Gaussian fitted to each cell, in degrees; of tuned cells,
    /// which were shown five orientations at least, and of whose variance a Gaussian with σ within
    /// its limits explains at least half.
    pub half_width_deg: PerCell,
    /// How many cells were shown five orientations at least.
    pub cells_with_a_curve: usize,
}

/// The points whose difference from the preferred orientation is about the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TuningBin {
    /// The middle of the bin; that around 90 is the same as that around −90.
    pub centre_deg: f64,
    /// How many points are in it.
    pub n: usize,
    /// Their mean rate.
    pub mean_hz: f64,
    /// Its standard error.
    pub standard_error_hz: Option<f64>,
    /// The mean rate over the mean rate without a stimulus.
    pub relative_to_spontaneous: Option<f64>,
}

impl OrientationTuning {
    /// The tuning at each contrast, highest first.
    pub(crate) fn all_of(
        responses: &Responses<'_>,
        resting_hz: &BTreeMap<usize, f64>,
        missing: &mut Vec<String>,
    ) -> Vec<Self> {
        let contrasts = responses.contrasts_percent(false);
        if contrasts.is_empty() {
            return vec![];
        }
        let Some(preferred_rad) = responses.sheet.orientations_rad.as_deref() else {
            missing.push(
                "no orientation tuning, since cells have no preferred orientation".to_owned(),
            );
            return vec![];
        };
        let all: Vec<_> = contrasts
            .into_iter()
            .map(|contrast| {
                let gratings: Vec<_> =
                    responses.gratings(false).filter(|g| g.contrast_percent == contrast).collect();
                Self::of(contrast, &gratings, preferred_rad, resting_hz)
            })
            .collect();
        if all.iter().all(|tuning| tuning.orientations_deg.len() < FEWEST_ORIENTATIONS) {
            missing.push(
                "no half width at half height of single cells: it takes gratings of five orientations"
                    .to_owned(),
            );
        }
        all
    }

    fn of(
        contrast_percent: f64,
        gratings: &[&Grating],
        preferred_rad: &[f64],
        resting_hz: &BTreeMap<usize, f64>,
    ) -> Self {
        let mut curves: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
        for grating in gratings {
            for (&cell, response) in &grating.cells {
                let preferred = preferred_rad.get(cell).copied().filter(|p| p.is_finite());
                let Some(preferred) = preferred else { continue };
                let point = (difference(grating.orientation_rad, preferred), response.rate_hz());
                curves.entry(cell).or_default().push(point);
            }
        }
        let resting = curves.keys().filter_map(|cell| resting_hz.get(cell).copied()).collect();
        let spontaneous_hz = Distribution::of(resting).mean;
        let points: Vec<_> = curves.values().flatten().copied().collect();
        let cells = curves.iter().flat_map(|(&cell, curve)| curve.iter().map(move |_| cell));
        let mut orientations_deg: Vec<f64> =
            gratings.iter().map(|grating| grating.orientation_rad.to_degrees()).collect();
        orientations_deg.sort_by(f64::total_cmp);
        orientations_deg.dedup();
        let of_cells = |value: fn(&[(f64, f64)]) -> Option<f64>| -> PerCell {
            curves.iter().filter_map(|(&cell, curve)| Some((cell, value(curve)?))).collect()
        };
        let bins = binned(&points, spontaneous_hz);
        let means: Vec<_> =
            bins.iter().map(|bin| (bin.centre_deg.to_radians(), bin.mean_hz, bin.n)).collect();
        let fit = GaussianFit::of(&points, false);
        let explained_between_bins = fit
            .filter(|_| bins.len() >= FEWEST_ORIENTATIONS)
            .map(|fit| fit.explained_between(&means))
            .filter(|share| share.is_finite());
        let is_tuned = explained_between_bins.is_some_and(|share| share >= LEAST_EXPLAINED);
        Self {
            contrast_percent,
            orientations_deg,
            trials: gratings.iter().map(|grating| grating.trials).min().unwrap_or(0),
            cells: curves.len(),
            spontaneous_hz,
            neurons: cells.collect(),
            differences_deg: points.iter().map(|point| point.0.to_degrees()).collect(),
            rates_hz: points.iter().map(|point| point.1).collect(),
            bins,
            fit: fit.filter(|_| is_tuned),
            explained_between_bins,
            selectivity: of_cells(selectivity),
            half_width_deg: of_cells(|curve| {
                let fit = GaussianFit::of(curve, true)?;
                (fit.explained_variance >= LEAST_EXPLAINED).then_some(fit.half_width_deg)
            }),
            cells_with_a_curve: curves.values().filter(|curve| is_curve(curve)).count(),
        }
    }
}

fn binned(points: &[(f64, f64)], spontaneous_hz: Option<f64>) -> Vec<TuningBin> {
    let mut rates_hz: BTreeMap<i32, Vec<f64>> = BTreeMap::new();
    let last = (90.0 / BIN_DEG) as i32;
    for (difference, rate) in points {
        let bin = (difference.to_degrees() / BIN_DEG).round() as i32;
        rates_hz.entry(if bin == -last { last } else { bin }).or_default().push(*rate);
    }
    let bin = |(bin, rates_hz): (i32, Vec<f64>)| {
        let rates_hz = Distribution::of(rates_hz);
        let mean_hz = rates_hz.mean?;
        Some(TuningBin {
            centre_deg: f64::from(bin) * BIN_DEG,
            n: rates_hz.n,
            mean_hz,
            standard_error_hz: rates_hz.standard_error(),
            relative_to_spontaneous: spontaneous_hz.filter(|&s| s > 0.0).map(|s| mean_hz / s),
        })
    };
    rates_hz.into_iter().filter_map(bin).collect()
}

/// (p − o)/(p + o) of the responses by difference from the preferred orientation.
fn selectivity(curve: &[(f64, f64)]) -> Option<f64> {
    let mean_at = |orientation_rad: f64| {
        let near = curve.iter().filter(|point| is_same_orientation(point.0, orientation_rad));
        Distribution::of(near.map(|point| point.1).collect()).mean
    };
    let (preferred, orthogonal) = (mean_at(0.0)?, mean_at(std::f64::consts::FRAC_PI_2)?);
    let sum = preferred + orthogonal;
    (sum > 0.0).then(|| (preferred - orthogonal) / sum)
}
