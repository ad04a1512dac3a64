//! Values and scores on real data stores, against what the predecessor of this program
//! (mozaik-tools) computed from them. The data is made by `make_goldens.py`, which says
//! where it comes from.

mod support;

use serde::Deserialize;
use support::{Fixture, data};
use targets::{Scoring, Target, Value, Wanted, measure, measure_as_predecessor};

const STORES: [&str; 5] = ["healthy", "edge", "subset", "exploded", "vogels_neo14_np2"];

/// A line of `NAME.golden.json`.
#[derive(Deserialize)]
struct Golden {
    class: String,
    sheet_name: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    /// From the definition, with NumPy.
    BySheetIndex { by_sheet_index: String },
    /// By the predecessor.
    Predecessor {
        #[serde(with = "WantedInConfiguration")]
        target_value: Wanted,
        norm: Option<f64>,
        max_score: f64,
        value: Option<String>,
        score: Option<String>,
        error: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(remote = "Wanted", untagged)]
enum WantedInConfiguration {
    Number(f64),
    Range(f64, f64),
}

fn goldens(name: &str) -> Vec<Golden> {
    let path = data(&format!("{name}.golden.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn target(class: &str, sheet_name: &str, wanted: Wanted, norm: Option<f64>, max: f64) -> Target {
    let class: targets::TargetClass = class.parse().unwrap();
    Target {
        name: format!("{class} {sheet_name}"),
        class,
        sheet_name: Some(sheet_name.to_owned()),
        scoring: Scoring::new(class.rule(), wanted, norm, max).unwrap(),
    }
}

fn is_close(ours: f64, golden: f64) -> bool {
    (ours - golden).abs() <= 1e-12 * golden.abs() + 1e-15
}

/// Why our value is missing where the predecessor has an infinite one or ends with an exception.
fn reason_to_deviate(store: &str, class: &str, sheet: &str) -> Option<&'static str> {
    match (store, class, sheet) {
        ("edge", "OrientationTuningPreferenceTarget", "V1_Exc_L2/3") => {
            Some("silent at the orthogonal orientation: the predecessor scores infinity as perfect")
        }
        (
            "edge",
            "OrientationTuningOrthoHighTarget" | "OrientationTuningOrthoLowTarget",
            "V1_Inh_L2/3",
        ) => Some("silent at rest: infinite relative difference"),
        (
            "healthy" | "edge" | "subset",
            "OrientationTuningPreferenceTarget"
            | "OrientationTuningOrthoHighTarget"
            | "OrientationTuningOrthoLowTarget"
            | "SizeTuning"
            | "ModulationRatio",
            "X_ON" | "X_OFF",
        ) => Some("no orientation preferences: IndexError"),
        ("healthy" | "edge" | "subset", "ConductanceRatio", "X_ON" | "X_OFF") => {
            Some("no conductances: TypeError")
        }
        ("edge", "ModulationRatio", "V1_Inh_L4") | ("subset", "ModulationRatio", "V1_Inh_L2/3") => {
            Some("no cell prefers a grating that was shown: IndexError")
        }
        _ => None,
    }
}

/// How many values a store has, how many are missing on both sides, and how many on ours only.
#[derive(Debug, Default, PartialEq)]
struct Checked {
    values: usize,
    missing: usize,
    deviating: usize,
}

fn check(fixture: &Fixture, name: &str) -> Checked {
    let store = fixture.store(name);
    let mut checked = Checked::default();
    for Golden { class, sheet_name, kind } in goldens(name) {
        let Kind::Predecessor { target_value, norm, max_score, value, score, error } = kind else {
            continue;
        };
        let target = target(&class, &sheet_name, target_value, norm, max_score);
        let ours: Value = measure_as_predecessor(&store, &[&target]).unwrap().remove(0);
        let place = format!("{name}: {class} of {sheet_name}: {ours:?}");
        let golden = value.map(|value| value.parse::<f64>().unwrap());
        if reason_to_deviate(name, &class, &sheet_name).is_some() {
            assert!(error.is_some() || golden.is_some_and(f64::is_infinite), "{place}");
            assert!(ours.is_err(), "{place}");
            assert_eq!(target.score(&ours).get(), max_score, "{place}");
            if let Some(golden) = score {
                let score = target.score_as_predecessor(&ours).get();
                assert_eq!(score, golden.parse::<f64>().unwrap(), "{place}");
            }
            checked.deviating += 1;
            continue;
        }
        match (&ours, golden.filter(|golden| !golden.is_nan())) {
            (Ok(ours), Some(golden)) => {
                assert!(is_close(*ours, golden), "{place} is not {golden}");
                checked.values += 1;
            }
            (Err(_), None) => checked.missing += 1,
            (_, golden) => panic!("{place} is not {golden:?}"),
        }
        let golden: f64 = score.unwrap_or_else(|| panic!("{place}: {error:?}")).parse().unwrap();
        let score = target.score(&ours).get();
        assert!((score - golden).abs() <= 1e-10, "{place}: score {score} is not {golden}");
    }
    checked
}

#[test]
fn values_and_scores_are_those_of_the_predecessor() {
    let fixture = Fixture::unpack(&STORES);
    let is = |values, missing, deviating| Checked { values, missing, deviating };
    assert_eq!(check(&fixture, "healthy"), is(115, 0, 24));
    assert_eq!(check(&fixture, "edge"), is(81, 23, 35));
    assert_eq!(check(&fixture, "subset"), is(91, 22, 26));
    assert_eq!(check(&fixture, "exploded"), is(0, 139, 0));
    assert_eq!(check(&fixture, "vogels_neo14_np2"), is(0, 67, 0));
}

/// The predecessor takes the position of a cell by the number of its train.
#[test]
fn positions_are_taken_by_sheet_index() {
    let fixture = Fixture::unpack(&STORES[..3]);
    for (name, partly_recorded) in [("healthy", 2), ("edge", 2), ("subset", 6)] {
        let store = fixture.store(name);
        let mut deviating = 0;
        for Golden { class, sheet_name, kind } in goldens(name) {
            let Kind::BySheetIndex { by_sheet_index } = kind else { continue };
            let golden: f64 = by_sheet_index.parse().unwrap();
            let target = target(&class, &sheet_name, Wanted::Number(0.0), None, 20.0);
            let ours = measure(&store, &[&target]);
            let value = *ours[0].as_ref().unwrap();
            assert!(is_close(value, golden), "{name}: {class} of {sheet_name}: {value}");
            deviating += usize::from(ours != measure_as_predecessor(&store, &[&target]).unwrap());
        }
        assert_eq!(deviating, partly_recorded, "{name}");
    }
}
