//! Any bytes are read as a pickle, and everything is asked of what comes out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pickle::Limits;

#[path = "../../crates/pickle/tests/visit/mod.rs"]
mod visit;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::for_size(bytes.len());
    if let Ok(graph) = pickle::read(bytes, limits) {
        assert!(graph.memory_bytes() <= limits.memory_bytes);
        visit::visit(&graph);
    }
});
