//! A search to begin from: which parameters, in which ranges, for which targets. All of it is meant to be
//! adjusted by somebody who knows the model.

use mozaik_parameters::{Path, Value};
use targets::TargetClass;

use super::Sheet;
use crate::model::MozaikParameters;
use crate::optimization_directory::EXPERIMENT_FILE;

/// A parameter to search.
struct Proposed {
    path: String,
    low: f64,
    high: f64,
    default: Value,
}

/// The text of `param_optim/config_optimisation`.
pub fn config_optimisation(model: &MozaikParameters, sheets: &[Sheet]) -> String {
    let parameters = parameters(model, sheets);
    let range = |p: &Proposed| {
        let end =
            |value: f64| if p.is_integer() { format!("{value:.0}") } else { format!("{value:?}") };
        format!("        \"{}\": [{}, {}]", p.path, end(p.low), end(p.high))
    };
    let centroid = |p: &Proposed| format!("        \"{}\": {}", p.path, p.default.to_json());
    let lines = |lines: Vec<String>| lines.join(",\n");
    format!(
        "{{\n    \"parameters\": {{\n{}\n    }},\n    \"optimiser_centroid\": {{\n{}\n    }},\n    \
         \"targets\": [\n{}\n    ]\n}}\n",
        lines(parameters.iter().map(range).collect()),
        lines(parameters.iter().map(centroid).collect()),
        lines(sheets.iter().filter(|sheet| sheet.is_cortical()).flat_map(targets).collect()),
    )
}

impl Proposed {
    fn is_integer(&self) -> bool {
        matches!(self.default, Value::Integer(_))
    }
}

/// Numbers in the cells, plasticity and connections of cortical sheets. Those that follow others by a
/// reference are left out: they change with what they refer to.
fn parameters(model: &MozaikParameters, sheets: &[Sheet]) -> Vec<Proposed> {
    let cortical = |key: &str| sheets.iter().any(|sheet| sheet.key == key && sheet.is_cortical());
    let leaves = model.tree.root().leaves();
    let searched = leaves.iter().filter(|(path, _)| match path.components() {
        [root, key, ..] => root == "sheets" && cortical(key),
        _ => false,
    });
    searched.filter_map(|(path, entry)| proposed(path, &entry.value)).collect()
}

/// The range of a parameter that is worth a search, by its name and place.
fn proposed(path: &Path, value: &Value) -> Option<Proposed> {
    let default = match *value {
        Value::Integer(value) if value > 0 => value as f64,
        Value::Float(value) if value != 0.0 && value.is_finite() => value,
        _ => return None,
    };
    let parts: Vec<&str> = path.components().iter().map(String::as_str).collect();
    let (low, high) = match parts[..] {
        [.., "base_weight"] | [.., "short_term_plasticity", "tau_rec" | "tau_fac"] => {
            (default / 2.0, default * 2.0)
        }
        [.., "num_samples"] | [_, _, "K"] => (default * 0.7, default * 1.3),
        [.., "short_term_plasticity", "U"] => {
            ((default - 0.25).max(0.05), (default + 0.25).min(0.95))
        }
        [
            ..,
            "cell",
            "params",
            "tau_m" | "tau_syn_E" | "tau_syn_I" | "tau_syn_ex" | "tau_syn_in",
        ] => (default * 0.7, default * 1.4),
        // The threshold is a voltage: what counts is its distance from rest, in mV.
        [.., "cell", "params", "v_thresh" | "V_th"] => (default - 3.0, default + 3.0),
        _ => return None,
    };
    let whole = matches!(value, Value::Integer(_))
        && matches!(parts[..], [.., "num_samples"] | [_, _, "K"]);
    let (low, high, default) = if whole {
        (low.round(), high.round(), value.clone())
    } else {
        (three_digits(low), three_digits(high), Value::Float(default))
    };
    (low < high).then(|| Proposed { path: path.to_string(), low, high, default })
}

/// Rounded to three digits.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// The targets of a cortical sheet: the predecessor's, by whether its cells are inhibitory and lie in
/// layer 4.
fn targets(sheet: &Sheet) -> Vec<String> {
    use TargetClass as C;
    let name = sheet.name.as_deref().unwrap_or_default();
    let inhibitory = name.to_lowercase().contains("inh");
    let layer_4 = name.contains("L4");
    let rate = match (inhibitory, layer_4) {
        (false, _) => "[1.0, 2.0]",
        (true, true) => "[5.0, 10.0]",
        (true, false) => "[4.0, 10.0]",
    };
    let mut targets = vec![
        (C::SpontActivity, rate, 0.2),
        (C::Irregularity, "1", 0.1),
        (C::Synchrony, "0", 0.01),
        (C::OrientationTuningPreference, "5", 0.5),
        (C::OrientationTuningOrthoHigh, "0", 0.5),
        (C::OrientationTuningOrthoLow, "0", 0.5),
        (C::ConductanceRatio, "5", 0.2),
    ];
    if !inhibitory && layer_4 {
        targets.push((C::ModulationRatio, "1.5", 0.03));
    } else if !inhibitory {
        targets.push((C::ModulationRatio, "0.5", 0.03));
        targets.push((C::SizeTuning, "0.7", 0.1));
    }
    let sheet = serde_json::Value::from(name);
    let line = |(class, wanted, norm): (C, &str, f64)| {
        format!(
            "        {{\"class\": \"{class}\", \"target_value\": {wanted}, \"sheet_name\": {sheet}, \
             \"norm\": {norm}, \"max_score\": 20}}"
        )
    };
    targets.into_iter().map(line).collect()
}

/// The text of `mozopt.toml`. `model_dir` is given if the model lies elsewhere.
pub fn mozopt_toml(model_class: Option<&str>, model_dir: Option<&str>, parameters: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let class = match model_class {
        Some(class) => format!("model_class = {}\n", quoted(class)),
        None => {
            "# model_class = \"model.MyModel\"       # module and class of the model\n".to_owned()
        }
    };
    let model_dir =
        model_dir.map(|dir| format!("model_dir = {}\n", quoted(dir))).unwrap_or_default();
    format!(
        "# How the search is run. `mozopt check` tries it out; every setting is explained by\n\
         # `mozopt run --help`.\n\n\
         [simulator]\n\
         kind = \"mozaik\"\n\
         {model_dir}{class}\
         parameters = {}\n\
         experiment = {}\n\
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
         best = 1                                        # data stores of so many best candidates\n",
        quoted(parameters),
        quoted(EXPERIMENT_FILE),
    )
}
