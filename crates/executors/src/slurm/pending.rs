//! Jobs that wait in the queue: those that wait for something that will not happen are named, with
//! Slurm's reason.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often the queue is looked at before a job that will never start is named.
const LOOKS: u32 = 6;
/// How long a job may wait in an ordinary way before that is mentioned.
const LONG: Duration = Duration::from_hours(1);

/// Parts of the reasons of jobs that start when nodes are back, or a maintenance is over.
const AWAITED: [&str; 5] = ["NotAvail", "Reserved", "Reservation", "are DOWN", "PartitionDown"];

/// Parts of the reasons of jobs that do not start before somebody does something about it.
const NEVER: [&str; 17] = [
    "Held",
    "held",
    "DependencyNeverSatisfied",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "PartitionInactive",
    "PartitionConfig",
    "BadConstraints",
    "Invalid",
    "was deleted",
    "PerJob",
    "PerNode",
    "MinutesLimit",
    "BillingMinutes",
    "MaxWallDuration",
    "MaxNodePerUser",
    "MaxCpuPerUser",
];

/// What jobs wait for.
#[derive(Default)]
pub struct Pending {
    reasons: BTreeMap<String, Wait>,
}

/// Whether a job will start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prospect {
    Never,
    WhenNodesAreBack,
    Unknown,
}

struct Wait {
    since: Instant,
    looks: u32,
    jobs: Vec<u64>,
    named: bool,
}

impl Pending {
    /// Takes the reasons of all jobs that wait now, and returns what the user should know.
    pub fn look(&mut self, waiting: impl Iterator<Item = (u64, String)>) -> Vec<String> {
        let mut now: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (id, reason) in waiting {
            now.entry(reason).or_default().push(id);
        }
        self.reasons.retain(|reason, _| now.contains_key(reason));
        let mut messages = vec![];
        for (reason, jobs) in now {
            let wait = self.reasons.entry(reason.clone()).or_insert_with(|| Wait {
                since: Instant::now(),
                looks: 0,
                jobs: vec![],
                named: false,
            });
            wait.looks += 1;
            wait.jobs = jobs;
            let holds = |parts: &[&str]| parts.iter().any(|part| reason.contains(part));
            let prospect = match () {
                () if wait.looks < LOOKS => Prospect::Unknown,
                () if holds(&NEVER) => Prospect::Never,
                () if holds(&AWAITED) => Prospect::WhenNodesAreBack,
                () => Prospect::Unknown,
            };
            let is_known = prospect != Prospect::Unknown;
            if !wait.named && (is_known || wait.since.elapsed() >= LONG) {
                wait.named = true;
                messages.push(wait.in_words(&reason, prospect));
            }
        }
        messages
    }
}

impl Wait {
    fn in_words(&self, reason: &str, prospect: Prospect) -> String {
        let jobs: Vec<_> = self.jobs.iter().take(3).map(u64::to_string).collect();
        let more = if self.jobs.len() > 3 { ", …" } else { "" };
        let which = match self.jobs.len() {
            1 => format!("job {} waits", jobs[0]),
            n => format!("{n} jobs ({}{more}) wait", jobs.join(", ")),
        };
        match prospect {
            Prospect::Never => format!(
                "{which} in Slurm's queue and will not start by itself: {reason}; look at it with \
                 `scontrol show job {}`",
                jobs[0]
            ),
            Prospect::WhenNodesAreBack => {
                format!("{which} in Slurm's queue until nodes are available again: {reason}")
            }
            Prospect::Unknown => {
                format!("{which} in Slurm's queue since {} min: {reason}", LONG.as_secs() / 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_will_never_start_is_named_once() {
        let mut pending = Pending::default();
        let held = || [(7, "JobHeldUser".to_owned()), (8, "Priority".to_owned())].into_iter();
        let said: Vec<_> = (0..20).flat_map(|_| pending.look(held())).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("job 7 waits"), "{said:?}");
        assert!(said[0].contains("JobHeldUser"), "{said:?}");
    }

    #[test]
    fn maintenance_is_said_to_pass() {
        let said = |reason: &str| {
            let mut pending = Pending::default();
            let waits = || [(7, reason.to_owned())].into_iter();
            (0..LOOKS).flat_map(|_| pending.look(waits())).collect::<Vec<_>>().concat()
        };
        for reason in [
            "ReqNodeNotAvail, Reserved for maintenance",
            "ReqNodeNotAvail, UnavailableNodes:n3",
            "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
        ] {
            assert!(said(reason).contains("until nodes are available again"), "{reason}");
        }
        for reason in [
            "QOSMaxCpuPerJobLimit",
            "AssocGrpCPUMinutesLimit",
            "PartitionConfig",
            "Reservation short was deleted",
            "DependencyNeverSatisfied",
        ] {
            assert!(said(reason).contains("will not start by itself"), "{reason}");
        }
        for reason in ["Priority", "Resources", "QOSMaxJobsPerUserLimit", "AssocGrpCpuLimit"] {
            assert_eq!(said(reason), "", "{reason}");
        }
    }

    #[test]
    fn what_started_meanwhile_is_forgotten() {
        let mut pending = Pending::default();
        for _ in 0..5 {
            let held = [(7, "JobHeldUser".to_owned())].into_iter();
            assert!(pending.look(held).is_empty());
            assert!(pending.look(std::iter::empty()).is_empty());
        }
    }
}
