//! Ctrl-C: the first asks for a stop after what runs, the second cancels what runs. SIGUSR1, which
//! Slurm sends before a time limit, asks to leave at once, and what runs alone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

/// A SIGTERM that follows another signal sooner belongs to the same wish: where a session ends,
/// several come at once. Ctrl-C comes from a person alone.
const TWICE: Duration = Duration::from_secs(1);

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

impl Wish {
    /// What is done about it, for the user.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Self::GoOn | Self::HandOver => None,
            Self::StopAfterRunning => Some(
                "stopping when the running simulations have finished (Ctrl-C again to cancel them)",
            ),
            Self::Cancel => Some("cancelling the running simulations"),
        }
    }
}

impl Interrupt {
    /// Listens to SIGINT, SIGTERM, SIGHUP and SIGUSR1 from now on, but for those that are ignored:
    /// under `nohup` a hangup shall do nothing.
    pub fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGUSR1];
        let mut signals =
            Signals::new(wanted.into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0))?;
        let interrupt = Self { stops: Arc::default(), hand_over: Arc::default() };
        let Self { stops, hand_over } = interrupt.clone();
        let listen = move || {
            let mut last: Option<Instant> = None;
            for signal in signals.forever() {
                match signal {
                    SIGUSR1 => hand_over.store(true, Ordering::Relaxed),
                    // A session that ends, however many signals that sends, is one wish to stop:
                    // what has run for hours is never cancelled by it.
                    SIGHUP => drop(stops.fetch_max(1, Ordering::Relaxed)),
                    SIGTERM if last.is_some_and(|last| last.elapsed() < TWICE) => {}
                    _ => drop(stops.fetch_add(1, Ordering::Relaxed)),
                }
                last = Some(Instant::now());
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
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

/// The signals that this process ignores, as bits from that of signal 1 on; none where the system
/// does not say it.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
