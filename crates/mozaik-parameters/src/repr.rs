//! Values as Python prints them, and as JSON.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::number::Number;
use crate::value::{Call, Dict, Distribution, Formula, Operand, Value};

impl Value {
    /// What Python's `repr` gives. Distributions print as mozaik prints them, and unresolved
    /// references as they would be written.
    pub fn repr(&self) -> String {
        match self {
            Value::None => "None".to_owned(),
            Value::Boolean(true) => "True".to_owned(),
            Value::Boolean(false) => "False".to_owned(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => float_repr(*value),
            Value::Text(text) => text_repr(text),
            Value::List(values) => format!("[{}]", joined(values)),
            Value::Tuple(values) if values.len() == 1 => format!("({},)", joined(values)),
            Value::Tuple(values) => format!("({})", joined(values)),
            Value::Dict(dict) => {
                let item = |(key, entry): (&String, &crate::Entry)| {
                    format!("{}: {}", text_repr(key), entry.value.repr())
                };
                format!("{{{}}}", dict.entries.iter().map(item).collect::<Vec<_>>().join(", "))
            }
            Value::Distribution(distribution) => distribution.printed(),
            Value::Formula(formula) => formula.printed(),
            Value::Call(call) => call.printed(),
        }
    }

    /// The value as JSON: nested objects in order, tuples as arrays, distributions, references and
    /// calls as they are printed, and floats that are not finite as strings (`"inf"`).
    pub fn to_json(&self) -> Json {
        match self {
            Value::None => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Integer(value) => Json::from(*value),
            Value::Float(value) if value.is_finite() => Json::from(*value),
            Value::Text(text) => Json::from(text.as_str()),
            Value::List(values) | Value::Tuple(values) => {
                values.iter().map(Value::to_json).collect()
            }
            Value::Dict(dict) => dict.to_json(),
            Value::Float(_) | Value::Distribution(_) | Value::Formula(_) | Value::Call(_) => {
                Json::from(self.repr())
            }
        }
    }
}

impl Dict {
    /// The tree as JSON; see [`Value::to_json`].
    pub fn to_json(&self) -> Json {
        self.entries.iter().map(|(key, entry)| (key.clone(), entry.value.to_json())).collect()
    }
}

impl Distribution {
    fn printed(&self) -> String {
        let mut printed = format!("PyNNDistribution(name='{}'", self.name);
        for (name, value) in &self.parameters {
            // mozaik prints with `str`, which leaves strings bare.
            let value = if let Value::Text(text) = value { text.clone() } else { value.repr() };
            printed += &format!(",{name}={value}");
        }
        printed + ")"
    }
}

impl Call {
    fn printed(&self) -> String {
        let argument = |(name, value): &(Option<String>, Value)| match name {
            Some(name) => format!("{name}={}", value.repr()),
            None => value.repr(),
        };
        let arguments: Vec<String> = self.arguments.iter().map(argument).collect();
        format!("{}({})", self.function, arguments.join(", "))
    }
}

impl Formula {
    fn printed(&self) -> String {
        let mut printed = format!("ref({})", text_repr(&self.target.to_string()));
        for (step, operation) in self.operations.iter().enumerate() {
            if step > 0 {
                printed = format!("({printed})");
            }
            let operand = match &operation.operand {
                Operand::Number(Number::Integer(value)) => value.to_string(),
                Operand::Number(Number::Float(value)) => float_repr(*value),
                Operand::Formula(formula) if formula.operations.is_empty() => formula.printed(),
                Operand::Formula(formula) => format!("({})", formula.printed()),
            };
            let operator = operation.operator;
            printed = if operation.reversed {
                format!("{operand} {operator} {printed}")
            } else {
                format!("{printed} {operator} {operand}")
            };
        }
        printed
    }
}

fn joined(values: &[Value]) -> String {
    values.iter().map(Value::repr).collect::<Vec<_>>().join(", ")
}

/// The shortest decimal that reads back as the same float, laid out as Python does: an exponent
/// below 1e-4 and from 1e16 on, always a point or an exponent.
fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let fraction_digits = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Where two shortest decimals are equally near, Python takes the even one, as rounding does.
    let even = |printed: String, otherwise: String| {
        if printed.parse() == Ok(value) { printed } else { otherwise }
    };
    if (-4..16).contains(&exponent) {
        let decimals = (fraction_digits as i32 - exponent).max(1) as usize;
        return even(format!("{value:.decimals$}"), format!("{value:?}"));
    }
    let scientific = even(format!("{value:.fraction_digits$e}"), shortest.clone());
    let mantissa = scientific.split_once('e').map_or(mantissa, |(mantissa, _)| mantissa);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Single quotes unless there are only single quotes inside; what does not print is escaped.
pub(crate) fn text_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut printed = String::from(quote);
    for character in text.chars() {
        match character {
            '\n' => printed += "\\n",
            '\r' => printed += "\\r",
            '\t' => printed += "\\t",
            '\\' => printed += "\\\\",
            _ if character == quote => printed.extend(['\\', quote]),
            _ if is_printable(character) => printed.push(character),
            _ => {
                let _ = match u32::from(character) {
                    code @ ..=0xff => write!(printed, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(printed, "\\u{code:04x}"),
                    code => write!(printed, "\\U{code:08x}"),
                };
            }
        }
    }
    printed.push(quote);
    printed
}

/// Python's `str.isprintable`, as far as it does not depend on the version of Unicode: code points
/// that are not assigned yet count as printable here.
fn is_printable(character: char) -> bool {
    if character.is_control() || (character.is_whitespace() && character != ' ') {
        return false;
    }
    !matches!(u32::from(character),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x8e2 | 0x180e | 0x200b..=0x200f
        | 0x202a..=0x202e | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb
        | 0xfffe..=0xffff | 0xe0000..=0xe007f | 0xf0000..)
}
