//! Which stimuli a class of targets needs, so that a protocol can be judged before it is presented.

use std::fmt;

use recording::Stimulus;

use crate::TargetClass;
use crate::modulation::periods;
use crate::orientation::{OPTIMAL_RAD, ORTHOGONAL_RAD, is_same_orientation};
use crate::orientation_tuning::{HIGH_CONTRAST, LOW_CONTRAST};
use crate::presentations::{DISK, FULL_FIELD};
use crate::spontaneous::{
    LEAST_DURATION_MS, SPONTANEOUS, USUAL_DURATION_MS, is_spontaneous, spontaneous_duration,
};

/// Something that must be presented for a target to have a value.
///
/// # Examples
///
/// ```
/// use recording::Stimulus;
/// use targets::{DISK, NeededStimulus, TargetClass};
///
/// let needed = NeededStimulus::of(TargetClass::SizeTuning);
/// let orientation = std::f64::consts::FRAC_PI_2;
/// let disk = Stimulus::new(DISK, &[("contrast", 100.0), ("orientation", orientation)]);
/// assert!(needed[0].is_among(&[disk.clone()]));
/// assert!(!needed[1].is_among(&[disk])); // the same grating in the whole field
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NeededStimulus {
    /// A period without a stimulus, and only one of its duration.
    Spontaneous,
    /// A drifting grating.
    Grating {
        /// The stimulus: in the whole field or in a disk.
        name: &'static str,
        /// In percent.
        contrast: f64,
        /// With period π; `None`: any.
        orientation_rad: Option<f64>,
    },
    /// Full-field gratings of high contrast that last a period at least.
    WholePeriods,
}

impl NeededStimulus {
    /// All that targets of this class need, whatever their sheet is.
    pub fn of(class: TargetClass) -> Vec<Self> {
        use TargetClass as C;
        let full_field = |contrast, orientation_rad| Self::Grating {
            name: FULL_FIELD,
            contrast,
            orientation_rad: Some(orientation_rad),
        };
        match class {
            C::SpontActivity | C::Irregularity | C::Synchrony | C::ConductanceRatio => {
                vec![Self::Spontaneous]
            }
            C::OrientationTuningPreference => vec![
                full_field(HIGH_CONTRAST, OPTIMAL_RAD),
                full_field(HIGH_CONTRAST, ORTHOGONAL_RAD),
            ],
            C::OrientationTuningOrthoHigh => {
                vec![Self::Spontaneous, full_field(HIGH_CONTRAST, ORTHOGONAL_RAD)]
            }
            C::OrientationTuningOrthoLow => {
                vec![Self::Spontaneous, full_field(LOW_CONTRAST, ORTHOGONAL_RAD)]
            }
            C::SizeTuning => vec![
                Self::Grating {
                    name: DISK,
                    contrast: HIGH_CONTRAST,
                    orientation_rad: Some(OPTIMAL_RAD),
                },
                full_field(HIGH_CONTRAST, OPTIMAL_RAD),
            ],
            C::ModulationRatio => vec![
                Self::Grating { name: FULL_FIELD, contrast: HIGH_CONTRAST, orientation_rad: None },
                Self::WholePeriods,
            ],
            C::TargetValue | C::OneBoundUpper | C::OneBoundLower | C::Range | C::Command(_) => {
                vec![]
            }
        }
    }

    /// The name of the stimulus that this is.
    pub fn stimulus(self) -> &'static str {
        match self {
            Self::Spontaneous => SPONTANEOUS,
            Self::Grating { name, .. } => name,
            Self::WholePeriods => FULL_FIELD,
        }
    }

    /// Whether it is among these stimuli, which are presented in this order.
    pub fn is_among(self, presented: &[Stimulus]) -> bool {
        let gratings = |name, contrast| {
            let shown = presented.iter();
            shown.filter(move |shown| shown.name == name && shown.has("contrast", contrast))
        };
        match self {
            Self::Spontaneous => {
                let durations: Vec<f64> = presented
                    .iter()
                    .filter(|shown| is_spontaneous(shown))
                    .filter_map(|shown| shown.number("duration"))
                    .collect();
                let duration = spontaneous_duration(durations.iter().copied());
                duration
                    .is_some_and(|ms| durations.iter().filter(|&&other| other == ms).count() == 1)
            }
            Self::Grating { name, contrast, orientation_rad } => {
                gratings(name, contrast).any(|shown| match orientation_rad {
                    None => true,
                    Some(wanted) => shown
                        .number("orientation")
                        .is_some_and(|shown_rad| is_same_orientation(shown_rad, wanted)),
                })
            }
            Self::WholePeriods => {
                gratings(FULL_FIELD, HIGH_CONTRAST).next_back().is_none_or(|last| {
                    let numbers = (last.number("duration"), last.number("temporal_frequency"));
                    let (Some(duration_ms), Some(frequency_hz)) = numbers else { return true };
                    periods(duration_ms, frequency_hz) >= 1.0
                })
            }
        }
    }
}

/// As a fragment of a sentence, after "there is no".
impl fmt::Display for NeededStimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spontaneous => write!(
                f,
                "single {SPONTANEOUS} of {USUAL_DURATION_MS} ms, or else a longest of at least \
                 {LEAST_DURATION_MS} ms"
            ),
            Self::Grating { name, contrast, orientation_rad: None } => {
                write!(f, "{name} with contrast {contrast} %")
            }
            Self::Grating { name, contrast, orientation_rad: Some(orientation_rad) } => {
                write!(f, "{name} with contrast {contrast} % at {orientation_rad:.4} rad")
            }
            Self::WholePeriods => {
                write!(f, "whole period of the last {FULL_FIELD} with contrast {HIGH_CONTRAST} %")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, PI};

    use recording::StimulusValue;

    use super::*;

    fn rest(duration_ms: f64) -> Stimulus {
        Stimulus::new(SPONTANEOUS, &[("duration", duration_ms)])
    }

    fn grating(name: &str, contrast: f64, orientation_rad: f64) -> Stimulus {
        let parameters = [
            ("contrast", contrast),
            ("orientation", orientation_rad),
            ("duration", 2000.0),
            ("temporal_frequency", 2.0),
        ];
        Stimulus::new(name, &parameters)
    }

    fn usual() -> Vec<Stimulus> {
        let mut shown = vec![rest(500.0), rest(5000.0)];
        for contrast in [10.0, 100.0] {
            shown.extend([0.0, FRAC_PI_2].map(|at| grating(FULL_FIELD, contrast, at)));
        }
        shown.push(grating(DISK, 100.0, FRAC_PI_2));
        shown
    }

    fn without_value(shown: &[Stimulus]) -> Vec<TargetClass> {
        let lacks = |class: &TargetClass| {
            NeededStimulus::of(*class).iter().any(|needed| !needed.is_among(shown))
        };
        TargetClass::ALL.iter().copied().filter(lacks).collect()
    }

    #[test]
    fn each_class_lacks_its_own_stimuli() {
        use TargetClass as C;
        assert_eq!(without_value(&usual()), []);
        let but = |is_left_out: &dyn Fn(&Stimulus) -> bool| {
            let shown: Vec<_> = usual().into_iter().filter(|shown| !is_left_out(shown)).collect();
            without_value(&shown)
        };
        let resting = [
            C::SpontActivity,
            C::Irregularity,
            C::Synchrony,
            C::OrientationTuningOrthoHigh,
            C::OrientationTuningOrthoLow,
            C::ConductanceRatio,
        ];
        assert_eq!(but(&|shown| shown.has("duration", 5000.0)), resting);
        assert_eq!(but(&|shown| shown.name == DISK), [C::SizeTuning]);
        assert_eq!(but(&|shown| shown.has("contrast", 10.0)), [C::OrientationTuningOrthoLow]);
        let orthogonal = |shown: &Stimulus| shown.has("orientation", 0.0);
        let tuning = [
            C::OrientationTuningPreference,
            C::OrientationTuningOrthoHigh,
            C::OrientationTuningOrthoLow,
        ];
        assert_eq!(but(&orthogonal), tuning);
    }

    #[test]
    fn a_kick_is_no_spontaneous_activity_and_two_of_a_kind_are_ambiguous() {
        let is_among = |shown: &[Stimulus]| NeededStimulus::Spontaneous.is_among(shown);
        let mut kick = rest(5000.0);
        let name = "direct_stimulation_name".to_owned();
        kick.parameters.insert(name.clone(), StimulusValue::Text("Kick".to_owned()));
        assert!(!is_among(&[kick.clone()]));
        kick.parameters.insert(name, StimulusValue::Text("None".to_owned()));
        assert!(is_among(&[kick]));
        assert!(!is_among(&[rest(5000.0), rest(5000.0)]));
        assert!(is_among(&[rest(500.0), rest(500.0), rest(4998.0)]));
    }

    #[test]
    fn orientations_have_a_tolerance_and_a_period() {
        let needed =
            NeededStimulus::Grating { name: DISK, contrast: 100.0, orientation_rad: Some(0.0) };
        assert!(needed.is_among(&[grating(DISK, 100.0, PI - 0.05)]));
        assert!(!needed.is_among(&[grating(DISK, 100.0, 0.2)]));
    }

    #[test]
    fn a_grating_must_last_for_a_period() {
        let mut short = grating(FULL_FIELD, 100.0, 0.0);
        short.parameters.insert("duration".to_owned(), StimulusValue::Number(140.0));
        assert!(!NeededStimulus::WholePeriods.is_among(&[short]));
    }
}
