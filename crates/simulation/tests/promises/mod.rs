//! What reading a simulator's `values.json` and `versions.json` promises, whatever their text.

use std::path::Path;

use configuration::ConfiguredTarget;
use simulation::{OutcomeClass, SimulationDirectory, SimulationResult, Versions};
use targets::{Rule, Scoring, Target, TargetClass, Wanted};

/// The largest score of a target.
const WORST: f64 = 20.0;

/// The targets `rate` and `cv`.
fn targets() -> Vec<ConfiguredTarget> {
    let target = |name: &str, rule, wanted| ConfiguredTarget {
        target: Target {
            name: name.to_owned(),
            class: TargetClass::of_rule(rule),
            sheet_name: None,
            scoring: Scoring::new(rule, wanted, None, WORST).unwrap(),
        },
        command: None,
    };
    vec![
        target("rate", Rule::TargetValue, Wanted::Number(3.0)),
        target("cv", Rule::Range, Wanted::Range(0.5, 1.5)),
    ]
}

/// Of the values that a simulator left in this directory, which is empty.
pub fn values(text: &[u8], place: &Path) -> SimulationResult {
    let directory = SimulationDirectory::new(place.to_owned());
    std::fs::write(directory.values(), text).unwrap();
    let result = simulation::evaluate(&directory, place, &targets());
    let names: Vec<_> = result.targets.iter().map(|target| &*target.target.name).collect();
    assert_eq!(names, ["rate", "cv"]);
    for target in &result.targets {
        assert!((0.0..=WORST).contains(&target.score), "{target:?}");
        assert!(target.value.is_some() || target.reason.is_some(), "{target:?}");
        assert!(target.value.is_none_or(f64::is_finite), "{target:?}");
    }
    assert!(result.outcome == OutcomeClass::Completed || result.reason.is_some(), "{result:?}");
    let written = serde_json::to_vec(&result).unwrap();
    assert_eq!(serde_json::from_slice::<SimulationResult>(&written).unwrap(), result);
    result
}

/// Of the versions in this file.
pub fn versions(text: &[u8], file: &Path) {
    std::fs::write(file, text).unwrap();
    if let Ok(Some(versions)) = Versions::read(file) {
        assert_eq!(versions.difference_to(&versions), None);
        assert!(!versions.to_string().is_empty());
    }
}
