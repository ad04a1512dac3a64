//! Processes, known so that none is taken for another: a number alone is used again by the next
//! process, by the next boot and on every other machine.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, getpid, getppid, getuid, kill_process, set_parent_process_death_signal, setsid,
};

use crate::birth::Birth;
use crate::directory::{SimulationDirectory, Started};
use crate::host::host;
use crate::simulation::SIMULATION_VARIABLE;

impl Started {
    /// The job's process, if it lives on this machine: only then it may be sent signals.
    pub fn process(&self, directory: &SimulationDirectory) -> Option<Pid> {
        if self.host != host() {
            return None;
        }
        let is_it = match &self.birth {
            Some(birth) => Birth::of(self.pid).as_ref() == Some(birth),
            // A version that did not write it: its jobs work in their directory.
            None => fs::read_link(format!("/proc/{}/cwd", self.pid))
                .is_ok_and(|cwd| fs::canonicalize(directory.path()).is_ok_and(|path| path == cwd)),
        };
        is_it.then(|| Pid::from_raw(self.pid as i32)).flatten()
    }

    /// How long the job has run.
    pub fn has_run(&self) -> Duration {
        let here = self.birth.as_ref().filter(|_| self.host == host());
        here.and_then(Birth::age).unwrap_or_else(|| {
            let time = jiff::Timestamp::now().duration_since(self.time);
            Duration::try_from(time).unwrap_or_default()
        })
    }
}

/// Lets the kernel end what this command starts as soon as the thread that starts it ends, however
/// that happens: a job that is killed cannot do so itself.
#[allow(
    unsafe_code,
    reason = "only the new process itself can ask for it, before it is another program"
)]
pub fn end_with_this_thread(command: &mut Command) {
    let parent = getpid();
    let ask = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // It may have died before this was asked for.
        if getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec there are only these two system calls, which are
    // async-signal-safe: nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(ask) };
}

/// Lets what this command starts lead a session of its own: neither Ctrl-C in the terminal reaches
/// it nor the hangup that the kernel sends to what is stopped when the process that started it
/// dies.
#[allow(unsafe_code, reason = "only the new process itself can begin a session")]
pub fn in_a_session_of_its_own(command: &mut Command) {
    // SAFETY: one system call, which is async-signal-safe.
    unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) };
}

/// Ends what an attempt in this directory left running on this machine, its job having been killed.
/// Returns how many processes there were.
pub fn end_survivors(directory: &SimulationDirectory) -> usize {
    let wanted = format!("{SIMULATION_VARIABLE}={}", directory.simulation().display());
    let this = std::process::id();
    let (mut ended, mut looked_in_vain) = (0, 0);
    // What is killed may have begun another one meanwhile, and a process that just becomes another
    // program has no environment for a moment.
    for _ in 0..10 {
        let mut found = 0;
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
            else {
                continue;
            };
            if pid as u32 != this && is_mine(&entry.path()) && has_word(&entry.path(), &wanted) {
                let Some(pid) = Pid::from_raw(pid) else { continue };
                // It may have ended in this moment.
                found += usize::from(kill_process(pid, Signal::KILL).is_ok());
            }
        }
        ended += found;
        looked_in_vain = if found == 0 { looked_in_vain + 1 } else { 0 };
        if looked_in_vain == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(if found == 0 { 2 } else { 20 }));
    }
    ended
}

fn is_mine(process: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(process).is_ok_and(|it| it.uid() == getuid().as_raw())
}

/// Whether a process was begun with this word in its environment, and has not ended.
fn has_word(process: &Path, word: &str) -> bool {
    let environment = fs::read(process.join("environ")).unwrap_or_default();
    environment.split(|&byte| byte == 0).any(|it| it == word.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::time::Instant;

    use super::*;
    use crate::attempt::Attempt;

    #[test]
    fn what_a_thread_started_ends_with_it_and_not_before() {
        let start = || {
            let mut sleep = Command::new("sleep");
            end_with_this_thread(sleep.arg("60"));
            let mut child = sleep.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(child.try_wait().unwrap(), None);
            child
        };
        let mut child = std::thread::spawn(start).join().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn a_session_of_its_own_has_its_number() {
        let mut sleep = Command::new("sleep");
        in_a_session_of_its_own(sleep.arg("60"));
        let mut child = sleep.spawn().unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let session: u32 = stat.split_whitespace().nth(5).unwrap().parse().unwrap();
        assert_eq!(session, child.id());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn this_process_is_known_and_another_is_not() {
        let this = std::process::id();
        let birth = Birth::of(this).unwrap();
        assert_eq!(Birth::of(this), Some(birth.clone()));
        assert_ne!(Birth::of(1), Some(birth.clone()));
        assert!(birth.age().unwrap() < Duration::from_mins(30));
        assert_eq!(Birth::of(u32::MAX / 2), None);
    }

    fn started(host: &str, birth: Option<Birth>) -> Started {
        Started {
            attempt: Attempt::FIRST,
            host: host.to_owned(),
            pid: std::process::id(),
            slurm_job_id: None,
            restart_count: 0,
            time: jiff::Timestamp::now(),
            birth,
        }
    }

    #[test]
    fn a_process_of_another_machine_boot_or_life_is_nobody() {
        let directory = SimulationDirectory::new("/nowhere".into());
        let birth = Birth::of(std::process::id()).unwrap();
        let this = host();
        assert!(started(&this, Some(birth.clone())).process(&directory).is_some());
        assert!(started("elsewhere", Some(birth.clone())).process(&directory).is_none());
        let boot = Birth { boot: "another".to_owned(), ..birth.clone() };
        assert!(started(&this, Some(boot)).process(&directory).is_none());
        let later = Birth { ticks: birth.ticks + 1, ..birth };
        assert!(started(&this, Some(later)).process(&directory).is_none());
        assert!(started(&this, None).process(&directory).is_none());
        let here = std::env::current_dir().unwrap();
        assert!(started(&this, None).process(&SimulationDirectory::new(here)).is_some());
    }

    #[test]
    fn what_was_left_running_is_ended_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let directory = |name: &str| SimulationDirectory::new(place.path().join(name));
        let begin = |directory: &SimulationDirectory| {
            let mut sleep = Command::new("sleep");
            sleep.arg("60").env(SIMULATION_VARIABLE, directory.simulation()).spawn().unwrap()
        };
        let (mut left, mut other) = (begin(&directory("1")), begin(&directory("10")));
        let began = Instant::now();
        while end_survivors(&directory("1")) == 0 {
            assert!(began.elapsed() < Duration::from_secs(10));
        }
        assert!(!left.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
