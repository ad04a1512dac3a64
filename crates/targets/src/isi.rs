//! Inter-spike intervals (ISI) and how irregular they are.

use recording::SpikeTrains;

use crate::presentations::Presentations;
use crate::{Missing, Value};

/// Fewer intervals say nothing of the irregularity of a cell.
pub const MIN_INTERVALS: usize = 6;

/// Whether a train is long enough for its irregularity and its correlations to be measured: more
/// than five intervals.
pub fn has_enough_intervals(times_ms: &[f64]) -> bool {
    times_ms.len() > MIN_INTERVALS
}

/// The coefficient of variation of the intervals between ascending spike times: their standard
/// deviation (of the population, not the sample) over their mean. Not a number if there is no
/// interval.
///
/// # Examples
///
/// ```
/// use targets::isi::coefficient_of_variation;
///
/// // Intervals of 4 and 10 ms in turn: the mean is 7 and the deviation 3.
/// let bursts_ms = [10.0, 14.0, 24.0, 28.0, 38.0];
/// assert!((coefficient_of_variation(&bursts_ms) - 3.0 / 7.0).abs() < 1e-12);
/// assert_eq!(coefficient_of_variation(&[1.0, 2.0, 3.0, 4.0]), 0.0);
/// ```
pub fn coefficient_of_variation(times_ms: &[f64]) -> f64 {
    let count = times_ms.len().saturating_sub(1) as f64;
    let intervals = || times_ms.windows(2).map(|pair| pair[1] - pair[0]);
    let mean = intervals().sum::<f64>() / count;
    let variance = intervals().map(|interval| (interval - mean).powi(2)).sum::<f64>() / count;
    variance.sqrt() / mean
}

/// The mean coefficient of variation of the trains [with enough intervals](has_enough_intervals).
/// `None` if there is no such train.
pub fn mean_coefficient_of_variation(trains: &SpikeTrains) -> Option<f64> {
    let long = || trains.iter().map(|(_, times)| times).filter(|times| has_enough_intervals(times));
    let count = long().count();
    (count > 0).then(|| long().map(coefficient_of_variation).sum::<f64>() / count as f64)
}

/// `Irregularity` at rest.
pub(crate) fn irregularity(presentations: &mut Presentations<'_>) -> Value {
    let segment = presentations.spontaneous()?;
    mean_coefficient_of_variation(&segment.spike_trains).ok_or_else(|| {
        Missing::new(format!(
            "none of the {} recorded cells of {} has more than 5 intervals",
            segment.spike_trains.len(),
            presentations.sheet.name
        ))
    })
}
