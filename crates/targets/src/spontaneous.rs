//! Which period without a stimulus is the spontaneous activity that targets are measured on.

use recording::{Recording, Stimulus, StimulusValue};

/// The name of the absence of a stimulus.
pub const SPONTANEOUS: &str = "InternalStimulus";

/// How long protocols of optimizations rest: a period of this duration is the one, whatever others
/// there are.
pub const USUAL_DURATION_MS: f64 = 5000.0;

/// Shorter periods let the network settle and are not measured.
pub const LEAST_DURATION_MS: f64 = 1000.0;

/// Of periods without a stimulus in one protocol, the duration of the one that is measured: exactly
/// 5000 ms where there is such a one, else the longest, if it lasts at least 1000 ms.
///
/// # Examples
///
/// ```
/// use targets::spontaneous::spontaneous_duration;
///
/// assert_eq!(spontaneous_duration([500.0, 5000.0, 20_000.0]), Some(5000.0));
/// assert_eq!(spontaneous_duration([2000.0, 20_000.0]), Some(20_000.0));
/// assert_eq!(spontaneous_duration([500.0]), None);
/// ```
pub fn spontaneous_duration(durations: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut longest = None;
    for duration_ms in durations.into_iter().filter(|ms| ms.is_finite()) {
        if duration_ms == USUAL_DURATION_MS {
            return Some(duration_ms);
        }
        if duration_ms >= LEAST_DURATION_MS && longest.is_none_or(|longest| duration_ms > longest) {
            longest = Some(duration_ms);
        }
    }
    longest
}

/// Whether nothing is presented, and nothing stimulates the neurons directly: the kick that starts
/// some networks is an `InternalStimulus`, too.
pub fn is_spontaneous(stimulus: &Stimulus) -> bool {
    let is_kick = match stimulus.parameters.get("direct_stimulation_name") {
        Some(StimulusValue::Text(name)) => !matches!(name.as_str(), "" | "None"),
        _ => false,
    };
    stimulus.name == SPONTANEOUS && !is_kick
}

/// The durations of all periods without a stimulus in a recording's protocol: those recorded, of
/// any sheet, and those that were announced and that a run which ended early did not come to.
pub fn spontaneous_durations(recording: &dyn Recording) -> Vec<f64> {
    let segments = recording.segments().iter();
    let resting = segments.filter(|segment| !segment.null && is_spontaneous(&segment.stimulus));
    let recorded = resting.filter_map(|segment| segment.stimulus.number("duration"));
    recorded.chain(recording.announced_rest_ms().iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_period_is_taken_and_else_the_longest_that_is_long_enough() {
        assert_eq!(spontaneous_duration([500.0, 5000.0, 20_000.0]), Some(5000.0));
        assert_eq!(spontaneous_duration([500.0, 4998.0]), Some(4998.0));
        assert_eq!(spontaneous_duration([1029.0, 20_000.0, 6000.0]), Some(20_000.0));
        assert_eq!(spontaneous_duration([1000.0]), Some(1000.0));
        assert_eq!(spontaneous_duration([999.0, f64::NAN, f64::INFINITY]), None);
        assert_eq!(spontaneous_duration([]), None);
    }

    #[test]
    fn a_kick_is_no_rest() {
        let of = |value| {
            let mut stimulus = Stimulus::new(SPONTANEOUS, &[]);
            stimulus.parameters.insert("direct_stimulation_name".to_owned(), value);
            is_spontaneous(&stimulus)
        };
        assert!(of(StimulusValue::None) && of(StimulusValue::Text("None".to_owned())));
        assert!(!of(StimulusValue::Text("Kick".to_owned())));
        assert!(is_spontaneous(&Stimulus::new(SPONTANEOUS, &[])));
        assert!(!is_spontaneous(&Stimulus::new("Null", &[])));
    }

    proptest! {
        #[test]
        fn the_choice_does_not_hang_on_the_order(mut durations in prop::collection::vec(
            prop_oneof![Just(5000.0), 0.0..30_000.0, any::<f64>()], 0..8,
        )) {
            let chosen = spontaneous_duration(durations.clone());
            durations.reverse();
            prop_assert_eq!(chosen, spontaneous_duration(durations.clone()));
            if let Some(chosen) = chosen {
                prop_assert!(durations.contains(&chosen) && chosen >= LEAST_DURATION_MS);
            }
        }
    }
}
