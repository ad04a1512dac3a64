//! Reads Python pickles (protocols 0 to 5) as data. Bytes go in, a [`Graph`] of values comes out.
//! A [`Writer`] goes the other way, in protocol 4.
//!
//! A pickle is a program for a small stack machine that may import and call anything. Here nothing
//! is imported or called: a class is its [name](Object::Global), and an object is the
//! [record](Instance) of what its making would have called and with which arguments. [`numpy`]
//! reads such records of arrays.
//!
//! ```
//! // pickle.dumps({"rate": 2.5}, protocol=4)
//! let bytes = b"\x80\x04\x95\x14\x00\x00\x00\x00\x00\x00\x00}\x94\
//!     \x8c\x04rate\x94G@\x04\x00\x00\x00\x00\x00\x00s.";
//! let graph = pickle::read(bytes, pickle::Limits::for_size(bytes.len())).unwrap();
//! let rate = graph.get(graph.root(), "rate").unwrap();
//! assert_eq!(graph.number(rate), Some(2.5));
//! ```
//!
//! Objects lie in one array and refer to each other by number, so that cycles, which pickles of neo
//! are full of, need no reference counting, and no pickle is nested too deeply to be freed. Strings
//! and arrays are borrowed from the input; only the escaped text of protocol 0, and bytes in
//! protocols that write them as text, are decoded into memory of their own. All memory is counted
//! against a [limit](Limits) before it is taken, so that a hostile file ends in an error and not in
//! the machine's memory.

#![warn(clippy::unwrap_used)]

mod error;
mod graph;
mod input;
mod machine;
mod memory;
pub mod numpy;
mod opcode;
mod text;
mod writer;

pub use error::{Error, ErrorKind};
pub use graph::{Graph, Instance, Object, ObjectId, StringId, Value};
pub use memory::Limits;
pub use writer::{Kept, Writer};

/// Reads the first pickle in these bytes.
///
/// # Errors
/// When the bytes are not a pickle, end too early, use something that has no meaning as data, or
/// need more memory than they may.
///
/// # Examples
///
/// A small file that asks for much memory gets none of it:
///
/// ```
/// use pickle::{ErrorKind, Limits, read};
///
/// let graph = read(b"(lp0\nI3\naI7\na.", Limits { memory_bytes: 10_000 })?; // [3, 7], protocol 0
/// assert_eq!(graph.numbers(graph.root()), Some(vec![3.0, 7.0]));
///
/// let error = read(b"(lp0\nI3\naI7\na.", Limits { memory_bytes: 10 }).unwrap_err();
/// assert_eq!(error.kind, ErrorKind::TooMuchMemory { limit: 10, input: 14 });
/// assert_eq!(read(b"\x80\x04}", Limits::for_size(3)).unwrap_err().kind, ErrorKind::Truncated);
/// # Ok::<(), pickle::Error>(())
/// ```
pub fn read(bytes: &[u8], limits: Limits) -> Result<Graph<'_>, Error> {
    machine::Machine::new(bytes, limits).run()
}
