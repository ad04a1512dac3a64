//! How strongly single cells follow the drift of a grating.

use serde::Serialize;

use crate::PerCell;
use crate::responses::Responses;

/// Of fewer spikes the ratio says nothing: that of a single one is 2.
const MIN_SPIKES: f64 = 6.0;

/// The ratio F1/F0 of each cell: the amplitude of its response at the temporal frequency of the
/// grating over its mean. Cells above 1 are called simple, those below complex (Skottun et al.
/// 1991).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Modulation {
    /// The contrast of the gratings.
    pub contrast_percent: f64,
    /// How often a bar of the grating passes.
    pub temporal_frequency_hz: f64,
    /// 2·A(k)/A(0) of each cell that prefers a grating shown and fires at least six spikes to it,
    /// with A the Fourier amplitudes of spike counts in bins of 10 ms, summed over trials and
    /// gratings, and k the number of periods shown.
    pub f1_over_f0: PerCell,
    /// The share of cells above 1.
    pub share_simple: Option<f64>,
    /// How many cells prefer a grating shown, silent ones included.
    pub preferring_cells: usize,
}

impl Modulation {
    /// The modulation of a sheet's cells.
    pub(crate) fn of(responses: &Responses<'_>, missing: &mut Vec<String>) -> Option<Self> {
        responses.preferences()?;
        let contrast_percent = *responses.contrasts_percent(false).first()?;
        let shown = || {
            responses.gratings(false).filter(|grating| grating.contrast_percent == contrast_percent)
        };
        let Some(temporal_frequency_hz) = shown().find_map(|g| g.temporal_frequency_hz) else {
            missing.push("no F1/F0: the gratings have no temporal frequency".to_owned());
            return None;
        };
        let mut sums = std::collections::BTreeMap::<usize, (f64, f64)>::new();
        for grating in shown().filter(|g| g.temporal_frequency_hz == Some(temporal_frequency_hz)) {
            for (&cell, response) in &grating.cells {
                if let Some((first, mean)) = response.modulation {
                    let sum = sums.entry(cell).or_default();
                    *sum = (sum.0 + first, sum.1 + mean);
                }
            }
        }
        let preferring_cells = sums.len();
        let ratios = sums.into_iter().filter(|(_, (_, spikes))| *spikes >= MIN_SPIKES);
        let f1_over_f0: PerCell =
            ratios.map(|(cell, (first, mean))| (cell, 2.0 * first / mean)).collect();
        let n = f1_over_f0.distribution.n;
        if n == 0 {
            missing.push(format!(
                "no F1/F0: of {preferring_cells} cells that prefer a grating shown, none fires \
                 {MIN_SPIKES} spikes to it"
            ));
            return None;
        }
        let simple = f1_over_f0.distribution.values.iter().filter(|&&ratio| ratio > 1.0).count();
        Some(Self {
            contrast_percent,
            temporal_frequency_hz,
            share_simple: Some(simple as f64 / n as f64),
            f1_over_f0,
            preferring_cells,
        })
    }
}
