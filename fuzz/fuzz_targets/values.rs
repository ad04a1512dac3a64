//! Any bytes are what a simulator left as `values.json`, and as `versions.json`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/simulation/tests/promises/mod.rs"]
mod promises;

fuzz_target!(|bytes: &[u8]| {
    // Files in memory: a disk would be the slowest part.
    let directory = tempfile::tempdir_in("/dev/shm").unwrap();
    promises::values(bytes, directory.path());
    promises::versions(bytes, &directory.path().join("versions.json"));
});
