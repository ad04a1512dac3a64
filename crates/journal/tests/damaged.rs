//! Journals and requests that are nearly right, or not at all. The same is fuzzed.

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod promises;

use damage::{any_bytes, damaged};
use proptest::prelude::*;

const JOURNALS: [&[u8]; 2] = [
    include_bytes!("../../mozopt/tests/data/formats/1/command/journal.jsonl"),
    include_bytes!("../../mozopt/tests/data/formats/1/mozaik/journal.jsonl"),
];

const REQUESTS: [&[u8]; 3] = [
    br#"{"request": "pause"}"#,
    br#"{"request": "stop", "cancel": true}"#,
    br#"{"request": "change_limits", "max_ngen": 5, "max_time": "2h", "max_core_hours": 1.5,
        "slots": 3}"#,
];

#[test]
fn whole_journals_are_read() {
    for text in JOURNALS {
        let read = journal::parse(text).unwrap();
        assert_eq!(
            (read.entries.len(), read.torn_bytes),
            (text.split(|&b| b == b'\n').count() - 1, 0)
        );
        promises::journal_text(text);
    }
}

#[test]
fn a_text_of_any_depth_is_refused() {
    for piece in ["[", "{\"a\":", "{\"request\":"] {
        let deep = piece.repeat(100_000);
        promises::journal_text(deep.as_bytes());
        promises::request(deep.as_bytes());
    }
}

proptest! {
    #[test]
    fn journals_of_any_bytes(text in any_bytes()) {
        promises::journal_text(&text);
    }

    #[test]
    fn journals_that_are_nearly_right(text in damaged(JOURNALS.to_vec())) {
        promises::journal_text(&text);
    }

    #[test]
    fn requests_of_any_bytes(text in any_bytes()) {
        promises::request(&text);
    }

    #[test]
    fn requests_that_are_nearly_right(text in damaged(REQUESTS.to_vec())) {
        promises::request(&text);
    }
}
