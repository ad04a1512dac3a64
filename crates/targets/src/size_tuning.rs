//! Suppression by large stimuli.

use std::collections::BTreeMap;

use crate::orientation::OPTIMAL_RAD;
use crate::orientation_tuning::HIGH_CONTRAST;
use crate::presentations::{DISK, FULL_FIELD, Presentations};
use crate::{Missing, Value};

/// Cells within this distance of the centre of the disk are examined.
pub const RADIUS_DEG: f64 = 1.0;

/// Whether a cell that fires so many spikes to a disk and to a full field is suppressed by size: it
/// fires more than twice to the disk, and over 1.1 times more than to the full field. A cell that
/// the full field silences does not count.
///
/// # Examples
///
/// ```
/// use targets::size_tuning::is_suppressed;
///
/// assert!(is_suppressed(12, 10));
/// assert!(!is_suppressed(11, 10)); // no more than 1.1 times as many
/// assert!(!is_suppressed(12, 0)); // silenced
/// ```
pub fn is_suppressed(disk_spikes: usize, full_field_spikes: usize) -> bool {
    let ratio = disk_spikes as f64 / full_field_spikes as f64;
    disk_spikes > 2 && full_field_spikes > 0 && ratio > 1.1
}

/// `SizeTuning`: the share of suppressed cells among the oriented cells near the centre. Of several
/// trials or disks the first counts.
pub(crate) fn size_tuning(presentations: &mut Presentations<'_>) -> Value {
    presentations.require_as_predecessor()?;
    let preferences = presentations.preferences()?;
    let positions_deg = presentations.positions_deg()?;
    let is_examined = |cell: usize| {
        preferences.is_oriented(cell)
            && positions_deg.get(cell).is_some_and(|[x, y]| x * x + y * y < RADIUS_DEG * RADIUS_DEG)
    };
    let mut spike_counts = |stimulus| {
        let trials = presentations.gratings_at(stimulus, HIGH_CONTRAST, OPTIMAL_RAD)?;
        let segment = presentations.spikes(trials[0])?;
        let examined = segment.spike_trains.iter().filter(|&(cell, _)| is_examined(cell));
        Ok(examined.map(|(cell, times)| (cell, times.len())).collect::<BTreeMap<_, _>>())
    };
    let (disk, full_field) = (spike_counts(DISK)?, spike_counts(FULL_FIELD)?);
    let pairs =
        || disk.iter().filter_map(|(cell, &disk)| full_field.get(cell).map(|&full| (disk, full)));
    let cells = pairs().count();
    if cells == 0 {
        return Err(Missing::new(format!(
            "no recorded cell of {} within {RADIUS_DEG} degree of the centre prefers the \
             orientation {OPTIMAL_RAD:.4} rad",
            presentations.sheet.name
        )));
    }
    let suppressed = pairs().filter(|&(disk, full)| is_suppressed(disk, full)).count();
    Ok(suppressed as f64 / cells as f64)
}
