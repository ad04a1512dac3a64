//! Submissions that Slurm refuses for now, because of a limit on how many there may be, or because
//! a partition is closed: they are tried again, one at each look, and that is said once.

use std::time::{Duration, Instant};

use super::client::Trouble;

/// After this time it is said again.
const AGAIN: Duration = Duration::from_hours(1);

/// What submissions are refused for.
#[derive(Default)]
pub struct Refusal {
    /// Its words, and when they were said.
    said: Option<(String, Instant)>,
    /// Whether one was refused since the last look.
    in_force: bool,
    /// Whether a job of this controller was accepted.
    accepted: bool,
}

impl Refusal {
    /// A submission was accepted.
    pub fn is_over(&mut self) {
        *self = Self { accepted: true, ..Self::default() };
    }

    /// Whether nothing is submitted until the next look.
    pub fn is_in_force(&self) -> bool {
        self.in_force
    }

    /// Lets one be tried.
    pub fn try_again(&mut self) {
        self.in_force = false;
    }

    /// Whether jobs like this one were accepted before, so that it is not their fault.
    pub fn passes_now(&self, trouble: &Trouble) -> bool {
        self.accepted && trouble.is_of_the_cluster()
    }

    /// A submission was refused; what to say, where that is new.
    pub fn name(&mut self, trouble: &Trouble) -> Option<String> {
        self.in_force = true;
        let words = trouble.to_string();
        let is_known = |(said, when): &(String, Instant)| *said == words && when.elapsed() < AGAIN;
        if self.said.as_ref().is_some_and(is_known) {
            return None;
        }
        self.said = Some((words, Instant::now()));
        Some(format!("not accepted yet, and tried again: {trouble}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(words: &str) -> Trouble {
        Trouble::Failed { words: words.to_owned() }
    }

    #[test]
    fn a_refusal_is_said_once_until_its_words_change_or_it_is_over() {
        let mut refusal = Refusal::default();
        let limit = trouble("QOSMaxSubmitJobPerUserLimit");
        assert!(refusal.name(&limit).is_some() && refusal.is_in_force());
        refusal.try_again();
        assert!(refusal.name(&limit).is_none());
        assert!(refusal.name(&trouble("AssocMaxSubmitJobLimit")).is_some());
        refusal.is_over();
        assert!(!refusal.is_in_force() && refusal.name(&limit).is_some());
    }

    #[test]
    fn a_closed_partition_is_waited_for_once_it_has_taken_jobs() {
        let closed = trouble(
            "sbatch: error: Batch job submission failed: Required partition not available (inactive \
             or drain)",
        );
        let mut refusal = Refusal::default();
        assert!(!refusal.passes_now(&closed));
        refusal.is_over();
        assert!(refusal.passes_now(&closed));
        assert!(!refusal.passes_now(&trouble("Invalid partition name specified")));
        let unknown = "sbatch: error: No cluster 'x' known by database.; sbatch: error: 'x' can't be \
                       reached now, or it is an invalid entry for --cluster.";
        assert!(!refusal.passes_now(&trouble(unknown)));
    }
}
