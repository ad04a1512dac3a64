//! What is left of a journal that is damaged.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use simulation::CandidateNumber;

use crate::error::JournalError;
use crate::event::{Entry, Event};
use crate::line::{UNKNOWN, is_longer_than_an_entry, parse_line};
use crate::state::{State, StateError};

/// A journal, read as far as it can be trusted, and what follows.
pub struct Salvage {
    /// The longest beginning of whole entries that do not contradict each other.
    pub entries: Vec<Entry>,
    /// The state after these; that of no entry if there is none.
    pub state: State,
    /// How many bytes of the file these are.
    pub valid_bytes: u64,
    /// Why it ends there; `None` if that is the end of the file.
    pub damage: Option<Damage>,
    /// The lines that follow, the first of which is the damaged one.
    pub rest: Vec<Line>,
}

/// Why a journal cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The last line was not written to its end. Nothing that it announced had begun.
    Torn,
    /// Another version may have written what follows: nothing is broken.
    OtherVersion(String),
    /// Something is broken, in words.
    Broken(String),
}

/// A line that cannot be trusted, or that follows one.
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// The entry, if the line as such is whole; or what is wrong with it.
    pub entry: Result<Entry, &'static str>,
    /// The event that it seems to be, if it is not whole.
    pub seems: Option<String>,
}

impl Salvage {
    /// Reads this journal.
    ///
    /// # Errors
    /// When the file cannot be read at all; what stands in it is no error.
    pub fn of(path: &Path) -> Result<Self, JournalError> {
        let text = std::fs::read(path)
            .map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        Ok(Self::of_text(&text))
    }

    fn of_text(text: &[u8]) -> Self {
        let mut whole = Self {
            entries: vec![],
            state: State::default(),
            valid_bytes: 0,
            damage: None,
            rest: vec![],
        };
        let mut read = 0;
        for (i, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            read += line.len();
            let entry = line.strip_suffix(b"\n").ok_or("the line has no end").and_then(parse_line);
            if whole.damage.is_none() {
                let is_last = read == text.len();
                match whole.take(&entry, is_last && !is_longer_than_an_entry(line)) {
                    Ok(()) => {
                        whole.valid_bytes += line.len() as u64;
                        continue;
                    }
                    Err(damage) => whole.damage = Some(damage),
                }
            }
            if entry == Err(UNKNOWN) {
                whole.damage = Some(Damage::OtherVersion(format!("line {}: {UNKNOWN}", i + 1)));
            }
            let seems = entry.is_err().then(|| event_in(line)).flatten();
            whole.rest.push(Line { number: i + 1, entry, seems });
        }
        if whole.entries.is_empty() && whole.damage.is_none() {
            whole.damage = Some(Damage::Broken(StateError::NotCreated.to_string()));
        }
        whole
    }

    /// Takes the next entry, if it fits to what was before.
    fn take(
        &mut self,
        entry: &Result<Entry, &'static str>,
        may_be_torn: bool,
    ) -> Result<(), Damage> {
        let seq = self.entries.len() as u64;
        let entry = match entry {
            Ok(entry) => entry,
            Err(UNKNOWN) => return Err(Damage::OtherVersion(UNKNOWN.to_owned())),
            Err(_) if may_be_torn => return Err(Damage::Torn),
            Err(why) => return Err(Damage::Broken((*why).to_owned())),
        };
        if entry.seq != seq {
            let why = format!("entry {} follows {seq} entries", entry.seq);
            return Err(Damage::Broken(why));
        }
        if let Err(error) = self.state.apply(entry) {
            // What was applied of it is taken back; of no entry there is no state.
            self.state = State::of(&self.entries).unwrap_or_default();
            return Err(match error {
                StateError::Format { .. } => Damage::OtherVersion(error.to_string()),
                error => Damage::Broken(error.to_string()),
            });
        }
        self.entries.push(entry.clone());
        Ok(())
    }

    /// The candidates whose outcomes stand in whole lines that follow the damage.
    pub fn outcomes_in_the_rest(&self) -> impl Iterator<Item = CandidateNumber> {
        let entries = self.rest.iter().filter_map(|line| line.entry.as_ref().ok());
        entries.filter_map(|entry| match entry.event {
            Event::Finished { candidate, .. } => Some(candidate),
            _ => None,
        })
    }
}

/// The name of the event in a line that cannot be trusted.
fn event_in(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let (_, name) = line.split_once("\"event\":\"")?;
    let (name, _) = name.split_once('"')?;
    let is_a_name = name.len() < 20 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_a_name.then(|| name.to_owned())
}

/// Cuts a journal off after this many bytes. What follows is kept beside it, in the file whose path
/// is returned; behind the journal it gives the old one again.
///
/// # Errors
/// When the file cannot be read, or there is no room for what is kept. The journal is then as it
/// was.
pub fn cut_off(path: &Path, after: u64) -> io::Result<PathBuf> {
    let text = std::fs::read(path)?;
    let rest = text.get(after as usize..).unwrap_or_default();
    let time = jiff::ZonedDateTime::now().strftime("%Y%m%d-%H%M%S").to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut kept = path.with_file_name(format!("{name}.damaged-{time}"));
    for n in 2.. {
        if !kept.exists() {
            break;
        }
        kept = path.with_file_name(format!("{name}.damaged-{time}-{n}"));
    }
    durable::write(&kept, rest)?;
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(after)?;
    file.sync_all()?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use configuration::FidelityNumber;
    use simulation::Attempt;

    use super::*;
    use crate::event::{FORMAT, Proposal};
    use crate::file::{FILE_NAME, Journal};
    use crate::pieces::read;

    fn events() -> Vec<Event> {
        let proposal = |candidate| Proposal {
            candidate,
            fidelity: FidelityNumber::FULL,
            seed: 1,
            parameters: vec![0.5],
        };
        let mozopt_version = "0.1.0".to_owned();
        vec![
            Event::Created { format: FORMAT, mozopt_version, configuration: "00".to_owned() },
            Event::Proposed {
                generation: 1,
                candidates: vec![proposal(CandidateNumber(0)), proposal(CandidateNumber(1))],
            },
            Event::Submitting { candidate: CandidateNumber(0), attempt: Attempt::FIRST },
            Event::Submitting { candidate: CandidateNumber(1), attempt: Attempt::FIRST },
            Event::Stopped { reason: "enough".to_owned() },
        ]
    }

    /// The lines of a journal of these events.
    fn lines_of(events: &[Event]) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        Journal::create(&path).unwrap().append(events).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn salvaged(lines: &[String]) -> Salvage {
        Salvage::of_text(lines.concat().as_bytes())
    }

    #[test]
    fn a_whole_journal_has_no_rest() {
        let whole = salvaged(&lines_of(&events()));
        assert_eq!((whole.entries.len(), whole.damage, whole.rest.len()), (5, None, 0));
        assert_eq!(whole.state.candidates.len(), 2);
    }

    #[test]
    fn what_precedes_a_damaged_line_stays_and_whole_lines_behind_it_are_named() {
        let mut lines = lines_of(&events());
        lines[2] = lines[2].replace("\"candidate\":0", "\"candidate\":7");
        let whole = salvaged(&lines);
        assert_eq!(whole.damage, Some(Damage::Broken("the checksum is wrong".to_owned())));
        assert_eq!(whole.valid_bytes as usize, lines[0].len() + lines[1].len());
        let rest: Vec<_> =
            whole.rest.iter().map(|line| (line.number, line.entry.is_ok())).collect();
        assert_eq!(rest, [(3, false), (4, true), (5, true)]);
        assert_eq!(whole.rest[0].seems.as_deref(), Some("submitting"));
        assert_eq!(whole.state.candidates[1].attempts, Attempt::NONE);
    }

    #[test]
    fn a_torn_line_and_one_of_another_version_are_told_from_damage() {
        let mut lines = lines_of(&events());
        let last = lines.len() - 1;
        lines[last].truncate(20);
        assert_eq!(salvaged(&lines).damage, Some(Damage::Torn));

        let mut of_another = events();
        of_another[0] = Event::Created {
            format: FORMAT + 1,
            mozopt_version: "9".to_owned(),
            configuration: "00".to_owned(),
        };
        let whole = salvaged(&lines_of(&of_another));
        assert!(matches!(whole.damage, Some(Damage::OtherVersion(_))), "{:?}", whole.damage);
    }

    #[test]
    fn an_entry_that_contradicts_is_not_taken_and_leaves_no_trace() {
        let mut contradicting = events();
        let proposal = |candidate| Proposal {
            candidate,
            fidelity: FidelityNumber::FULL,
            seed: 1,
            parameters: vec![0.5],
        };
        contradicting[4] = Event::Proposed {
            generation: 2,
            candidates: vec![proposal(CandidateNumber(2)), proposal(CandidateNumber(9))],
        };
        let whole = salvaged(&lines_of(&contradicting));
        assert!(matches!(whole.damage, Some(Damage::Broken(_))), "{:?}", whole.damage);
        assert_eq!((whole.entries.len(), whole.state.candidates.len()), (4, 2));
    }

    #[test]
    fn an_empty_file_is_no_journal() {
        assert!(matches!(salvaged(&[]).damage, Some(Damage::Broken(_))));
    }

    #[test]
    fn what_is_cut_off_is_kept_and_the_journal_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let mut lines = lines_of(&events());
        lines[3] = "nonsense\n".to_owned();
        std::fs::write(&path, lines.concat()).unwrap();
        let after = Salvage::of(&path).unwrap().valid_bytes;
        let kept = cut_off(&path, after).unwrap();
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), lines[3..].concat());
        assert_ne!(cut_off(&path, after).unwrap(), kept);
        let (mut journal, read_back) = Journal::open(&path).unwrap();
        assert_eq!(read_back.entries.len(), 3);
        journal.append(&events()[3..4]).unwrap();
        assert_eq!(read(&path).unwrap().entries.len(), 4);
    }
}
