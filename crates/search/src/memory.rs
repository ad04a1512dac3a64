//! What the optimizer has learnt, in a file beside the journal. With it `resume` takes no longer
//! than reading the journal, where the composite optimizer would learn from one generation after
//! the other again. All of it follows from the journal: a file that is missing, damaged or does not
//! fit costs time and nothing else.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use journal::{Entry, Event, Journal, State};
use optimizers::{Optimizer, Snapshot};
use serde::{Deserialize, Serialize};

/// The format of the file that this version writes and reads.
const FORMAT: u32 = 1;

/// `optimizer.json`.
#[derive(Serialize, Deserialize)]
struct Memory {
    format: u32,
    /// How many entries of the journal it follows from, and when the last of them was written.
    entries: u64,
    time: Option<Timestamp>,
    optimizer: Snapshot,
}

/// Writes down what the optimizer has learnt, if it is of the kind for which that is worth it.
pub fn write(
    path: &Path,
    optimizer: &dyn Optimizer,
    journal: &Journal,
    state: &State,
) -> io::Result<()> {
    let Some(optimizer) = optimizer.snapshot() else { return Ok(()) };
    let (entries, time) = (journal.entries(), state.last);
    durable::write_json(path, &Memory { format: FORMAT, entries, time, optimizer })
}

/// What the optimizer had learnt, if that is known and these entries begin with those that it
/// follows from, and how many these are. What was learnt from outcomes that were taken back since
/// does not count.
pub fn read(path: &Path, entries: &[Entry]) -> Option<(Snapshot, usize)> {
    let memory: Memory = durable::read_json(path).ok()?;
    let (known, later) = entries.split_at_checked(memory.entries as usize)?;
    let fits = memory.format == FORMAT && known.last()?.time == memory.time?;
    let is_taken_back = |entry: &Entry| matches!(entry.event, Event::Forgotten { .. });
    let is_known = fits && !later.iter().any(is_taken_back);
    is_known.then_some((memory.optimizer, known.len()))
}
