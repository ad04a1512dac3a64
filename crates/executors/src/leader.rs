//! A child process that leads a session of its own, and whose end is reported.

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use simulation::process::in_a_session_of_its_own;

/// The child. Signals reach it, and all that it started, until its end was noticed: until then
/// nobody else gets its number.
#[derive(Debug, Clone)]
pub struct Leader {
    /// Its number.
    pub pid: Pid,
    alive: Arc<Mutex<Option<Pid>>>,
}

impl Leader {
    /// Starts it. `ended` is called in a thread of its own, once.
    pub fn start(
        command: &mut Command,
        ended: impl FnOnce(io::Result<ExitStatus>) + Send + 'static,
    ) -> io::Result<Self> {
        in_a_session_of_its_own(command);
        let mut child = command.spawn()?;
        let pid = Pid::from_child(&child);
        let alive = Arc::new(Mutex::new(Some(pid)));
        let leader = Self { pid, alive: Arc::clone(&alive) };
        let watch = move || {
            wait_without_reaping(pid);
            let mut alive = alive.lock().unwrap_or_else(PoisonError::into_inner);
            let status = child.wait();
            *alive = None;
            drop(alive);
            ended(status);
        };
        if let Err(error) = thread::Builder::new().name("job".to_owned()).spawn(watch) {
            // Without a thread nobody would learn of its end.
            let _ = kill_process_group(pid, Signal::KILL);
            return Err(error);
        }
        Ok(leader)
    }

    /// Whether its end has not been noticed yet.
    pub fn lives(&self) -> bool {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Sends a signal to it and all that it started in its session.
    pub fn signal(&self, signal: Signal) {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *alive {
            // It may have ended in this moment: its end is reported all the same.
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// Waits until the process has ended, and leaves its number taken: until `wait` nobody else gets
/// it.
fn wait_without_reaping(pid: Pid) {
    let exited = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(Errno::INTR) = waitid(WaitId::Pid(pid), exited) {}
}
