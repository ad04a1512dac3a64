//! Memory that is shared out among data stores which are evaluated at the same time.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use simulation::data_store::sizes;

/// So much memory, and how much of it is free.
pub struct Memory {
    limit: u64,
    free: Mutex<u64>,
    given_back: Condvar,
}

/// A share of the memory, given back when dropped.
pub struct Share<'a> {
    memory: &'a Memory,
    bytes: u64,
}

impl Memory {
    /// A number of bytes.
    pub fn new(limit: u64) -> Self {
        Self { limit, free: Mutex::new(limit), given_back: Condvar::new() }
    }

    /// Waits until so much is free. One that needs more than there is gets all of it: it is
    /// evaluated alone.
    pub fn take(&self, bytes: u64) -> Share<'_> {
        let bytes = bytes.min(self.limit);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = self.given_back.wait_while(free, |free| *free < bytes);
        *enough.unwrap_or_else(PoisonError::into_inner) -= bytes;
        Share { memory: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.memory.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.memory.given_back.notify_all();
    }
}

/// What the evaluation of a store takes: its largest file, the graph of the objects in it, and the
/// spikes of one sheet. `bench/datastores` measures how much that is in multiples of the largest
/// file.
pub fn needed_for(store: &Path) -> u64 {
    let largest = sizes(store).map_or(0, |(_, largest)| largest);
    (32 << 20) + 12 * largest
}

/// Most of the memory that no process uses.
pub fn available() -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = info.lines().find_map(|line| {
        let kilobytes = line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?;
        kilobytes.parse::<u64>().ok()
    });
    available.map_or(u64::MAX, |kilobytes| kilobytes * 1024 / 10 * 8)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Memory;

    #[test]
    fn together_no_more_is_taken_than_there_is() {
        let (memory, taken, most) = (Memory::new(10), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for wanted in [4, 5, 6, 100].into_iter().cycle().take(40) {
                scope.spawn({
                    let (memory, taken, most) = (&memory, &taken, &most);
                    move || {
                        let _share = memory.take(wanted);
                        let now =
                            wanted.min(10) + taken.fetch_add(wanted.min(10), Ordering::SeqCst);
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        taken.fetch_sub(wanted.min(10), Ordering::SeqCst);
                    }
                });
            }
        });
        let most = most.into_inner();
        assert!((6..=10).contains(&most), "{most}");
        assert_eq!(memory.free.into_inner().unwrap(), 10);
    }
}
