//! Time, so that tests need not wait for it.

use std::time::{Duration, Instant};

/// A clock that only goes forward.
pub trait Clock {
    /// The time since some moment that stays the same.
    fn now(&self) -> Duration;
}

/// The clock of this machine.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
