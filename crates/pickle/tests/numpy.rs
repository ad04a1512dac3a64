//! Arrays and scalars as NumPy pickled them: see `make_numpy_pickles.py`.

use pickle::numpy::{Array, NotAnArray};
use pickle::{Graph, Limits};
use serde::Deserialize;

mod visit;

#[derive(Deserialize)]
struct Case {
    name: String,
    numpy: String,
    pickles: Vec<String>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Array {
        shape: Vec<usize>,
        /// The bits of the numbers in C order, if they are to be had.
        rows: Option<Vec<String>>,
        columns: Option<Vec<String>>,
        /// For a single whole number, its exact value.
        integer: Option<String>,
    },
    Failure {
        error: String,
        kind: Option<char>,
    },
}

fn cases() -> Vec<Case> {
    let mut lines = vec![];
    lzma_rs::xz_decompress(&mut &include_bytes!("data/numpy_pickles.jsonl.xz")[..], &mut lines)
        .unwrap();
    serde_json::Deserializer::from_slice(&lines).into_iter().collect::<Result<_, _>>().unwrap()
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    let digits = digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16));
    digits.collect::<Result<_, _>>().unwrap()
}

fn bits(numbers: Vec<f64>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("{:016x}", number.to_bits())).collect()
}

#[test]
fn arrays_hold_what_numpy_put_into_them() {
    let mut compared = 0;
    for case in cases() {
        for pickle in &case.pickles {
            let bytes = bytes_of(pickle);
            let context = format!("{} of NumPy {}: {pickle}", case.name, case.numpy);
            let graph = pickle::read(&bytes, Limits::for_size(bytes.len())).unwrap();
            compare(&graph, &case.expected, &context);
            visit::visit(&graph);
            compared += 1;
        }
    }
    assert!(compared > 2000, "{compared}");
}

fn compare(graph: &Graph<'_>, expected: &Expected, context: &str) {
    let array = Array::of(graph, graph.root());
    match expected {
        Expected::Array { shape, rows, columns, integer } => {
            let array = array.unwrap_or_else(|error| panic!("{error}\n{context}"));
            assert_eq!(array.shape(), shape, "{context}");
            assert_eq!(array.by_rows().ok().map(bits), *rows, "{context}");
            assert_eq!(array.by_columns().ok().map(bits), *columns, "{context}");
            assert_eq!(graph.numbers(graph.root()).map(bits), *rows, "{context}");
            let number = graph.number(graph.root()).map(|number| bits(vec![number]));
            assert_eq!(number, rows.clone().filter(|rows| rows.len() == 1), "{context}");
            if let Some(integer) = integer {
                assert_eq!(graph.integer(graph.root()), integer.parse().ok(), "{context}");
            }
        }
        Expected::Failure { error, kind } => {
            match (error.as_str(), array.expect_err(context)) {
                ("Other", NotAnArray::Other) => {}
                ("ElementType", NotAnArray::ElementType(code)) => {
                    assert_eq!(code.chars().next(), *kind, "{context}");
                }
                (_, other) => panic!("{other:?}\n{context}"),
            }
            assert_eq!(graph.number(graph.root()), None, "{context}");
            assert_eq!(graph.numbers(graph.root()), None, "{context}");
        }
    }
}
