//! Any bytes are read as `config_optimisation`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/reading/tests/promises/mod.rs"]
#[allow(dead_code, reason = "there is a target for each promise")]
mod promises;

fuzz_target!(|bytes: &[u8]| promises::config_optimisation(bytes));
