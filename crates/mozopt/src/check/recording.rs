//! Whether what the targets measure is presented and recorded.

use std::collections::BTreeSet;

use mozaik_parameters::{Dict, Value};
use targets::TargetClass;
use targets::TargetClass as C;

use super::{Findings, Status};
use crate::configuration::{EXPERIMENT_SCRIPT, Examined};
use crate::failure::suggestion;
use crate::model::ModelParameters;
use crate::preparation::{Sheet, sheets};

const ABOUT: &str = "recording";

/// Compares the targets with the model's sheets and recorders, and with the protocol.
pub fn look(examined: &Examined, findings: &mut Findings) {
    let (Some(ModelParameters::Mozaik(model)), Some(what)) = (&examined.model, &examined.what)
    else {
        return;
    };
    let root = model.resolved.root();
    let sheets = sheets(root);
    let names: Vec<&str> = sheets.iter().flat_map(Sheet::names).collect();
    let mut wanted: BTreeSet<(&str, bool)> = BTreeSet::new();
    for target in what.targets.iter().map(|configured| &configured.target) {
        let Some(name) = &target.sheet_name else { continue };
        if target.class.is_measured() {
            wanted.insert((name, target.class == TargetClass::ConductanceRatio));
        }
    }
    let before = findings.0.len();
    for &(name, conductances) in &wanted {
        let Some(sheet) = sheets.iter().find(|sheet| sheet.names().contains(&name)) else {
            if !conductances || !wanted.contains(&(name, false)) {
                let message = format!("targets measure {name}, but the model has no such sheet");
                let help = suggestion(name, names.iter().copied())
                    .unwrap_or_else(|| format!("its sheets are {}", names.join(", ")));
                findings.add_with_help(ABOUT, Status::Problem, message, help);
            }
            continue;
        };
        let recorders = root.dict(&sheet.recorders()).ok();
        if conductances {
            look_for_conductances(name, sheet, recorders, findings);
        } else {
            look_for_spikes(name, sheet, recorders, findings);
        }
    }
    if findings.0.len() == before && !wanted.is_empty() {
        let message = "spikes of all cells and conductances of the sheets that targets measure";
        findings.add(ABOUT, Status::Ok, message);
    }
    look_at_protocol(examined, findings);
}

/// What one recorder records, and of which cells.
fn recorded(recorders: Option<&Dict>) -> Vec<(&str, Vec<&str>)> {
    let entries = recorders.iter().flat_map(|recorders| recorders.entries.values());
    entries
        .filter_map(|entry| {
            let Value::Dict(recorder) = &entry.value else { return None };
            let value = |key: &str| recorder.entries.get(key).map(|entry| &entry.value);
            let component = match value("component") {
                Some(Value::Text(component)) => component.as_str(),
                _ => "",
            };
            // mozaik takes a bare string for a list of one.
            let variables = match value("variables") {
                Some(Value::Text(variable)) => vec![variable.as_str()],
                Some(Value::Tuple(variables) | Value::List(variables)) => variables
                    .iter()
                    .filter_map(|variable| match variable {
                        Value::Text(variable) => Some(variable.as_str()),
                        _ => None,
                    })
                    .collect(),
                _ => vec![],
            };
            Some((component, variables))
        })
        .collect()
}

fn look_for_spikes(name: &str, sheet: &Sheet, recorders: Option<&Dict>, findings: &mut Findings) {
    let recorded = recorded(recorders);
    let mut of_spikes =
        recorded.iter().filter(|(_, variables)| variables.contains(&"spikes")).peekable();
    if of_spikes.peek().is_none() {
        let message = format!("targets measure {name}, but its spikes are not recorded");
        findings.add_with_help(ABOUT, Status::Problem, message, prepare(sheet));
    } else if !of_spikes.any(|(component, _)| component.ends_with(".RCAll")) {
        let message = format!("only the spikes of some cells of {name} are recorded");
        findings.add_with_help(
            ABOUT,
            Status::Warning,
            message,
            format!("targets are measured on those; {}", prepare(sheet)),
        );
    }
}

fn look_for_conductances(
    name: &str,
    sheet: &Sheet,
    recorders: Option<&Dict>,
    findings: &mut Findings,
) {
    let recorded = recorded(recorders);
    let is_recorded = |names: [&str; 2]| {
        let one = |wanted: &str| recorded.iter().any(|(_, variables)| variables.contains(&wanted));
        names.into_iter().all(one)
    };
    if !is_recorded(["gsyn_exc", "gsyn_inh"]) && !is_recorded(["g_ex", "g_in"]) {
        let message =
            format!("ConductanceRatio measures {name}, but its conductances are not recorded");
        findings.add_with_help(ABOUT, Status::Problem, message, prepare(sheet));
    }
}

fn prepare(sheet: &Sheet) -> String {
    format!(
        "`mozopt prepare` writes recorders for what targets need; this is {}",
        sheet.recorders()
    )
}

/// Whether the script presents the stimuli. Of a script of the user's own only the text can be read.
fn look_at_protocol(examined: &Examined, findings: &mut Findings) {
    let (Some(what), Some(simulator), Some(directory)) =
        (&examined.what, &examined.simulator, &examined.model_directory)
    else {
        return;
    };
    let Some(mozaik) = &simulator.mozaik else { return };
    let (name, text) = match (&mozaik.script, &examined.loaded) {
        (Some(script), _) => {
            let path = directory.join(script);
            let Ok(text) = std::fs::read_to_string(&path) else {
                let message = format!("cannot read the run script {}", path.display());
                let help = "`script` is relative to the model's directory";
                return findings.add_with_help(ABOUT, Status::Problem, message, help);
            };
            (script.as_str(), text)
        }
        (None, Some(loaded)) => {
            ("the experiment script", loaded.experiment.clone().unwrap_or_default())
        }
        (None, None) => return,
    };
    if text == EXPERIMENT_SCRIPT {
        findings.add(ABOUT, Status::Ok, "the protocol presents what every target needs");
        return;
    }
    let classes: BTreeSet<C> = what.targets.iter().map(|target| target.target.class).collect();
    let any = |wanted: &[C]| wanted.iter().any(|class| classes.contains(class));
    let gratings = [
        C::OrientationTuningPreference,
        C::OrientationTuningOrthoHigh,
        C::OrientationTuningOrthoLow,
        C::SizeTuning,
        C::ModulationRatio,
    ];
    let spontaneous = [
        C::SpontActivity,
        C::Irregularity,
        C::Synchrony,
        C::ConductanceRatio,
        C::OrientationTuningOrthoHigh,
        C::OrientationTuningOrthoLow,
    ];
    let needs: [(bool, &[&str], &str); 3] = [
        (any(&spontaneous), &["NoStimulation"], "5000 ms without a stimulus"),
        (any(&gratings), &["OrientationTuning", "Grating"], "full-field gratings"),
        (any(&[C::SizeTuning]), &["SizeTuning", "Disk"], "a grating in a disk"),
    ];
    for (needed, words, what) in needs {
        if needed && !words.iter().any(|word| text.contains(word)) {
            let message = format!("{name} does not seem to present {what}, which targets need");
            let help = format!("its text has no word of {}", words.join(", "));
            findings.add_with_help(ABOUT, Status::Warning, message, help);
        }
    }
}
