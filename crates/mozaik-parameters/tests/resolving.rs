//! References and overrides, against what Python and the package that mozaik is built on make of
//! the same files (`data/make_golden.py`).

use std::path::PathBuf;

use mozaik_parameters::{Note, Override, Path, Problem, Tree, Value};
use serde_json::Value as Json;

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn model() -> Tree {
    Tree::load("param/defaults", data()).unwrap()
}

/// A tree of one file.
fn tree(text: &str) -> Result<Tree, mozaik_parameters::Error> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("root"), text).unwrap();
    Tree::load("root", directory.path())
}

fn set(path: &str, text: &str) -> Override {
    Override { path: Path::from(path), value: Value::parse_literal(text).unwrap() }
}

fn paths(paths: &[&str]) -> Vec<Path> {
    paths.iter().map(|&path| Path::from(path)).collect()
}

fn golden(name: &str) -> Vec<Json> {
    let text = std::fs::read_to_string(data().join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Leaves and their printed values, in order.
fn printed(resolved: &mozaik_parameters::Resolved) -> Vec<(String, String)> {
    let leaves = resolved.root().leaves();
    leaves.iter().map(|(path, entry)| (path.to_string(), entry.value.repr())).collect()
}

fn expected(golden: &Json) -> Option<Vec<(String, String)>> {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let leaves = golden["resolved"].as_object()?.iter();
    Some(leaves.map(|(path, repr)| (path.clone(), text(repr))).collect())
}

#[test]
fn a_model_resolves_to_what_mozaik_makes_of_it() {
    for golden in golden("model.golden.json") {
        let overrides: Vec<Override> = golden["overrides"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, value)| {
                let text = match value {
                    Json::String(text) => format!("{text:?}"),
                    Json::Null => "None".to_owned(),
                    number => number.to_string(),
                };
                set(path, &text)
            })
            .collect();
        let resolved = model().with(&overrides).and_then(|(tree, _)| tree.resolve());
        match expected(&golden) {
            Some(leaves) => assert_eq!(printed(&resolved.unwrap()), leaves),
            None => assert!(resolved.is_err(), "{} for {}", golden["error"], golden["overrides"]),
        }
    }
}

#[test]
fn formulas_have_the_values_that_python_gives_them() {
    for golden in golden("formulas.golden.json") {
        let text = golden["text"].as_str().unwrap();
        let resolved = tree(text).and_then(|tree| tree.resolve());
        // Python goes on with complex numbers.
        let real =
            |leaves: &Vec<(String, String)>| !leaves.iter().any(|(_, repr)| repr.contains('j'));
        match expected(&golden).filter(real) {
            Some(leaves) => assert_eq!(printed(&resolved.unwrap()), leaves, "{text}"),
            None => assert!(resolved.is_err(), "{text}"),
        }
    }
}

#[test]
fn every_value_knows_where_it_is_written() {
    let tree = model();
    let entry = tree.root().entry(&"sheets.exc_l4.K".into()).unwrap();
    let (origin, key) = (entry.origin.as_ref().unwrap(), entry.key.as_ref().unwrap());
    assert_eq!((origin.text(), key.text()), ("1000", "'K'"));
    assert_eq!(origin.to_string(), "param/exc_l4:19:10");

    let resolved = tree.resolve().unwrap();
    let density = resolved.root().entry(&"sheets.inh_l4.params.density".into()).unwrap();
    assert_eq!(density.value, Value::Float(375.0));
    let written = density.origin.as_ref().unwrap();
    assert_eq!(written.text(), "ref('sheets.exc_l4.params.density')/4");
    assert_eq!(tree.root().dict(&"sheets.retina".into()).unwrap().entries.len(), 2);
}

#[test]
fn who_depends_on_a_value_is_known_through_all_references() {
    let resolved = model().resolve().unwrap();
    assert_eq!(
        resolved.dependents(&"sheets.exc_l4.K".into()),
        paths(&[
            "sheets.exc_l4.ExcExcConnection.num_samples",
            "sheets.inh_l4.InhExcConnection.num_samples"
        ])
    );
    // Through copies of sub-trees, and a reference into a copy.
    assert_eq!(
        resolved.dependents(&"sheets.exc_l4.params.cell.params.tau_m".into()),
        paths(&[
            "sheets.inh_l4.params.cell.params.tau_m",
            "sheets.exc_l23.params.cell.params.tau_m",
            "sheets.inh_l23.params.cell.params.tau_m",
            "sheets.inh_l23.tau_m",
        ])
    );
    // Into distributions.
    assert_eq!(
        resolved.dependents(&"sheets.inh_l4.AfferentVar".into()),
        paths(&["sheets.inh_l4.AfferentConnection.num_samples"])
    );
    assert_eq!(resolved.dependents(&"sheets.retina.mpi_safe".into()), []);
}

#[test]
fn overrides_say_what_else_they_do() {
    let overrides = [
        set("sheets.inh_l4.InhExcConnection.base_weight", "1"),
        set("max_delay", "50"),
        set("max_delay", "60"),
    ];
    let (tree, notes) = model().with(&overrides).unwrap();
    assert_eq!(*tree.root().value(&"max_delay".into()).unwrap(), Value::Integer(60));
    let said: Vec<String> = notes.iter().map(Note::to_string).collect();
    assert_eq!(
        said,
        [
            "max_delay is given more than once; the last value counts",
            "sheets.inh_l4.InhExcConnection.base_weight was ref('sheets.exc_l4.ExcExcConnection.base_weight') * 10; \
             with its own value it no longer follows what that refers to",
        ]
    );
}

/// Message and advice.
fn refused(result: Result<impl std::fmt::Debug, mozaik_parameters::Error>) -> (String, String) {
    let error = result.unwrap_err();
    (error.to_string(), error.problem.advice().unwrap_or_default())
}

#[test]
fn overrides_that_mozaik_would_silently_misunderstand_are_refused() {
    let refused = |path, value| refused(model().with(&[set(path, value)]));
    let (message, advice) = refused("sheets.exc_l4.k", "1");
    assert_eq!(message, "param/exc_l4:1:1: there is no sheets.exc_l4.k");
    assert_eq!(advice, "did you mean K?");
    assert_eq!(refused("sheets.exc_l4.AfferentMeam", "1").1, "did you mean AfferentMean?");
    assert_eq!(refused("sheets.exc_14.K", "1").1, "did you mean exc_l4?");
    let (message, advice) = refused("sheets.inh_l4.params.cell.params.tau_m", "9.0");
    assert_eq!(
        message,
        "param/inh_l4:6:17: sheets.inh_l4.params.cell is a reference to sheets.exc_l4.params.cell: nothing lies \
         below it before references are resolved"
    );
    assert!(advice.starts_with("change sheets.exc_l4.params.cell, which changes"), "{advice}");
    assert_eq!(
        refused("max_delay.x", "1").0,
        "param/defaults:21:18: max_delay is an integer: nothing lies below it"
    );
    assert_eq!(refused("", "1").0, "the empty path names no parameter");
    assert!(refused("input_space", "{}").0.starts_with("input_space is given a dictionary"));
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    let refused = |text| refused(tree(text).unwrap().resolve());
    assert_eq!(
        refused("{'a': ref('b'),\n 'b': ref('c'), 'c': ref('a')}").0,
        "root:1:7: references go round in a circle: a -> b -> c -> a"
    );
    assert_eq!(refused("{'a': ref('a')}").0, "root:1:7: references go round in a circle: a -> a");
    // Copies of sub-trees that hold each other would grow without end.
    let (message, _) = refused("{'a': {'b': ref('c')}, 'c': {'d': ref('a')}}");
    assert!(message.contains("round in a circle"), "{message}");
    assert_eq!(
        refused("{'sheets': {'K': 1}, 'b': 2 * ref('sheets.k')}"),
        ("root:1:27: there is no sheets.k".to_owned(), "did you mean K?".to_owned())
    );
    assert_eq!(
        refused("{'AfferentMean': 1, 'b': ref('AfferentMan')}").1,
        "did you mean AfferentMean?"
    );
    assert_eq!(
        refused("{'c': ref('a.x'), 'a': ref('b'), 'b': {'x': 1}}"),
        (
            "root:1:7: a.x lies below a, which mozaik has not resolved yet when it comes here"
                .to_owned(),
            "refer to b.x instead".to_owned()
        )
    );
    assert_eq!(
        refused("{'a': {'x': 1}, 'b': ref('a')*2}").0,
        "root:1:22: a is a sub-tree: arithmetic cannot be applied to it"
    );
    assert_eq!(
        refused("{'a': 'x', 'b': ref('a')*2}").0,
        "root:1:17: * cannot be applied to a string"
    );
    assert_eq!(refused("{'a': 0, 'b': 2/ref('a')}").0, "root:1:15: division by zero");
    assert_eq!(
        refused("{'d': {'class_name': 'PyNNDistribution', 'params': {'low': 1}}}").0,
        "root:1:7: d is no PyNNDistribution: its params have no name"
    );
}

#[test]
fn references_that_double_the_tree_at_every_step_are_stopped() {
    let mut text = "{'a0': {'x': 1}".to_owned();
    for level in 1..40 {
        text += &format!(", 'a{level}': {{'x': ref('a{0}'), 'y': ref('a{0}')}}", level - 1);
    }
    let error = tree(&(text + "}")).unwrap().resolve().unwrap_err();
    assert_eq!(error.problem, Problem::TooManyValues { limit: 200_000 });
}

#[test]
fn types_that_mozaik_takes_for_each_other() {
    let accepts = |old: &str, new: &str| {
        Value::parse_literal(old).unwrap().accepts(&Value::parse_literal(new).unwrap())
    };
    assert!(
        accepts("1", "1.5")
            && accepts("1.5", "1")
            && accepts("{}", "None")
            && accepts("None", "'x'")
    );
    assert!(
        !accepts("1.5", "'x'")
            && !accepts("1.5", "None")
            && !accepts("True", "1")
            && !accepts("(1,)", "[1]")
    );
    let resolved = model().resolve().unwrap();
    let phase = resolved.root().value(&"sheets.exc_l4.AfferentConnection.phase".into()).unwrap();
    assert!(phase.accepts(&Value::Float(0.5)) && !phase.accepts(&Value::None));
}

#[test]
fn json_keeps_order_and_names_what_json_has_no_word_for() {
    let resolved = tree(
        "{'z': (1, 2.0), 'a': None, 'd': PyNNDistribution(name='uniform', low=1, high=2), 'i': -1e999, 'n': {'b': True}}",
    );
    let json = resolved.unwrap().resolve().unwrap().root().to_json();
    assert_eq!(
        json.to_string(),
        r#"{"z":[1,2.0],"a":null,"d":"PyNNDistribution(name='uniform',low=1,high=2)","i":"-inf","n":{"b":true}}"#
    );
}
