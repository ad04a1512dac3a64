//! Arrays and scalars of NumPy, versions 1 and 2, as they are pickled.
//!
//! An array is either `_reconstruct(…)` with the state (version, shape, dtype, Fortran order?,
//! data), or, in protocol 5, `_frombuffer(data, dtype, shape, order)`; a scalar is `scalar(dtype,
//! data)`. A dtype is `dtype("f8", …)` with the state (version, byte order, …).
//!
//! ```
//! use pickle::numpy::Array;
//!
//! // pickle.dumps(numpy.array([[1, 2, 3], [4, 5, 6]], dtype="<i2"), protocol=5)
//! let bytes = b"\x80\x05\x95\x82\0\0\0\0\0\0\0\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuf\
//!     fer\x94\x93\x94(\x96\x0c\0\0\0\0\0\0\0\x01\0\x02\0\x03\0\x04\0\x05\0\x06\0\x94\x8c\x05n\
//!     umpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02i2\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94\
//!     NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bK\x02K\x03\x86\x94\x8c\x01C\x94t\x94R\x94\
//!     .";
//! let graph = pickle::read(bytes, pickle::Limits::for_size(bytes.len()))?;
//! let array = Array::of(&graph, graph.root())?;
//! assert_eq!(array.shape(), [2, 3]);
//! assert_eq!(array.by_rows()?, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
//! assert_eq!(array.by_columns()?, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{Graph, Value};

/// An array of numbers that lies in a pickle.
#[derive(Debug, Clone)]
pub struct Array<'g> {
    shape: Vec<usize>,
    is_fortran: bool,
    element: Element,
    data: &'g [u8],
}

/// Why something is no array of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnArray {
    /// It is made by something else.
    #[error("not a NumPy array")]
    Other,
    /// It is an array of something else than numbers.
    #[error("an array of the type {0}, not of numbers")]
    ElementType(String),
    /// Its parts are not those of an array.
    #[error("a damaged array: {0}")]
    Damaged(&'static str),
    /// An array of another number of dimensions is needed.
    #[error("an array of shape {0:?}")]
    Shape(Vec<usize>),
}

/// One number in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Element {
    kind: Kind,
    size: usize,
    is_big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Signed,
    Unsigned,
    Float,
}

const NUMPY: [&str; 3] = ["numpy.core.multiarray", "numpy._core.multiarray", "numpy.multiarray"];
const NUMERIC: [&str; 2] = ["numpy.core.numeric", "numpy._core.numeric"];

impl<'g> Array<'g> {
    /// The array or scalar that this value is.
    ///
    /// # Errors
    /// When it is something else, holds no numbers, or has the wrong amount of data.
    pub fn of(graph: &'g Graph<'_>, value: Value) -> Result<Self, NotAnArray> {
        let instance = graph.instance(value).ok_or(NotAnArray::Other)?;
        let (module, name) = graph.global(instance.callable).ok_or(NotAnArray::Other)?;
        let arguments = graph.sequence(instance.arguments).ok_or(NotAnArray::Other)?;
        match (name, arguments) {
            ("_reconstruct", _) if NUMPY.contains(&module) => Self::of_state(graph, instance.state),
            ("scalar", &[dtype, data]) if NUMPY.contains(&module) => {
                Self::new(graph, vec![], false, dtype, data)
            }
            ("_frombuffer", &[data, dtype, shape, order]) if NUMERIC.contains(&module) => {
                let is_fortran = match graph.text(order) {
                    Some("C") => false,
                    Some("F") => true,
                    _ => return Err(NotAnArray::Damaged("its order is neither C nor F")),
                };
                Self::new(graph, lengths(graph, shape)?, is_fortran, dtype, data)
            }
            _ => Err(NotAnArray::Other),
        }
    }

    /// The array that is set up by this state; subclasses of `ndarray` append fields of their own.
    ///
    /// # Errors
    /// As for [`Array::of`].
    pub fn of_state(graph: &'g Graph<'_>, state: Value) -> Result<Self, NotAnArray> {
        let &[_version, shape, dtype, is_fortran, data, ..] =
            graph.sequence(state).ok_or(NotAnArray::Damaged("it has no state"))?
        else {
            return Err(NotAnArray::Damaged("its state is not of five parts"));
        };
        let is_fortran = match is_fortran {
            Value::Boolean(is_fortran) => is_fortran,
            Value::Integer(flag) => flag != 0,
            _ => return Err(NotAnArray::Damaged("its order is not a truth value")),
        };
        Self::new(graph, lengths(graph, shape)?, is_fortran, dtype, data)
    }

    fn new(
        graph: &'g Graph<'_>,
        shape: Vec<usize>,
        is_fortran: bool,
        dtype: Value,
        data: Value,
    ) -> Result<Self, NotAnArray> {
        let element = Element::of(graph, dtype)?;
        let data = graph.bytes(data).ok_or(NotAnArray::Damaged("its data are not bytes"))?;
        let expected =
            shape.iter().try_fold(element.size, |size, &length| size.checked_mul(length));
        if expected != Some(data.len()) {
            return Err(NotAnArray::Damaged("its data do not have the size of its shape"));
        }
        Ok(Self { shape, is_fortran, element, data })
    }

    /// The length of each dimension; of a scalar there are none.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.data.len() / self.element.size
    }

    /// Whether it holds no numbers.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The number of a scalar, or of an array with one element.
    pub fn single(&self) -> Option<f64> {
        (self.len() == 1).then(|| self.element.decode(self.data))
    }

    /// The same as an integer, exactly; `None` if it is not a whole number of 64 bits.
    pub fn single_integer(&self) -> Option<i64> {
        if self.len() == 1 { self.element.decode_integer(self.data) } else { None }
    }

    /// All numbers, row by row (C order).
    ///
    /// # Errors
    /// For arrays in Fortran order with more than two dimensions.
    pub fn by_rows(&self) -> Result<Vec<f64>, NotAnArray> {
        self.ordered(!self.is_fortran)
    }

    /// All numbers, column by column (Fortran order).
    ///
    /// # Errors
    /// For arrays in C order with more than two dimensions.
    pub fn by_columns(&self) -> Result<Vec<f64>, NotAnArray> {
        self.ordered(self.is_fortran)
    }

    fn ordered(&self, as_stored: bool) -> Result<Vec<f64>, NotAnArray> {
        match self.shape[..] {
            [rows, columns] if !as_stored && !self.is_empty() => {
                let (outer, inner) =
                    if self.is_fortran { (columns, rows) } else { (rows, columns) };
                let at = |i| self.element.decode(&self.data[i * self.element.size..]);
                Ok((0..inner).flat_map(|i| (0..outer).map(move |o| at(o * inner + i))).collect())
            }
            [] | [_] => Ok(self.stored()),
            _ if as_stored || self.is_empty() => Ok(self.stored()),
            _ => Err(NotAnArray::Shape(self.shape.clone())),
        }
    }

    /// All numbers as they lie in memory.
    fn stored(&self) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(self.len());
        self.append_to(&mut numbers);
        numbers
    }

    /// Appends all numbers as they lie in memory.
    pub fn append_to(&self, numbers: &mut Vec<f64>) {
        const DOUBLE: Element = Element { kind: Kind::Float, size: 8, is_big_endian: false };
        if self.element == DOUBLE {
            // What nearly every array is, at the speed of a copy.
            let (doubles, _) = self.data.as_chunks::<8>();
            numbers.extend(doubles.iter().map(|&bytes| f64::from_le_bytes(bytes)));
        } else {
            let elements = self.data.chunks_exact(self.element.size);
            numbers.extend(elements.map(|bytes| self.element.decode(bytes)));
        }
    }
}

fn lengths(graph: &Graph<'_>, shape: Value) -> Result<Vec<usize>, NotAnArray> {
    let damaged = NotAnArray::Damaged("its shape is not made of whole numbers");
    let lengths = graph.sequence(shape).ok_or(damaged.clone())?;
    // NumPy's own limit is 64.
    if lengths.len() > 64 {
        return Err(NotAnArray::Damaged("it has more than 64 dimensions"));
    }
    let length = |&length: &Value| match length {
        Value::Integer(length) => usize::try_from(length).ok(),
        _ => None,
    };
    lengths.iter().map(length).collect::<Option<_>>().ok_or(damaged)
}

impl Element {
    fn of(graph: &Graph<'_>, dtype: Value) -> Result<Self, NotAnArray> {
        let damaged = NotAnArray::Damaged("its type is not a dtype");
        let instance = graph.instance(dtype).ok_or(damaged.clone())?;
        if graph.global(instance.callable) != Some(("numpy", "dtype")) {
            return Err(damaged);
        }
        let code = graph.sequence(instance.arguments).and_then(|arguments| arguments.first());
        let code = code.and_then(|&code| graph.text(code)).ok_or(damaged.clone())?;
        let order = graph.sequence(instance.state).and_then(|state| state.get(1));
        let is_big_endian = order.and_then(|&order| graph.text(order)) == Some(">");
        let (kind, size) = match code {
            "b1" => (Kind::Boolean, 1),
            "i1" => (Kind::Signed, 1),
            "i2" => (Kind::Signed, 2),
            "i4" => (Kind::Signed, 4),
            "i8" => (Kind::Signed, 8),
            "u1" => (Kind::Unsigned, 1),
            "u2" => (Kind::Unsigned, 2),
            "u4" => (Kind::Unsigned, 4),
            "u8" => (Kind::Unsigned, 8),
            "f4" => (Kind::Float, 4),
            "f8" => (Kind::Float, 8),
            other => return Err(NotAnArray::ElementType(other.chars().take(20).collect())),
        };
        Ok(Self { kind, size, is_big_endian })
    }

    /// The bits of the number at the beginning of these bytes, of which there are enough.
    fn bits(self, bytes: &[u8]) -> u64 {
        let mut raw = [0; 8];
        raw[..self.size].copy_from_slice(&bytes[..self.size]);
        if self.is_big_endian {
            raw[..self.size].reverse();
        }
        u64::from_le_bytes(raw)
    }

    /// Repeats the bit of the sign in the unused ones.
    fn signed(self, bits: u64) -> i64 {
        let unused_bits = 64 - 8 * self.size as u32;
        (bits << unused_bits) as i64 >> unused_bits
    }

    fn decode(self, bytes: &[u8]) -> f64 {
        let bits = self.bits(bytes);
        match (self.kind, self.size) {
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
            (Kind::Signed, _) => self.signed(bits) as f64,
            (Kind::Unsigned | Kind::Boolean, _) => bits as f64,
        }
    }

    fn decode_integer(self, bytes: &[u8]) -> Option<i64> {
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        match self.kind {
            Kind::Float => {
                let number = self.decode(bytes);
                let is_integer = number.fract() == 0.0 && (-BEYOND..BEYOND).contains(&number);
                is_integer.then_some(number as i64)
            }
            Kind::Signed => Some(self.signed(self.bits(bytes))),
            Kind::Unsigned | Kind::Boolean => i64::try_from(self.bits(bytes)).ok(),
        }
    }
}
