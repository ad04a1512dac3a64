//! What a parameter can be, and the dictionaries that hold parameters.

use indexmap::IndexMap;

use crate::error::{Error, Problem};
use crate::number::{Number, Operator};
use crate::path::Path;
use crate::source::Origin;

/// The value of a parameter.
///
/// # Examples
///
/// ```
/// use mozaik_parameters::Value;
///
/// let Value::Dict(sheet) = Value::parse_literal("{'K': 2 * 500, 'size': (2.0, None)}")? else {
///     panic!("a dictionary is a sub-tree");
/// };
/// assert_eq!(sheet.value(&"K".into())?, &Value::Integer(1000));
/// assert_eq!(sheet.value(&"size".into())?.repr(), "(2.0, None)");
/// # Ok::<(), mozaik_parameters::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True`, `False`
    Boolean(bool),
    /// An `int`
    Integer(i64),
    /// A `float`
    Float(f64),
    /// A string
    Text(String),
    /// A list. References inside stay unresolved, as mozaik leaves them.
    List(Vec<Value>),
    /// A tuple. References inside stay unresolved, as mozaik leaves them.
    Tuple(Vec<Value>),
    /// A sub-tree
    Dict(Dict),
    /// A random distribution
    Distribution(Distribution),
    /// A reference, perhaps with arithmetic, that is not resolved (yet)
    Formula(Formula),
    /// A constructor that is kept as it is written
    Call(Call),
}

/// A dictionary: keys in order, each with its value and where that was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dict {
    /// The entries. A key that was written twice stands where it was first and has its last value.
    pub entries: IndexMap<String, Entry>,
    /// Where the braces stand; `None` if it was not read from a file.
    pub origin: Option<Origin>,
}

/// One value in a dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Where the value is written (of a sub-tree in its own file: the `url`); `None` if an override
    /// gave it. A resolved reference keeps the place of the reference.
    pub origin: Option<Origin>,
    /// Where its key is written.
    pub key: Option<Origin>,
}

/// `PyNNDistribution(name='uniform',low=13,high=23)`
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// The name that PyNN knows it by.
    pub name: String,
    /// Its parameters, in the order of the file.
    pub parameters: IndexMap<String, Value>,
}

/// A constructor call, never executed.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is called.
    pub function: String,
    /// The arguments in order, with their names if they have one.
    pub arguments: Vec<(Option<String>, Value)>,
}

/// A reference and what is to be done with the value it points to.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// The absolute path of the reference.
    pub target: Path,
    /// What is applied to the value, in this order.
    pub operations: Vec<Operation>,
}

/// One step of a formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What to do.
    pub operator: Operator,
    /// With what.
    pub operand: Operand,
    /// Whether the operand stands on the left (`1 - ref('a')`).
    pub reversed: bool,
}

/// The other side of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A constant.
    Number(Number),
    /// Another reference.
    Formula(Formula),
}

impl Value {
    /// The value as a number. `True` is 1 and `False` is 0, as in Python.
    pub fn as_number(&self) -> Option<Number> {
        match *self {
            Value::Boolean(value) => Some(Number::Integer(i64::from(value))),
            Value::Integer(value) => Some(Number::Integer(value)),
            Value::Float(value) => Some(Number::Float(value)),
            _ => None,
        }
    }

    /// What messages call this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Boolean(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Dict(_) => "a sub-tree",
            Value::Distribution(_) => "a distribution",
            Value::Formula(_) => "a reference",
            Value::Call(_) => "a constructor call",
        }
    }

    /// Whether mozaik's components, which checked the type of this value, would also take `other`:
    /// any number for a number or a distribution, and `None` for a sub-tree. What a component
    /// demands stands in its source only; this assumes that it is the type of the present value. Of
    /// `None`, references and calls nothing can be said: everything is accepted.
    pub fn accepts(&self, other: &Value) -> bool {
        match self {
            Value::Integer(_) | Value::Float(_) => other.as_number().is_some(),
            Value::Distribution(_) => {
                matches!(other, Value::Distribution(_)) || other.as_number().is_some()
            }
            Value::Dict(_) => matches!(other, Value::Dict(_) | Value::None),
            Value::Boolean(_) | Value::Text(_) | Value::List(_) | Value::Tuple(_) => {
                std::mem::discriminant(self) == std::mem::discriminant(other)
            }
            Value::None | Value::Formula(_) | Value::Call(_) => true,
        }
    }

    /// Levels of dictionaries below, this one included; 0 for anything else.
    pub(crate) fn height(&self) -> usize {
        let Value::Dict(dict) = self else { return 0 };
        1 + dict.entries.values().map(|entry| entry.value.height()).max().unwrap_or(0)
    }

    /// How many values this is, itself included.
    pub(crate) fn size(&self) -> usize {
        let Value::Dict(dict) = self else { return 1 };
        1 + dict.entries.values().map(|entry| entry.value.size()).sum::<usize>()
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Integer(value) => Value::Integer(value),
            Number::Float(value) => Value::Float(value),
        }
    }
}

impl Dict {
    /// The entry at `path`.
    ///
    /// # Errors
    /// A component is unknown, or the path goes on below a value or a reference. The root has no
    /// entry.
    pub fn entry(&self, path: &Path) -> Result<&Entry, Error> {
        let (parent, last) =
            path.split_last().ok_or_else(|| Error::from(Problem::RootHasNoEntry))?;
        self.dict(&parent)?.child(path, last)
    }

    /// The value at `path`.
    ///
    /// # Errors
    /// See [`entry`](Self::entry).
    pub fn value(&self, path: &Path) -> Result<&Value, Error> {
        Ok(&self.entry(path)?.value)
    }

    /// The dictionary at `path`, this one for the empty path.
    ///
    /// # Errors
    /// See [`entry`](Self::entry).
    pub fn dict(&self, path: &Path) -> Result<&Dict, Error> {
        let mut dict = self;
        for (level, component) in path.components().iter().enumerate() {
            let at = path.first(level + 1);
            let entry = dict.child(&at, component)?;
            match &entry.value {
                Value::Dict(inner) => dict = inner,
                Value::Formula(formula) => {
                    let problem = Problem::BelowReference { at, target: formula.target.clone() };
                    return Err(problem.at(entry.origin.clone()));
                }
                other => {
                    let problem = Problem::NotASubTree { at, found: other.kind() };
                    return Err(problem.at(entry.origin.clone()));
                }
            }
        }
        Ok(dict)
    }

    /// All leaves with their paths, in order. An empty dictionary is a leaf.
    pub fn leaves(&self) -> Vec<(Path, &Entry)> {
        let mut leaves = Vec::new();
        self.collect_leaves(&Path::default(), &mut leaves);
        leaves
    }

    fn collect_leaves<'a>(&'a self, path: &Path, leaves: &mut Vec<(Path, &'a Entry)>) {
        for (key, entry) in &self.entries {
            let path = path.child(key);
            match &entry.value {
                Value::Dict(dict) if !dict.entries.is_empty() => dict.collect_leaves(&path, leaves),
                _ => leaves.push((path, entry)),
            }
        }
    }

    fn child(&self, path: &Path, component: &str) -> Result<&Entry, Error> {
        self.entries.get(component).ok_or_else(|| {
            let suggestion = closest(component, self.entries.keys());
            Problem::UnknownComponent { path: path.clone(), suggestion }.at(self.origin.clone())
        })
    }

    /// The entry at `path`, to be changed.
    pub(crate) fn entry_mut(&mut self, path: &Path) -> Result<&mut Entry, Error> {
        // A second walk, for the sake of one place that words the errors.
        self.entry(path)?;
        let mut dict = self;
        let (parent, last) =
            path.split_last().ok_or_else(|| Error::from(Problem::RootHasNoEntry))?;
        for component in parent.components() {
            let Some(Value::Dict(inner)) =
                dict.entries.get_mut(component).map(|entry| &mut entry.value)
            else {
                return Err(Problem::RootHasNoEntry.into());
            };
            dict = inner;
        }
        dict.entries.get_mut(last).ok_or_else(|| Problem::RootHasNoEntry.into())
    }
}

/// The word of `known` that `word` was probably meant to be.
pub(crate) fn closest<'a>(word: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
    let word = word.to_lowercase();
    known
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|&(similarity, _)| similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.clone())
}
