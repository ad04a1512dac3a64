//! What a simulation leaves to be measured: [`Sheet`]s of neurons, and one [`Segment`] for each
//! sheet and presented stimulus, with its [`SpikeTrains`] and [`Signal`]s.
//!
//! Every target is computed from a [`Recording`], whoever wrote it. Its segments are loaded one at
//! a time, so that memory is bounded by one segment and not by the data store. [`store`] is the
//! project's own data store on disk: a JSON index and NumPy arrays.
//!
//! ```
//! use recording::{InMemory, Recording, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};
//!
//! let mut recording = InMemory::new(vec![Sheet::new("V1_Exc_L4", vec![[0.0, 0.0]; 100], None)]);
//! let mut spike_trains = SpikeTrains::default();
//! spike_trains.push(17, [12.4, 80.1]);
//! let stimulus = Stimulus::new("InternalStimulus", &[("duration", 2000.0)]);
//! recording.push(
//!     SegmentHeader { sheet: "V1_Exc_L4".to_owned(), stimulus, null: false },
//!     Segment { t_start_ms: 0.0, t_stop_ms: 2000.0, spike_trains, signals: vec![] },
//! );
//!
//! let segment = recording.load(0)?;
//! assert_eq!(segment.duration_ms(), 2000.0);
//! assert_eq!(segment.spike_trains.iter().next(), Some((17, &[12.4, 80.1][..])));
//! let beyond = recording.load(1).unwrap_err();
//! assert_eq!(beyond.source.to_string(), "there are 1 segments");
//! # Ok::<(), recording::LoadError>(())
//! ```

#![warn(clippy::unwrap_used)]

mod segment;
mod sheet;
mod signal;
mod spike_trains;
mod stimulus;
pub mod store;

use std::sync::Arc;

pub use segment::{Segment, SegmentHeader};
pub use sheet::Sheet;
pub use signal::Signal;
pub use spike_trains::{SpikeTrains, SpikeTrainsError};
pub use stimulus::{Stimulus, StimulusValue};

/// A segment that is listed but cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read segment {segment} ({sheet}, {stimulus}): {source}")]
pub struct LoadError {
    /// Its number in [`Recording::segments`].
    pub segment: usize,
    /// The sheet it was recorded from.
    pub sheet: String,
    /// The name of the stimulus.
    pub stimulus: String,
    /// What went wrong.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl LoadError {
    /// This segment of the recording cannot be read.
    pub fn new(
        recording: &dyn Recording,
        segment: usize,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let header = recording.segments().get(segment);
        let stimulus = header.map(|header| header.stimulus.name.clone());
        Self {
            segment,
            sheet: header.map(|header| header.sheet.clone()).unwrap_or_default(),
            stimulus: stimulus.unwrap_or_default(),
            source: source.into(),
        }
    }

    /// A segment is asked for that is not listed.
    pub fn beyond(recording: &dyn Recording, segment: usize) -> Self {
        let count = recording.segments().len();
        Self::new(recording, segment, format!("there are {count} segments"))
    }
}

/// The recording of one simulation.
pub trait Recording {
    /// The sheets, in the order of the data store.
    fn sheets(&self) -> &[Sheet];

    /// What was recorded, without the data, in the order of recording. Blanks ("null" segments) are
    /// listed too.
    fn segments(&self) -> &[SegmentHeader];

    /// Loads the segment with this number in [`Recording::segments`].
    ///
    /// # Errors
    /// When its data is missing, damaged or contradicts the header.
    fn load(&self, segment: usize) -> Result<Arc<Segment>, LoadError>;

    /// Loads the segment with this number without its signals, which are most of the data.
    ///
    /// # Errors
    /// As for [`Recording::load`], but what is wrong with the signals may stay unseen.
    fn load_spikes(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.load(segment).map(|whole| Arc::new(whole.without_signals()))
    }

    /// Whether the simulator stopped because the network's activity ran away.
    fn explosion_detected(&self) -> bool;

    /// How long the protocol rests without a stimulus, each time, as far as the recording says what
    /// was to be presented; a run that ended early has not recorded all of it.
    fn announced_rest_ms(&self) -> &[f64];

    /// The sheet of this name.
    fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets().iter().find(|sheet| sheet.name == name)
    }
}

/// A recording that is held in memory.
#[derive(Debug, Clone, Default)]
pub struct InMemory {
    sheets: Vec<Sheet>,
    headers: Vec<SegmentHeader>,
    segments: Vec<Arc<Segment>>,
    explosion_detected: bool,
    announced_rest_ms: Vec<f64>,
}

impl InMemory {
    /// A recording of these sheets, without segments.
    pub fn new(sheets: Vec<Sheet>) -> Self {
        Self { sheets, ..Self::default() }
    }

    /// Appends the next segment.
    pub fn push(&mut self, header: SegmentHeader, segment: Segment) {
        self.headers.push(header);
        self.segments.push(Arc::new(segment));
    }

    /// Notes that the protocol rests so long.
    pub fn announce_rest(&mut self, duration_ms: f64) {
        self.announced_rest_ms.push(duration_ms);
    }

    /// Notes that the network exploded.
    pub fn set_explosion_detected(&mut self, detected: bool) {
        self.explosion_detected = detected;
    }
}

impl Recording for InMemory {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    fn segments(&self) -> &[SegmentHeader] {
        &self.headers
    }

    fn load(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.segments.get(segment).cloned().ok_or_else(|| LoadError::beyond(self, segment))
    }

    fn explosion_detected(&self) -> bool {
        self.explosion_detected
    }

    fn announced_rest_ms(&self) -> &[f64] {
        &self.announced_rest_ms
    }
}
