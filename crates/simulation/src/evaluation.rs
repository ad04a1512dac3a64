//! From what a simulator left to the values and scores of the targets.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use configuration::ConfiguredTarget;
use recording::{LoadError, Recording, Segment, SegmentHeader, Sheet};
use serde::Deserialize;
use targets::{Missing, Value};

use crate::data_store::{self, DataStore};
use crate::directory::SimulationDirectory;
use crate::outcome::OutcomeClass;
use crate::result::SimulationResult;

/// `values.json`: what a simulator that measures itself found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenValues {
    /// By the targets' names.
    values: HashMap<String, WrittenValue>,
    /// Whether the network's activity ran away.
    #[serde(default)]
    exploded: bool,
}

/// A number, or why there is none.
#[derive(Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a value is a number, null, or {\"value\": …, \"reason\": …}"
)]
enum WrittenValue {
    Number(f64),
    Nothing(()),
    Explained { value: Option<f64>, reason: Option<String> },
}

/// Measures and scores what the simulator left. Commands of targets run in `model_directory`.
pub fn evaluate(
    directory: &SimulationDirectory,
    model_directory: &Path,
    targets: &[ConfiguredTarget],
) -> SimulationResult {
    let no_data =
        |reason: String| SimulationResult::without_values(OutcomeClass::NoData, reason, targets);
    let written = match durable::read_json::<WrittenValues>(&directory.values()) {
        Ok(written) => Some(written),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return no_data(format!("values.json cannot be read: {error}")),
    };
    let known = |name: &String| targets.iter().any(|configured| configured.target.name == *name);
    if let Some(written) = &written
        && !written.exploded
        && !directory.data_store().exists()
        && !written.values.keys().any(known)
        && targets.iter().all(|configured| configured.command.is_none())
    {
        let wanted: Vec<_> = targets.iter().map(|configured| &*configured.target.name).collect();
        return no_data(format!("values.json has no value of a target: {}", wanted.join(", ")));
    }
    let store = match only_store_in(&directory.data_store()) {
        Ok(Some(store)) => Some(store),
        Ok(None) | Err(_) if written.is_some() => None,
        Ok(None) => {
            return no_data("the simulator wrote neither datastore/ nor values.json".into());
        }
        Err(reason) => return no_data(reason),
    };
    let mut values = match &store {
        Some(store) => {
            let whole = Whole { recording: store.recording(), damage: RefCell::default() };
            let measured: Vec<_> = targets.iter().map(|configured| &configured.target).collect();
            let values = targets::measure(&whole, &measured);
            if let Some(damage) = whole.damage.take() {
                return no_data(format!("the data store is damaged: {damage}"));
            }
            values
        }
        None => vec![Err(Missing::new("there is no data store".to_owned())); targets.len()],
    };
    // A command gets what the simulator left, whether it is a recording or something else.
    let left = directory.data_store();
    let path = store.as_ref().map_or(&*left, DataStore::path);
    for (configured, value) in targets.iter().zip(&mut values) {
        let name = &configured.target.name;
        if let Some(written) = written.as_ref().and_then(|written| written.values.get(name)) {
            *value = written_value(written);
        } else if let Some(command) = &configured.command {
            *value = command_value(command, model_directory, path, configured);
        } else if !configured.target.class.is_measured() {
            let reason = format!("values.json has no \"{name}\"");
            *value = Err(Missing::new(reason));
        }
    }
    let exploded = written.is_some_and(|written| written.exploded)
        || store.as_ref().is_some_and(|store| store.recording().explosion_detected());
    if exploded {
        let reason = "the network's activity ran away".to_owned();
        return SimulationResult::measured(OutcomeClass::Exploded, Some(reason), targets, &values);
    }
    SimulationResult::measured(OutcomeClass::Completed, None, targets, &values)
}

/// Opens the one data store that a simulator left, whether in the directory it was told or in one
/// that it made there.
fn only_store_in(directory: &Path) -> Result<Option<DataStore>, String> {
    if !directory.exists() {
        return Ok(None);
    }
    let found = data_store::find(directory).map_err(|error| error.to_string())?;
    let incomplete = |why: &dyn std::fmt::Display| format!("the data store is not complete: {why}");
    match &found[..] {
        [] => Err(incomplete(
            &"it holds neither recording.json nor mozaik's datastore.recordings.pickle",
        )),
        [path] => {
            let store = DataStore::open(path).map_err(|error| incomplete(&error))?;
            // What can be measured of a run that died early says nothing about the model.
            match store.deficiencies().first() {
                Some(deficiency) => Err(incomplete(deficiency)),
                None => Ok(Some(store)),
            }
        }
        several => Err(format!("the simulator left {} data stores", several.len())),
    }
}

/// Puts in the values of the targets that a command of the user's measures on a data store, which
/// runs in `model_directory`.
pub fn measure_by_commands(
    mut values: Vec<Value>,
    path: &Path,
    model_directory: &Path,
    targets: &[ConfiguredTarget],
) -> Vec<Value> {
    for (configured, value) in targets.iter().zip(&mut values) {
        if let Some(command) = &configured.command {
            *value = command_value(command, model_directory, path, configured);
        }
    }
    values
}

/// A recording of which every segment that is asked for must be readable: a target that is missing
/// since a file is damaged says nothing about the model.
struct Whole<'a> {
    recording: &'a dyn Recording,
    damage: RefCell<Option<String>>,
}

impl Whole<'_> {
    fn noting(&self, loaded: Result<Arc<Segment>, LoadError>) -> Result<Arc<Segment>, LoadError> {
        loaded.inspect_err(|error| {
            self.damage.borrow_mut().get_or_insert_with(|| error.to_string());
        })
    }
}

impl Recording for Whole<'_> {
    fn sheets(&self) -> &[Sheet] {
        self.recording.sheets()
    }

    fn segments(&self) -> &[SegmentHeader] {
        self.recording.segments()
    }

    fn load(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.noting(self.recording.load(segment))
    }

    fn load_spikes(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.noting(self.recording.load_spikes(segment))
    }

    fn explosion_detected(&self) -> bool {
        self.recording.explosion_detected()
    }

    fn announced_rest_ms(&self) -> &[f64] {
        self.recording.announced_rest_ms()
    }
}

fn written_value(written: &WrittenValue) -> Value {
    let missing = |reason: &str| Err(Missing::new(reason.to_owned()));
    match written {
        WrittenValue::Number(value) | WrittenValue::Explained { value: Some(value), .. } => {
            Ok(*value)
        }
        WrittenValue::Explained { reason: Some(reason), .. } => missing(reason),
        WrittenValue::Explained { .. } | WrittenValue::Nothing(()) => {
            missing("the simulator gave no value")
        }
    }
}

/// Runs a target's command with the data store's path and the sheet; it prints the value.
fn command_value(
    command: &str,
    model_directory: &Path,
    data_store: &Path,
    configured: &ConfiguredTarget,
) -> Value {
    let shell = format!("{command} \"$1\" \"$2\"");
    let output = Command::new("bash")
        .args(["-c", &shell, "target"])
        .arg(std::path::absolute(data_store).unwrap_or_else(|_| data_store.to_owned()))
        .arg(configured.target.sheet_name.as_deref().unwrap_or_default())
        .current_dir(model_directory)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let missing = |reason: String| Err(Missing::new(reason));
    match output {
        Err(error) => missing(format!("the target's command cannot be run: {error}")),
        Ok(output) if !output.status.success() => {
            missing(format!("the target's command failed: {}", output.status))
        }
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let printed: String = text.trim().chars().take(80).collect();
            match printed.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(value),
                _ => missing(format!("the target's command printed \"{printed}\", not a number")),
            }
        }
    }
}
