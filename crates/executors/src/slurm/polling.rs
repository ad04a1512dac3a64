//! When to look at the queue: now and then, less often while Slurm is slow, and not in step with
//! other controllers.

use std::time::{Duration, Instant};

/// An answer that takes longer than this comes from a cluster under load.
const SLOW: Duration = Duration::from_secs(2);
/// The longest time between two looks.
const LONGEST: Duration = Duration::from_mins(5);

/// The next look at the queue.
pub struct Polling {
    usual: Duration,
    interval: Duration,
    next: Instant,
    random: u32,
    answers: bool,
}

impl Polling {
    /// Looks this often; the first time at once.
    pub fn every(usual: Duration) -> Self {
        let random = std::process::id();
        Self { usual, interval: usual, next: Instant::now(), random, answers: true }
    }

    /// Whether Slurm answered when it was asked last.
    pub fn answers(&self) -> bool {
        self.answers
    }

    /// How long it is until the next look.
    pub fn due_in(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// Looks as soon as possible.
    pub fn hurry(&mut self) {
        if self.answers {
            self.next = Instant::now();
        }
    }

    /// Slurm answered.
    pub fn succeeded(&mut self, took: Duration) {
        self.answers = true;
        self.interval = if took > SLOW { self.longer() } else { self.usual };
        self.schedule();
    }

    /// Slurm did not answer.
    pub fn failed(&mut self) {
        self.answers = false;
        self.interval = self.longer();
        self.schedule();
    }

    fn longer(&self) -> Duration {
        (self.interval * 2).min(LONGEST.max(self.usual))
    }

    /// Somewhere between 0.8 and 1.2 intervals from now.
    fn schedule(&mut self) {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let jitter = 0.8 + 0.4 * f64::from(self.random >> 8) / f64::from(1 << 24);
        self.next = Instant::now() + self.interval.mul_f64(jitter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(polling: &Polling, seconds: f64) -> bool {
        let due = polling.due_in().as_secs_f64();
        (0.79 * seconds..=1.2 * seconds).contains(&due)
    }

    #[test]
    fn a_cluster_in_trouble_is_asked_less_and_less_often_until_it_answers() {
        let mut polling = Polling::every(Duration::from_secs(10));
        assert_eq!(polling.due_in(), Duration::ZERO);
        for seconds in [20.0, 40.0, 80.0, 160.0, 300.0, 300.0] {
            polling.failed();
            assert!(about(&polling, seconds), "{:?}", polling.due_in());
        }
        polling.succeeded(Duration::from_secs(3));
        assert!(about(&polling, 300.0), "it is slow");
        polling.succeeded(Duration::from_millis(30));
        assert!(about(&polling, 10.0));
    }
}
