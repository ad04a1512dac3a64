use std::borrow::Cow;

use crate::memory::Memory;
use crate::{ErrorKind, numpy};

/// Everything a pickle holds: a graph of values that may contain cycles.
///
/// # Examples
///
/// An object is what its making would have called:
///
/// ```
/// // pickle.dumps(datetime.timedelta(milliseconds=143), protocol=2)
/// let bytes = b"\x80\x02cdatetime\ntimedelta\nq\x00K\x00K\x00J\x98.\x02\x00\x87q\x01Rq\x02.";
/// let graph = pickle::read(bytes, pickle::Limits::for_size(bytes.len()))?;
/// assert_eq!(graph.class(graph.root()), Some(("datetime", "timedelta")));
/// let made = graph.instance(graph.root()).expect("a timedelta is made by a call");
/// let days_seconds_microseconds = graph.numbers(made.arguments);
/// assert_eq!(days_seconds_microseconds, Some(vec![0.0, 0.0, 143_000.0]));
/// assert_eq!(graph.protocol(), 2);
/// # Ok::<(), pickle::Error>(())
/// ```
#[derive(Debug)]
pub struct Graph<'a> {
    pub(crate) root: Value,
    pub(crate) objects: Vec<Object>,
    /// The elements of all tuples, one tuple after another.
    pub(crate) elements: Vec<Value>,
    pub(crate) strings: Vec<Cow<'a, [u8]>>,
    pub(crate) protocol: u8,
    pub(crate) memory_bytes: usize,
}

/// A Python value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True` or `False`
    Boolean(bool),
    /// An `int`, or a `long` of Python 2, of up to 64 bits
    Integer(i64),
    /// A larger integer, as it was written: decimal digits (protocols 0 and 1) or little-endian
    /// two's complement
    LongInteger(StringId),
    /// A `float`
    Float(f64),
    /// A `str`, or a `unicode` of Python 2, in UTF-8
    Text(StringId),
    /// `bytes`, a `bytearray`, or a `str` of Python 2
    Bytes(StringId),
    /// Anything with parts
    Object(ObjectId),
}

/// The number of a string in its [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StringId(pub(crate) u32);

/// The number of an object in its [`Graph`]: two values with the same number are the same object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub(crate) u32);

/// Something with parts.
#[derive(Debug)]
pub enum Object {
    /// A `tuple`: a range of the graph's elements; see [`Graph::sequence`]
    Tuple(std::ops::Range<u32>),
    /// A `list`
    List(Vec<Value>),
    /// A `set` or `frozenset`
    Set(Vec<Value>),
    /// A `dict` in the order of insertion; of equal keys the last one counts
    Dict(Vec<(Value, Value)>),
    /// A class or function, by its name
    Global {
        /// For example `neo.core.segment`
        module: StringId,
        /// For example `Segment`
        name: StringId,
    },
    /// An object that Python would make by a call
    Instance(Box<Instance>),
    /// A reference to something outside of the pickle
    Persistent(Value),
}

/// How Python would make an object.
#[derive(Debug)]
pub struct Instance {
    /// What is called: a class or a function
    pub callable: Value,
    /// The arguments, a tuple
    pub arguments: Value,
    /// The state that is set afterwards (`__setstate__`), or `None`
    pub state: Value,
    /// Few objects have more to them, and there are many.
    pub(crate) additions: Option<Box<Additions>>,
}

#[derive(Debug)]
pub(crate) struct Additions {
    pub(crate) keywords: Value,
    pub(crate) items: Vec<Value>,
    pub(crate) entries: Vec<(Value, Value)>,
}

impl Instance {
    /// The keyword arguments, a dict, or `None`.
    pub fn keywords(&self) -> Value {
        self.additions.as_ref().map_or(Value::None, |additions| additions.keywords)
    }

    /// What is appended to it as to a list or set.
    pub fn items(&self) -> &[Value] {
        self.additions.as_ref().map_or(&[], |additions| &additions.items)
    }

    /// What is put into it as into a dict.
    pub fn entries(&self) -> &[(Value, Value)] {
        self.additions.as_ref().map_or(&[], |additions| &additions.entries)
    }

    /// What there is more to it, to be filled in.
    pub(crate) fn additions(&mut self, memory: &mut Memory) -> Result<&mut Additions, ErrorKind> {
        if self.additions.is_none() {
            memory.take(size_of::<Additions>())?;
        }
        Ok(self.additions.get_or_insert_with(|| {
            Box::new(Additions { keywords: Value::None, items: vec![], entries: vec![] })
        }))
    }
}

/// Names of classes are looked at for every object. A longer one would make a small pickle cost
/// hours.
const LONGEST_NAME: usize = 1000;

/// The object that this value is.
pub(crate) fn object(objects: &mut [Object], value: Value) -> Option<&mut Object> {
    match value {
        Value::Object(ObjectId(id)) => objects.get_mut(id as usize),
        _ => None,
    }
}

/// The elements of a tuple or list.
pub(crate) fn sequence<'g>(
    objects: &'g [Object],
    elements: &'g [Value],
    value: Value,
) -> Option<&'g [Value]> {
    let Value::Object(ObjectId(id)) = value else { return None };
    match objects.get(id as usize)? {
        Object::Tuple(range) => elements.get(range.start as usize..range.end as usize),
        Object::List(values) => Some(values),
        _ => None,
    }
}

impl Graph<'_> {
    /// The value that was pickled.
    pub fn root(&self) -> Value {
        self.root
    }

    /// The protocol that the pickle says it is written in; 0 where it says nothing.
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The module and the name of every class and function that occurs, some several times.
    pub fn globals(&self) -> impl Iterator<Item = (&str, &str)> {
        let ids = 0..self.objects.len() as u32;
        ids.filter_map(|id| self.global(Value::Object(ObjectId(id))))
    }

    /// How much memory the graph took while it was built, beside the input.
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// The object of this number.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    fn of(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(id) => Some(self.object(id)),
            _ => None,
        }
    }

    /// The bytes of a string of either kind.
    pub fn string(&self, id: StringId) -> &[u8] {
        &self.strings[id.0 as usize]
    }

    /// Text, or the text in the bytes of a Python 2 `str`, if it is UTF-8.
    pub fn text(&self, value: Value) -> Option<&str> {
        match value {
            Value::Text(id) | Value::Bytes(id) => std::str::from_utf8(self.string(id)).ok(),
            _ => None,
        }
    }

    /// Bytes.
    pub fn bytes(&self, value: Value) -> Option<&[u8]> {
        match value {
            Value::Bytes(id) => Some(self.string(id)),
            _ => None,
        }
    }

    /// An integer of at most 64 bits.
    pub fn integer(&self, value: Value) -> Option<i64> {
        match value {
            Value::Integer(integer) => Some(integer),
            Value::Boolean(boolean) => Some(i64::from(boolean)),
            Value::Object(_) => numpy::Array::of(self, value).ok()?.single_integer(),
            _ => None,
        }
    }

    /// A number: a Python one, a NumPy scalar, or a NumPy array with one element.
    pub fn number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Integer(integer) => Some(integer as f64),
            Value::Float(float) => Some(float),
            Value::Object(_) => numpy::Array::of(self, value).ok()?.single(),
            _ => None,
        }
    }

    /// Numbers: a list or tuple of them, or a NumPy array, in the order of its rows.
    pub fn numbers(&self, value: Value) -> Option<Vec<f64>> {
        match self.sequence(value) {
            Some(values) => values.iter().map(|&value| self.number(value)).collect(),
            None => numpy::Array::of(self, value).ok()?.by_rows().ok(),
        }
    }

    /// The elements of a tuple or list.
    pub fn sequence(&self, value: Value) -> Option<&[Value]> {
        sequence(&self.objects, &self.elements, value)
    }

    /// The entries of a dict, or of an object that is one (`OrderedDict`).
    pub fn entries(&self, value: Value) -> Option<&[(Value, Value)]> {
        match self.of(value)? {
            Object::Dict(entries) => Some(entries),
            Object::Instance(instance) => match self.reconstructed(instance) {
                Some(state) => self.entries(state),
                None => Some(instance.entries()),
            },
            _ => None,
        }
    }

    /// The dict that `copyreg._reconstructor(class, dict, {…})` begins with.
    fn reconstructed(&self, instance: &Instance) -> Option<Value> {
        let ("copyreg" | "copy_reg", "_reconstructor") = self.global(instance.callable)? else {
            return None;
        };
        match *self.sequence(instance.arguments)? {
            [_, _, state] if matches!(self.of(state), Some(Object::Dict(_))) => Some(state),
            _ => None,
        }
    }

    /// The value of a dict's text key.
    pub fn get(&self, dict: Value, key: &str) -> Option<Value> {
        // Bytes are compared, since decoding every key would take as long as the keys are.
        let is_key = |name| match name {
            Value::Text(id) | Value::Bytes(id) => self.string(id) == key.as_bytes(),
            _ => false,
        };
        let entries = self.entries(dict)?.iter().rev();
        entries.copied().find(|&(name, _)| is_key(name)).map(|(_, value)| value)
    }

    /// An attribute of an object whose state is a dict.
    pub fn attribute(&self, object: Value, name: &str) -> Option<Value> {
        self.get(self.instance(object)?.state, name)
    }

    /// How an object is made.
    pub fn instance(&self, value: Value) -> Option<&Instance> {
        match self.of(value)? {
            Object::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    /// The module and the name of a class or function, of up to 1000 bytes each.
    pub fn global(&self, value: Value) -> Option<(&str, &str)> {
        let Object::Global { module, name } = self.of(value)? else { return None };
        let text = |id| std::str::from_utf8(self.string(id)).ok();
        let longest = self.string(*module).len().max(self.string(*name).len());
        (longest <= LONGEST_NAME).then(|| Some((text(*module)?, text(*name)?)))?
    }

    /// The class of an object, or the function that makes it.
    pub fn class(&self, object: Value) -> Option<(&str, &str)> {
        let instance = self.instance(object)?;
        match self.global(instance.callable)? {
            ("copyreg" | "copy_reg", "_reconstructor") => {
                self.global(*self.sequence(instance.arguments)?.first()?)
            }
            class => Some(class),
        }
    }
}
