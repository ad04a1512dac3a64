//! Mean responses of every recorded cell to each grating.

use std::collections::BTreeMap;

use recording::{Recording, Segment, Sheet, Stimulus};
use targets::histogram::Bins;
use targets::modulation::{BIN_MS, Harmonic};
use targets::orientation::Preferences;
use targets::{DISK, FULL_FIELD};

/// The responses of one sheet.
pub struct Responses<'a> {
    pub sheet: &'a Sheet,
    pub gratings: Vec<Grating>,
}

/// The responses to one grating, all its trials together.
pub struct Grating {
    /// `None`: it fills the visual field.
    pub radius_deg: Option<f64>,
    pub orientation_rad: f64,
    pub contrast_percent: f64,
    pub temporal_frequency_hz: Option<f64>,
    pub trials: usize,
    /// By sheet index; those that were not recorded are not in it.
    pub cells: BTreeMap<usize, Response>,
}

/// The response of one cell, summed over trials.
#[derive(Debug, Clone, Copy, Default)]
pub struct Response {
    spikes: usize,
    duration_ms: f64,
    /// Fourier amplitude at the temporal frequency of the grating, and spikes that entered it; of
    /// cells that prefer the grating.
    pub modulation: Option<(f64, f64)>,
}

impl Response {
    /// The mean firing rate.
    pub fn rate_hz(self) -> f64 {
        1000.0 * self.spikes as f64 / self.duration_ms
    }
}

impl Grating {
    fn of(stimulus: &Stimulus) -> Option<Self> {
        let radius_deg = match stimulus.name.as_str() {
            FULL_FIELD => None,
            DISK => Some(stimulus.number("radius")?),
            _ => return None,
        };
        Some(Self {
            radius_deg,
            orientation_rad: stimulus.number("orientation")?,
            contrast_percent: stimulus.number("contrast")?,
            temporal_frequency_hz: stimulus.number("temporal_frequency"),
            trials: 0,
            cells: BTreeMap::new(),
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.radius_deg == other.radius_deg
            && self.orientation_rad == other.orientation_rad
            && self.contrast_percent == other.contrast_percent
            && self.temporal_frequency_hz == other.temporal_frequency_hz
    }

    fn add(&mut self, segment: &Segment, preferences: Option<Preferences<'_>>) {
        self.trials += 1;
        let duration_ms = segment.duration_ms();
        let harmonic = self.temporal_frequency_hz.filter(|_| self.radius_deg.is_none());
        let harmonic = harmonic.and_then(|frequency_hz| {
            let bins = Bins::new(segment.t_start_ms, segment.t_stop_ms, BIN_MS)?;
            let periods = (duration_ms * frequency_hz / 1000.0).round_ties_even();
            let is_seen = periods >= 1.0 && periods <= bins.count() as f64 / 2.0;
            is_seen.then(|| Harmonic::new(bins, periods as usize))
        });
        for (cell, times_ms) in segment.spike_trains.iter() {
            let response = self.cells.entry(cell).or_default();
            response.spikes += times_ms.len();
            response.duration_ms += duration_ms;
            if let (Some(harmonic), Some(preferences)) = (&harmonic, preferences)
                && preferences.is_preferred(cell, self.orientation_rad)
            {
                let (first, mean) = harmonic.amplitudes(times_ms);
                let (first_before, mean_before) = response.modulation.unwrap_or_default();
                response.modulation = Some((first_before + first, mean_before + mean));
            }
        }
    }
}

impl<'a> Responses<'a> {
    /// The responses of a sheet; notes what cannot be read.
    pub fn of(recording: &dyn Recording, sheet: &'a Sheet, missing: &mut Vec<String>) -> Self {
        let mut gratings: Vec<Grating> = vec![];
        for (number, header) in recording.segments().iter().enumerate() {
            if header.sheet != sheet.name || header.null {
                continue;
            }
            let Some(shown) = Grating::of(&header.stimulus) else { continue };
            let segment = match recording.load_spikes(number) {
                Ok(segment) if segment.duration_ms() > 0.0 && segment.duration_ms().is_finite() => {
                    segment
                }
                Ok(_) => {
                    missing.push(format!("segment {number} has no duration"));
                    continue;
                }
                Err(error) => {
                    missing.push(error.to_string());
                    continue;
                }
            };
            let known = gratings.iter().position(|known| known.is_same(&shown));
            let known = known.unwrap_or_else(|| {
                gratings.push(shown);
                gratings.len() - 1
            });
            gratings[known].add(&segment, Preferences::of(sheet));
        }
        if gratings.is_empty() {
            missing.push("no gratings were shown".to_owned());
        }
        Self { sheet, gratings }
    }

    /// The gratings that fill the visual field, or those in disks.
    pub fn gratings(&self, in_disks: bool) -> impl Iterator<Item = &Grating> {
        self.gratings.iter().filter(move |grating| grating.radius_deg.is_some() == in_disks)
    }

    /// The contrasts of such gratings, highest first.
    pub fn contrasts_percent(&self, in_disks: bool) -> Vec<f64> {
        let mut contrasts: Vec<f64> =
            self.gratings(in_disks).map(|grating| grating.contrast_percent).collect();
        contrasts.sort_by(|a, b| b.total_cmp(a));
        contrasts.dedup();
        contrasts
    }

    /// The cells' preferred orientations, where the sheet has them.
    pub fn preferences(&self) -> Option<Preferences<'a>> {
        Preferences::of(self.sheet)
    }
}
