//! Any bytes are read as a journal, as they are and with right checksums.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/journal/tests/promises/mod.rs"]
#[allow(dead_code, reason = "there is a target for each promise")]
mod promises;

fuzz_target!(|bytes: &[u8]| promises::journal_text(bytes));
