//! Reading: what a file may hold, what is refused and where, and input made to do harm.

use std::path::Path as FilePath;

use mozaik_parameters::{Error, Problem, Resolved, Tree, Value};
use proptest::prelude::*;

fn load(files: &[(&str, &[u8])]) -> Result<Tree, Error> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(FilePath::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Tree::load("param/root", directory.path())
}

fn refused(text: &str) -> String {
    load(&[("param/root", text.as_bytes())]).unwrap_err().to_string()
}

#[test]
fn what_the_language_has_no_place_for_is_refused_where_it_stands() {
    for (text, message) in [
        ("{'a': 1,\n 'b' 2}", "2:6: this is not a Python expression: Expected `:`, found int"),
        ("{'µ': x}", "1:7: the name x is not known"),
        ("{'a': Ref('b')}", "1:7: the name Ref is not known"),
        ("{'a': __import__('os')}", "1:7: the name __import__ is not known"),
        (
            "{'a': 'b'.upper()}",
            "1:7: a call of anything but a plain name has no place in a parameter file",
        ),
        ("{'a': f'{1}'}", "1:7: a formatted string has no place in a parameter file"),
        ("{'a': b'x'}", "1:7: a bytes literal has no place in a parameter file"),
        ("{'a': 7 // 2}", "1:7: the operator // has no place in a parameter file"),
        (
            "{'a': 1 if True else 2}",
            "1:7: this kind of expression has no place in a parameter file",
        ),
        ("{**{'a': 1}}", "1:4: unpacking has no place in a parameter file"),
        ("{'a': 9223372036854775808}", "1:7: the integer does not fit into 64 bits"),
        ("{'a': 2**63}", "1:7: the result is an integer of more than 64 bits"),
        ("{'a': 'x' * 3}", "1:7: * cannot be applied to a string"),
        (
            "{'a': {'b': 1} or 2}",
            "1:7: a sub-tree in or, and, not has no place in a parameter file",
        ),
        (
            "{'a': not ParameterRange([1])}",
            "1:11: a constructor call in or, and, not has no place in a parameter file",
        ),
        ("{'a': -ref('b')}", "1:7: a reference has no sign"),
        ("{'a': 2**ref('b')}", "1:7: a reference cannot be an exponent"),
        ("{'a': ref(1)}", "1:11: ref needs a string, the path of a parameter"),
        (
            "{'a': PyNNDistribution(low=1)}",
            "1:7: PyNNDistribution needs name=.. and named parameters",
        ),
        ("{1: 2}", "1:2: a key has to be a string"),
        ("{'names': 2}", "1:2: names is not allowed as a parameter name"),
        (
            "{'a.b': 2}",
            "1:2: the key \"a.b\" contains a dot, which separates the components of a path",
        ),
        ("[1]", "1:1: a file has to hold a dictionary, and this is a list"),
        ("\u{feff}{}", "1:1: Python does not read the character '\\u{feff}' here"),
    ] {
        assert_eq!(refused(text), format!("param/root:{message}"), "{text}");
    }
}

#[test]
fn files_are_relative_to_the_directory_mozaik_is_started_in() {
    let tree = load(&[
        ("param/root", b"{'a': url('param/deep/a'), 'b': url('other/b')}"),
        ("param/deep/a", b"{'x': url('other/b')}"),
        ("other/b", b"\t {'y': 1}"),
    ]);
    assert_eq!(tree.unwrap().root().to_json().to_string(), r#"{"a":{"x":{"y":1}},"b":{"y":1}}"#);
}

#[test]
fn files_that_cannot_be_read_are_named_where_they_are_wanted() {
    let missing = load(&[("param/root", b"{\n 'a': url('param/a')}")]).unwrap_err();
    assert!(
        missing.to_string().starts_with("param/root:2:11: param/a cannot be read: No such file")
    );
    assert_eq!(missing.origin.unwrap().text(), "'param/a'");
    let cycle = load(&[
        ("param/root", b"{'a': url('param/a')}"),
        ("param/a", b"{'r': url('param/../param/root')}"),
    ]);
    assert_eq!(
        cycle.unwrap_err().to_string(),
        "param/a:1:11: files include each other: param/root -> param/a -> param/../param/root"
    );
    let bytes = load(&[("param/root", b"{'a': '\xff'}")]).unwrap_err();
    assert_eq!(bytes.to_string(), "param/root cannot be read: it is not UTF-8 at byte 7");
    let large = load(&[("param/root", " ".repeat((4 << 20) + 1).as_bytes())]).unwrap_err();
    assert_eq!(
        large.problem,
        Problem::FileTooLarge { name: "param/root".to_owned(), limit: 4 << 20 }
    );
    let text = load(&[("param/root", b"{'a': url('{}')}")]).unwrap_err();
    assert!(matches!(text.problem, Problem::Unreadable { .. }), "{text}");
}

#[test]
fn depth_cannot_overflow_the_stack() {
    let deep = |open: &str, middle: &str, close: &str| {
        let count = 100_000;
        let text = format!("{}{middle}{}", open.repeat(count), close.repeat(count));
        Value::parse_literal(&text).unwrap_err().problem
    };
    for problem in [
        deep("[", "", ""),
        deep("[", "", "]"),
        deep("(", "1", ")"),
        deep("{'a':", "1", "}"),
        deep("-", "1", ""),
        deep("1+", "1", ""),
        deep("2**", "1", ""),
        deep("1 or ", "1", ""),
        deep("not ", "1", ""),
        deep("lambda a, b: ", "1", ""),
        deep("1 if 1 else ", "1", ""),
        deep("f(", "1", ")"),
        deep("", "f", "()"),
        deep("", "f", "[0]"),
        deep("", "f", ".f"),
        deep("f'{", "1", "}'"),
    ] {
        assert_eq!(problem, Problem::TooDeep { limit: 200 });
    }
    let wide = format!("[{}]", "(-1)*2, 0 or not 1, ".repeat(10_000));
    assert!(Value::parse_literal(&wide).is_ok(), "width is no depth");
}

#[test]
fn depth_and_number_count_through_files_and_references() {
    let nested = |inner: &str| format!("{}{inner}{}", "{'a': ".repeat(90), "}".repeat(90));
    let deep = load(&[
        ("param/root", nested("url('b')").as_bytes()),
        ("b", nested("url('c')").as_bytes()),
        ("c", nested("1").as_bytes()),
    ]);
    assert_eq!(deep.unwrap_err().problem, Problem::TooDeep { limit: 200 });

    let chain = format!(
        "{{'x': {}, 'y': {}, 'z': {}}}",
        nested("ref('y')"),
        nested("ref('z')"),
        nested("1")
    );
    let chain = load(&[("param/root", chain.as_bytes())]).unwrap().resolve();
    assert_eq!(chain.unwrap_err().problem, Problem::TooDeep { limit: 200 });

    let many = format!("{{'a': [{}]}}", "1,".repeat(200_001));
    let many = load(&[("param/root", many.as_bytes())]);
    assert_eq!(many.unwrap_err().problem, Problem::TooManyValues { limit: 200_000 });

    let mut files = vec![("param/root".to_owned(), "{'a': url('0'), 'b': url('0')}".to_owned())];
    for level in 0..12 {
        let next = level + 1;
        files.push((level.to_string(), format!("{{'a': url('{next}'), 'b': url('{next}')}}")));
    }
    files.push(("12".to_owned(), "{}".to_owned()));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(load(&files).unwrap_err().problem, Problem::TooManyFiles { limit: 1000 });
}

fn resolve(text: &[u8]) -> Option<Resolved> {
    load(&[("param/root", text)]).ok()?.resolve().ok()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        resolve(&bytes);
    }

    #[test]
    fn no_text_of_the_language_makes_it_panic(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "'a': ", "'b': ", "'c': ", ", ", "ref('a')", "ref('a.b')", "ref('b.c')", "url('param/root')", "(", ")", "[",
            "]", "1", "-", "*", "**", "/ 0", "'class_name': 'PyNNDistribution', ", "'params': {", "ParameterSet(", "pi", "\n",
            "PyNNDistribution(", "name=", "{'a': ", "},", " or ", " and ", "not ",
        ]), 0..40),
    ) {
        let text = tokens.concat();
        for text in [text.clone(), format!("{{'a': {text}}}"), format!("{{{text}}}")] {
            if let Some(resolved) = resolve(text.as_bytes()) {
                resolved.root().to_json();
                resolved.dependents(&"a".into());
            }
        }
    }
}
