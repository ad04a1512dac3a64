//! Goes through a graph as a careless reader would: everything that can be reached is asked
//! everything that can be asked. Whatever the pickle was, there must be an answer, and no two
//! answers may contradict each other.

use std::collections::HashSet;

use pickle::numpy::{Array, NotAnArray};
use pickle::{Graph, Object, Value};

/// Asks everything of each object and string once; says how many objects there are.
pub fn visit(graph: &Graph<'_>) -> usize {
    assert!(graph.protocol() <= 5);
    assert!(graph.globals().all(|(module, name)| module.len().max(name.len()) <= 1000));
    let (mut objects, mut strings) = (HashSet::new(), HashSet::new());
    let mut waiting = vec![graph.root()];
    while let Some(value) = waiting.pop() {
        let is_new = match value {
            Value::Object(id) => objects.insert(id),
            Value::Text(id) | Value::Bytes(id) | Value::LongInteger(id) => strings.insert(id),
            _ => true,
        };
        if is_new {
            ask(graph, value);
            push_parts(graph, value, &mut waiting);
        }
    }
    objects.len()
}

fn push_parts(graph: &Graph<'_>, value: Value, parts: &mut Vec<Value>) {
    let Value::Object(id) = value else { return };
    let entries = match graph.object(id) {
        Object::Tuple(_) => {
            parts.extend(graph.sequence(value).unwrap());
            &[]
        }
        Object::List(values) | Object::Set(values) => {
            parts.extend(values);
            &[]
        }
        Object::Dict(entries) => &entries[..],
        Object::Global { module, name } => {
            parts.extend([Value::Text(*module), Value::Text(*name)]);
            &[]
        }
        Object::Instance(instance) => {
            let keywords = instance.keywords();
            parts.extend([instance.callable, instance.arguments, instance.state, keywords]);
            parts.extend(instance.items());
            instance.entries()
        }
        Object::Persistent(id) => {
            parts.push(*id);
            &[]
        }
    };
    parts.extend(entries.iter().flat_map(|&(key, value)| [key, value]));
}

fn ask(graph: &Graph<'_>, value: Value) {
    if let Some(text) = graph.text(value) {
        assert_eq!(graph.bytes(value).is_some(), matches!(value, Value::Bytes(_)));
        assert!(matches!(value, Value::Text(id) | Value::Bytes(id)
            if graph.string(id) == text.as_bytes()));
    }
    if let Value::LongInteger(id) = value {
        assert!(!graph.string(id).is_empty());
    }
    if let (Some(integer), Some(number)) = (graph.integer(value), graph.number(value)) {
        assert_eq!(integer as f64, number);
    }
    if let Some(entries) = graph.entries(value) {
        assert!(entries.is_empty() || graph.sequence(value).is_none());
        if let Some(name) = entries.last().and_then(|&(key, _)| graph.text(key)) {
            assert_eq!(graph.get(value, name), entries.last().map(|&(_, value)| value));
        }
    }
    let instance = graph.instance(value);
    assert!(graph.class(value).is_none() || instance.is_some());
    assert!(graph.attribute(value, "annotations").is_none() || instance.is_some());
    let numbers = graph.numbers(value);
    assert!(numbers.is_none() || graph.sequence(value).is_some() || instance.is_some());
    let array = Array::of(graph, value);
    assert!(array.is_err() || graph.global(instance.unwrap().callable).is_some());
    if let Ok(array) = &array {
        assert_eq!(array.by_rows().ok().map(to_bits), numbers.map(to_bits));
    }
    let state = instance.map(|instance| Array::of_state(graph, instance.state));
    for array in [Some(array), state].into_iter().flatten().flatten() {
        ask_array(&array);
    }
}

/// NaN is not equal to itself, but its bits are.
fn to_bits(numbers: Vec<f64>) -> Vec<u64> {
    numbers.into_iter().map(f64::to_bits).collect()
}

fn ask_array(array: &Array<'_>) {
    let shape = array.shape();
    assert_eq!(
        shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n)),
        Some(array.len())
    );
    assert_eq!(array.is_empty(), shape.contains(&0));
    let mut stored = vec![];
    array.append_to(&mut stored);
    let stored = to_bits(stored);
    assert_eq!(stored.len(), array.len());
    let single = array.single().map(f64::to_bits);
    assert_eq!(single, (array.len() == 1).then(|| stored[0]));
    let mut orders = 0;
    for ordered in [array.by_rows(), array.by_columns()] {
        match ordered {
            Ok(numbers) => {
                let numbers = to_bits(numbers);
                orders += usize::from(numbers == stored);
                assert_eq!(numbers.len(), stored.len());
            }
            Err(error) => assert_eq!(error, NotAnArray::Shape(shape.to_vec())),
        }
    }
    assert!(orders > 0, "an array lies in memory neither by rows nor by columns");
}
