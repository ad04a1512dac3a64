//! Ctrl-C: the first asks for a stop after what runs, the second cancels what runs. SIGUSR1, which
//! Slurm sends before a time limit, asks to leave at once, and what runs alone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

/// How often the user has asked to stop, and whether to hand over.
#[derive(Clone)]
pub struct Interrupt {
    stops: Arc<AtomicUsize>,
    hand_over: Arc<AtomicBool>,
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    GoOn,
    /// Let the running simulations finish, begin no others, and stop.
    StopAfterRunning,
    /// Cancel the running simulations and stop.
    Cancel,
    /// Leave the running simulations to another controller.
    HandOver,
}

impl Interrupt {
    /// Listens to SIGINT, SIGTERM, SIGHUP and SIGUSR1 from now on.
    pub fn listen() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1])?;
        let interrupt = Self { stops: Arc::default(), hand_over: Arc::default() };
        let Self { stops, hand_over } = interrupt.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if signal == SIGUSR1 {
                    hand_over.store(true, Ordering::Relaxed);
                } else {
                    stops.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(interrupt)
    }

    /// Asks to stop as the user's signals do; to `cancel`, as the second of them.
    pub fn ask_to_stop(&self, cancel: bool) {
        self.stops.fetch_max(if cancel { 2 } else { 1 }, Ordering::Relaxed);
    }

    /// What the user wants now.
    pub fn wish(&self) -> Wish {
        if self.hand_over.load(Ordering::Relaxed) {
            return Wish::HandOver;
        }
        match self.stops.load(Ordering::Relaxed) {
            0 => Wish::GoOn,
            1 => Wish::StopAfterRunning,
            _ => Wish::Cancel,
        }
    }
}
