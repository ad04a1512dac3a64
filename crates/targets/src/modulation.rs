//! How strongly firing follows the drift of a grating.

use std::f64::consts::TAU;

use crate::histogram::Bins;
use crate::orientation_tuning::HIGH_CONTRAST;
use crate::presentations::{FULL_FIELD, Presentations};
use crate::{Missing, Value};

/// The width of the bins in which spikes are counted.
pub const BIN_MS: f64 = 10.0;

/// Fourier amplitudes of spike counts in bins, at one frequency: |Σ nᵦ exp(−2πi·k·b/B)| over the B
/// bins.
///
/// # Examples
///
/// A cell fires in one half of each of four cycles in two seconds:
///
/// ```
/// use targets::histogram::Bins;
/// use targets::modulation::{BIN_MS, Harmonic};
///
/// let bins = Bins::new(0.0, 2000.0, BIN_MS).expect("they are not too many");
/// let harmonic = Harmonic::new(bins, 4);
/// let times_ms = (0..200).map(|bin| 10.0 * f64::from(bin) + 5.0);
/// let in_one_half: Vec<f64> = times_ms.filter(|t_ms| t_ms % 500.0 < 250.0).collect();
/// let (first, spikes) = harmonic.amplitudes(&in_one_half);
/// assert_eq!(spikes, 100.0);
/// // F1/F0 of a half that is on is 4/π, and a little more in bins.
/// assert!((2.0 * first / spikes - 4.0 / std::f64::consts::PI).abs() < 1e-3);
/// ```
#[derive(Debug, Clone)]
pub struct Harmonic {
    bins: Bins,
    /// cos and sin of the phase of each bin.
    phases: Vec<[f64; 2]>,
}

impl Harmonic {
    /// The amplitude at k cycles in the time of all bins.
    pub fn new(bins: Bins, k: usize) -> Self {
        let count = bins.count();
        let phase = |bin: usize| {
            // The whole cycles are left out before they cost precision.
            let (sin, cos) = (TAU * ((k * bin % count) as f64 / count as f64)).sin_cos();
            [cos, sin]
        };
        Self { bins, phases: (0..count).map(phase).collect() }
    }

    /// The amplitude at k, and at 0 (the number of spikes in the bins).
    pub fn amplitudes(&self, times_ms: &[f64]) -> (f64, f64) {
        let (mut re, mut im, mut spikes) = (0.0, 0.0, 0.0);
        for bin in times_ms.iter().filter_map(|&t_ms| self.bins.index(t_ms)) {
            let [cos, sin] = self.phases[bin];
            re += cos;
            im += sin;
            spikes += 1.0;
        }
        (f64::hypot(re, im), spikes)
    }
}

/// `ModulationRatio`: 2·A(k)/A(0), the amplitude of the response at the temporal frequency of the
/// grating over its mean (F1/F0), with k the number of periods shown (rounded half to even). The
/// amplitudes A are means over the responses of all recorded cells to the full-field gratings that
/// they prefer. Duration and temporal frequency are those of the last grating.
pub(crate) fn modulation_ratio(presentations: &mut Presentations<'_>) -> Value {
    let preferences = presentations.preferences()?;
    let gratings = presentations.gratings(FULL_FIELD, HIGH_CONTRAST)?;
    let last = gratings[gratings.len() - 1];
    let harmonic = harmonic_of(presentations, last)?;
    let (mut first, mut mean, mut responses) = (0.0, 0.0, 0_u32);
    for grating in gratings {
        let Some(shown_rad) = presentations.stimulus(grating).number("orientation") else {
            continue;
        };
        let segment = presentations.spikes(grating)?;
        let trains = segment.spike_trains.iter();
        for (_, times_ms) in trains.filter(|&(cell, _)| preferences.is_preferred(cell, shown_rad)) {
            let amplitudes = harmonic.amplitudes(times_ms);
            first += amplitudes.0;
            mean += amplitudes.1;
            responses += 1;
        }
    }
    if mean == 0.0 {
        let sheet = &presentations.sheet.name;
        return Err(Missing::new(match responses {
            0 => format!("no recorded cell of {sheet} prefers the orientation of a grating shown"),
            _ => format!("the cells of {sheet} are silent at their preferred orientations"),
        }));
    }
    Ok(2.0 * first / mean)
}

/// How many periods of the grating are presented.
pub(crate) fn periods(duration_ms: f64, frequency_hz: f64) -> f64 {
    (duration_ms / (1000.0 / frequency_hz)).round_ties_even()
}

/// The harmonic at the temporal frequency of a grating.
fn harmonic_of(presentations: &mut Presentations<'_>, grating: usize) -> Result<Harmonic, Missing> {
    let frequency_hz = presentations.stimulus(grating).number("temporal_frequency");
    let frequency_hz = frequency_hz.ok_or_else(|| {
        Missing::new(format!(
            "a {FULL_FIELD} of {} has no temporal frequency",
            presentations.sheet.name
        ))
    })?;
    let segment = presentations.spikes(grating)?;
    let duration_ms = segment.duration_ms();
    let periods = periods(duration_ms, frequency_hz);
    Bins::new(segment.t_start_ms, segment.t_stop_ms, BIN_MS)
        .filter(|bins| periods >= 1.0 && periods <= bins.count() as f64 / 2.0)
        .map(|bins| Harmonic::new(bins, periods as usize))
        .ok_or_else(|| {
            Missing::new(format!(
                "a temporal frequency of {frequency_hz} Hz cannot be seen in {duration_ms} ms with \
                 bins of {BIN_MS} ms"
            ))
        })
}
