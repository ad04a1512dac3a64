//! What is not kept is removed while the search goes on: a data store may have hundreds of files,
//! and file systems are slow at removing them.

use simulation::SimulationDirectory;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// The most that wait for their removal; where there are more, the search waits.
const WAITING: usize = 100;

/// Removes what is not kept. What it has not done when the controller dies the next one does.
pub struct Tidying {
    queue: Option<SyncSender<(SimulationDirectory, bool)>>,
    troubles: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Tidying {
    /// Removes, in a thread of its own, what it will be given.
    pub fn begin() -> Self {
        let (queue, given) = sync_channel::<(SimulationDirectory, bool)>(WAITING);
        let (say, troubles) = channel();
        let work = move || {
            for (directory, failed) in given {
                if let Err(error) = directory.discard(failed) {
                    // Nobody may listen any more.
                    let _ =
                        say.send(format!("cannot tidy {}: {error}", directory.path().display()));
                }
            }
        };
        // Where there are no more threads what is not kept is removed by the next controller.
        let thread = thread::Builder::new().name("tidying".to_owned()).spawn(work).ok();
        Self { queue: thread.is_some().then_some(queue), troubles, thread }
    }

    /// Discards the data of a simulation that failed, or did not.
    pub fn discard(&self, directory: SimulationDirectory, failed: bool) {
        if let Some(queue) = &self.queue {
            // The thread listens as long as there is a queue.
            let _ = queue.send((directory, failed));
        }
    }

    /// What could not be removed, and why, since this was asked last.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        self.troubles.try_iter()
    }

    /// Waits until everything is removed.
    pub fn finish(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
