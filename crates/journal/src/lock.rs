//! One controller at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use simulation::host;

const FILE_NAME: &str = "controller.lock";
const A_MOMENT: Duration = Duration::from_millis(20);

/// The right to write an optimization's journal. It ends with the process, however that ends.
pub struct ControllerLock {
    _file: File,
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
}

/// Why the lock was not obtained.
#[derive(Debug, thiserror::Error)]
pub enum Held {
    /// Another controller has it.
    #[error("{}", match holder {
        Some(Holder { host, pid, since }) => {
            format!("process {pid} on {host} has been running this optimization since {since:.0}")
        }
        None => "another process is running this optimization".to_owned(),
    })]
    By {
        /// Who, if that can be read.
        holder: Option<Holder>,
    },
    /// The lock's file cannot be used.
    #[error("cannot lock the optimization: {0}")]
    Io(#[from] io::Error),
}

impl Holder {
    /// This process.
    pub fn this_process() -> Self {
        Self { host: host(), pid: std::process::id(), since: jiff::Timestamp::now() }
    }
}

impl ControllerLock {
    /// Takes the lock of the optimization in this directory.
    pub fn take(directory: &Path) -> Result<Self, Held> {
        let path = directory.join(FILE_NAME);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                // `mozopt status` looks at the lock for a moment: that is no controller.
                Err(TryLockError::WouldBlock) if attempt < 5 => thread::sleep(A_MOMENT),
                Err(TryLockError::WouldBlock) => {
                    return Err(Held::By { holder: holder(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        serde_json::to_writer(&mut file, &Holder::this_process()).map_err(io::Error::from)?;
        file.write_all(b"\n")?;
        Ok(Self { _file: file })
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

fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
