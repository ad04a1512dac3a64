//! What is presented: the protocol in which the model's parameters are judged.

use std::f64::consts::FRAC_PI_2;

use recording::Stimulus;

use crate::lgn::Scene;
use crate::parameters::Parameters;

/// One stimulus, and the blank screen before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    /// Name and parameters as mozaik writes them.
    pub stimulus: Stimulus,
    /// How long it lasts, a multiple of 0.5 ms.
    pub duration_ms: f64,
    /// How long the screen is blank before, which is not recorded.
    pub blank_ms: f64,
    pub(crate) scene: Scene,
}

/// Two periods without stimulus, then for each trial full-field gratings of two orientations at two
/// contrasts and a grating in a disk.
pub fn presentations(parameters: &Parameters) -> Vec<Presentation> {
    let experiment = |name: &str| parameters.value(&format!("experiments.{name}"));
    let lgn = |name: &str| parameters.value(&format!("sheets.retina_lgn.params.{name}"));
    let internal = |duration_ms: f64| Presentation {
        stimulus: Stimulus::new("InternalStimulus", &[("duration", duration_ms), ("trial", 0.0)]),
        duration_ms,
        blank_ms: 0.0,
        scene: Scene::Blank,
    };
    let duration_ms = experiment("grating_duration");
    let grating = |orientation: f64, contrast: f64, radius: Option<f64>, trial: usize| {
        let mut described = vec![
            ("orientation", orientation),
            ("contrast", contrast),
            ("spatial_frequency", lgn("lgn_sf")),
            ("temporal_frequency", lgn("lgn_tf")),
            ("duration", duration_ms),
            ("trial", trial as f64),
        ];
        let name = match radius {
            Some(radius) => {
                described.push(("radius", radius));
                "DriftingSinusoidalGratingDisk"
            }
            None => "FullfieldDriftingSinusoidalGrating",
        };
        Presentation {
            stimulus: Stimulus::new(name, &described),
            duration_ms,
            blank_ms: parameters.value("null_stimulus_period"),
            scene: Scene::Grating {
                orientation_rad: orientation,
                contrast_percent: contrast,
                radius_deg: radius,
            },
        }
    };
    let mut presentations = vec![
        internal(experiment("settling_duration")),
        internal(experiment("spontaneous_duration")),
    ];
    for trial in 0..experiment("trials") as usize {
        for contrast in [100.0, 10.0] {
            for orientation in [0.0, FRAC_PI_2] {
                presentations.push(grating(orientation, contrast, None, trial));
            }
        }
        presentations.push(grating(FRAC_PI_2, 100.0, Some(experiment("disk_radius")), trial));
    }
    presentations.retain(|presentation| presentation.duration_ms > 0.0);
    presentations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_protocol_takes_16_seconds() {
        let presentations = presentations(&Parameters::defaults());
        let listed: Vec<_> = presentations
            .iter()
            .map(|p| (p.stimulus.name.as_str(), p.stimulus.number("contrast"), p.duration_ms))
            .collect();
        let full = "FullfieldDriftingSinusoidalGrating";
        assert_eq!(
            listed,
            [
                ("InternalStimulus", None, 500.0),
                ("InternalStimulus", None, 5000.0),
                (full, Some(100.0), 2000.0),
                (full, Some(100.0), 2000.0),
                (full, Some(10.0), 2000.0),
                (full, Some(10.0), 2000.0),
                ("DriftingSinusoidalGratingDisk", Some(100.0), 2000.0),
            ]
        );
        let total: f64 = presentations.iter().map(|p| p.duration_ms + p.blank_ms).sum();
        assert_eq!(total, 16_250.0);
    }
}
