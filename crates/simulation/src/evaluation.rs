//! From what a simulator left to the values and scores of the targets.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;

use configuration::ConfiguredTarget;
use recording::{LoadError, Recording, Segment, SegmentHeader, Sheet};
use serde::Deserialize;
use targets::{Missing, Value};

use crate::data_store::{self, DataStore};
use crate::directory::SimulationDirectory;
use crate::outcome::OutcomeClass;
use crate::result::{Blame, SimulationResult};

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
    Number(WrittenNumber),
    Nothing(()),
    Explained { value: Option<WrittenNumber>, reason: Option<String> },
}

/// A number, or what Python writes where there is none.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum WrittenNumber {
    Finite(f64),
    NotFinite { not_finite: String },
}

/// How Python's `json` writes numbers that JSON does not know.
const NOT_FINITE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
/// Larger than any `values.json`.
const MAX_VALUES_BYTES: u64 = 16 << 20;
/// No number that a target's command prints is longer, bytes.
const MAX_PRINTED_BYTES: u64 = 64 << 10;

impl WrittenValues {
    /// Reads a file that a simulator may have left.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        match durable::read_bounded(path, MAX_VALUES_BYTES) {
            Ok(text) => Ok(Some(serde_json::from_str(&in_json(&text))?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether what was written is wrong, and not the disk that it is read from.
fn is_the_simulators_own(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::InvalidData
            | Kind::UnexpectedEof
            | Kind::FileTooLarge
            | Kind::InvalidInput
            | Kind::IsADirectory
    )
}

/// The text with an object `{"not_finite":"NaN"}` in place of each `NaN` that is not in a string.
fn in_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = NOT_FINITE.into_iter().find(|word| rest.starts_with(word));
        let taken = match word {
            Some(word) => {
                json.push_str(&format!("{{\"not_finite\":\"{word}\"}}"));
                rest = &rest[word.len()..];
                continue;
            }
            None if rest.starts_with('"') => length_of_string(rest),
            None => rest.chars().next().map_or(0, char::len_utf8),
        };
        json.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    json
}

/// The length of the JSON string with which the text begins, its quotes included.
fn length_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |inside| inside + 2)
}

/// Measures and scores what the simulator left. Commands of targets run in `model_directory`.
pub fn evaluate(
    directory: &SimulationDirectory,
    model_directory: &Path,
    targets: &[ConfiguredTarget],
) -> SimulationResult {
    let no_data =
        |reason: String| SimulationResult::without_values(OutcomeClass::NoData, reason, targets);
    let written = match WrittenValues::read(&directory.values()) {
        Ok(written) => written,
        Err(error) => {
            let reason = format!("values.json cannot be read: {error}");
            return if is_the_simulators_own(&error) {
                no_data(reason)
            } else {
                SimulationResult::fault(Blame::Machine, reason, targets)
            };
        }
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
        WrittenValue::Number(WrittenNumber::Finite(value))
        | WrittenValue::Explained { value: Some(WrittenNumber::Finite(value)), .. } => Ok(*value),
        WrittenValue::Explained { reason: Some(reason), .. } => missing(reason),
        WrittenValue::Number(WrittenNumber::NotFinite { not_finite })
        | WrittenValue::Explained {
            value: Some(WrittenNumber::NotFinite { not_finite }), ..
        } => missing(&format!("the simulator wrote {not_finite}, not a number")),
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
    let missing = |reason: String| Err(Missing::new(reason));
    let mut bash = Command::new("bash");
    bash.args(["-c", &shell, "target"])
        .arg(std::path::absolute(data_store).unwrap_or_else(|_| data_store.to_owned()))
        .arg(configured.target.sheet_name.as_deref().unwrap_or_default())
        .current_dir(model_directory)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let printed = match output(&mut bash) {
        Err(error) => return missing(format!("the target's command cannot be run: {error}")),
        Ok((status, _)) if !status.success() => {
            return missing(format!("the target's command failed: {status}"));
        }
        Ok((_, printed)) => printed,
    };
    let text = String::from_utf8_lossy(&printed);
    let printed: String = text.trim().chars().take(80).collect();
    match printed.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => missing(format!("the target's command printed \"{printed}\", not a number")),
    }
}

/// Runs a command and reads the beginning of what it prints; one that prints more is ended by that.
fn output(command: &mut Command) -> io::Result<(ExitStatus, Vec<u8>)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut printed = vec![];
    let stdout = child.stdout.take();
    let read = stdout.map(|out| out.take(MAX_PRINTED_BYTES).read_to_end(&mut printed));
    let status = child.wait()?;
    read.transpose()?;
    Ok((status, printed))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use targets::{Rule, Scoring, Target, TargetClass, Wanted};

    use super::*;

    fn target(name: &str, command: Option<&str>) -> ConfiguredTarget {
        let rule = Rule::TargetValue;
        let scoring = Scoring::new(rule, Wanted::Number(1.0), None, 20.0).unwrap();
        let class = match command {
            Some(_) => TargetClass::Command(rule),
            None => TargetClass::of_rule(rule),
        };
        let target = Target { name: name.to_owned(), class, sheet_name: None, scoring };
        ConfiguredTarget { target, command: command.map(str::to_owned) }
    }

    /// What is made of a `values.json` with this text, for the targets a and b.
    fn evaluated(text: &str) -> SimulationResult {
        let directory = tempfile::tempdir().unwrap();
        let simulation = SimulationDirectory::new(directory.path().to_owned());
        fs::write(simulation.values(), text).unwrap();
        evaluate(&simulation, directory.path(), &[target("a", None), target("b", None)])
    }

    /// The values of a and b, and why there is none.
    fn values(text: &str) -> [(Option<f64>, Option<String>); 2] {
        let result = evaluated(text);
        assert_eq!(result.outcome, OutcomeClass::Completed, "{text}: {:?}", result.reason);
        [0, 1].map(|i| {
            let target = &result.targets[i];
            (target.value, target.reason.as_deref().map(str::to_owned))
        })
    }

    #[test]
    fn a_number_that_is_none_costs_its_target_the_value_and_no_other() {
        for word in ["NaN", "Infinity", "-Infinity"] {
            let reason = format!("the simulator wrote {word}, not a number");
            for text in [
                format!(r#"{{"values": {{"a": {word}, "b": 2.5}}}}"#),
                format!(r#"{{"values":{{"a":{{"value":{word}}},"b":{{"value":2.5}}}}}}"#),
                format!(r#"{{"values": {{"b": 2.5, "a": {{"value": {word}, "reason": null}}}}}}"#),
            ] {
                assert_eq!(values(&text), [(None, Some(reason.clone())), (Some(2.5), None)]);
            }
        }
    }

    #[test]
    fn words_in_strings_stay_as_they_are() {
        let text = r#"{"values": {"a": {"value": null, "reason": "\"NaN\" \\"}, "b": {"value": NaN,
                       "reason": "the CV is NaN: Infinity spikes"}}}"#;
        let reasons = ["\"NaN\" \\", "the CV is NaN: Infinity spikes"];
        assert_eq!(values(text), reasons.map(|reason| (None, Some(reason.to_owned()))));
        let result = evaluated(r#"{"values": {"a NaN": 1.0, "a": "NaN"}}"#);
        assert_eq!(result.outcome, OutcomeClass::NoData, "a string is no value");
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_words() {
        for wrong in ["NaN", "{\"values\": {\"a\": nan}}", "{\"values\": {\"a\": NaNs}}", "{\"NaN"]
        {
            let result = evaluated(wrong);
            assert_eq!(result.outcome, OutcomeClass::NoData, "{wrong}");
            let reason = result.reason.unwrap();
            assert!(reason.starts_with("values.json cannot be read: "), "{reason}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let simulation = SimulationDirectory::new(directory.path().to_owned());
        symlink("/dev/zero", simulation.values()).unwrap();
        let result = evaluate(&simulation, directory.path(), &[target("a", None)]);
        assert_eq!(result.outcome, OutcomeClass::NoData);
        assert!(result.reason.unwrap().ends_with("values.json: this is no regular file"));
    }

    #[test]
    fn a_command_that_prints_without_end_is_ended() {
        let directory = tempfile::tempdir().unwrap();
        let simulation = SimulationDirectory::new(directory.path().to_owned());
        fs::write(simulation.values(), r#"{"values": {}}"#).unwrap();
        let targets = [target("a", Some("yes; true")), target("b", Some("echo 2.5; true"))];
        let result = evaluate(&simulation, directory.path(), &targets);
        let [endless, other] = &result.targets[..] else { panic!("two targets") };
        assert!(endless.reason.as_deref().unwrap().starts_with("the target's command printed \"y"));
        assert_eq!(other.value, Some(2.5));
    }
}
