//! One controller at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use simulation::host;

const FILE_NAME: &str = "controller.lock";
const A_MOMENT: Duration = Duration::from_millis(20);
/// How often a controller shows that it lives, by the time of its file.
const BEAT: Duration = Duration::from_secs(20);
/// How long after the last sign of life a controller on another machine counts as alive. Clocks of
/// machines differ a little.
const FRESH: Duration = Duration::from_mins(2);

/// The right to write an optimization's journal. It ends with the process, however that ends.
pub struct ControllerLock {
    path: PathBuf,
    file: File,
    holder: Holder,
    beat: Instant,
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its machine.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: jiff::Timestamp,
    /// When it showed last that it lives; versions that did not show it have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beat: Option<jiff::Timestamp>,
}

/// Why the lock was not obtained.
#[derive(Debug, thiserror::Error)]
pub enum Held {
    /// Another controller has it.
    #[error("{}", match holder {
        Some(Holder { host, pid, since, .. }) => {
            format!("process {pid} on {host} has been running this optimization since {since:.0}")
        }
        None => "another process is running this optimization".to_owned(),
    })]
    By {
        /// Who, if that can be read.
        holder: Option<Holder>,
    },
    /// A controller on another machine has shown a moment ago that it lives, although its lock does
    /// not reach here.
    #[error(
        "process {} on {} was running this optimization {seconds} s ago; locks of this file system end \
         at the machine",
        holder.pid, holder.host
    )]
    Elsewhere {
        /// Who.
        holder: Holder,
        /// How long ago.
        seconds: u64,
        /// The file that says so.
        path: PathBuf,
    },
    /// The lock's file cannot be used.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Holder {
    /// This process.
    pub fn this_process() -> Self {
        let now = jiff::Timestamp::now();
        Self { host: host(), pid: std::process::id(), since: now, beat: Some(now) }
    }
}

impl ControllerLock {
    /// Takes the lock of the optimization in this directory.
    pub fn take(directory: &Path) -> Result<Self, Held> {
        let path = directory.join(FILE_NAME);
        let failed = |source| Held::Io { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = durable::open_as(options, &path).map_err(failed)?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                // `mozopt status` looks at the lock for a moment: that is no controller.
                Err(TryLockError::WouldBlock) if attempt < 5 => thread::sleep(A_MOMENT),
                Err(TryLockError::WouldBlock) => {
                    return Err(Held::By { holder: holder(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        if let Some(holder) = holder(&mut file).filter(|holder| holder.host != host())
            && let Some(beat) = holder.beat
        {
            let ago = jiff::Timestamp::now().duration_since(beat);
            let ago = Duration::try_from(ago).unwrap_or_default();
            if ago < FRESH {
                return Err(Held::Elsewhere { holder, seconds: ago.as_secs(), path: path.clone() });
            }
        }
        let holder = Holder::this_process();
        let lock = Self { path: path.clone(), file, holder, beat: Instant::now() };
        lock.write().map_err(failed)?;
        Ok(lock)
    }

    fn write(&self) -> io::Result<()> {
        let mut text = serde_json::to_vec(&self.holder)?;
        text.push(b'\n');
        self.file.write_all_at(&text, 0)?;
        self.file.set_len(text.len() as u64)
    }

    /// Shows now and then that this controller lives, to those whom its lock does not reach.
    pub fn beat(&mut self) {
        if self.beat.elapsed() >= BEAT {
            self.beat = Instant::now();
            self.holder.beat = Some(jiff::Timestamp::now());
            // Who cannot see it has the lock to see.
            let _ = self.write();
        }
    }

    /// Whether nobody else has taken it since. A file that names nobody, or cannot be read now,
    /// says nothing.
    pub fn is_ours(&self) -> bool {
        let there = File::open(&self.path).ok().and_then(|mut file| holder(&mut file));
        there.is_none_or(|there| {
            let Holder { host, pid, since, .. } = &self.holder;
            (&there.host, &there.pid, &there.since) == (host, pid, since)
        })
    }

    /// Who runs the optimization in this directory now.
    pub fn holder_of(directory: &Path) -> Option<Holder> {
        let mut file = File::open(directory.join(FILE_NAME)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => holder(&mut file),
            _ => None,
        }
    }
}

impl Drop for ControllerLock {
    /// Whoever comes next, from wherever, need not wait for a sign of life.
    fn drop(&mut self) {
        if self.is_ours() {
            let _ = self.file.set_len(0);
        }
    }
}

fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(directory: &Path, host: &str, age: Duration) {
        let beat = Some(jiff::Timestamp::now() - age);
        let holder = Holder { host: host.to_owned(), beat, ..Holder::this_process() };
        std::fs::write(directory.join(FILE_NAME), serde_json::to_vec(&holder).unwrap()).unwrap();
    }

    #[test]
    fn a_controller_elsewhere_that_lives_is_not_overrun() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        write(path, "elsewhere", Duration::from_secs(30));
        assert!(matches!(ControllerLock::take(path), Err(Held::Elsewhere { .. })));
        write(path, "elsewhere", FRESH + Duration::from_secs(1));
        drop(ControllerLock::take(path).unwrap());
        // One that ended as it should leaves no name.
        assert_eq!(std::fs::read(path.join(FILE_NAME)).unwrap(), b"");
        // A dead one of this machine has let its lock go.
        write(path, &host(), Duration::ZERO);
        assert!(ControllerLock::take(path).is_ok());
    }

    #[test]
    fn it_is_noticed_when_somebody_else_has_taken_it() {
        let directory = tempfile::tempdir().unwrap();
        let lock = ControllerLock::take(directory.path()).unwrap();
        assert!(lock.is_ours());
        let path = directory.path().join(FILE_NAME);
        let away = directory.path().join("away");
        std::fs::rename(&path, &away).unwrap();
        assert!(lock.is_ours(), "a file that cannot be read names nobody");
        std::fs::rename(&away, &path).unwrap();
        write(directory.path(), "elsewhere", Duration::ZERO);
        assert!(!lock.is_ours());
    }
}
