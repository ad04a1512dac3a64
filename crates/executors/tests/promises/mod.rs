//! What reading the lists of Slurm's commands promises, whatever their text.

use std::fmt::Debug;

use executors::slurm_lists::{accounts, queue};

/// A line of squeue.
pub const QUEUED: &str = "16|PENDING|0:00||mozopt-000003-1-ab|ReqNodeNotAvail, UnavailableNodes:n3";
/// A line of sacct.
pub const ACCOUNTED: &str = "2|CANCELLED by 0|0:15|0:0|n1|mozopt-000003-1-ab";

/// Of squeue's list.
pub fn squeue(text: &str) {
    lines_are_read_alone(text, QUEUED, queue);
    for job in queue(text) {
        assert!(text.contains(&job.name) && text.contains(&job.nodes), "{job:?}");
    }
}

/// Of sacct's list.
pub fn sacct(text: &str) {
    lines_are_read_alone(text, ACCOUNTED, accounts);
    for job in accounts(text) {
        assert!(text.contains(&job.name) && text.contains(&job.nodes), "{job:?}");
    }
}

/// Whatever stands in the other lines, a job is found, and no line makes two.
fn lines_are_read_alone<T: Debug + PartialEq>(text: &str, line: &str, read: fn(&str) -> Vec<T>) {
    let alone = read(line);
    assert_eq!(alone.len(), 1);
    assert_eq!(read(&format!("{text}\n{line}\n")).last(), alone.last());
    assert_eq!(read(&format!("{line}\n{text}")).first(), alone.first());
    assert!(read(text).len() <= text.lines().count());
}
