//! How a journal is read: piece by piece, since it may have hundreds of megabytes, of which little
//! is kept in memory. The lines of a piece are parsed by several threads.

use std::io::Read as _;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use crate::error::JournalError;
use crate::event::Entry;
use crate::line::{UNKNOWN, is_longer_than_an_entry, parse_line};
use crate::state::{State, StateError};

/// How much is read at once.
const PIECE: u64 = 4 << 20;
/// Less than this is not worth another thread.
const PART: usize = 256 << 10;
/// More threads than this do not help: what they parse is then applied by one.
const MOST_THREADS: usize = 8;

/// Why the state of an optimization cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its entries contradict each other.
    #[error(transparent)]
    State(#[from] StateError),
}

impl State {
    /// The state that a journal tells, of which no more is in memory than follows from it. A torn
    /// last line is left out.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let mut state = Self::default();
        each_entry(path, |entry| state.apply(&entry).map_err(ReadError::from))?;
        state.checked().map_err(ReadError::from)
    }
}

/// A journal that was read.
pub struct Read {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// How many bytes of the file are whole entries.
    pub valid_bytes: u64,
    /// What was left of a torn last line.
    pub torn_bytes: u64,
}

/// Reads a journal. A torn last line is left out.
pub fn read(path: &Path) -> Result<Read, JournalError> {
    let mut entries = vec![];
    let (valid_bytes, torn_bytes) = each_entry(path, |entry| {
        entries.push(entry);
        Ok::<(), JournalError>(())
    })?;
    Ok(Read { entries, valid_bytes, torn_bytes })
}

/// Parses the text of a journal; the error is the number of the damaged line and what is wrong.
pub fn parse(text: &[u8]) -> Result<Read, (usize, String)> {
    parse_part(text, 0, true)
}

/// Hands over the entries of a journal in their order. A torn last line is left out. Returns how
/// many bytes are whole entries, and how many were left of a torn line.
pub(crate) fn each_entry<E: From<JournalError>>(
    path: &Path,
    take: impl FnMut(Entry) -> Result<(), E>,
) -> Result<(u64, u64), E> {
    each_entry_by(PIECE, path, take)
}

fn each_entry_by<E: From<JournalError>>(
    piece: u64,
    path: &Path,
    mut take: impl FnMut(Entry) -> Result<(), E>,
) -> Result<(u64, u64), E> {
    let failed = |source| JournalError::Io { path: path.to_owned(), source };
    let mut file = durable::open(path).map_err(failed)?;
    let (mut text, mut seq, mut valid_bytes) = (vec![], 0, 0);
    loop {
        file.by_ref().take(piece).read_to_end(&mut text).map_err(failed)?;
        // Whether the last line may be torn depends on whether anything follows.
        let within = text.len();
        let at_end = file.by_ref().take(1).read_to_end(&mut text).map_err(failed)? == 0;
        let lines = match text[..within].iter().rposition(|&byte| byte == b'\n') {
            _ if at_end => text.len(),
            Some(end) => end + 1,
            // A line that is longer than a piece.
            None => continue,
        };
        let read = parse_part(&text[..lines], seq, at_end)
            .map_err(|(line, why)| JournalError::Damaged { path: path.to_owned(), line, why })?;
        seq += read.entries.len() as u64;
        valid_bytes += read.valid_bytes;
        read.entries.into_iter().try_for_each(&mut take)?;
        if at_end {
            return Ok((valid_bytes, read.torn_bytes));
        }
        text.drain(..lines);
    }
}

/// Parses a part of a journal that begins with the entry of this number; `at_end`: its last line
/// may be torn. The error is the number of the damaged line and what is wrong.
pub(crate) fn parse_part(
    text: &[u8],
    first_seq: u64,
    at_end: bool,
) -> Result<Read, (usize, String)> {
    let mut entries = vec![];
    let mut valid = 0;
    for (line, entry) in parsed(text) {
        let seq = first_seq + entries.len() as u64;
        let number = seq as usize + 1;
        let is_last = at_end && valid + line.len() == text.len();
        let entry = match entry {
            Ok(entry) if entry.seq == seq => entry,
            Ok(entry) => {
                return Err((number, format!("entry {} follows {seq} entries", entry.seq)));
            }
            // A newer version may have written it: nothing tore, and nothing may be cut off.
            Err(UNKNOWN) => return Err((number, UNKNOWN.to_owned())),
            Err(_) if is_last && !is_longer_than_an_entry(line) => break,
            Err(why) => return Err((number, why.to_owned())),
        };
        entries.push(entry);
        valid += line.len();
    }
    let torn_bytes = (text.len() - valid) as u64;
    Ok(Read { entries, valid_bytes: valid as u64, torn_bytes })
}

/// A line, and the entry that it is or what is wrong with it.
type Parsed<'a> = (&'a [u8], Result<Entry, &'static str>);

fn parsed(text: &[u8]) -> Vec<Parsed<'_>> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = (text.len() / PART).clamp(1, cores.min(MOST_THREADS));
    let mut parts: Vec<&[u8]> = vec![];
    let mut rest = text;
    for left in (2..=threads).rev() {
        let share = rest.len() / left;
        let Some(end) = rest[share..].iter().position(|&byte| byte == b'\n') else { break };
        let (part, after) = rest.split_at(share + end + 1);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    thread::scope(|scope| {
        // What no thread is to be had for is parsed here.
        let begun: Vec<_> = parts[1..]
            .iter()
            .map(|part| thread::Builder::new().spawn_scoped(scope, || parsed_part(part)))
            .collect();
        let mut lines = parsed_part(parts[0]);
        for (begun, part) in begun.into_iter().zip(&parts[1..]) {
            lines.extend(match begun {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => parsed_part(part),
            });
        }
        lines
    })
}

fn parsed_part(part: &[u8]) -> Vec<Parsed<'_>> {
    let parse =
        |line: &[u8]| line.strip_suffix(b"\n").ok_or("the line has no end").and_then(parse_line);
    part.split_inclusive(|&byte| byte == b'\n').map(|line| (line, parse(line))).collect()
}

#[cfg(test)]
mod tests {
    use configuration::FidelityNumber;
    use proptest::prelude::*;
    use simulation::CandidateNumber;

    use super::*;
    use crate::event::{Event, Proposal};
    use crate::file::{FILE_NAME, Journal};

    fn journal_of(entries: u64) -> (tempfile::TempDir, Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let candidate = |number| Proposal {
            candidate: CandidateNumber(number),
            fidelity: FidelityNumber::FULL,
            seed: number,
            parameters: vec![0.1; number as usize % 40],
        };
        let events: Vec<_> = (0..entries)
            .map(|i| Event::Proposed { generation: i, candidates: vec![candidate(i)] })
            .collect();
        Journal::create(&path).unwrap().append(&events).unwrap();
        let text = std::fs::read(&path).unwrap();
        (directory, text)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn pieces_tell_what_the_whole_tells(
            piece in 1u64..3000,
            change in prop::option::of((0usize..20_000, any::<u8>())),
            length in 0usize..20_000,
        ) {
            let (directory, mut text) = journal_of(30);
            text.truncate(length);
            if let Some((place, byte)) = change.filter(|_| !text.is_empty()) {
                let place = place % text.len();
                text[place] = byte;
            }
            let path = directory.path().join(FILE_NAME);
            std::fs::write(&path, &text).unwrap();
            let mut entries = vec![];
            let read = each_entry_by(piece, &path, |entry| {
                entries.push(entry);
                Ok::<(), JournalError>(())
            });
            match (parse(&text), read) {
                (Ok(whole), Ok((valid, torn))) => {
                    prop_assert_eq!((whole.valid_bytes, whole.torn_bytes), (valid, torn));
                    prop_assert_eq!(whole.entries, entries);
                }
                (Err((line, why)), Err(JournalError::Damaged { line: found, why: said, .. })) => {
                    prop_assert_eq!((line, why), (found, said));
                }
                (_, read) => prop_assert!(false, "{read:?}"),
            }
        }
    }

    #[test]
    fn several_threads_leave_no_line_out() {
        let (_directory, text) = journal_of(8000);
        assert!(text.len() > 4 * PART, "{}", text.len());
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        assert!(parsed(&text).iter().map(|(line, _)| *line).eq(lines));
        assert_eq!(parse(&text).unwrap().entries.len(), 8000);
    }
}
