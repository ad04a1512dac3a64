//! Responses of cells to gratings of their preferred orientation and of the orthogonal one.
//!
//! The cells examined are the *oriented cells*: recorded ones that prefer
//! [`OPTIMAL_RAD`].

use recording::Segment;

use crate::orientation::{OPTIMAL_RAD, ORTHOGONAL_RAD, TOLERANCE_RAD};
use crate::presentations::{FULL_FIELD, Presentations};
use crate::rate::mean_rate_hz;
use crate::{Missing, Value};

/// The contrast of the gratings of `OrientationTuningPreference` and `OrientationTuningOrthoHigh`.
pub const HIGH_CONTRAST: f64 = 100.0;

/// The contrast of the gratings of `OrientationTuningOrthoLow`.
pub const LOW_CONTRAST: f64 = 10.0;

/// `OrientationTuningPreference`: the mean rate of the oriented cells at their preferred
/// orientation divided by that at the orthogonal one. Of several trials the last counts.
pub(crate) fn preference(presentations: &mut Presentations<'_>) -> Value {
    presentations.require_as_predecessor()?;
    let mut rate_hz = |orientation_rad| {
        let trials = presentations.gratings_at(FULL_FIELD, HIGH_CONTRAST, orientation_rad)?;
        let segment = presentations.spikes(trials[trials.len() - 1])?;
        oriented_rate_hz(presentations, &segment)
    };
    let (preferred_hz, orthogonal_hz) = (rate_hz(OPTIMAL_RAD)?, rate_hz(ORTHOGONAL_RAD)?);
    if orthogonal_hz == 0.0 {
        let reason = format!(
            "the oriented cells of {} are silent at the orthogonal orientation, so the ratio is \
             not finite",
            presentations.sheet.name
        );
        let is_infinite = preferred_hz > 0.0;
        return Err(if is_infinite { Missing::infinite(reason) } else { Missing::new(reason) });
    }
    Ok(preferred_hz / orthogonal_hz)
}

/// `OrientationTuningOrthoHigh` and `OrientationTuningOrthoLow`: by how much the rate o of the
/// oriented cells at the orthogonal orientation differs from their rate s at rest, |s − o|/s. Of
/// several trials the first counts.
pub(crate) fn orthogonal(presentations: &mut Presentations<'_>, contrast: f64) -> Value {
    let resting = presentations.spontaneous()?;
    let resting_hz = oriented_rate_hz(presentations, &resting)?;
    let trials = presentations.gratings_at(FULL_FIELD, contrast, ORTHOGONAL_RAD)?;
    let driven = presentations.spikes(trials[0])?;
    let driven_hz = oriented_rate_hz(presentations, &driven)?;
    if resting_hz == 0.0 {
        return Err(Missing::new(format!(
            "the oriented cells of {} are silent at rest, so the relative difference is not finite",
            presentations.sheet.name
        )));
    }
    Ok((resting_hz - driven_hz).abs() / resting_hz)
}

/// The mean rate in Hz of the oriented cells.
fn oriented_rate_hz(presentations: &Presentations<'_>, segment: &Segment) -> Value {
    let preferences = presentations.preferences()?;
    mean_rate_hz(segment, |cell| preferences.is_oriented(cell)).ok_or_else(|| {
        Missing::new(format!(
            "none of the {} recorded cells of {} prefers the orientation {OPTIMAL_RAD:.4} rad \
             within {TOLERANCE_RAD}",
            segment.spike_trains.len(),
            presentations.sheet.name,
        ))
    })
}
