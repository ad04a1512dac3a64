//! What a simulation printed, and how much of that is kept: simulators that print a line for every step
//! have filled disks.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// While its simulation runs, a log that is longer than the first has only its end left, bytes.
const WHILE_RUNNING: (u64, u64) = (16 << 20, 4 << 20);
/// The end that is left of a failed simulation's log, bytes.
const OF_FAILURE: u64 = 256 << 10;
/// The end that is left where everything went well, bytes.
const OF_SUCCESS: u64 = 4 << 10;
/// No more is read for the last lines, bytes.
const READ: u64 = 64 << 10;

/// Keeps the log of a simulation that runs from filling the disk. Whoever writes it must append.
pub fn bound(log: &Path) -> io::Result<()> {
    let (longest, left) = WHILE_RUNNING;
    match std::fs::metadata(log) {
        Ok(file) if file.len() > longest => keep_end(log, left),
        _ => Ok(()),
    }
}

/// Shortens the log of a simulation that is not kept; of a failed one more is left.
pub fn shorten(log: &Path, failed: bool) -> io::Result<()> {
    keep_end(log, if failed { OF_FAILURE } else { OF_SUCCESS })
}

fn keep_end(log: &Path, bytes: u64) -> io::Result<()> {
    let length = std::fs::metadata(log).map_or(0, |file| file.len());
    // Some more are left for the line that says so, which must not be cut again and again.
    if length <= bytes + 200 {
        return Ok(());
    }
    let end = read_end(log, bytes)?;
    let mut file = OpenOptions::new().append(true).open(log)?;
    file.set_len(0)?;
    writeln!(file, "[{} bytes before this were not kept]", length - bytes)?;
    file.write_all(&end)
}

/// The last lines of a log that are not empty, at most `lines`.
pub fn tail(log: &Path, lines: usize) -> Vec<String> {
    let Ok(bytes) = read_end(log, READ) else { return vec![] };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // Simulators print colours and progress bars: what is left of them here is their text.
    let text = console::strip_ansi_codes(&text);
    let all: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = all[all.len().saturating_sub(lines)..].iter();
    last.map(|line| console::truncate_str(line, 300, "…").into_owned()).collect()
}

fn read_end(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = vec![];
    file.take(bytes).read_to_end(&mut end)?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_log_is_left_and_it_is_said_how_much_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("output.log");
        let lines: Vec<_> = (0..10_000).map(|line| format!("step {line:05}")).collect();
        let text = lines.join("\n");
        std::fs::write(&log, &text).unwrap();
        shorten(&log, true).unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), text, "110 kB of a failure are kept");
        for _ in 0..2 {
            shorten(&log, false).unwrap();
            let left = std::fs::read_to_string(&log).unwrap();
            let said = format!("[{} bytes before this were not kept]", text.len() - 4096);
            assert_eq!(left.lines().next(), Some(&*said));
            assert_eq!(left.len(), said.len() + 1 + 4096);
            assert_eq!(tail(&log, 2), ["step 09998", "step 09999"]);
        }
    }

    #[test]
    fn a_log_that_is_not_there_is_short_enough() {
        let log = Path::new("/nowhere/output.log");
        assert!(shorten(log, false).is_ok() && bound(log).is_ok());
        assert_eq!(tail(log, 3), [""; 0]);
    }
}
