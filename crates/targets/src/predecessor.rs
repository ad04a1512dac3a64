//! What the predecessor of this program computes where the two differ.

use std::borrow::Borrow;
use std::sync::Arc;

use recording::{LoadError, Recording, Segment, SegmentHeader, Sheet};

use crate::measure::measure_by;
use crate::presentations::Rules;
use crate::{Target, Value};

/// The values that the predecessor of this program computes, in the order of the targets. Positions
/// are by train number; spontaneous activity lasts 5000 ms, and `OrientationTuningPreference` and
/// `SizeTuning` have no value without it.
///
/// # Errors
/// When the first segment of a sheet, which says what cells were recorded, cannot be loaded.
pub fn measure_as_predecessor<T: Borrow<Target>>(
    recording: &dyn Recording,
    targets: &[T],
) -> Result<Vec<Value>, LoadError> {
    Ok(measure_by(Rules::Predecessor, &PredecessorPositions::of(recording)?, targets))
}

/// A recording whose cells lie where the predecessor of this program looks for them: it takes the
/// position of a cell by the number of its spike train instead of by its sheet index. The two are
/// the same only where every cell of a sheet was recorded. Synchrony and size tuning depend on it.
struct PredecessorPositions<'a> {
    recording: &'a dyn Recording,
    sheets: Vec<Sheet>,
}

impl<'a> PredecessorPositions<'a> {
    /// Moves the cells of a recording.
    fn of(recording: &'a dyn Recording) -> Result<Self, LoadError> {
        let mut sheets = recording.sheets().to_vec();
        for sheet in &mut sheets {
            let is_first = |header: &SegmentHeader| header.sheet == sheet.name;
            let Some(segment) = recording.segments().iter().position(is_first) else { continue };
            let Some(positions_deg) = &mut sheet.positions_deg else { continue };
            let segment = recording.load_spikes(segment)?;
            let by_train = positions_deg.clone();
            for (cell, position) in segment.spike_trains.neurons().iter().zip(by_train) {
                if let Some(moved) = positions_deg.get_mut(*cell as usize) {
                    *moved = position;
                }
            }
        }
        Ok(Self { recording, sheets })
    }
}

impl Recording for PredecessorPositions<'_> {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    fn segments(&self) -> &[SegmentHeader] {
        self.recording.segments()
    }

    fn load(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.recording.load(segment)
    }

    fn load_spikes(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.recording.load_spikes(segment)
    }

    fn explosion_detected(&self) -> bool {
        self.recording.explosion_detected()
    }

    fn announced_rest_ms(&self) -> &[f64] {
        self.recording.announced_rest_ms()
    }
}
