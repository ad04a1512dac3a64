//! Pickles that Python writes while the test runs (`cpython_cases.py`), in all protocols: what is
//! read is what `__reduce_ex__` says that was written.

use std::process::Command;

use pickle::{Graph, Limits, Object, ObjectId, StringId, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

mod visit;

#[derive(Deserialize)]
struct Case {
    name: String,
    protocol: u8,
    pickles: Vec<String>,
    expected: Json,
}

#[test]
fn pickles_of_every_protocol_hold_what_python_wrote() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cpython_cases.py");
    let output = Command::new("python3").arg(script).output().expect("python3 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = output.stdout.split(|&byte| byte == b'\n').collect();
    assert!(lines.len() > 3000, "{} pickles", lines.len());
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        let case: Case = serde_json::from_slice(line).unwrap();
        for (writer, pickle) in ["C", "Python", "optimized"].into_iter().zip(&case.pickles) {
            let bytes = bytes_of(pickle);
            let Case { name, protocol, expected, .. } = &case;
            let context = format!("{name}, protocol {protocol}, {writer}: {pickle:.2000}");
            let graph = pickle::read(&bytes, Limits::for_size(bytes.len()))
                .unwrap_or_else(|error| panic!("{error}\n{context}"));
            let read = Description::of(&graph, case.protocol);
            assert!(
                read == *expected,
                "{context}\n    read {read:.2000}\nexpected {expected:.2000}"
            );
            visit::visit(&graph);
        }
    }
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    let digits = digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16));
    digits.collect::<Result<_, _>>().unwrap()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// The same description as in `cpython_cases.py`, of what was read.
struct Description<'g> {
    graph: &'g Graph<'g>,
    protocol: u8,
    /// In the order in which they are met.
    seen: Vec<ObjectId>,
}

impl<'g> Description<'g> {
    fn of(graph: &'g Graph<'g>, protocol: u8) -> Json {
        Self { graph, protocol, seen: vec![] }.describe(graph.root())
    }

    fn describe(&mut self, value: Value) -> Json {
        match value {
            Value::None => Json::Null,
            Value::Boolean(boolean) => json!(boolean),
            Value::Integer(integer) => json!({"int": integer.to_string()}),
            Value::LongInteger(id) => json!({"int": self.long(id)}),
            Value::Float(float) => json!({"float": format!("{:016x}", float.to_bits())}),
            Value::Text(id) => json!({"str": hexadecimal(self.graph.string(id))}),
            Value::Bytes(id) => json!({"bytes": hexadecimal(self.graph.string(id))}),
            Value::Object(id) => self.object(value, id),
        }
    }

    fn object(&mut self, value: Value, id: ObjectId) -> Json {
        let graph = self.graph;
        match graph.object(id) {
            Object::Tuple(_) => {
                return json!({"tuple": self.all(graph.sequence(value).unwrap())});
            }
            Object::Global { .. } => {
                let (module, name) = graph.global(value).unwrap();
                return json!({"global": [module, name]});
            }
            _ => {}
        }
        if let Some(number) = self.seen.iter().position(|&seen| seen == id) {
            return json!({"seen": number});
        }
        let number = self.seen.len();
        self.seen.push(id);
        match graph.object(id) {
            Object::List(values) => json!({"number": number, "list": self.all(values)}),
            Object::Set(values) => json!({"number": number, "set": self.all(values)}),
            Object::Dict(entries) => json!({"number": number, "dict": self.pairs(entries)}),
            Object::Instance(instance) => {
                if let Some(members) = self.called_set(value) {
                    return json!({"number": number, "set": self.all(members)});
                }
                json!({
                    "number": number,
                    "call": self.describe(instance.callable),
                    "arguments": self.describe(instance.arguments),
                    "keywords": self.describe(instance.keywords()),
                    "items": self.all(instance.items()),
                    "entries": self.pairs(instance.entries()),
                    "state": self.describe(instance.state),
                })
            }
            other => panic!("Python wrote no {other:?}"),
        }
    }

    /// Protocols before 4 write `set([…])`.
    fn called_set(&self, value: Value) -> Option<&'g [Value]> {
        let ("__builtin__" | "builtins", "set" | "frozenset") = self.graph.class(value)? else {
            return None;
        };
        let &[list] = self.graph.sequence(self.graph.instance(value)?.arguments)? else {
            return None;
        };
        self.graph.sequence(list)
    }

    fn all(&mut self, values: &[Value]) -> Json {
        values.iter().map(|&value| self.describe(value)).collect()
    }

    fn pairs(&mut self, entries: &[(Value, Value)]) -> Json {
        entries.iter().map(|&(key, value)| self.all(&[key, value])).collect()
    }

    fn long(&self, id: StringId) -> String {
        match self.graph.string(id) {
            digits if self.protocol < 2 => String::from_utf8(digits.to_vec()).unwrap(),
            little_endian => decimal(little_endian),
        }
    }
}

/// An integer in two's complement, in decimal digits.
fn decimal(little_endian: &[u8]) -> String {
    let is_negative = little_endian.last().is_some_and(|&byte| byte >= 0x80);
    let mut digits: Vec<u32> = vec![0];
    let mut carried = u32::from(is_negative);
    let magnitude = little_endian.iter().map(|&byte| {
        let byte = u32::from(if is_negative { !byte } else { byte }) + carried;
        carried = byte >> 8;
        byte & 0xff
    });
    for byte in magnitude.collect::<Vec<_>>().into_iter().rev() {
        let mut carried = byte;
        for digit in &mut digits {
            let sum = *digit * 256 + carried;
            (*digit, carried) = (sum % 10, sum / 10);
        }
        while carried > 0 {
            digits.push(carried % 10);
            carried /= 10;
        }
    }
    let digits: String = digits.iter().rev().map(u32::to_string).collect();
    format!("{}{digits}", if is_negative { "-" } else { "" })
}
