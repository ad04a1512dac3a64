//! What reading a journal and a request promises, whatever their text.

use configuration::Limits;
use journal::{Entry, Request, State};

const CHECKSUM: &[u8] = b",\"crc32c\":\"";

/// Of a journal with these lines, and of one whose checksums are right.
pub fn journal_text(text: &[u8]) {
    read_journal(text);
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    read_journal(&lines.map(with_right_checksum).collect::<Vec<_>>().concat());
}

fn with_right_checksum(line: &[u8]) -> Vec<u8> {
    let place = line.windows(CHECKSUM.len()).rposition(|window| window == CHECKSUM);
    let Some(body) = place.map(|end| &line[..end]) else { return line.to_vec() };
    let tail = format!("{:08x}\"}}\n", crc32c::crc32c(body));
    [body, CHECKSUM, tail.as_bytes()].concat()
}

fn read_journal(text: &[u8]) {
    let Ok(read) = journal::parse(text) else { return };
    assert_eq!(read.valid_bytes + read.torn_bytes, text.len() as u64);
    for length in lengths(text.len()) {
        if let Ok(part) = journal::parse(&text[..length]) {
            assert!(read.entries.starts_with(&part.entries), "of the first {length} bytes");
        }
    }
    let written = written(&read.entries);
    let again = journal::parse(written.as_bytes()).unwrap();
    assert_eq!((&again.entries, again.torn_bytes), (&read.entries, 0));
    // Of what we wrote, every beginning can be read.
    for length in lengths(written.len()) {
        let part = journal::parse(&written.as_bytes()[..length]).unwrap();
        assert!(read.entries.starts_with(&part.entries), "of the first {length} bytes");
    }
    // Entries that contradict each other are an error, not a panic.
    let _ = State::of(&read.entries);
}

fn written(entries: &[Entry]) -> String {
    entries.iter().map(|entry| journal::line(entry).unwrap()).collect()
}

/// Twenty lengths from none to all, whichever lines they cut.
fn lengths(all: usize) -> impl Iterator<Item = usize> {
    (0..=20).map(move |part| all * part / 20)
}

/// Of a request: it is read back as it is written, and changes limits or is refused.
pub fn request(text: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(text) else { return };
    let written = serde_json::to_vec(&request).unwrap();
    assert_eq!(serde_json::from_slice::<Request>(&written).unwrap(), request);
    if let Request::ChangeLimits(change) = request {
        let limits = r#"{
            "executor": "local", "slots": 1, "time_limit": "20h", "retries": 1, "max_ngen": 200,
            "max_simulations": 3, "keep_best": 1, "keep_failures": false, "keep_all": false
        }"#;
        let mut limits: Limits = serde_json::from_str(limits).unwrap();
        change.change(&mut limits);
        if limits.check().is_ok() {
            assert!(limits.slots > 0 && limits.max_ngen > 0);
        }
        let written = serde_json::to_vec(&limits).unwrap();
        assert_eq!(serde_json::from_slice::<Limits>(&written).unwrap(), limits);
    }
}
