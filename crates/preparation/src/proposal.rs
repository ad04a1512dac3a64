//! A search to begin from: which parameters, in which ranges, for which targets. All of it is meant
//! to be adjusted by somebody who knows the model.

use mozaik_parameters::{Path, Value};
use targets::TargetClass;

use reading::MozaikParameters;
use simulation::EXPERIMENT_FILE;

use super::nest_modules::{NestModule, listed};
use super::sheet::{Sheet, fitted};

/// What is smaller is there to be without effect: a release probability, a time constant in ms.
const SWITCHED_OFF: f64 = 1e-6;
/// Fewer cells near the centre are too few for synchrony between them.
const FEW_CELLS: f64 = 10.0;

/// A parameter to search.
struct Proposed {
    path: String,
    low: f64,
    high: f64,
    default: Value,
}

/// The text of `param_optim/config_optimisation`.
pub fn config_optimisation(
    model: &MozaikParameters,
    sheets: &[Sheet],
    notes: &mut Vec<String>,
) -> String {
    let parameters = parameters(model, sheets);
    if parameters.is_empty() {
        notes.push(
            "no parameter of the model has a known name: write the parameters to search into \
             param_optim/config_optimisation"
                .to_owned(),
        );
    }
    let sees = sees(model, sheets);
    if !sees {
        notes.push(
            "the model has no visual input: only targets of spontaneous activity are proposed"
                .to_owned(),
        );
    }
    let range = |p: &Proposed| {
        let end =
            |value: f64| if p.is_integer() { format!("{value:.0}") } else { format!("{value:?}") };
        format!("        \"{}\": [{}, {}]", p.path, end(p.low), end(p.high))
    };
    let centroid = |p: &Proposed| format!("        \"{}\": {}", p.path, p.default.to_json());
    let lines = |lines: Vec<String>| lines.join(",\n");
    let fitted = sheets.iter().filter(|sheet| fitted(sheets, sheet));
    format!(
        "{{\n    \"parameters\": {{\n{}\n    }},\n    \"optimiser_centroid\": {{\n{}\n    }},\n    \
         \"targets\": [\n{}\n    ]\n}}\n",
        lines(parameters.iter().map(range).collect()),
        lines(parameters.iter().map(centroid).collect()),
        lines(fitted.flat_map(|sheet| targets(sheet, sees)).collect()),
    )
}

/// Whether stimuli can be shown to the model.
fn sees(model: &MozaikParameters, sheets: &[Sheet]) -> bool {
    match model.resolved.root().value(&"input_space".into()) {
        Ok(input_space) => *input_space != Value::None,
        Err(_) => sheets.iter().any(|sheet| sheet.name.is_none()),
    }
}

impl Proposed {
    fn is_integer(&self) -> bool {
        matches!(self.default, Value::Integer(_))
    }
}

/// Numbers in the cells, plasticity and connections of the fitted sheets. Those that follow others
/// by a reference are left out: they change with what they refer to.
fn parameters(model: &MozaikParameters, sheets: &[Sheet]) -> Vec<Proposed> {
    let leaves = model.tree.root().leaves();
    let searched = leaves.iter().filter_map(|(path, entry)| {
        let sheet = sheets.iter().find(|sheet| path.is_within(&sheet.path))?;
        let inside = &path.components()[sheet.path.components().len()..];
        fitted(sheets, sheet).then(|| proposed(path, inside, &entry.value)).flatten()
    });
    searched.collect()
}

/// The range of a parameter that is worth a search, by its name and place in the sheet. It always
/// holds the model's value.
fn proposed(path: &Path, inside: &[String], value: &Value) -> Option<Proposed> {
    let default = match *value {
        Value::Integer(value) if value > 0 => value as f64,
        Value::Float(value) if value != 0.0 && value.is_finite() => value,
        _ => return None,
    };
    let parts: Vec<&str> = inside.iter().map(String::as_str).collect();
    let is_off = default.abs() < SWITCHED_OFF;
    let (low, high) = match parts[..] {
        [.., "short_term_plasticity", "tau_rec" | "tau_fac" | "U"] if is_off => return None,
        [.., "base_weight" | "weights"] | [.., "short_term_plasticity", "tau_rec" | "tau_fac"] => {
            (default / 2.0, default * 2.0)
        }
        [.., "num_samples"] | ["K"] => (default * 0.7, default * 1.3),
        [.., "connection_probability"] if default <= 1.0 => {
            (default * 0.7, (default * 1.3).min(1.0))
        }
        [.., "short_term_plasticity", "U"] if default <= 1.0 => {
            ((default - 0.25).max(0.05_f64.min(default / 2.0)), (default + 0.25).min(1.0))
        }
        [
            ..,
            "cell",
            "params",
            "tau_m" | "tau_syn_E" | "tau_syn_I" | "tau_syn_ex" | "tau_syn_in",
        ] if !is_off => (default * 0.7, default * 1.4),
        // The threshold is a voltage: what counts is its distance from rest, in mV.
        [.., "cell", "params", "v_thresh" | "V_th"] => (default - 3.0, default + 3.0),
        _ => return None,
    };
    let whole =
        matches!(value, Value::Integer(_)) && matches!(parts[..], [.., "num_samples"] | ["K"]);
    let (low, high, value) = if whole {
        (low.round(), high.round(), value.clone())
    } else {
        (three_digits(low), three_digits(high), Value::Float(default))
    };
    // Rounding moves the ends, but not beyond what the model has.
    let (low, high) = (low.min(default), high.max(default));
    let is_range = low < high && high.is_finite();
    is_range.then(|| Proposed { path: path.to_string(), low, high, default: value })
}

/// Rounded to three digits.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// The targets of a sheet that is fitted. In cortex they are the predecessor's, by whether its
/// cells are inhibitory and lie in layer 4, if the sheet has what they measure; `sees`:
/// whether stimuli can be shown to it. Elsewhere it is the spontaneous rate.
fn targets(sheet: &Sheet, sees: bool) -> Vec<String> {
    use TargetClass as C;
    let line = |name: &str, class: C, wanted: &str, norm: f64| {
        let sheet = serde_json::Value::from(name);
        format!(
            "        {{\"class\": \"{class}\", \"target_value\": {wanted}, \"sheet_name\": {sheet}, \
             \"norm\": {norm}, \"max_score\": 20}}"
        )
    };
    if !sheet.is_cortical() {
        let rate = |name| line(name, C::SpontActivity, "[5.0, 15.0]", 0.2);
        return sheet.names().into_iter().map(rate).collect();
    }
    let name = sheet.name.as_deref().unwrap_or_default();
    let inhibitory = name.to_lowercase().contains("inh");
    let layer_4 = name.contains("L4");
    let rate = match (inhibitory, layer_4) {
        (false, _) => "[1.0, 2.0]",
        (true, true) => "[5.0, 10.0]",
        (true, false) => "[4.0, 10.0]",
    };
    let mut targets = vec![(C::SpontActivity, rate, 0.2), (C::Irregularity, "1", 0.1)];
    if sheet.central_cells.is_none_or(|cells| cells >= FEW_CELLS) {
        targets.push((C::Synchrony, "0", 0.01));
    }
    if sees {
        targets.extend([
            (C::OrientationTuningPreference, "5", 0.5),
            (C::OrientationTuningOrthoHigh, "0", 0.5),
            (C::OrientationTuningOrthoLow, "0", 0.5),
        ]);
    }
    if sheet.has_conductances {
        targets.push((C::ConductanceRatio, "5", 0.2));
    }
    match (sees, inhibitory, layer_4) {
        (true, false, true) => targets.push((C::ModulationRatio, "1.5", 0.03)),
        (true, false, false) => {
            targets.extend([(C::ModulationRatio, "0.5", 0.03), (C::SizeTuning, "0.7", 0.1)]);
        }
        _ => {}
    }
    targets.into_iter().map(|(class, wanted, norm)| line(name, class, wanted, norm)).collect()
}

/// A cheaper version of the model has this share of its cells.
const SMALL: f64 = 0.25;

/// A proposal of a cheaper version, as comments of `mozopt.toml`: the fitted sheets with fewer
/// cells. Nothing for a model whose sheets have no density of their own.
pub fn fidelity(model: &MozaikParameters, sheets: &[Sheet]) -> String {
    let leaves = model.tree.root().leaves();
    let fewer = leaves.iter().filter_map(|(path, entry)| {
        let sheet = sheets.iter().find(|sheet| path.is_within(&sheet.path))?;
        let inside = &path.components()[sheet.path.components().len()..];
        let density = match entry.value {
            Value::Integer(value) => value as f64,
            Value::Float(value) => value,
            _ => return None,
        };
        let is_density =
            matches!(inside, [params, density] if params == "params" && density == "density");
        let is_meant = is_density && fitted(sheets, sheet) && density > 0.0;
        let quoted = toml::Value::from(path.to_string());
        is_meant.then(|| format!("{quoted} = {}", three_digits(SMALL * density)))
    });
    let fewer: Vec<_> = fewer.collect();
    if fewer.is_empty() {
        return String::new();
    }
    format!(
        "\n\
         # A cheaper version of the model, which the search learns from first. `mozopt check\n\
         # --simulate` compares what it costs.\n\
         # [[fidelity]]\n\
         # name = \"small\"\n\
         # overrides = {{ {} }}\n\
         # [fidelity.simulator]\n\
         # ranks = 4\n",
        fewer.join(", ")
    )
}

/// The text of `mozopt.toml`. `model_dir` is given if the model lies elsewhere; `seeded`: whether
/// it has a seed to vary; `fidelity`: a proposal of a cheaper version.
pub fn mozopt_toml(
    model_class: Option<&str>,
    model_dir: Option<&str>,
    parameters: &str,
    nest_modules: &[NestModule],
    seeded: bool,
    fidelity: &str,
) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let class = match model_class {
        Some(class) => format!("model_class = {}\n", quoted(class)),
        None => {
            "# model_class = \"model.MyModel\"       # module and class of the model\n".to_owned()
        }
    };
    let modules = if nest_modules.is_empty() {
        "# nest_modules = [\"mymodule\"]                   # extension modules to install into NEST\n"
            .to_owned()
    } else {
        let from = nest_modules.iter().map(|module| {
            format!("# {} is installed by {}\n", quoted(&module.name), listed(&module.scripts))
        });
        let names: Vec<_> = nest_modules.iter().map(|module| quoted(&module.name)).collect();
        format!("{}nest_modules = [{}]\n", from.collect::<String>(), names.join(", "))
    };
    let seed = if seeded {
        ""
    } else {
        "simulation_seed = 1                             # no seed of the model is known: nothing varies\n"
    };
    let model_dir =
        model_dir.map(|dir| format!("model_dir = {}\n", quoted(dir))).unwrap_or_default();
    format!(
        "# How the search runs. `mozopt check` tries it; `mozopt run --help` explains every setting.\n\n\
         [simulator]\n\
         kind = \"mozaik\"\n\
         {model_dir}{class}\
         parameters = {}\n\
         experiment = {}\n\
         {modules}{seed}\
         # prelude = \"source ~/mozaik-env/bin/activate\"   # shell lines: module load, conda, venv\n\
         # python = \"apptainer exec mozaik.sif python\"\n\
         # ranks = 16                                    # MPI processes of a simulation\n\
         # launcher = \"mpirun -np {{ranks}}\"              # or \"srun --mpi=pmix -n {{ranks}}\"\n\n\
         [execution]\n\
         # slots = 4                                     # simulations at the same time\n\
         # threads = 1                                   # of each MPI process\n\
         time_limit = \"20h\"                              # of one simulation\n\n\
         [optimizer]\n\
         max_ngen = 200\n\n\
         [keep]\n\
         best = 1                                        # how many best candidates keep their data stores\n\
         {fidelity}",
        quoted(parameters),
        quoted(EXPERIMENT_FILE),
    )
}

#[cfg(test)]
mod tests {
    use mozaik_parameters::{Path, Value};
    use proptest::prelude::*;

    use super::{Proposed, proposed};

    fn of(inside: &str, value: &Value) -> Option<Proposed> {
        let path = Path::from(format!("sheets.exc.{inside}").as_str());
        let inside: Vec<String> = inside.split('.').map(str::to_owned).collect();
        proposed(&path, &inside, value)
    }

    const PLACES: [&str; 10] = [
        "ExcExc.base_weight",
        "ExcExc.weights",
        "ExcExc.connection_probability",
        "ExcExc.num_samples",
        "K",
        "ExcExc.short_term_plasticity.U",
        "ExcExc.short_term_plasticity.tau_rec",
        "params.cell.params.tau_m",
        "params.cell.params.tau_syn_E",
        "params.cell.params.v_thresh",
    ];

    proptest! {
        #[test]
        fn a_range_holds_the_models_value(
            place in prop::sample::select(&PLACES[..]),
            exponent in -320.0..308.0,
            digits in 1.0..10.0,
        ) {
            let value: f64 = digits * 10f64.powf(exponent);
            for value in [Value::Float(value), Value::Integer(value as i64)] {
                if let Some(Proposed { low, high, default, .. }) = of(place, &value) {
                    let default = default.as_number().unwrap().to_f64();
                    prop_assert!(low <= default && default <= high && low < high && high.is_finite());
                }
            }
        }
    }

    #[test]
    fn probabilities_end_at_one_and_what_is_off_is_left_out() {
        let range = |place: &str, value: f64| {
            of(place, &Value::Float(value)).map(|proposed| (proposed.low, proposed.high))
        };
        assert_eq!(range("E.short_term_plasticity.U", 1.0), Some((0.75, 1.0)));
        assert_eq!(range("E.short_term_plasticity.U", 0.75), Some((0.5, 1.0)));
        assert_eq!(range("E.short_term_plasticity.U", 0.02), Some((0.01, 0.27)));
        assert_eq!(range("E.connection_probability", 1.0), Some((0.7, 1.0)));
        assert_eq!(range("E.connection_probability", 2.0), None);
        for place in ["U", "tau_rec", "tau_fac"] {
            assert_eq!(range(&format!("E.short_term_plasticity.{place}"), 1e-12), None);
        }
        assert!(range("E.base_weight", 1e-7).is_some(), "a weight in µS may be small");
    }
}
