//! Firing rates.

use recording::Segment;

use crate::presentations::Presentations;
use crate::{Missing, Value};

/// The firing rate in Hz, averaged over the recorded cells whose sheet index is selected. `None` if
/// no cell is.
///
/// # Examples
///
/// ```
/// use recording::{Segment, SpikeTrains};
/// use targets::rate::mean_rate_hz;
///
/// let spike_trains = SpikeTrains::from_counts(vec![4, 7], &[3, 1], vec![10.0, 20.0, 30.0, 15.0])?;
/// let segment = Segment { t_start_ms: 0.0, t_stop_ms: 500.0, spike_trains, signals: vec![] };
/// assert_eq!(mean_rate_hz(&segment, |_| true), Some(4.0));
/// assert_eq!(mean_rate_hz(&segment, |cell| cell == 4), Some(6.0));
/// assert_eq!(mean_rate_hz(&segment, |cell| cell == 5), None);
/// # Ok::<(), recording::SpikeTrainsError>(())
/// ```
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
