//! Responses by contrast.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Distribution;
use crate::responses::Responses;

/// Mean responses to full-field gratings of the preferred orientation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContrastResponse {
    /// One for each contrast, lowest first. A contrast of 0 is the absence of a stimulus.
    pub points: Vec<ContrastPoint>,
}

/// The mean response at one contrast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContrastPoint {
    /// The contrast.
    pub contrast_percent: f64,
    /// How many responses are averaged: of each cell to each grating that it prefers.
    pub n: usize,
    /// The mean rate.
    pub mean_hz: f64,
    /// Its standard error.
    pub standard_error_hz: Option<f64>,
}

impl ContrastPoint {
    fn of(contrast_percent: f64, rates_hz: Vec<f64>) -> Option<Self> {
        let rates_hz = Distribution::of(rates_hz);
        Some(Self {
            contrast_percent,
            n: rates_hz.n,
            mean_hz: rates_hz.mean?,
            standard_error_hz: rates_hz.standard_error(),
        })
    }
}

impl ContrastResponse {
    /// The responses of a sheet; `None` if there was one contrast at most.
    pub(crate) fn of(
        responses: &Responses<'_>,
        resting_hz: &BTreeMap<usize, f64>,
        missing: &mut Vec<String>,
    ) -> Option<Self> {
        let preferences = responses.preferences()?;
        let contrasts = responses.contrasts_percent(false);
        let mut examined = vec![];
        let mut points = vec![];
        for &contrast in contrasts.iter().rev() {
            let mut rates_hz = vec![];
            for grating in responses.gratings(false).filter(|g| g.contrast_percent == contrast) {
                for (&cell, response) in &grating.cells {
                    if preferences.is_preferred(cell, grating.orientation_rad) {
                        rates_hz.push(response.rate_hz());
                        examined.push(cell);
                    }
                }
            }
            points.extend(ContrastPoint::of(contrast, rates_hz));
        }
        if points.len() < 2 {
            if !contrasts.is_empty() {
                missing.push("no contrast response: cells were shown their preferred orientation at one contrast at most".to_owned());
            }
            return None;
        }
        examined.sort_unstable();
        examined.dedup();
        let rates_hz = examined.iter().filter_map(|cell| resting_hz.get(cell).copied()).collect();
        if let Some(resting) = ContrastPoint::of(0.0, rates_hz) {
            points.insert(0, resting);
        }
        Some(Self { points })
    }
}
