//! Any text is read as the description of a stimulus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mozaik_datastore::stimulus_text;

fuzz_target!(|text: &str| {
    match stimulus_text::parse(text) {
        Ok(stimulus) => assert!(!stimulus.parameters.contains_key("name")),
        Err(error) => assert!(error.offset <= text.len()),
    }
});
