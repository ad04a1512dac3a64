//! A line of the journal: an entry and its checksum.

use crate::event::Entry;

const CRC_KEY: &str = ",\"crc32c\":\"";
pub(crate) const UNKNOWN: &str = "the line is whole, but not an event that is known";

/// Whether something follows what looks like the end of an entry: then this is no torn line, but
/// lines whose ends are damaged.
pub(crate) fn is_longer_than_an_entry(line: &[u8]) -> bool {
    let end = CRC_KEY.len() + "00000000\"}\n".len();
    let first = line.windows(CRC_KEY.len()).position(|window| window == CRC_KEY.as_bytes());
    first.is_some_and(|start| line.len() > start + end)
}

pub(crate) fn parse_line(line: &[u8]) -> Result<Entry, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "the line is not text")?;
    let (body, tail) = line.rsplit_once(CRC_KEY).ok_or("the line has no checksum")?;
    // The digits themselves are compared, since `F` for `f` is a changed byte too.
    let crc = format!("{:08x}", crc32c::crc32c(body.as_bytes()));
    if tail.strip_suffix("\"}") != Some(&crc) {
        return Err("the checksum is wrong");
    }
    Entry::parse(line).map_err(|_| UNKNOWN)
}

/// The line of an entry, with its checksum and its end.
pub fn line(entry: &Entry) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(entry)?;
    line.pop();
    let crc = crc32c::crc32c(line.as_bytes());
    line.push_str(&format!("{CRC_KEY}{crc:08x}\"}}\n"));
    Ok(line)
}
