//! Reads the data stores of mozaik, and writes them: a directory with one pickle for each sheet and
//! presentation, and one for everything else.
//!
//! ```text
//! datastore.recordings.pickle    sheets, positions, annotations, the list of segments
//! Segment0.pickle …              spike trains and signals of one sheet during one presentation
//! datastore.analysis.pickle      results of analyses, often none
//! ```
//!
//! Stores that were written with neo 0.8 to 0.14, NumPy 1 and 2, PyNN before and after it renamed
//! its ids, and Python 2 and 3 are read alike. Nothing in them is executed. A [`Store`] is opened
//! by its index alone; a segment is read when it is asked for, so that memory is bounded by one
//! segment. Of a run that died before it wrote its index, [what its segments say](Store::open) is
//! put together. A [`StoreWriter`] writes what mozaik and neo read.

#![warn(clippy::unwrap_used)]

mod analysis;
mod block;
mod compound_unit;
mod error;
mod experiments;
mod explosion;
mod file;
mod neo;
mod neuron_index;
mod orientation;
mod quantity;
mod scale;
mod segment;
pub mod stimulus_text;
mod store;
mod store_writer;
mod unindexed;
mod unit;
mod writer;

pub use analysis::{ANALYSIS, PerNeuronValue};
pub use block::{BLOCK, NeuronAnnotations};
pub use error::{Error, Problem};
pub use store::Store;
pub use store_writer::{Layout, Run, StoreWriter};
pub use writer::Writer;
