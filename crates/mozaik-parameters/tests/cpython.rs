//! Values against Python's own `eval` of the same text. Each test asks one Python process about
//! thousands of texts.

use std::io::Write;
use std::process::{Command, Stdio};

use mozaik_parameters::{ArithmeticError, Problem, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What `repr(eval(text))` is for each text, `None` where Python raises an exception.
fn python(texts: &[String]) -> Vec<Option<String>> {
    let script = "import json, signal, sys
signal.alarm(120)
for text in json.load(sys.stdin):
    try:
        print(json.dumps(repr(eval(text, {'__builtins__': {}}))))
    except Exception:
        print('null')";
    let mut child = Command::new("python3")
        .args(["-W", "ignore", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for this test");
    let json = serde_json::to_vec(texts).unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&json));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), texts.len());
    answers
}

fn generated(strategy: &impl Strategy<Value = String>, count: usize) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn number() -> impl Strategy<Value = String> {
    let spelled = prop::sample::select(vec![
        "0",
        "1_000",
        "0x_ff",
        "0b11",
        "0o17",
        "00",
        "1.",
        ".5",
        "1e5",
        "1E-7",
        "1_0.5e+1_0",
        "True",
        "False",
        "9223372036854775807",
        "1e16",
        "123456789012345678.0",
        "1e-4",
        "5e-324",
        "1.7976931348623157e308",
    ]);
    prop_oneof![
        spelled.prop_map(str::to_owned),
        (0..1000i64).prop_map(|value| value.to_string()),
        (0..1_000_000u32, -20..25i32).prop_map(|(digits, exponent)| format!("{digits}e{exponent}")),
        prop::num::f64::POSITIVE.prop_map(|value| format!("{value:e}")),
    ]
}

fn arithmetic() -> impl Strategy<Value = String> {
    number().prop_recursive(3, 12, 2, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", " - ", " *  "]);
        // One power on the other would keep Python busy for hours.
        let exponent = prop::sample::select(vec!["2", "3", "-1", "0.5", "-2.5", "0", "60", "True"]);
        prop_oneof![
            1 => inner.clone().prop_map(|operand| format!("-{operand}")),
            1 => inner.clone().prop_map(|operand| format!("+{operand}")),
            1 => inner.clone().prop_map(|operand| format!("({operand})")),
            2 => (inner.clone(), exponent).prop_map(|(base, exponent)| {
                if base.contains("**") { format!("({base})**0.5") } else { format!("{base}**{exponent}") }
            }),
            4 => (inner.clone(), operator, inner)
                .prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec!["", "r", "R", "u", "U"]);
    let quote = prop::sample::select(vec!["'", "\"", "'''", "\"\"\""]);
    let piece = prop::sample::select(vec![
        "a",
        "'",
        "\"",
        "\\n",
        "\\\\",
        "\\'",
        "\\\"",
        "\\x41",
        "\\u00b5",
        "\\U0001F600",
        "\\101",
        "\\0",
        "\\d",
        "\\N{BULLET}",
        "µ",
        "日本",
        "\t",
        "#",
        "{",
        "\u{200b}",
        "\u{a0}",
        "\u{7f}",
        "\\\n",
        "\n",
        " ",
    ]);
    (prefix, quote, prop::collection::vec(piece, 0..6))
        .prop_map(|(prefix, quote, pieces)| format!("{prefix}{quote}{}{quote}", pieces.concat()))
}

fn literal() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => arithmetic(),
        4 => text(),
        1 => Just("None".to_owned()),
        1 => (text(), text()).prop_map(|(a, b)| format!("({a}\n {b})")),
    ];
    let blank = prop::sample::select(vec!["", " ", "\n", " # [note]\n", "\t", "\r\n  ", "\\\n"]);
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let elements = prop::collection::vec((blank.clone(), inner.clone()), 0..4);
        let key = prop::sample::select(vec!["'a'", "\"b\"", "u'c'", "'d' 'e'", "'a'"]);
        let items = prop::collection::vec((blank.clone(), key, inner), 0..5);
        let end = prop::sample::select(vec!["", ",", ", ", ",\n"]);
        let joined = |elements: Vec<(&str, String)>, end: &str| {
            let joined: Vec<String> =
                elements.iter().map(|(blank, text)| format!("{blank}{text}")).collect();
            joined.join(",") + if elements.is_empty() { "" } else { end }
        };
        prop_oneof![
            (elements.clone(), end.clone())
                .prop_map(move |(all, end)| format!("[{}]", joined(all, end))),
            (elements, end.clone()).prop_map(move |(all, end)| format!("({})", joined(all, end))),
            (items, end).prop_map(move |(items, end)| {
                let items =
                    items.into_iter().map(|(blank, key, value)| (blank, format!("{key} :{value}")));
                format!("{{{}}}", joined(items.collect(), end))
            }),
        ]
    })
}

/// Both agree on the value, or that there is none. Returns how many have one.
fn compare(texts: &[String]) -> usize {
    let mut values = 0;
    for (text, python) in texts.iter().zip(python(texts)) {
        match (Value::parse_literal(text), python) {
            (Ok(value), python) => {
                assert_eq!(Some(value.repr()), python, "{text:?}");
                values += 1;
            }
            (Err(_), None) => {}
            (Err(error), Some(python)) => {
                // Python has integers without end and complex numbers.
                let beyond = match error.problem {
                    Problem::IntegerTooLarge => true,
                    Problem::Arithmetic(problem) => {
                        matches!(
                            problem,
                            ArithmeticError::IntegerOverflow | ArithmeticError::NotReal
                        )
                    }
                    _ => false,
                };
                assert!(beyond, "{text:?} is {python}, and not: {error}");
            }
        }
    }
    values
}

#[test]
fn arithmetic_is_pythons() {
    let values = compare(&generated(&arithmetic(), 5000));
    assert!(values > 2500, "only {values} of 5000 had a value");
}

#[test]
fn literals_are_pythons() {
    let lead = prop::sample::select(vec!["", " ", "\t ", "\n", "# note\n", "\n  "]);
    let texts = (lead, literal(), prop::sample::select(vec!["", "\n", " # end", "\r\n\n", "  "]));
    let texts = texts.prop_map(|(lead, text, end)| format!("{lead}{text}{end}"));
    let values = compare(&generated(&texts, 5000));
    assert!(values > 2500, "only {values} of 5000 had a value");
}

#[test]
fn or_and_not_are_pythons() {
    let constant = prop::sample::select(vec![
        "None", "True", "False", "0", "2", "0.0", "-0.0", "1e999", "''", "'a'", "[]", "[0]", "()",
        "(None,)", "1/0", "-None",
    ]);
    let logic = constant.prop_map(str::to_owned).prop_recursive(4, 16, 3, |inner| {
        let operator = prop::sample::select(vec![" or ", " and ", " or\\\n"]);
        prop_oneof![
            1 => inner.clone().prop_map(|operand| format!("not {operand}")),
            1 => inner.clone().prop_map(|operand| format!("({operand})")),
            4 => (inner.clone(), operator, inner)
                .prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
        ]
    });
    let values = compare(&generated(&logic, 5000));
    assert!(values > 2500, "only {values} of 5000 had a value");
}

#[test]
fn what_is_accepted_python_accepts_too() {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        "'a'",
        "\"b",
        "1",
        "2.5",
        "-",
        "+",
        "*",
        "**",
        "/",
        "//",
        "None",
        "True",
        " ",
        "\n",
        "  ",
        "#",
        "\\\n",
        "f'{1}'",
        "b'x'",
        "1j",
        "x",
        "x.y",
        "lambda",
        "if",
        "not",
        "or",
        "and",
        "...",
        ":=",
        "=",
        "'''",
        "\u{c}",
        "\r",
        "@",
        "in",
        "\0",
        "\u{feff}",
        "é",
        "0777",
        "1_",
        "1__0",
        "0x",
        "'\\N{x}'",
        "'\\ud800'",
        "'\\x4'",
    ]);
    let soup = prop::collection::vec(token, 0..9).prop_map(|tokens| tokens.concat());
    let texts = generated(&soup, 20000);
    for (text, python) in texts.iter().zip(python(&texts)) {
        if let Ok(value) = Value::parse_literal(text) {
            assert_eq!(Some(value.repr()), python, "{text:?}");
        }
    }
}
