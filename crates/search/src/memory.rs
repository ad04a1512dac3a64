//! What the optimizer has learnt, in a file beside the journal. With it `resume` takes no longer
//! than reading the journal, where the composite optimizer would learn from one generation after
//! the other again. All of it follows from the journal: a file that is missing, damaged or does not
//! fit costs time and nothing else.

use std::path::Path;

use jiff::Timestamp;
use journal::{Entry, Event};
use optimizers::Snapshot;
use serde::{Deserialize, Serialize};

use crate::search::Search;

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

impl Search {
    /// Writes down what the optimizer has learnt, once a generation.
    pub(crate) fn memorize(&mut self) {
        let proposed = self.book.state.candidates.len();
        if proposed < self.memorized + self.optimizer.offspring_size() {
            return;
        }
        self.memorized = proposed;
        let Some(optimizer) = self.optimizer.snapshot() else { return };
        let (entries, time) = (self.book.journal.entries(), self.book.state.last);
        let memory = Memory { format: FORMAT, entries, time, optimizer };
        if let Err(error) = durable::write_json(&self.directory.optimizer(), &memory) {
            self.watcher.say_once(&format!(
                "optimizer.json cannot be written ({error}): no result is lost, but resume will take \
                 longer"
            ));
        }
    }
}

/// What the optimizer had learnt, if that is known and these entries begin with those that it
/// follows from. What was learnt from outcomes that were taken back since does not count.
pub fn remembered(path: &Path, entries: &[Entry]) -> Option<Snapshot> {
    let memory: Memory = durable::read_json(path).ok()?;
    let (known, later) = entries.split_at_checked(memory.entries as usize)?;
    let fits = memory.format == FORMAT && known.last()?.time == memory.time?;
    let is_taken_back = |entry: &Entry| matches!(entry.event, Event::Forgotten { .. });
    (fits && !later.iter().any(is_taken_back)).then_some(memory.optimizer)
}
