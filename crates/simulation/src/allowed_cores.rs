//! The cores that the processes of a simulation may use: fewer than it should have, where a
//! launcher, a step of Slurm, or whoever started it binds them to the same ones.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

/// More processes than a simulation has on one machine.
const MOST_PROCESSES: usize = 10_000;

/// The cores that processes below this one were seen to be allowed to use, so far.
#[derive(Debug, Clone, Default)]
pub struct AllowedCores(Arc<Mutex<BTreeSet<u32>>>);

impl AllowedCores {
    /// Looks at all processes below this one.
    pub fn look(&self) {
        let mut below = vec![std::process::id()];
        let mut next = 0;
        while let Some(&process) = below.get(next) {
            next += 1;
            below.extend(children(process));
            if below.len() > MOST_PROCESSES {
                break;
            }
        }
        let mut cores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for process in &below[1..] {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
            cores.extend(list.and_then(numbers).into_iter().flatten());
        }
    }

    /// How many they are, if that is fewer than a simulation should have. What a job of several
    /// nodes has on the others is not known.
    pub fn fewer_than(&self, wanted: usize) -> Option<u32> {
        let nodes = std::env::var("SLURM_JOB_NUM_NODES");
        if nodes.is_ok_and(|nodes| nodes.trim() != "1") {
            return None;
        }
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        (1..wanted).contains(&seen).then_some(seen as u32)
    }
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return vec![] };
    let of_thread = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).ok();
    let lists: Vec<String> = threads.flatten().filter_map(of_thread).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|id| id.parse().ok()).collect()
}

/// `0-2,5`
fn numbers(list: &str) -> Option<Vec<u32>> {
    let mut numbers = vec![];
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(first.parse::<u32>().ok()?..=last.parse().ok()?);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_seen_can_be_too_few() {
        let cores = AllowedCores::default();
        assert_eq!(cores.fewer_than(2), None);
        cores.0.lock().unwrap().extend([0, 3]);
        assert_eq!((cores.fewer_than(2), cores.fewer_than(4)), (None, Some(2)));
    }

    #[test]
    fn lists_of_cores_are_read() {
        assert_eq!(numbers(" 0-2,5\n").unwrap(), [0, 1, 2, 5]);
        assert_eq!(numbers("7").unwrap(), [7]);
        assert_eq!((numbers(""), numbers("1-x")), (None, None));
    }
}
