//! Who runs the optimization.

use journal::Holder;
use rustix::process::{Pid, test_kill_process};
use simulation::host;

use super::Patient;
use crate::{Findings, Status};

const ABOUT: &str = "controller";

/// Says who holds the lock, and whether that process lives.
pub fn look(patient: &Patient<'_>, findings: &mut Findings) {
    let Some(Holder { host: on, pid, since, .. }) = &patient.controller else {
        return look_at_last(patient, findings);
    };
    let who = format!("process {pid} on {on} since {since:.0}");
    if *on != host() {
        findings.add(ABOUT, Status::Ok, format!("{who}, which is another machine"));
    } else if is_alive(*pid) {
        findings.add(ABOUT, Status::Ok, who);
    } else {
        // In a container, or inherited by a process that the controller started.
        findings.add_with_help(
            ABOUT,
            Status::Warning,
            format!("controller.lock is held, but {who} is not there"),
            "another process has the file open: `fuser controller.lock` names it",
        );
    }
}

fn look_at_last(patient: &Patient<'_>, findings: &mut Findings) {
    match &patient.state.stopped {
        Some(reason) => findings.add(ABOUT, Status::Ok, format!("none; the last ended: {reason}")),
        None if patient.journal_is_whole => findings.add_with_help(
            ABOUT,
            Status::Note,
            "none; the last was killed",
            format!("go on with {}", patient.command("resume")),
        ),
        None => findings.add(ABOUT, Status::Ok, "none"),
    }
}

fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // A process of another user may not be asked, but it is there.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
