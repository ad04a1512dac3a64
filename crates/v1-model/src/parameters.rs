//! The parameters of the model, under the names that mozaik gives them.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::description::Description;

/// All parameters, with the ties between them resolved.
///
/// The defaults are the tree in `parameters.json`. A leaf is a number or `{"ref": "path"}`, which
/// takes the value of another leaf, as in mozaik: overriding a parameter changes all that refer to
/// it, overriding one that refers cuts its tie.
///
/// # Examples
///
/// ```
/// use v1_model::Parameters;
///
/// let threshold = "explosion_monitoring.threshold.l4_cortex_exc";
/// let parameters = Parameters::with_overrides([(threshold, 80.0)])?;
/// assert_eq!(parameters.get(threshold), Some(80.0));
///
/// let misspelt = Parameters::with_overrides([("pynn_sed", 7.0)]).unwrap_err();
/// let why = "the model has no parameter pynn_sed; did you mean pynn_seed?";
/// assert_eq!(misspelt.to_string(), why);
/// # Ok::<(), v1_model::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    values: Vec<f64>,
}

/// An override that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// The model has no such parameter.
    #[error("the model has no parameter {path}{}", did_you_mean(suggestion.as_deref()))]
    Unknown {
        /// What was asked for.
        path: String,
        /// The parameter that is spelled most like it.
        suggestion: Option<String>,
    },
    /// The value makes no sense for this parameter.
    #[error("{path} = {value}: {why}")]
    OutOfRange {
        /// The parameter.
        path: String,
        /// Its value.
        value: f64,
        /// The rule that it breaks.
        why: String,
    },
    /// The parameter is a count.
    #[error("{path} = {value}: this parameter is a whole number")]
    NotAnInteger {
        /// The parameter.
        path: String,
        /// Its value.
        value: f64,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|path| format!("; did you mean {path}?")).unwrap_or_default()
}

enum Leaf {
    Number(f64),
    Reference(usize),
}

struct Defaults {
    paths: Vec<String>,
    leaves: Vec<Leaf>,
    index: HashMap<String, usize>,
}

static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| {
    let tree: Value =
        serde_json::from_str(include_str!("parameters.json")).expect("the defaults are JSON");
    let mut flat = vec![];
    flatten(&tree, String::new(), &mut flat);
    let paths: Vec<String> = flat.iter().map(|(path, _)| path.clone()).collect();
    let index: HashMap<String, usize> = paths.iter().cloned().zip(0..).collect();
    let leaf = |(path, leaf): &(String, &Value)| match leaf {
        Value::Object(reference) => {
            let target = reference["ref"].as_str().expect("a reference is a path");
            Leaf::Reference(*index.get(target).unwrap_or_else(|| panic!("{path} → {target}")))
        }
        number => Leaf::Number(number.as_f64().expect("a default is a number")),
    };
    let leaves = flat.iter().map(leaf).collect();
    Defaults { paths, leaves, index }
});

fn flatten<'a>(value: &'a Value, path: String, flat: &mut Vec<(String, &'a Value)>) {
    match value.as_object() {
        Some(children) if !children.contains_key("ref") => {
            for (name, child) in children {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(child, path, flat);
            }
        }
        _ => flat.push((path, value)),
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::defaults()
    }
}

impl Parameters {
    /// The values that the model comes with.
    pub fn defaults() -> Self {
        let overrides = vec![None; DEFAULTS.paths.len()];
        Self { values: (0..overrides.len()).map(|i| resolve(i, &overrides)).collect() }
    }

    /// The defaults, changed. If a parameter is given twice the last value counts.
    ///
    /// # Errors
    /// When a parameter does not exist, or when a value does not make sense by itself or together
    /// with the others.
    pub fn with_overrides<'a>(
        overrides: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<Self, ParameterError> {
        let mut given = vec![None; DEFAULTS.paths.len()];
        for (path, value) in overrides {
            let Some(&i) = DEFAULTS.index.get(path) else {
                return Err(ParameterError::Unknown {
                    path: path.to_owned(),
                    suggestion: closest(path),
                });
            };
            check(path, value)?;
            given[i] = Some(value);
        }
        let parameters = Self { values: (0..given.len()).map(|i| resolve(i, &given)).collect() };
        parameters.check_together()?;
        Ok(parameters)
    }

    /// The value of one parameter, if there is such a parameter.
    pub fn get(&self, path: &str) -> Option<f64> {
        DEFAULTS.index.get(path).map(|&i| self.values[i])
    }

    /// Every parameter with its value, in the order of `parameters.json`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        Self::paths().zip(self.values.iter().copied())
    }

    /// The dotted path of every parameter.
    pub fn paths() -> impl Iterator<Item = &'static str> {
        DEFAULTS.paths.iter().map(String::as_str)
    }

    /// Whether this parameter is a count or a seed and takes whole numbers only.
    pub fn is_integer(path: &str) -> bool {
        let leaf = path.rsplit('.').next().unwrap_or(path);
        matches!(
            leaf,
            "num_samples"
                | "num_samples_var"
                | "pynn_seed"
                | "seed"
                | "trials"
                | "orientations"
                | "sizes"
                | "disk_contrasts"
        )
    }

    /// A parameter that the model itself names.
    pub(crate) fn value(&self, path: &str) -> f64 {
        self.get(path).unwrap_or_else(|| panic!("parameters.json has no {path}"))
    }

    fn check_together(&self) -> Result<(), ParameterError> {
        for sheet in ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"] {
            let cell = |name: &str| format!("sheets.{sheet}.params.cell.params.{name}");
            let (reset, peak) = (cell("V_reset"), self.value(&cell("V_peak")));
            if self.value(&reset) >= peak {
                let why = format!("the reset must lie below the peak of the spike, {peak} mV");
                return Err(self.out_of_range(&reset, why));
            }
            // A spike is where the potential runs away; from the peak that must take no time.
            let highest = self.value(&cell("V_th")) + 3.0 * self.value(&cell("V_th_sd"));
            let above = 5.0 * self.value(&cell("Delta_T"));
            if peak < highest + above {
                let why = format!(
                    "the peak of the spike must lie 5 times Delta_T above the highest threshold, \
                     {highest} mV"
                );
                return Err(self.out_of_range(&cell("V_peak"), why));
            }
            let steepness = cell("Delta_T");
            // Potentials begin below −54 mV.
            let lowest = self.value(&cell("V_th")) - 3.0 * self.value(&cell("V_th_sd"));
            let beyond = peak.max(-54.0) - lowest;
            if beyond > 70.0 * self.value(&steepness) {
                let why = format!(
                    "the peak of the spike is {beyond} mV, more than 70 times Delta_T, above the \
                     lowest threshold"
                );
                return Err(self.out_of_range(&steepness, why));
            }
        }
        let experiment = |name: &str| self.value(&format!("experiments.{name}"));
        let trial_ms = experiment("grating_duration") + self.value("null_stimulus_period");
        let gratings =
            2.0 * experiment("orientations") + experiment("sizes") * experiment("disk_contrasts");
        let total_ms = experiment("settling_duration")
            + experiment("spontaneous_duration")
            + gratings * experiment("trials") * trial_ms;
        if total_ms > 1.0e8 {
            let why = format!("the protocol takes {total_ms} ms; at most 1e8 can be simulated");
            return Err(self.out_of_range("experiments.trials", why));
        }
        let side_mm = self.value("sheets.l4_cortex_exc.params.sx") / 1000.0;
        let density = "sheets.l4_cortex_exc.params.density";
        let excitatory = side_mm * side_mm * self.value(density);
        if !(4.0..=100_000.0).contains(&excitatory) {
            let why =
                format!("{excitatory} excitatory cells a layer; 4 to 100000 can be simulated");
            return Err(self.out_of_range(density, why));
        }
        let density = "sheets.retina_lgn.params.density";
        let side_deg = 1000.0 * side_mm
            / self.value("sheets.l4_cortex_exc.params.magnification_factor")
            + 2.0 * self.value("sheets.retina_lgn.params.margin");
        let lgn = side_deg * side_deg * self.value(density);
        if !(1.0..=1_000_000.0).contains(&lgn) {
            let why = format!("{lgn} cells in each LGN sheet; 1 to 1000000 can be simulated");
            return Err(self.out_of_range(density, why));
        }
        Ok(())
    }

    fn out_of_range(&self, path: &str, why: String) -> ParameterError {
        ParameterError::OutOfRange { path: path.to_owned(), value: self.value(path), why }
    }
}

fn resolve(i: usize, overrides: &[Option<f64>]) -> f64 {
    match (overrides[i], &DEFAULTS.leaves[i]) {
        (Some(value), _) | (None, &Leaf::Number(value)) => value,
        (None, &Leaf::Reference(target)) => resolve(target, overrides),
    }
}

fn closest(path: &str) -> Option<String> {
    let similarity = |known: &String| strsim::normalized_damerau_levenshtein(known, path);
    let best = DEFAULTS.paths.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(best) > 0.6).then(|| best.clone())
}

/// Whether a parameter may have this value.
fn check(path: &str, value: f64) -> Result<(), ParameterError> {
    let out_of_range =
        |why: String| Err(ParameterError::OutOfRange { path: path.to_owned(), value, why });
    if !value.is_finite() {
        return out_of_range("a parameter is a finite number".to_owned());
    }
    if Parameters::is_integer(path) && value.fract() != 0.0 {
        return Err(ParameterError::NotAnInteger { path: path.to_owned(), value });
    }
    let Some(description) = Parameters::description(path) else {
        return Ok(());
    };
    let Description { unit, range: [low, high], meaning } = description;
    if !(low..=high).contains(&value) {
        let (bounds, nearest) = (description.bounds(), value.clamp(low, high));
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        return out_of_range(format!(
            "the {meaning} is {bounds}{unit}; the nearest value is {nearest}"
        ));
    }
    let in_windows = path.ends_with("_duration")
        || path.ends_with("null_stimulus_period")
        || path.ends_with("conductance_interval");
    if in_windows && (2.0 * value).fract() != 0.0 {
        let nearest = (2.0 * value).round() / 2.0;
        return out_of_range(format!(
            "the {meaning} is a multiple of 0.5 ms; the nearest value is {nearest}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXC_U: &str = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.short_term_plasticity.U";
    const INH_U: &str = "sheets.l4_cortex_inh.L4InhL4ExcConnection.short_term_plasticity.U";

    #[test]
    fn an_override_reaches_all_that_refer_to_it() {
        let parameters = Parameters::with_overrides([(EXC_U, 0.5)]).unwrap();
        assert_eq!(parameters.get(INH_U), Some(0.5));
        assert_eq!(parameters.get("pynn_seed"), Some(5.0));
    }

    #[test]
    fn overriding_a_tied_parameter_cuts_its_tie() {
        let parameters = Parameters::with_overrides([(EXC_U, 0.5), (INH_U, 0.9)]).unwrap();
        assert_eq!(parameters.get(EXC_U), Some(0.5));
        assert_eq!(parameters.get(INH_U), Some(0.9));
    }

    #[test]
    fn every_default_passes_its_own_check() {
        for (path, value) in Parameters::defaults().iter() {
            assert_eq!(check(path, value), Ok(()));
        }
        assert_eq!(Parameters::with_overrides([]), Ok(Parameters::defaults()));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error =
            |path, value| Parameters::with_overrides([(path, value)]).unwrap_err().to_string();
        assert_eq!(
            error("sheets.l4_cortex_exc.AfferentConnection.base_wieght", 1.0),
            "the model has no parameter sheets.l4_cortex_exc.AfferentConnection.base_wieght; \
             did you mean sheets.l4_cortex_exc.AfferentConnection.base_weight?"
        );
        assert_eq!(error("K", 1.0), "the model has no parameter K");
        assert_eq!(error("trials", 1.0), error("trials", 1.0));
        assert_eq!(
            error(EXC_U, 1.5),
            format!(
                "{EXC_U} = 1.5: the share of the available resources that a spike uses is 0 to 1; \
                 the nearest value is 1"
            )
        );
        assert!(error("experiments.trials", -1.0).contains("is 0 to 1000; the nearest value is 0"));
        let tau = "sheets.l4_cortex_exc.AfferentConnection.short_term_plasticity.tau_rec";
        assert!(error(tau, -3.0).contains("is above 0 ms; the nearest value is 0.000001"));
        let short = error("experiments.grating_duration", 100.2);
        assert!(short.ends_with("a multiple of 0.5 ms; the nearest value is 100"), "{short}");
        assert!(error("pynn_seed", 1.5).ends_with("this parameter is a whole number"));
        let density = "sheets.l4_cortex_exc.params.density";
        assert!(error(density, 1.0e8).contains("excitatory cells a layer"));
        let reset = "sheets.l4_cortex_inh.params.cell.params.V_reset";
        assert!(error(reset, -30.0).contains("below the peak"));
        let peak = "sheets.l4_cortex_inh.params.cell.params.V_peak";
        assert!(error(peak, -53.0).contains("above the highest threshold, -55.6 mV"));
        assert!(matches!(
            Parameters::with_overrides([(EXC_U, f64::NAN)]),
            Err(ParameterError::OutOfRange { .. })
        ));
    }

    #[test]
    fn counts_are_integers_and_weights_are_not() {
        let counts: Vec<_> =
            Parameters::paths().filter(|path| Parameters::is_integer(path)).collect();
        assert_eq!(counts.len(), 15 + 2 + 3 + 3);
        assert!(!Parameters::is_integer("sheets.l4_cortex_exc.AfferentConnection.base_weight"));
        let defaults = Parameters::defaults();
        assert!(counts.iter().all(|path| defaults.value(path).fract() == 0.0));
    }
}
