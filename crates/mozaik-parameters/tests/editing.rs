//! Edits keep every other byte, and give the tree they are meant to give.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use mozaik_parameters::{Document, Path, SourceFile, Tree, Value};
use proptest::prelude::*;

fn document(text: &str) -> Document {
    let file = SourceFile { name: "file".to_owned(), path: PathBuf::new(), text: text.to_owned() };
    Document::new(Arc::new(file)).unwrap()
}

#[test]
fn comments_and_layout_survive() {
    let mut document = document(
        "{\n    'K': 1000,  # synapses\n    'old': {'x': 1},\n    # recorders of the sheet\n    'recorders': url(\"param/rec\"),  # all\n    'variables': (\"spikes\")  # no tuple\n}\n",
    );
    assert_eq!(document.urls(), [(Path::from("recorders"), "param/rec".to_owned())]);
    document.replace(&"K".into(), "1100.5").unwrap();
    document.remove(&"old".into()).unwrap();
    document.replace(&"recorders".into(), "url(\"param_optim/rec\")").unwrap();
    document.insert(&"".into(), "it's", "{'a': 1}").unwrap();
    document.insert(&"it's".into(), "b", "2").unwrap();
    assert_eq!(
        document.text(),
        "{\n    'K': 1100.5,  # synapses\n    # recorders of the sheet\n    'recorders': url(\"param_optim/rec\"),  # all\n    'variables': (\"spikes\"),  # no tuple\n    \"it's\": {'a': 1, 'b': 2},\n}\n"
    );
}

#[test]
fn a_key_that_was_written_twice_is_replaced_where_it_counts_and_removed_everywhere() {
    let mut document = document("{'a': 1, 'b': 2, 'a': 3}");
    document.replace(&"a".into(), "4").unwrap();
    assert_eq!(document.text(), "{'a': 1, 'b': 2, 'a': 4}");
    document.remove(&"a".into()).unwrap();
    assert_eq!(document.text(), "{'b': 2, }");
}

#[test]
fn edits_that_would_break_the_file_change_nothing() {
    let mut document = document("{'a': 1, 'b': ref('a')}");
    let mut refused = |text: &str| document.replace(&"a".into(), text).unwrap_err().to_string();
    for text in ["1, 2", "1 # one", "1\n+1", "", "'open", "1}", "**b", "x = 1"] {
        assert!(
            refused(text).ends_with("is not one expression that can stand in a dictionary"),
            "{text}"
        );
    }
    assert_eq!(
        refused("{x for x in y}"),
        "file:1:7: this kind of expression has no place in a parameter file"
    );
    assert!(document.insert(&"".into(), "a", "2").is_err(), "it is there");
    assert!(
        document.insert(&"b".into(), "a", "2").is_err(),
        "a reference is no dictionary of this file"
    );
    assert!(document.remove(&"c".into()).is_err());
    assert!(document.replace(&"a.b".into(), "1").is_err());
    assert_eq!(document.text(), "{'a': 1, 'b': ref('a')}");
}

#[test]
fn a_value_is_found_in_the_file_it_is_written_in() {
    let base = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let tree = Tree::load("param/defaults", base).unwrap();
    let located = |path: &str| {
        let location = tree.locate(&path.into()).unwrap();
        (location.file.name.clone(), location.path.to_string())
    };
    let recorders = "sheets.exc_l4.params.recorders";
    assert_eq!(located("sheets.exc_l4"), ("param/defaults".to_owned(), "sheets.exc_l4".to_owned()));
    assert_eq!(located("sheets.exc_l4.K"), ("param/exc_l4".to_owned(), "K".to_owned()));
    assert_eq!(located(recorders), ("param/exc_l4".to_owned(), "params.recorders".to_owned()));
    assert_eq!(
        located(&format!("{recorders}.1.variables")),
        ("param/exc_recorders".to_owned(), "1.variables".to_owned())
    );
    assert!(
        tree.locate(&"sheets.inh_l4.params.cell.model".into()).is_err(),
        "it lies below a reference"
    );

    let location = tree.locate(&"sheets.exc_l4.params.density".into()).unwrap();
    let mut document = Document::new(location.file.clone()).unwrap();
    document.replace(&location.path, "1600.0").unwrap();
    assert_eq!(document.text(), location.file.text.replace("1500.0", "1600.0"));
}

/// A dictionary, written in one of many ways.
fn written() -> impl Strategy<Value = String> {
    let blank =
        prop::sample::select(vec!["", " ", "\n", "\n    ", " # note, {'x'\n  ", "\r\n\t", "\t"]);
    let value = prop::sample::select(vec![
        "1",
        "(2)",
        "((3) )",
        "'a, b'",
        "[1, {'x': 2}]",
        "{}",
        "{'a': 1}",
        "{\n 'b': 2,\n}",
        "'''x\ny'''",
        "-1",
        "(1,)",
    ]);
    let key = prop::sample::select(vec!["'a'", "\"b\"", "('c')", "'''d'''"]);
    let item = (blank.clone(), key, blank.clone(), value, blank.clone());
    let items = prop::collection::vec(item, 0..6);
    (items, blank, any::<bool>()).prop_map(|(items, end, comma)| {
        let items: Vec<String> = items
            .into_iter()
            .map(|(before, key, between, value, after)| {
                format!("{before}{key}:{between}{value}{after}")
            })
            .collect();
        let comma = if comma && !items.is_empty() { "," } else { "" };
        format!("{{{}{comma}{end}}}", items.join(","))
    })
}

#[derive(Debug, Clone)]
enum Edit {
    Replace(&'static str, &'static str),
    Insert(&'static str, &'static str),
    Remove(&'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    let key = || prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let text = || prop::sample::select(vec!["5", "'t'", "(6, 7)", "{'n': [\n8]}", "None"]);
    prop_oneof![
        (key(), text()).prop_map(|(key, text)| Edit::Replace(key, text)),
        (key(), text()).prop_map(|(key, text)| Edit::Insert(key, text)),
        key().prop_map(Edit::Remove),
    ]
}

/// Printed values by key.
fn content(text: &str) -> IndexMap<String, String> {
    match Value::parse_literal(text).unwrap() {
        Value::Dict(dict) => {
            dict.entries.into_iter().map(|(key, entry)| (key, entry.value.repr())).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn comments(text: &str) -> usize {
    text.matches("# note").count()
}

proptest! {
    #[test]
    fn edits_do_to_the_file_what_they_would_do_to_the_dictionary(
        text in written(),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let mut document = document(&text);
        let mut model = content(&text);
        for edit in edits {
            let before = document.text().to_owned();
            let printed = |text: &str| Value::parse_literal(text).unwrap().repr();
            let (result, expected) = match edit {
                Edit::Replace(key, text) => (
                    document.replace(&key.into(), text),
                    model.get_mut(key).map(|value| *value = printed(text)).is_some(),
                ),
                Edit::Insert(key, text) => {
                    let new = !model.contains_key(key);
                    if new {
                        model.insert(key.to_owned(), printed(text));
                    }
                    (document.insert(&"".into(), key, text), new)
                }
                Edit::Remove(key) => {
                    (document.remove(&key.into()), model.shift_remove(key).is_some())
                }
            };
            prop_assert_eq!(result.is_ok(), expected, "{:?}", result);
            prop_assert_eq!(content(document.text()), model.clone());
            prop_assert!(result.is_ok() || before == document.text());
        }
    }

    #[test]
    fn inserting_keeps_every_comment(text in written()) {
        let mut document = document(&text);
        document.insert(&"".into(), "new", "1").unwrap();
        prop_assert_eq!(comments(document.text()), comments(&text));
    }
}
