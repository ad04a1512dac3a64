//! What each parameter is: its unit, the values that it may have, and what it does.

use crate::parameters::Parameters;

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    /// Its unit; empty if it has none.
    pub unit: &'static str,
    /// The least and the greatest value.
    pub range: [f64; 2],
    /// What it does, as a fragment of a sentence.
    pub meaning: &'static str,
}

impl Description {
    /// The range in words: `0 to 1`, `at least 0`, `above 0`.
    pub fn bounds(&self) -> String {
        match self.range {
            ABOVE_0 => "above 0".to_owned(),
            [low, LARGEST] => format!("at least {low}"),
            [low, high] => format!("{low} to {high}"),
        }
    }
}

/// No parameter is meant to be so large.
const LARGEST: f64 = 1.0e9;
const SMALLEST: f64 = 1.0e-6;
const ABOVE_0: [f64; 2] = [SMALLEST, LARGEST];
const FROM_0: [f64; 2] = [0.0, LARGEST];
const POTENTIAL: [f64; 2] = [-1000.0, 1000.0];
const DURATION: [f64; 2] = [0.0, 1.0e6];
const SEED: [f64; 2] = [0.0, 9.0e15];
const RATE: [f64; 2] = [0.0, 10_000.0];
const SAMPLES: [f64; 2] = [0.0, 100_000.0];
/// The network is integrated in windows of 0.5 ms.
const FROM_WINDOW: [f64; 2] = [0.5, 1000.0];

/// By the end of the path; the first that fits counts.
const DESCRIPTIONS: &[(&str, &str, [f64; 2], &str)] = &[
    ("pynn_seed", "", SEED, "seed of the cells, their thresholds, and the connections"),
    ("or_map.seed", "", SEED, "seed of the orientation map"),
    ("or_map.period", "µm", ABOVE_0, "distance after which the orientation map repeats"),
    ("null_stimulus_period", "ms", DURATION, "blank screen before each grating"),
    (
        "num_samples_reduction",
        "",
        ABOVE_0,
        "number of connections that one synapse stands for, with as many times the weight",
    ),
    ("delay_linear_scaler", "ms/µm", FROM_0, "delay per distance within a layer"),
    (
        "kernel_scale",
        "",
        ABOVE_0,
        "factor of the widths of connections that theta and alpha describe",
    ),
    (
        "explosion_monitoring.threshold.*",
        "Hz",
        ABOVE_0,
        "mean rate of the sheet above which the simulation ends",
    ),
    ("settling_duration", "ms", DURATION, "time without a stimulus at the beginning"),
    (
        "spontaneous_duration",
        "ms",
        DURATION,
        "time without a stimulus in which activity is measured",
    ),
    ("grating_duration", "ms", DURATION, "duration of each grating"),
    (
        "experiments.orientations",
        "",
        [0.0, 1000.0],
        "number of orientations of full-field gratings",
    ),
    ("experiments.trials", "", [0.0, 1000.0], "number of times that each grating is shown"),
    ("experiments.disk_radius", "degrees", FROM_0, "radius of the disk that is shown first"),
    ("experiments.sizes", "", [0.0, 100.0], "number of disks"),
    ("experiments.disk_contrasts", "", [1.0, 2.0], "number of contrasts at which disks are shown"),
    ("conductance_interval", "ms", [0.5, 1.0e6], "time between samples of conductances"),
    (
        "retina_lgn.params.density",
        "cells/degree²",
        ABOVE_0,
        "density of the ON and of the OFF cells",
    ),
    (
        "margin",
        "degrees",
        FROM_0,
        "distance by which the sheets of the LGN reach beyond the cortical ones",
    ),
    ("lgn_r0", "Hz", RATE, "spontaneous rate of the LGN"),
    ("lgn_amax", "Hz", RATE, "greatest amplitude of the response of the LGN to a grating"),
    ("lgn_c50", "%", ABOVE_0, "contrast at which the LGN responds with half of it"),
    ("lgn_sf", "cycles/degree", FROM_0, "spatial frequency of gratings"),
    ("lgn_tf", "Hz", FROM_0, "temporal frequency of gratings"),
    ("lgn_supp_sigma", "degrees", FROM_0, "width of the suppressive field of the LGN; 0: none"),
    ("sx", "µm", ABOVE_0, "length of the cortical sheets' sides"),
    (
        "l4_cortex_exc.params.density",
        "cells/mm²",
        ABOVE_0,
        "density of the excitatory cells of a layer",
    ),
    ("magnification_factor", "µm/degree", ABOVE_0, "cortex per visual angle"),
    ("E_L", "mV", POTENTIAL, "resting potential"),
    ("V_reset", "mV", POTENTIAL, "potential after a spike"),
    ("V_th", "mV", POTENTIAL, "threshold, where the exponential current equals the leak's slope"),
    ("V_th_sd", "mV", FROM_0, "standard deviation of the threshold between cells"),
    ("V_peak", "mV", POTENTIAL, "potential of a spike"),
    ("refr_T", "ms", FROM_WINDOW, "refractory period"),
    ("g_L", "nS", [1.0e-6, 1.0e4], "leak conductance"),
    ("C_m", "pF", [0.1, 1.0e6], "capacitance"),
    ("E_exc", "mV", POTENTIAL, "reversal potential of excitation"),
    ("E_inh", "mV", POTENTIAL, "reversal potential of inhibition"),
    ("tau_syn_exc", "ms", ABOVE_0, "time constant of excitatory conductances"),
    ("tau_syn_inh", "ms", ABOVE_0, "time constant of inhibitory conductances"),
    ("params.a", "nS", FROM_0, "adaptation to the potential"),
    ("params.b", "pA", FROM_0, "adaptation to each spike"),
    ("Delta_T", "mV", ABOVE_0, "steepness of the exponential current"),
    ("tau_w", "ms", ABOVE_0, "time constant of adaptation"),
    ("base_weight", "µS", FROM_0, "strength of a connection before depression"),
    ("num_samples", "", SAMPLES, "connections that each target cell draws"),
    (
        "num_samples_var",
        "",
        SAMPLES,
        "number of connections that a cell draws more or fewer at most",
    ),
    ("U", "", [0.0, 1.0], "share of the available resources that a spike uses"),
    ("tau_rec", "ms", ABOVE_0, "time constant of recovery from depression"),
    ("tau_psc", "ms", ABOVE_0, "time constant with which used resources become inactive"),
    ("delay0", "ms", FROM_WINDOW, "delay at distance 0"),
    ("AfferentConnection.size", "degrees", ABOVE_0, "width of receptive fields"),
    ("aspect_ratio", "", ABOVE_0, "width over length of receptive fields"),
    ("frequency", "cycles/degree", ABOVE_0, "spatial frequency of receptive fields"),
    ("gauss_coefficient", "", FROM_0, "share of the envelope that both signs of the field get"),
    ("theta", "µm", FROM_0, "distance up to which the probability of a connection is flat"),
    ("alpha", "1/µm", ABOVE_0, "slope of the logarithm of the probability beyond"),
    (
        "sigma",
        "",
        ABOVE_0,
        "tolerance of connections for different preferences: in the correlation of receptive \
         fields within layer 4, otherwise in orientation, in radians",
    ),
    ("arborization_constant", "µm", ABOVE_0, "width of the connection"),
    ("arborization_scaler", "", FROM_0, "weight of long-range connections against local ones"),
];

impl Parameters {
    /// What a parameter is, if there is such a parameter.
    ///
    /// ```
    /// use v1_model::Parameters;
    ///
    /// let path = "sheets.l4_cortex_exc.params.cell.params.refr_T";
    /// let what = Parameters::description(path).unwrap();
    /// assert_eq!((what.unit, what.range), ("ms", [0.5, 1000.0]));
    /// assert_eq!(what.meaning, "refractory period");
    /// ```
    pub fn description(path: &str) -> Option<Description> {
        Self::paths().find(|known| *known == path)?;
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let fits = |end: &str| match end.strip_suffix(".*") {
            Some(end) => parent == end,
            None => {
                path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        };
        let (_, unit, range, meaning) = DESCRIPTIONS.iter().find(|(end, ..)| fits(end))?;
        Some(Description { unit, range: *range, meaning })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_described_and_no_other() {
        let defaults = Parameters::defaults();
        for (path, value) in defaults.iter() {
            let Description { range: [low, high], .. } = Parameters::description(path).unwrap();
            assert!((low..=high).contains(&value), "{path}");
        }
        assert_eq!(Parameters::description("sheets.sx"), None);
        for &(end, ..) in DESCRIPTIONS {
            let path = end.replace('*', "l4_cortex_exc");
            assert!(Parameters::paths().any(|known| known.ends_with(&path)), "{end}");
        }
    }
}
