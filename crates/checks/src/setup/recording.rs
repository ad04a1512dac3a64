//! Whether what the targets measure is recorded.

use std::collections::BTreeSet;

use mozaik_parameters::{Dict, Value};
use targets::TargetClass;

use preparation::{Sheet, sheets};
use reading::{Examined, ModelParameters, suggestion};

use crate::{Findings, Status};

const ABOUT: &str = "recording";

/// Compares the targets with the model's sheets and recorders.
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
    look_for_grids(root, &sheets, findings);
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

/// mozaik places the electrodes of a grid in cortex, which an LGN has not.
fn look_for_grids(root: &Dict, sheets: &[Sheet], findings: &mut Findings) {
    for sheet in sheets.iter().filter(|sheet| sheet.name.is_none() && !sheet.is_cortical()) {
        let Ok(Value::Dict(recorders)) = root.value(&sheet.recorders()) else { continue };
        for (key, entry) in &recorders.entries {
            let component = match &entry.value {
                Value::Dict(recorder) => {
                    recorder.entries.get("component").map(|entry| &entry.value)
                }
                _ => None,
            };
            let Some(Value::Text(component)) = component else { continue };
            if component.ends_with(".RCGrid") {
                let message = format!(
                    "{} records with RCGrid, but its cells have no positions on a grid",
                    sheet.path
                );
                let recorder = sheet.recorders().child(key);
                let file = entry.origin.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
                let help = format!("use RCRandomN or RCAll for {recorder}{file}");
                findings.add_with_help(ABOUT, Status::Problem, message, help);
            }
        }
    }
}
