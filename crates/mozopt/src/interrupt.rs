//! Ctrl-C: the first asks for a stop after what runs, the second cancels what runs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How often the user has asked to stop.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicUsize>);

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    GoOn,
    /// Let the running simulations finish, begin no others, and stop.
    StopAfterRunning,
    /// Cancel the running simulations and stop.
    Cancel,
}

impl Interrupt {
    /// Listens to SIGINT, SIGTERM and SIGHUP from now on.
    pub fn listen() -> io::Result<Self> {
        let count = Arc::new(AtomicUsize::new(0));
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let counter = Arc::clone(&count);
        std::thread::spawn(move || {
            for _ in signals.forever() {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Self(count))
    }

    /// What the user wants now.
    pub fn wish(&self) -> Wish {
        match self.0.load(Ordering::Relaxed) {
            0 => Wish::GoOn,
            1 => Wish::StopAfterRunning,
            _ => Wish::Cancel,
        }
    }
}
