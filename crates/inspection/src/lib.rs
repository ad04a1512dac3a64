//! What one simulation shows, sheet by sheet: numbers for people, where [`targets`] has those that
//! a model is fitted to.
//!
//! [`inspect`] reads a [`recording::Recording`] and gives a [`SheetInspection`] for each sheet.
//! What a recording does not show is absent, and said in words in [`SheetInspection::missing`].
//! Serialized, a field's name ends in its unit (`_hz`, `_ms`, `_deg`, `_percent`); numbers without
//! one are pure.

#![warn(clippy::unwrap_used)]

mod contrast_response;
mod distribution;
mod gaussian_fit;
mod modulation;
mod nonnegative;
mod orientation_tuning;
mod responses;
mod signals;
mod simplex;
mod size_tuning;
mod size_tuning_fit;
mod spontaneous;

use recording::{Recording, Sheet};
use serde::Serialize;

pub use contrast_response::{ContrastPoint, ContrastResponse};
pub use distribution::{Distribution, PerCell};
pub use gaussian_fit::{GaussianFit, LEAST_EXPLAINED};
pub use modulation::Modulation;
pub use orientation_tuning::{OrientationTuning, TuningBin};
pub use signals::{ExampleTrace, SignalTrace};
pub use size_tuning::{CellSizeTuning, SizeTuning};
pub use size_tuning_fit::{CURVE_POINTS, SizeTuningFit, fit_size_tuning};
pub use spontaneous::{Correlation, Intervals, PopulationRate, Spontaneous};

use responses::Responses;

/// What one sheet shows.
#[derive(Debug, Clone, Serialize)]
pub struct SheetInspection {
    /// The sheet.
    pub sheet: String,
    /// How many neurons it has.
    pub neurons: usize,
    /// Its activity without a stimulus.
    pub spontaneous: Option<Spontaneous>,
    /// Conductances and membrane potentials without a stimulus.
    pub signals: Vec<SignalTrace>,
    /// Mean inhibitory over mean excitatory conductance.
    pub conductance_ratio: Option<f64>,
    /// Responses to full-field gratings by their orientation, for each contrast, highest first.
    pub orientation_tuning: Vec<OrientationTuning>,
    /// Responses to gratings in disks by their radius, for each contrast, highest first.
    pub size_tuning: Vec<SizeTuning>,
    /// Responses to full-field gratings of the preferred orientation by their contrast.
    pub contrast_response: Option<ContrastResponse>,
    /// How strongly responses follow the drift of full-field gratings, at the highest contrast.
    pub modulation: Option<Modulation>,
    /// What is not there, in sentences.
    pub missing: Vec<String>,
}

/// Inspects one sheet. Segments are loaded one after another and not kept.
///
/// # Examples
///
/// ```
/// use inspection::inspect;
/// use recording::{InMemory, Recording, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};
///
/// let sheet = Sheet::new("V1_Exc_L4", vec![[0.0, 0.0]; 2], None);
/// let mut recording = InMemory::new(vec![sheet]);
/// let mut spike_trains = SpikeTrains::default();
/// spike_trains.push(0, (1..=10).map(|i| 480.0 * f64::from(i)));
/// spike_trains.push(1, (1..=20).map(|i| 240.0 * f64::from(i)));
/// let stimulus = Stimulus::new("InternalStimulus", &[("duration", 5000.0)]);
/// recording.push(
///     SegmentHeader { sheet: "V1_Exc_L4".to_owned(), stimulus, null: false },
///     Segment { t_start_ms: 0.0, t_stop_ms: 5000.0, spike_trains, signals: vec![] },
/// );
///
/// let found = inspect(&recording, &recording.sheets()[0]);
/// let spontaneous = found.spontaneous.expect("there is a period of rest");
/// assert_eq!(spontaneous.rate_hz.distribution.values, [2.0, 4.0]);
/// assert_eq!(found.conductance_ratio, None);
/// assert_eq!(found.missing[0], "no conductances or membrane potentials were recorded");
/// ```
pub fn inspect(recording: &dyn Recording, sheet: &Sheet) -> SheetInspection {
    let mut missing = vec![];
    let resting = spontaneous::load(recording, sheet, &mut missing);
    let spontaneous = resting.as_deref().map(Spontaneous::of);
    let signals = resting.as_deref().map_or_else(Vec::new, SignalTrace::all_of);
    if resting.is_some() && signals.is_empty() {
        missing.push("no conductances or membrane potentials were recorded".to_owned());
    }
    let conductance_ratio = resting.as_deref().and_then(signals::conductance_ratio);
    let resting_hz = spontaneous.as_ref().map(|resting| resting.rate_hz.by_neuron());
    let resting_hz = resting_hz.unwrap_or_default();
    let responses = Responses::of(recording, sheet, &mut missing);
    SheetInspection {
        sheet: sheet.name.clone(),
        neurons: sheet.neuron_count(),
        signals,
        conductance_ratio,
        orientation_tuning: OrientationTuning::all_of(&responses, &resting_hz, &mut missing),
        size_tuning: SizeTuning::all_of(&responses, &mut missing),
        contrast_response: ContrastResponse::of(&responses, &resting_hz, &mut missing),
        modulation: Modulation::of(&responses, &mut missing),
        spontaneous,
        missing,
    }
}
