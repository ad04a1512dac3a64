//! What is presented: the protocol in which the model's parameters are judged.

use std::f64::consts::{FRAC_PI_2, PI};

use recording::Stimulus;

use crate::lgn::Scene;
use crate::parameters::Parameters;

/// The contrasts of gratings in percent.
const CONTRASTS: [f64; 2] = [100.0, 10.0];

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

/// What the protocols present beyond the parameters' defaults. They have the names of mozopt's
/// protocols for mozaik.
const PROTOCOLS: [(&str, &[(&str, f64)]); 5] = [
    ("optimization", &[]),
    (
        "full",
        &[
            ("experiments.spontaneous_duration", 20_000.0),
            ("experiments.orientations", 10.0),
            ("experiments.sizes", 16.0),
            ("experiments.disk_contrasts", 2.0),
            ("experiments.trials", 2.0),
        ],
    ),
    ("spontaneous", &[("experiments.spontaneous_duration", 20_000.0), ("experiments.trials", 0.0)]),
    (
        "orientation_tuning",
        &[
            ("experiments.spontaneous_duration", 0.0),
            ("experiments.orientations", 10.0),
            ("experiments.sizes", 0.0),
            ("experiments.trials", 10.0),
        ],
    ),
    (
        "size_tuning",
        &[
            ("experiments.spontaneous_duration", 0.0),
            ("experiments.orientations", 0.0),
            ("experiments.sizes", 16.0),
            ("experiments.disk_contrasts", 2.0),
            ("experiments.trials", 10.0),
        ],
    ),
];

/// The names of the protocols: `optimization` is the default.
pub fn protocols() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|(name, _)| *name)
}

/// The parameters of a protocol that differ from the defaults; `None` if there is no such protocol.
///
/// # Examples
///
/// ```
/// use v1_model::{Parameters, Simulation, protocol};
///
/// let spontaneous = protocol("spontaneous").expect("the model has this protocol");
/// let small = [("sheets.l4_cortex_exc.params.sx", 500.0)];
/// let parameters = Parameters::with_overrides(spontaneous.iter().copied().chain(small))?;
/// let simulation = Simulation::build(&parameters, 1, 1)?;
/// let last = simulation.presentations().last().expect("something is presented");
/// assert_eq!((&*last.stimulus.name, last.duration_ms), ("InternalStimulus", 20_000.0));
/// assert_eq!(protocol("sleep"), None);
/// # Ok::<(), v1_model::ParameterError>(())
/// ```
pub fn protocol(name: &str) -> Option<&'static [(&'static str, f64)]> {
    PROTOCOLS.iter().find(|(known, _)| *known == name).map(|(_, changed)| *changed)
}

/// The radii of disks: a third of an octave from one to the next, `disk_radius` among them, a
/// quarter of the others above it. That one goes first, since the target of size tuning looks at
/// the first disk.
fn radii_deg(disk_radius: f64, count: usize) -> Vec<f64> {
    let above = count as i32 / 4;
    let others = (above + 1 - count as i32..=above).filter(|&step| step != 0);
    let steps = std::iter::once(0).chain(others).take(count);
    steps.map(|step| disk_radius * libm::pow(2.0, f64::from(step) / 3.0)).collect()
}

/// Two periods without stimulus, then for each trial full-field gratings at two contrasts and
/// gratings in disks.
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
        let orientations = experiment("orientations") as usize;
        for contrast in CONTRASTS {
            for i in 0..orientations {
                let orientation = PI * i as f64 / orientations as f64;
                presentations.push(grating(orientation, contrast, None, trial));
            }
        }
        for contrast in CONTRASTS.into_iter().take(experiment("disk_contrasts") as usize) {
            for radius in radii_deg(experiment("disk_radius"), experiment("sizes") as usize) {
                presentations.push(grating(FRAC_PI_2, contrast, Some(radius), trial));
            }
        }
    }
    presentations.retain(|presentation| presentation.duration_ms > 0.0);
    presentations
}

/// The experiments of mozaik that present this: the name of each class, and its parameters as a
/// Python dict display.
///
/// # Examples
///
/// ```
/// let experiments = v1_model::experiments(&v1_model::Parameters::defaults());
/// let rest = ("mozaik.experiments.NoStimulation".to_owned(), "{'duration': 5000.0}".to_owned());
/// assert_eq!(experiments[1], rest);
/// assert_eq!(experiments.len(), 4);
/// ```
pub fn experiments(parameters: &Parameters) -> Vec<(String, String)> {
    let experiment = |name: &str| parameters.value(&format!("experiments.{name}"));
    let lgn = |name: &str| parameters.value(&format!("sheets.retina_lgn.params.{name}"));
    let mut experiments: Vec<_> = ["settling_duration", "spontaneous_duration"]
        .into_iter()
        .filter(|duration| experiment(duration) > 0.0)
        .map(|duration| ("NoStimulation", format!("{{'duration': {:?}}}", experiment(duration))))
        .collect();
    let gratings = format!(
        "'spatial_frequency': {:?}, 'temporal_frequency': {:?}, 'grating_duration': {:?}, \
         'num_trials': {}",
        lgn("lgn_sf"),
        lgn("lgn_tf"),
        experiment("grating_duration"),
        experiment("trials")
    );
    let shown = experiment("trials") * experiment("grating_duration") > 0.0;
    if shown && experiment("orientations") > 0.0 {
        let orientations = experiment("orientations");
        let contrasts = format!("'contrasts': {CONTRASTS:?}");
        experiments.push((
            "vision.MeasureOrientationTuningFullfield",
            format!("{{'num_orientations': {orientations}, {contrasts}, {gratings}}}"),
        ));
    }
    if shown && experiment("sizes") > 0.0 {
        let (sizes, largest) = (experiment("sizes"), experiment("disk_radius"));
        let contrasts = &CONTRASTS[..(experiment("disk_contrasts") as usize).min(CONTRASTS.len())];
        experiments.push((
            "vision.MeasureSizeTuning",
            format!(
                "{{'num_sizes': {sizes}, 'max_size': {largest:?}, 'orientations': [{FRAC_PI_2}], \
                 'contrasts': {contrasts:?}, {gratings}}}"
            ),
        ));
    }
    let named = |(class, parameters)| (format!("mozaik.experiments.{class}"), parameters);
    experiments.into_iter().map(named).collect()
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

    #[test]
    fn the_full_protocol_shows_ten_orientations_and_sixteen_sizes() {
        let parameters = |name| Parameters::with_overrides(protocol(name).unwrap().iter().copied());
        let full = presentations(&parameters("full").unwrap());
        assert_eq!(full[1].duration_ms, 20_000.0);
        let of = |name: &str, contrast: f64| -> Vec<&Stimulus> {
            let shown = full.iter().map(|presentation| &presentation.stimulus);
            shown.filter(|s| s.name == name && s.has("contrast", contrast)).collect()
        };
        let gratings = of("FullfieldDriftingSinusoidalGrating", 10.0);
        assert_eq!(gratings.len(), 10 * 2);
        // The targets look at these two.
        assert_eq!(gratings.iter().filter(|s| s.has("orientation", 0.0)).count(), 2);
        assert_eq!(gratings.iter().filter(|s| s.has("orientation", FRAC_PI_2)).count(), 2);
        for contrast in [100.0, 10.0] {
            let disks = of("DriftingSinusoidalGratingDisk", contrast);
            let mut radii: Vec<f64> = disks.iter().filter_map(|s| s.number("radius")).collect();
            assert_eq!((radii.len(), radii[0]), (16 * 2, 1.25));
            radii.sort_by(f64::total_cmp);
            radii.dedup();
            assert_eq!(radii.len(), 16);
            assert!(radii[0] < 0.1 && radii[15] > 3.0 && radii[15] < 3.2, "{radii:?}");
        }
        for name in protocols() {
            assert!(parameters(name).is_ok(), "{name}");
        }
        assert_eq!(protocol("ful"), None);
    }
}
