//! Whether the protocol presents what every target needs.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use recording::{Stimulus, StimulusValue};
use serde_json::Value;
use targets::{NeededStimulus, Target, TargetClass as C};

use reading::Examined;
use simulation::EXPERIMENT_SCRIPT;

use super::script::Answer;
use crate::{Findings, Status};

const ABOUT: &str = "protocol";
/// How many different values of a stimulus' parameter are listed.
const LISTED: usize = 6;
/// Larger than any run script.
const MAX_SCRIPT_BYTES: u64 = 16 << 20;

/// Compares the targets with what the script says it would present, or, if it does not say, with
/// the words in its text.
pub fn look(examined: &Examined, answer: Option<&Answer>, findings: &mut Findings) {
    let Some(what) = &examined.what else { return };
    let targets: Vec<&Target> = what.targets.iter().map(|configured| &configured.target).collect();
    if let Some(presented) = answer.and_then(|answer| answer.presented.as_ref()) {
        let presented: Vec<Stimulus> = presented.iter().map(stimulus).collect();
        return compare(&targets, &presented, findings);
    }
    if let Some(why) = answer.and_then(|answer| answer.errors.get(ABOUT)) {
        let message = "the script cannot report what it would present";
        findings.add_with_help(ABOUT, Status::Warning, message, why.clone());
    }
    look_for_words(examined, &targets, findings);
}

/// A stimulus of the script's list.
fn stimulus(listed: &std::collections::BTreeMap<String, Value>) -> Stimulus {
    let name = listed.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameter = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::Number(number) => StimulusValue::Number(number.as_f64()?),
            Value::Bool(value) => StimulusValue::Bool(*value),
            Value::String(text) => StimulusValue::Text(text.clone()),
            Value::Null => StimulusValue::None,
            Value::Array(_) | Value::Object(_) => StimulusValue::Text(value.to_string()),
        };
        Some((key.clone(), value))
    };
    let others = listed.iter().filter(|(key, _)| *key != "name");
    Stimulus { name, parameters: others.filter_map(parameter).collect() }
}

fn compare(targets: &[&Target], presented: &[Stimulus], findings: &mut Findings) {
    // Often one stimulus is what many targets lack.
    let mut lacking: Vec<(NeededStimulus, Vec<&str>)> = vec![];
    for target in targets {
        for needed in NeededStimulus::of(target.class) {
            if needed.is_among(presented) {
                continue;
            }
            match lacking.iter_mut().find(|(other, _)| *other == needed) {
                Some((_, names)) => names.push(&target.name),
                None => lacking.push((needed, vec![&target.name])),
            }
        }
    }
    if lacking.is_empty() {
        let message =
            format!("its {} presentations cover what every target needs", presented.len());
        findings.add(ABOUT, Status::Ok, message);
    }
    for (needed, names) in lacking {
        let message = format!("no value for {}: there is no {needed}", names.join(", "));
        let help = format!("it presents {}", instead(needed, presented));
        findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
}

/// What is presented of the needed kind, else everything.
fn instead(needed: NeededStimulus, presented: &[Stimulus]) -> String {
    let mut kinds: IndexMap<&str, Vec<&Stimulus>> = IndexMap::new();
    for shown in presented {
        kinds.entry(&shown.name).or_default().push(shown);
    }
    let is_there = kinds.contains_key(needed.stimulus());
    kinds.retain(|name, _| !is_there || *name == needed.stimulus());
    if kinds.is_empty() {
        return "nothing".to_owned();
    }
    let described = kinds.iter().map(|(name, shown)| {
        let mut parts = vec![];
        for (key, unit) in [("duration", "ms"), ("contrast", "%"), ("orientation", "rad")] {
            if let Some(values) = values(shown, key) {
                parts.push(format!("{key} {values} {unit}"));
            }
        }
        let of = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) };
        format!("{} {name}{of}", shown.len())
    });
    described.collect::<Vec<_>>().join(", ")
}

/// The different values of a parameter, in their order.
fn values(shown: &[&Stimulus], key: &str) -> Option<String> {
    let mut values: Vec<String> = vec![];
    for number in shown.iter().filter_map(|stimulus| stimulus.number(key)) {
        let text = ((number * 1e4).round() / 1e4).to_string();
        if !values.contains(&text) {
            values.push(text);
        }
    }
    if values.len() > LISTED {
        values.truncate(LISTED);
        values.push("…".to_owned());
    }
    (!values.is_empty()).then(|| values.join(", "))
}

/// Of a script that does not say what it presents only the text can be read.
fn look_for_words(examined: &Examined, targets: &[&Target], findings: &mut Findings) {
    let (Some(simulator), Some(directory)) = (&examined.simulator, &examined.model_directory)
    else {
        return;
    };
    let Some(mozaik) = &simulator.mozaik else { return };
    let (name, text) = match (&mozaik.script, &examined.loaded) {
        (Some(script), _) => {
            let path = directory.join(script);
            let text = match durable::read_bounded(&path, MAX_SCRIPT_BYTES) {
                Ok(text) => text,
                Err(error) => {
                    let message = format!("cannot read the run script {error}");
                    let help = "`script` is relative to the model's directory";
                    return findings.add_with_help(ABOUT, Status::Problem, message, help);
                }
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
    let classes: BTreeSet<C> = targets.iter().map(|target| target.class).collect();
    let needs = |is_meant: &dyn Fn(&NeededStimulus) -> bool| {
        classes.iter().flat_map(|&class| NeededStimulus::of(class)).any(|needed| is_meant(&needed))
    };
    let is_named = |name: &'static str| move |needed: &NeededStimulus| needed.stimulus() == name;
    let words: [(&str, &[&str], &str); 3] = [
        (targets::SPONTANEOUS, &["NoStimulation"], "5000 ms without a stimulus"),
        (targets::FULL_FIELD, &["OrientationTuning", "Grating"], "full-field gratings"),
        (targets::DISK, &["SizeTuning", "Disk"], "a grating in a disk"),
    ];
    for (stimulus, words, what) in words {
        if needs(&is_named(stimulus)) && !words.iter().any(|word| text.contains(word)) {
            let message = format!("{name} does not seem to present {what}, which targets need");
            let help = format!("its text does not mention {}", words.join(" or "));
            findings.add_with_help(ABOUT, Status::Warning, message, help);
        }
    }
}
