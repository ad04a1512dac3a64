//! What a simulation printed, and how much of that is kept: simulators that print a line for every
//! step have filled disks.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// While its simulation runs, a log that is longer than the first has only its end left, bytes.
const WHILE_RUNNING: (u64, u64) = (16 << 20, 4 << 20);
/// The end that is left of a failed simulation's log, bytes.
const OF_FAILURE: u64 = 256 << 10;
/// The end that is left where everything went well, bytes.
const OF_SUCCESS: u64 = 4 << 10;

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

/// The end is moved to the beginning before the file is cut: what a simulation prints meanwhile
/// comes after it, and whoever dies between the two leaves too much, never too little.
fn keep_end(log: &Path, bytes: u64) -> io::Result<()> {
    let file = match durable::open_as(OpenOptions::new().read(true).write(true), log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let length = file.metadata()?.len();
    // Some more are left for the line that says so, which must not be cut again and again.
    if length <= bytes + 200 {
        return Ok(());
    }
    let mut from = length - bytes;
    let said = format!("[{from} bytes before this were not kept]\n");
    file.write_all_at(said.as_bytes(), 0)?;
    let mut to = said.len() as u64;
    let mut part = vec![0; 64 << 10];
    loop {
        let read = file.read_at(&mut part, from)?;
        if read == 0 {
            return file.set_len(to);
        }
        file.write_all_at(&part[..read], to)?;
        from += read as u64;
        to += read as u64;
    }
}

/// The last bytes of a file, at most this many.
pub fn read_end(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = durable::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = vec![];
    file.take(bytes).read_to_end(&mut end)?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
            assert!(left.ends_with("step 09998\nstep 09999"));
        }
    }

    #[test]
    fn what_is_printed_while_a_log_is_cut_stays_in_its_order() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("output.log");
        let printing = {
            let mut file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
            std::thread::spawn(move || {
                for step in 0..300_000 {
                    file.write_all(format!("step {step:06}\n").as_bytes()).unwrap();
                }
            })
        };
        let mut cuts = 0;
        while !printing.is_finished() {
            let before = std::fs::metadata(&log).unwrap().len();
            keep_end(&log, 1 << 10).unwrap();
            cuts += usize::from(before > 2 << 10);
        }
        assert!(cuts > 2, "{cuts}");
        let left = std::fs::read_to_string(&log).unwrap();
        let steps = left.lines().filter_map(|line| line.strip_prefix("step "));
        let steps: Vec<u32> = steps.filter_map(|step| step.parse().ok()).collect();
        assert!(steps.len() > 10 && steps.is_sorted(), "{left}");
    }

    #[test]
    fn a_log_that_is_not_there_is_short_enough() {
        let log = Path::new("/nowhere/output.log");
        assert!(shorten(log, false).is_ok() && bound(log).is_ok());
    }
}
