//! Firing rates.

use recording::Segment;

use crate::presentations::Presentations;
use crate::{Missing, Value};

/// The firing rate in Hz, averaged over the recorded cells whose sheet index is selected. `None` if
/// no cell is.
pub fn mean_rate_hz(segment: &Segment, is_selected: impl Fn(usize) -> bool) -> Option<f64> {
    let mut cells = 0_u32;
    let mut spikes = 0;
    for (_, times_ms) in segment.spike_trains.iter().filter(|(cell, _)| is_selected(*cell)) {
        cells += 1;
        spikes += times_ms.len();
    }
    (cells > 0).then(|| 1000.0 * spikes as f64 / f64::from(cells) / segment.duration_ms())
}

/// `SpontActivity`: the mean firing rate of all recorded cells at rest.
pub(crate) fn spontaneous_activity(presentations: &mut Presentations<'_>) -> Value {
    let segment = presentations.spontaneous()?;
    mean_rate_hz(&segment, |_| true).ok_or_else(|| {
        let sheet = &presentations.sheet.name;
        Missing::new(format!("no cell of the sheet {sheet} was recorded"))
    })
}
