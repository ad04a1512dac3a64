//! Any text is read as what squeue and sacct print.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/executors/tests/promises/mod.rs"]
mod promises;

fuzz_target!(|text: &str| {
    promises::squeue(text);
    promises::sacct(text);
});
