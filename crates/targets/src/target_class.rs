use std::fmt;
use std::str::FromStr;

use crate::Rule;

/// What a target measures, or, for the last five, only by which rule it is scored.
///
/// # Examples
///
/// ```
/// use targets::{Rule, TargetClass};
///
/// let class: TargetClass = "SpontActivityTarget".parse()?;
/// assert_eq!(class, TargetClass::SpontActivity);
/// assert_eq!((class.rule(), class.unit()), (Rule::Range, Some("Hz")));
/// assert!(class.is_measured() && !TargetClass::TargetValue.is_measured());
/// # Ok::<(), targets::UnknownTargetClass>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetClass {
    /// Mean firing rate of spontaneous activity: [`crate::rate`].
    SpontActivity,
    /// Irregularity of spontaneous firing: [`crate::isi`].
    Irregularity,
    /// Mean pairwise correlation of spontaneous firing: [`crate::synchrony`].
    Synchrony,
    /// Response to the preferred over that to the orthogonal grating:
    /// [`crate::orientation_tuning`].
    OrientationTuningPreference,
    /// Distance of the response to the orthogonal grating at high contrast from spontaneous firing:
    /// [`crate::orientation_tuning`].
    OrientationTuningOrthoHigh,
    /// The same at low contrast.
    OrientationTuningOrthoLow,
    /// Share of cells that a large grating suppresses: [`crate::size_tuning`].
    SizeTuning,
    /// Inhibitory over excitatory conductance: [`crate::conductance`].
    ConductanceRatio,
    /// Response at the grating's temporal frequency, F1/F0: [`crate::modulation`].
    ModulationRatio,
    /// A value from elsewhere that should equal a number.
    TargetValue,
    /// A value from elsewhere that should be at least a number.
    OneBoundUpper,
    /// A value from elsewhere that should be at most a number.
    OneBoundLower,
    /// A value from elsewhere that should lie in a range.
    Range,
    /// A value that a command of the user's measures on the data store, with its scoring rule.
    Command(Rule),
}

use TargetClass as C;

impl TargetClass {
    /// Every class.
    pub const ALL: &[TargetClass] = &[
        C::SpontActivity,
        C::Irregularity,
        C::Synchrony,
        C::OrientationTuningPreference,
        C::OrientationTuningOrthoHigh,
        C::OrientationTuningOrthoLow,
        C::SizeTuning,
        C::ConductanceRatio,
        C::ModulationRatio,
        C::TargetValue,
        C::OneBoundUpper,
        C::OneBoundLower,
        C::Range,
        C::Command(Rule::TargetValue),
    ];

    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            C::SpontActivity => "SpontActivityTarget",
            C::Irregularity => "IrregularityTarget",
            C::Synchrony => "SynchronyTarget",
            C::OrientationTuningPreference => "OrientationTuningPreferenceTarget",
            C::OrientationTuningOrthoHigh => "OrientationTuningOrthoHighTarget",
            C::OrientationTuningOrthoLow => "OrientationTuningOrthoLowTarget",
            C::SizeTuning => "SizeTuning",
            C::ConductanceRatio => "ConductanceRatio",
            C::ModulationRatio => "ModulationRatio",
            C::TargetValue => "TargetValue",
            C::OneBoundUpper => "OneBoundUpperTarget",
            C::OneBoundLower => "OneBoundLowerTarget",
            C::Range => "RangeTarget",
            C::Command(_) => "CommandTarget",
        }
    }

    /// The class of values from elsewhere that are scored by this rule.
    pub fn of_rule(rule: Rule) -> Self {
        match rule {
            Rule::TargetValue => C::TargetValue,
            Rule::OneBoundUpper => C::OneBoundUpper,
            Rule::OneBoundLower => C::OneBoundLower,
            Rule::Range => C::Range,
        }
    }

    /// How its value is scored.
    pub fn rule(self) -> Rule {
        match self {
            C::SpontActivity | C::Range => Rule::Range,
            C::Irregularity | C::OrientationTuningPreference | C::SizeTuning | C::OneBoundUpper => {
                Rule::OneBoundUpper
            }
            C::OneBoundLower => Rule::OneBoundLower,
            C::Synchrony
            | C::OrientationTuningOrthoHigh
            | C::OrientationTuningOrthoLow
            | C::ConductanceRatio
            | C::ModulationRatio
            | C::TargetValue => Rule::TargetValue,
            C::Command(rule) => rule,
        }
    }

    /// Whether the value is computed from a recording, and not given by something else.
    pub fn is_measured(self) -> bool {
        !matches!(
            self,
            C::TargetValue | C::OneBoundUpper | C::OneBoundLower | C::Range | C::Command(_)
        )
    }

    /// The unit of its value; `None` for a pure number and where the class does not know it.
    pub fn unit(self) -> Option<&'static str> {
        (self == C::SpontActivity).then_some("Hz")
    }

    /// What it measures, in one line.
    pub fn description(self) -> &'static str {
        match self {
            C::SpontActivity => "mean firing rate of spontaneous activity",
            C::Irregularity => {
                "mean coefficient of variation of the inter-spike intervals of spontaneous activity"
            }
            C::Synchrony => "mean pairwise correlation of spontaneous spike counts in 10 ms bins",
            C::OrientationTuningPreference => {
                "firing rate at the preferred orientation divided by that at the orthogonal one"
            }
            C::OrientationTuningOrthoHigh => {
                "relative difference of the firing rates at the orthogonal orientation, contrast \
                 100 %, and at rest"
            }
            C::OrientationTuningOrthoLow => {
                "relative difference of the firing rates at the orthogonal orientation, contrast \
                 10 %, and at rest"
            }
            C::SizeTuning => {
                "share of cells that fire over 1.1 times more to a disk than full field"
            }
            C::ConductanceRatio => "mean inhibitory divided by mean excitatory conductance at rest",
            C::ModulationRatio => {
                "response at the temporal frequency of the grating relative to the mean (F1/F0)"
            }
            C::TargetValue => "a value of your own, scored by its distance from a number",
            C::OneBoundUpper => "a value of your own that should be at least a number",
            C::OneBoundLower => "a value of your own that should be at most a number",
            C::Range => "a value of your own that should lie in a range",
            C::Command(_) => "a value that a command of your own measures",
        }
    }
}

impl fmt::Display for TargetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not the name of a target class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTargetClass {
    /// The name.
    pub name: String,
    /// The class whose name is most like it, if one is.
    pub suggestion: Option<TargetClass>,
}

impl std::error::Error for UnknownTargetClass {}

impl fmt::Display for UnknownTargetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no target class \"{}\"", self.name)?;
        match self.suggestion {
            Some(class) => write!(f, ", did you mean \"{class}\"?"),
            None => Ok(()),
        }
    }
}

impl FromStr for TargetClass {
    type Err = UnknownTargetClass;

    /// Configurations write `SizeTuning`, `ConductanceRatio` and `ModulationRatio` with and without
    /// the suffix `Target`.
    fn from_str(name: &str) -> Result<Self, UnknownTargetClass> {
        let suffixed = [C::SizeTuning, C::ConductanceRatio, C::ModulationRatio];
        let is_named = |class: &&C| {
            class.name() == name
                || (suffixed.contains(class) && name.strip_suffix("Target") == Some(class.name()))
        };
        if let Some(class) = C::ALL.iter().find(is_named) {
            return Ok(*class);
        }
        let likeness =
            |class: &C| strsim::jaro_winkler(&class.name().to_lowercase(), &name.to_lowercase());
        let suggestion = C::ALL
            .iter()
            .copied()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .filter(|class| likeness(class) > 0.8);
        Err(UnknownTargetClass { name: name.to_owned(), suggestion })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_found_by_its_name() {
        for class in TargetClass::ALL {
            assert_eq!(class.name().parse(), Ok(*class));
        }
        assert_eq!("ModulationRatioTarget".parse(), Ok(TargetClass::ModulationRatio));
    }

    #[test]
    fn a_misspelt_class_is_suggested() {
        let error = "SpontActvityTarget".parse::<TargetClass>().unwrap_err();
        assert_eq!(error.suggestion, Some(TargetClass::SpontActivity));
        assert_eq!(
            error.to_string(),
            "there is no target class \"SpontActvityTarget\", did you mean \"SpontActivityTarget\"?"
        );
        assert_eq!("xyz".parse::<TargetClass>().unwrap_err().suggestion, None);
    }

    #[test]
    fn nine_classes_are_measured() {
        assert_eq!(TargetClass::ALL.iter().filter(|class| class.is_measured()).count(), 9);
    }
}
