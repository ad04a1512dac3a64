//! The file: lines that are appended.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::JournalError;
use crate::event::{Entry, Event};
use crate::line::{line, parse_line};
use crate::pieces::{Read, read};

/// The name of the journal's file.
pub const FILE_NAME: &str = "journal.jsonl";

/// The journal, open for appending by the one controller that holds the lock.
pub struct Journal {
    path: PathBuf,
    file: File,
    bytes: u64,
    next_seq: u64,
}

impl Journal {
    /// Begins the journal of a new optimization.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        durable::sync_directory(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, bytes: 0, next_seq: 0 })
    }

    /// Opens a journal to continue it, and cuts off a torn last line.
    pub fn open(path: &Path) -> Result<(Self, Read), JournalError> {
        let read = read(path)?;
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        let bytes = read.valid_bytes;
        file.set_len(bytes).and_then(|()| file.seek(SeekFrom::Start(bytes))).map_err(failed)?;
        let next_seq = read.entries.len() as u64;
        Ok((Self { path: path.to_owned(), file, bytes, next_seq }, read))
    }

    /// How many entries there are.
    pub fn entries(&self) -> u64 {
        self.next_seq
    }

    /// Appends events and returns when they are on disk. When that fails, the journal is as it was.
    ///
    /// What could not be read back is not written, and nothing where somebody else has written.
    pub fn append(&mut self, events: &[Event]) -> Result<Vec<Entry>, JournalError> {
        let failed = |source| JournalError::Io { path: self.path.clone(), source };
        let time = jiff::Timestamp::now();
        let entries: Vec<Entry> = events
            .iter()
            .zip(self.next_seq..)
            .map(|(event, seq)| Entry { seq, time, event: event.clone() })
            .collect();
        let mut text = String::new();
        for entry in &entries {
            let line = line(entry).map_err(|error| failed(error.into()))?;
            let back = parse_line(line.trim_end().as_bytes());
            if back.as_ref() != Ok(entry) {
                let why = back.err().unwrap_or("it would be read back as something else");
                return Err(JournalError::Unwritable { path: self.path.clone(), why });
            }
            text.push_str(&line);
        }
        // Locks may end at the machine, and another controller may run on another one.
        let there = std::fs::metadata(&self.path).map_err(failed)?;
        let own = self.file.metadata().map_err(failed)?;
        if there.len() != self.bytes || there.ino() != own.ino() {
            return Err(JournalError::OtherWriter { path: self.path.clone() });
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A full disk takes part of a line: take it back, so that what is there stays whole.
            let _ = self.file.set_len(self.bytes);
            let _ = self.file.seek(SeekFrom::Start(self.bytes));
            return Err(failed(error));
        }
        self.bytes += text.len() as u64;
        self.next_seq += entries.len() as u64;
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use configuration::FidelityNumber;
    use proptest::prelude::*;
    use simulation::{Attempt, CandidateNumber};

    use super::*;
    use crate::event::Proposal;
    use crate::pieces::parse;

    fn events() -> Vec<Event> {
        let parameters = vec![0.1, 1e-300, -3.5e10];
        let proposal = Proposal {
            candidate: CandidateNumber(0),
            fidelity: FidelityNumber::FULL,
            seed: u64::MAX,
            parameters,
        };
        vec![
            Event::Proposed { generation: 1, candidates: vec![proposal] },
            Event::Submitting { candidate: CandidateNumber(0), attempt: Attempt::FIRST },
            Event::Stopped { reason: "a \"quoted\", new\nline, ü".to_owned() },
        ]
    }

    fn written() -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        Journal::create(&path).unwrap().append(&events()).unwrap();
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn what_was_appended_is_read_back_to_the_bit() {
        let read = parse(&written()).unwrap();
        let back: Vec<Event> = read.entries.into_iter().map(|entry| entry.event).collect();
        assert_eq!(back, events());
    }

    #[test]
    fn every_line_is_json_of_its_own() {
        for line in String::from_utf8(written()).unwrap().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["crc32c"].is_string() && value["seq"].is_number());
        }
    }

    #[test]
    fn a_torn_last_line_is_cut_wherever_it_tore_and_the_journal_goes_on() {
        let text = written();
        let ends: Vec<usize> = (1..=text.len()).filter(|&i| text[i - 1] == b'\n').collect();
        for length in 0..=text.len() {
            let read = parse(&text[..length]).unwrap();
            assert_eq!(read.entries.len(), ends.iter().filter(|&&end| end <= length).count());
            assert_eq!(read.valid_bytes + read.torn_bytes, length as u64);
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        std::fs::write(&path, &text[..text.len() - 3]).unwrap();
        let (mut journal, found) = Journal::open(&path).unwrap();
        assert_eq!(found.entries.len(), 2);
        journal.append(&[Event::Told { candidate: CandidateNumber(0) }]).unwrap();
        assert_eq!(read(&path).unwrap().entries.len(), 3);
    }

    #[test]
    fn a_checksum_in_capitals_is_damage() {
        let text = String::from_utf8(written()).unwrap();
        let lines = text.lines().map(|line| {
            let digits = line.len() - 10..line.len() - 2;
            format!("{}{}\"}}\n", &line[..digits.start], line[digits].to_uppercase())
        });
        // Eight digits without a letter are the same in capitals, so rarely that three never are.
        assert_ne!(lines.clone().collect::<String>(), text);
        assert!(lines.zip(text.lines()).all(|(capital, line)| {
            capital.trim_end() == line || parse_line(capital.trim_end().as_bytes()).is_err()
        }));
    }

    #[test]
    fn nothing_is_written_where_somebody_else_has_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let mut first = Journal::create(&path).unwrap();
        first.append(&events()).unwrap();
        let (mut second, _) = Journal::open(&path).unwrap();
        let told = [Event::Told { candidate: CandidateNumber(0) }];
        second.append(&told).unwrap();
        let written = std::fs::read(&path).unwrap();
        assert!(matches!(first.append(&told), Err(JournalError::OtherWriter { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), written);
        second.append(&told).unwrap();

        // The file was replaced by another one of the same length.
        let copy = std::fs::read(&path).unwrap();
        std::fs::rename(&path, directory.path().join("old")).unwrap();
        std::fs::write(&path, &copy).unwrap();
        assert!(matches!(second.append(&told), Err(JournalError::OtherWriter { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), copy);
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let mut journal = Journal::create(&path).unwrap();
        let candidates = vec![Proposal {
            candidate: CandidateNumber(0),
            fidelity: FidelityNumber::FULL,
            seed: 1,
            parameters: vec![f64::INFINITY],
        }];
        let infinite = Event::Proposed { generation: 1, candidates };
        let error =
            journal.append(&[Event::Told { candidate: CandidateNumber(0) }, infinite]).unwrap_err();
        assert!(matches!(error, JournalError::Unwritable { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        journal.append(&events()).unwrap();
    }

    proptest! {
        #[test]
        fn one_changed_byte_never_passes_unnoticed(position in 0usize..400, to in any::<u8>()) {
            let text = written();
            let position = position % text.len();
            prop_assume!(text[position] != to);
            let mut damaged = text.clone();
            damaged[position] = to;
            let whole = parse(&text).unwrap().entries;
            match parse(&damaged) {
                Err((line, _)) => prop_assert!(line <= whole.len()),
                Ok(read) => prop_assert_eq!(&read.entries[..], &whole[..whole.len() - 1]),
            }
        }
    }
}
