//! What an expression means: the names of the language, constants, formulas, sub-trees.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::error::{Error, Problem};
use crate::load::Includes;
use crate::number::{Number, Operator};
use crate::old_distributions::written_today;
use crate::path::Path;
use crate::python::{DEPTH_LIMIT, Expression, ExpressionKind, Item, parse};
use crate::source::{Origin, SourceFile};
use crate::value::{Call, Dict, Distribution, Entry, Formula, Operand, Operation, Value, closest};

/// Keys that mozaik refuses, because its dictionaries have methods of these names.
const FORBIDDEN_KEYS: [&str; 2] = ["names", "parameters"];

/// How many values one tree may have.
pub(crate) const VALUE_LIMIT: usize = 200_000;

/// Constructors that are kept as data.
const CONSTRUCTORS: [&str; 6] = [
    "ParameterSet",
    "ParameterRange",
    "ParameterTable",
    "RandomDistribution",
    "NumpyRNG",
    "ParameterWithUnitsAndPeriod",
];

impl Value {
    /// Reads an override's value as mozaik's command line does: one Python expression in which none
    /// of the language's names is known.
    ///
    /// # Errors
    /// The text is no such expression.
    pub fn parse_literal(text: &str) -> Result<Value, Error> {
        let file =
            SourceFile { name: "value".to_owned(), path: PathBuf::new(), text: text.to_owned() };
        Evaluator { includes: None, values: 0 }.file(&Arc::new(file), 0)
    }
}

/// Evaluates expressions without executing anything.
pub(crate) struct Evaluator {
    /// How `url` reads files; without it the language's names are unknown.
    pub includes: Option<Includes>,
    /// How many values there are so far.
    pub values: usize,
}

impl Evaluator {
    /// The value of a whole file.
    pub fn file(&mut self, file: &Arc<SourceFile>, depth: usize) -> Result<Value, Error> {
        let expression = parse(file)?;
        Scope { evaluator: self, file }.value(&expression, depth)
    }
}

/// The evaluation of one file.
struct Scope<'a> {
    evaluator: &'a mut Evaluator,
    file: &'a Arc<SourceFile>,
}

impl Scope<'_> {
    /// `depth` counts through included files, so that no tree is deeper than the limit.
    fn value(&mut self, expression: &Expression, depth: usize) -> Result<Value, Error> {
        self.evaluator.values += 1;
        if self.evaluator.values > VALUE_LIMIT {
            return Err(Problem::TooManyValues { limit: VALUE_LIMIT }.at(self.origin(expression)));
        }
        if depth > DEPTH_LIMIT {
            return Err(Problem::TooDeep { limit: DEPTH_LIMIT }.at(self.origin(expression)));
        }
        let depth = depth + 1;
        Ok(match &expression.kind {
            ExpressionKind::None => Value::None,
            ExpressionKind::Boolean(value) => Value::Boolean(*value),
            ExpressionKind::Integer(value) => {
                Value::Integer(self.integer(expression, i128::from(*value))?)
            }
            ExpressionKind::Float(value) => Value::Float(*value),
            ExpressionKind::Text(text) => Value::Text(text.clone()),
            ExpressionKind::Name(name) if name == "pi" && self.evaluator.includes.is_some() => {
                Value::Float(std::f64::consts::PI)
            }
            ExpressionKind::Name(name) => return Err(self.unknown_name(expression, name)),
            ExpressionKind::List(elements) => Value::List(self.all(elements, depth)?),
            ExpressionKind::Tuple(elements) => Value::Tuple(self.all(elements, depth)?),
            ExpressionKind::Dict(items) => Value::Dict(self.dict(expression, items, depth)?),
            ExpressionKind::Positive(operand) => self.signed(expression, operand, false, depth)?,
            ExpressionKind::Negative(operand) => self.signed(expression, operand, true, depth)?,
            ExpressionKind::Binary(left, operator, right) => {
                let (left, right) = (self.value(left, depth)?, self.value(right, depth)?);
                apply(left, *operator, right)
                    .map_err(|problem| problem.at(self.origin(expression)))?
            }
            ExpressionKind::Or(operands) => self.first_that_is(true, operands, depth)?,
            ExpressionKind::And(operands) => self.first_that_is(false, operands, depth)?,
            ExpressionKind::Not(operand) => {
                let value = self.value(operand, depth)?;
                Value::Boolean(!self.truth(operand, &value)?)
            }
            ExpressionKind::Call { function, arguments } => {
                self.call(expression, function, arguments, depth)?
            }
        })
    }

    fn all(&mut self, elements: &[Expression], depth: usize) -> Result<Vec<Value>, Error> {
        elements.iter().map(|element| self.value(element, depth)).collect()
    }

    /// The first operand that is true (or false), or else the last. What comes after it is not
    /// evaluated, as in Python.
    fn first_that_is(
        &mut self,
        wanted: bool,
        operands: &[Expression],
        depth: usize,
    ) -> Result<Value, Error> {
        let mut value = Value::None;
        for operand in operands {
            value = self.value(operand, depth)?;
            if self.truth(operand, &value)? == wanted {
                break;
            }
        }
        Ok(value)
    }

    /// What Python's `bool` gives. A reference is an object, and true whatever it refers to.
    fn truth(&self, expression: &Expression, value: &Value) -> Result<bool, Error> {
        Ok(match value {
            Value::None => false,
            Value::Boolean(value) => *value,
            Value::Integer(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(values) | Value::Tuple(values) => !values.is_empty(),
            Value::Distribution(_) | Value::Formula(_) => true,
            // Editing would not find what is written in it.
            Value::Dict(_) | Value::Call(_) => {
                let what = format!("{} in or, and, not", value.kind());
                return Err(Problem::Unsupported { what }.at(self.origin(expression)));
            }
        })
    }

    fn dict(&mut self, whole: &Expression, items: &[Item], depth: usize) -> Result<Dict, Error> {
        let mut entries = IndexMap::with_capacity(items.len());
        for item in items {
            let problem = match self.value(&item.key, depth)? {
                Value::Text(key) if FORBIDDEN_KEYS.contains(&key.as_str()) => {
                    Problem::ForbiddenKey { key }
                }
                Value::Text(key) if key.contains('.') => Problem::DottedKey { key },
                Value::Text(key) => {
                    let entry = Entry {
                        value: self.value(&item.value, depth)?,
                        origin: Some(self.origin(&item.value)),
                        key: Some(self.origin(&item.key)),
                    };
                    entries.insert(key, entry);
                    continue;
                }
                _ => Problem::KeyNotText,
            };
            return Err(problem.at(self.origin(&item.key)));
        }
        Ok(Dict { entries, origin: Some(self.origin(whole)) })
    }

    fn signed(
        &mut self,
        whole: &Expression,
        operand: &Expression,
        negative: bool,
        depth: usize,
    ) -> Result<Value, Error> {
        // The smallest integer has no positive counterpart.
        if let (true, ExpressionKind::Integer(value)) = (negative, &operand.kind) {
            return Ok(Value::Integer(self.integer(whole, -i128::from(*value))?));
        }
        let value = self.value(operand, depth)?;
        let problem = match (value.as_number(), &value) {
            (Some(number), _) if !negative => return Ok(number.into()),
            (Some(Number::Float(value)), _) => return Ok(Value::Float(-value)),
            (Some(Number::Integer(value)), _) => {
                return Ok(Value::Integer(self.integer(whole, -i128::from(value))?));
            }
            (None, Value::Formula(_)) => Problem::SignedReference,
            (None, other) => {
                let operator = if negative { Operator::Subtract } else { Operator::Add };
                Problem::NotArithmetic { operator, operand: other.kind() }
            }
        };
        Err(problem.at(self.origin(whole)))
    }

    fn call(
        &mut self,
        whole: &Expression,
        function: &str,
        arguments: &[(Option<String>, Expression)],
        depth: usize,
    ) -> Result<Value, Error> {
        let Some(includes) = &mut self.evaluator.includes else {
            return Err(self.unknown_name(whole, function));
        };
        let wanted = |wanted| Problem::Arguments { function: function.to_owned(), wanted };
        match (function, arguments) {
            ("url", [(None, argument @ Expression { kind: ExpressionKind::Text(url), .. })]) => {
                let origin = Origin { file: Arc::clone(self.file), span: argument.span.clone() };
                let file = includes.open(url, origin)?;
                let value = self.evaluator.file(&file, depth)?;
                if let Some(includes) = &mut self.evaluator.includes {
                    includes.close();
                }
                Ok(Value::Dict(subtree(value, &file)?))
            }
            ("url", _) => Err(wanted("one string, the path of a file").at(self.origin(whole))),
            ("ref", [(None, argument)]) => match self.value(argument, depth)? {
                Value::Text(path) => {
                    let target = Path::from(path.as_str());
                    Ok(Value::Formula(Formula { target, operations: Vec::new() }))
                }
                _ => Err(wanted("a string, the path of a parameter").at(self.origin(argument))),
            },
            ("ref", _) => Err(wanted("one string, the path of a parameter").at(self.origin(whole))),
            // The dictionary itself is what it makes.
            (
                "ParameterSet",
                [(None, argument @ Expression { kind: ExpressionKind::Dict(_), .. })],
            ) => self.value(argument, depth),
            ("PyNNDistribution", _) => {
                let problem = wanted("name=.. and named parameters").at(self.origin(whole));
                let mut parameters = IndexMap::new();
                for (position, (name, argument)) in arguments.iter().enumerate() {
                    let name = match name {
                        Some(name) => name.as_str(),
                        None if position == 0 => "name",
                        None => return Err(problem),
                    };
                    parameters.insert(name.to_owned(), self.value(argument, depth)?);
                }
                match parameters.shift_remove("name") {
                    Some(Value::Text(name)) => {
                        Ok(Value::Distribution(Distribution { name, parameters }))
                    }
                    _ => Err(problem),
                }
            }
            _ if CONSTRUCTORS.contains(&function) => {
                let mut values = Vec::with_capacity(arguments.len());
                for (name, argument) in arguments {
                    values.push((name.clone(), self.value(argument, depth)?));
                }
                Ok(Value::Call(Call { function: function.to_owned(), arguments: values }))
            }
            _ => {
                let text = |argument: &Expression| &self.file.text[argument.span.clone()];
                let texts: Vec<_> =
                    arguments.iter().map(|(name, value)| (name.as_deref(), text(value))).collect();
                Err(match written_today(function, &texts) {
                    Some(instead) => {
                        let name = function.to_owned();
                        Problem::OldDistribution { name, instead }.at(self.origin(whole))
                    }
                    None => self.unknown_name(whole, function),
                })
            }
        }
    }

    fn integer(&self, expression: &Expression, value: i128) -> Result<i64, Error> {
        i64::try_from(value).map_err(|_| Problem::IntegerTooLarge.at(self.origin(expression)))
    }

    fn unknown_name(&self, expression: &Expression, name: &str) -> Error {
        let suggestion = self.evaluator.includes.as_ref().and_then(|_| {
            let names = ["url", "ref", "PyNNDistribution", "pi", "True", "False", "None"];
            let known: Vec<String> =
                names.iter().chain(&CONSTRUCTORS).map(|&name| name.into()).collect();
            closest(name, known.iter())
        });
        Problem::UnknownName { name: name.to_owned(), suggestion }.at(self.origin(expression))
    }

    fn origin(&self, expression: &Expression) -> Origin {
        Origin { file: Arc::clone(self.file), span: expression.span.clone() }
    }
}

/// A file's value, which has to be a dictionary.
pub(crate) fn subtree(value: Value, file: &Arc<SourceFile>) -> Result<Dict, Error> {
    let found = value.kind();
    if let Value::Dict(dict) = value {
        return Ok(dict);
    }
    let whole = Origin { file: Arc::clone(file), span: 0..file.text.len() };
    Err(Problem::NotADictionary { found }.at(whole))
}

/// Arithmetic on constants gives a constant; on references it is written down for later, in the
/// order in which Python would have called the reference's methods.
fn apply(left: Value, operator: Operator, right: Value) -> Result<Value, Problem> {
    let operation = |operand, reversed| Operation { operator, operand, reversed };
    let (step, mut formula) = match (left, right) {
        (Value::Formula(_), Value::Formula(_)) if operator == Operator::Power => {
            return Err(Problem::ReferenceAsExponent);
        }
        (Value::Formula(left), Value::Formula(right)) => {
            (operation(Operand::Formula(right), false), left)
        }
        (Value::Formula(left), right) => {
            (operation(Operand::Number(operand(operator, &right)?), false), left)
        }
        (_, Value::Formula(_)) if operator == Operator::Power => {
            return Err(Problem::ReferenceAsExponent);
        }
        (left, Value::Formula(right)) => {
            (operation(Operand::Number(operand(operator, &left)?), true), right)
        }
        (left, right) => {
            let (left, right) = (operand(operator, &left)?, operand(operator, &right)?);
            return left.apply(operator, right).map(Value::from).map_err(Problem::Arithmetic);
        }
    };
    formula.operations.push(step);
    Ok(Value::Formula(formula))
}

fn operand(operator: Operator, value: &Value) -> Result<Number, Problem> {
    value.as_number().ok_or(Problem::NotArithmetic { operator, operand: value.kind() })
}
