//! A journal that is read while its controller writes it.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::JournalError;
use crate::event::Entry;
use crate::pieces::parse_part;

/// So much is read at once; a journal may have hundreds of megabytes.
const PIECE: u64 = 4 << 20;

/// Reads what was appended since it read last.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    read_bytes: u64,
    next_seq: u64,
    piece: u64,
}

impl Follower {
    /// Begins with the first entry.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), read_bytes: 0, next_seq: 0, piece: PIECE }
    }

    /// How many entries were read.
    pub fn entries(&self) -> u64 {
        self.next_seq
    }

    /// The next entries; none if there is nothing new. A line that is not whole yet waits.
    pub fn read(&mut self) -> Result<Vec<Entry>, JournalError> {
        let failed = |source| JournalError::Io { path: self.path.clone(), source };
        let read = &mut OpenOptions::new();
        let mut file = durable::open_as(read.read(true), &self.path).map_err(failed)?;
        let mut text = vec![];
        file.seek(SeekFrom::Start(self.read_bytes)).map_err(failed)?;
        file.take(self.piece).read_to_end(&mut text).map_err(failed)?;
        if text.len() as u64 == self.piece {
            // It ends in the middle of a line.
            let Some(end) = text.iter().rposition(|&byte| byte == b'\n') else {
                self.piece *= 2;
                return Ok(vec![]);
            };
            text.truncate(end + 1);
        }
        let read = parse_part(&text, self.next_seq, true)
            .map_err(|(line, why)| JournalError::Damaged { path: self.path.clone(), line, why })?;
        self.read_bytes += read.valid_bytes;
        self.next_seq += read.entries.len() as u64;
        Ok(read.entries)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use simulation::CandidateNumber;

    use super::*;
    use crate::event::Event;
    use crate::file::{FILE_NAME, Journal};

    fn told(candidates: std::ops::Range<u64>) -> Vec<Event> {
        candidates.map(|candidate| Event::Told { candidate: CandidateNumber(candidate) }).collect()
    }

    #[test]
    fn each_entry_is_read_once_and_a_torn_line_waits() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let mut journal = Journal::create(&path).unwrap();
        let mut follower = Follower::new(&path);
        assert_eq!(follower.read().unwrap(), []);
        let first = journal.append(&told(0..2)).unwrap();
        assert_eq!(follower.read().unwrap(), first);
        assert_eq!(follower.read().unwrap(), []);

        let second = journal.append(&told(2..3)).unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 7]).unwrap();
        assert_eq!(follower.read().unwrap(), []);
        fs::write(&path, &whole).unwrap();
        assert_eq!(follower.read().unwrap(), second);
        assert_eq!(follower.entries(), 3);
    }

    #[test]
    fn pieces_smaller_than_the_journal_and_than_a_line_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let written = Journal::create(&path).unwrap().append(&told(0..50)).unwrap();
        for piece in [10, 300] {
            let mut follower = Follower { piece, ..Follower::new(&path) };
            let mut read = vec![];
            for _ in 0..60 {
                read.extend(follower.read().unwrap());
            }
            assert_eq!(read, written);
        }
    }

    #[test]
    fn damage_is_refused_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let mut journal = Journal::create(&path).unwrap();
        journal.append(&told(0..2)).unwrap();
        let mut follower = Follower::new(&path);
        follower.read().unwrap();
        journal.append(&told(2..5)).unwrap();
        let text = fs::read_to_string(&path).unwrap().replace("\"candidate\":3", "\"candidate\":4");
        fs::write(&path, text).unwrap();
        let error = follower.read().unwrap_err().to_string();
        assert!(error.ends_with("journal.jsonl:4: the checksum is wrong"), "{error}");
    }
}
