//! Which period without a stimulus is taken for spontaneous activity.

/// How long spontaneous activity lasts in a protocol for a search: a period of exactly this duration
/// is taken before any other.
pub const USUAL_DURATION_MS: f64 = 5000.0;

/// In less than this no statistics can be computed. A shorter period lets a network settle.
pub const LEAST_DURATION_MS: f64 = 1000.0;

/// The duration, in ms, of the period that is spontaneous activity, among the durations of all
/// periods without a stimulus: the usual one, else the longest. `None` if that is too short.
pub fn spontaneous_duration(durations: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut longest = None;
    for duration in durations {
        if duration == USUAL_DURATION_MS {
            return Some(duration);
        }
        if duration >= LEAST_DURATION_MS && longest.is_none_or(|longest| duration > longest) {
            longest = Some(duration);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::spontaneous_duration;

    #[test]
    fn the_usual_duration_comes_first_and_then_the_longest() {
        assert_eq!(spontaneous_duration([500.0, 5000.0, 20000.0]), Some(5000.0));
        assert_eq!(spontaneous_duration([500.0, 4998.0, 1001.0]), Some(4998.0));
        assert_eq!(spontaneous_duration([20000.0]), Some(20000.0));
        assert_eq!(spontaneous_duration([1000.0]), Some(1000.0));
        assert_eq!(spontaneous_duration([100.0, 999.9, f64::NAN]), None);
        assert_eq!(spontaneous_duration([]), None);
    }
}
