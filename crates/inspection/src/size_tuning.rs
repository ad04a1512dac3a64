//! Responses by size.

use std::collections::BTreeMap;

use serde::Serialize;
use targets::orientation::OPTIMAL_RAD;
use targets::size_tuning::RADIUS_DEG;

use crate::responses::{Grating, Responses};
use crate::size_tuning_fit::{FEWEST_RADII, SizeTuningFit, fit_size_tuning};
use crate::{Distribution, PerCell};

/// The responses of a sheet's cells to gratings in disks of one contrast, around the centre of the
/// visual field. Examined are the recorded cells within 1° of it that prefer the grating's
/// orientation (to 0.1 rad).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeTuning {
    /// The contrast.
    pub contrast_percent: f64,
    /// The radii, ascending.
    pub radii_deg: Vec<f64>,
    /// How often each was shown, at least.
    pub trials: usize,
    /// The mean rate over cells at each radius.
    pub mean_hz: Vec<f64>,
    /// Its standard error.
    pub standard_error_hz: Vec<Option<f64>>,
    /// Every cell examined.
    pub cells: Vec<CellSizeTuning>,
    /// The suppression index of each fitted cell.
    pub suppression_index: PerCell,
    /// The counter-suppression index of each fitted cell.
    pub counter_suppression_index: PerCell,
    /// The error of the fit of each fitted cell.
    pub relative_error: PerCell,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellSizeTuning {
    /// Its sheet index.
    pub neuron: usize,
    /// Its mean rate over trials at each radius.
    pub rates_hz: Vec<f64>,
    /// The fitted model; of cells that fire, shown eight radii at least.
    pub fit: Option<SizeTuningFit>,
}

impl SizeTuning {
    /// The tuning at each contrast, highest first.
    pub(crate) fn all_of(responses: &Responses<'_>, missing: &mut Vec<String>) -> Vec<Self> {
        let contrasts = responses.contrasts_percent(true);
        if contrasts.is_empty() {
            if !responses.gratings.is_empty() {
                missing.push("no size tuning: no gratings in disks were shown".to_owned());
            }
            return vec![];
        }
        let mut said = |words: String| {
            if !missing.contains(&words) {
                missing.push(words);
            }
        };
        let mut all = vec![];
        for contrast in contrasts {
            match Self::of(responses, contrast) {
                Ok(tuning) if tuning.radii_deg.len() < 2 => {
                    said("no size tuning: disks of one radius only".to_owned());
                }
                Ok(tuning) => {
                    if tuning.radii_deg.len() < FEWEST_RADII {
                        said(format!("no fits of size tuning: they take {FEWEST_RADII} radii"));
                    }
                    all.push(tuning);
                }
                Err(words) => said(format!("no size tuning: {words}")),
            }
        }
        all
    }

    fn of(responses: &Responses<'_>, contrast_percent: f64) -> Result<Self, String> {
        let preferences = responses.preferences().ok_or("cells have no preferred orientation")?;
        let positions_deg = responses.sheet.positions_deg.as_deref();
        let positions_deg = positions_deg.ok_or("the positions of the cells are not known")?;
        let is_near = |cell: usize| {
            positions_deg.get(cell).is_some_and(|[x, y]| x * x + y * y < RADIUS_DEG * RADIUS_DEG)
        };
        // Disks of several orientations would be tunings of different cells: that of the targets
        // goes first.
        let disks = || responses.gratings(true).filter(|g| g.contrast_percent == contrast_percent);
        let distance = |grating: &&Grating| {
            targets::orientation::circular_distance(
                grating.orientation_rad,
                OPTIMAL_RAD,
                std::f64::consts::PI,
            )
        };
        let nearest = disks().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let orientation_rad = nearest.map_or(OPTIMAL_RAD, |grating| grating.orientation_rad);
        let mut shown: Vec<&Grating> =
            disks().filter(|grating| grating.orientation_rad == orientation_rad).collect();
        shown.sort_by(|a, b| a.radius_deg.unwrap_or(0.0).total_cmp(&b.radius_deg.unwrap_or(0.0)));
        let mut cells: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for grating in &shown {
            for (&cell, response) in &grating.cells {
                if is_near(cell) && preferences.is_preferred(cell, orientation_rad) {
                    cells.entry(cell).or_default().push(response.rate_hz());
                }
            }
        }
        cells.retain(|_, rates_hz| rates_hz.len() == shown.len());
        if cells.is_empty() {
            return Err(format!(
                "no recorded cell within {RADIUS_DEG}° of the centre prefers the orientation shown, \
                 {:.0}°",
                orientation_rad.to_degrees()
            ));
        }
        let radii_deg: Vec<f64> = shown.iter().filter_map(|grating| grating.radius_deg).collect();
        let at_radius = |i: usize| Distribution::of(cells.values().map(|rates| rates[i]).collect());
        let means: Vec<_> = (0..radii_deg.len()).map(at_radius).collect();
        let cells = fitted(&radii_deg, cells);
        let of_fits = |value: fn(&SizeTuningFit) -> f64| -> PerCell {
            cells.iter().filter_map(|cell| Some((cell.neuron, value(cell.fit.as_ref()?)))).collect()
        };
        Ok(Self {
            contrast_percent,
            trials: shown.iter().map(|grating| grating.trials).min().unwrap_or(0),
            mean_hz: means.iter().filter_map(|rates| rates.mean).collect(),
            standard_error_hz: means.iter().map(Distribution::standard_error).collect(),
            suppression_index: of_fits(|fit| fit.suppression_index),
            counter_suppression_index: of_fits(|fit| fit.counter_suppression_index),
            relative_error: of_fits(|fit| fit.relative_error),
            radii_deg,
            cells,
        })
    }
}

/// Fits the model to the cells that fire.
fn fitted(radii_deg: &[f64], cells: BTreeMap<usize, Vec<f64>>) -> Vec<CellSizeTuning> {
    let fires = |rates_hz: &[f64]| rates_hz.iter().any(|&rate| rate > 0.0);
    let firing: Vec<_> = cells.values().filter(|rates| fires(rates)).cloned().collect();
    let mut fits = fit_size_tuning(radii_deg, &firing).into_iter();
    cells
        .into_iter()
        .map(|(neuron, rates_hz)| {
            let fit = if fires(&rates_hz) { fits.next().flatten() } else { None };
            CellSizeTuning { neuron, rates_hz, fit }
        })
        .collect()
}
