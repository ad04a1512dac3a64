use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A parameter of a stimulus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StimulusValue {
    /// Integers and floats are one type, since mozaik's queries compare them with Python's equality
    /// (`100 == 100.0`).
    Number(f64),
    /// Python's `True` and `False`.
    Bool(bool),
    /// A string, or the text of anything that is neither number, truth value nor `None`.
    Text(String),
    /// Python's `None`.
    None,
}

/// What was shown (or that nothing was), as mozaik describes it: the name of its class and its
/// parameters.
///
/// # Examples
///
/// ```
/// use recording::Stimulus;
///
/// let parameters = [("orientation", 1.57), ("contrast", 100.0), ("radius", 0.8)];
/// let grating = Stimulus::new("DriftingSinusoidalGratingDisk", &parameters);
/// assert!(grating.has("contrast", 100.0));
/// assert_eq!(grating.number("radius"), Some(0.8));
/// assert_eq!(grating.number("temporal_frequency"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stimulus {
    /// For example `FullfieldDriftingSinusoidalGrating`; `InternalStimulus` is spontaneous
    /// activity.
    pub name: String,
    /// Everything else: `orientation` in radians, `contrast` in percent, `duration` in ms, `radius`
    /// in degrees, ….
    pub parameters: BTreeMap<String, StimulusValue>,
}

impl Stimulus {
    /// A stimulus with numeric parameters.
    pub fn new(name: &str, parameters: &[(&str, f64)]) -> Self {
        let number = |&(key, value): &(&str, f64)| (key.to_owned(), StimulusValue::Number(value));
        Self { name: name.to_owned(), parameters: parameters.iter().map(number).collect() }
    }

    /// The numeric parameter of this name.
    pub fn number(&self, parameter: &str) -> Option<f64> {
        match self.parameters.get(parameter) {
            Some(StimulusValue::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// Whether this parameter is there and equals the value, as in mozaik's queries.
    pub fn has(&self, parameter: &str, value: f64) -> bool {
        self.number(parameter) == Some(value)
    }
}
