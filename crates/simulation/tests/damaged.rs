//! Files of simulators that are nearly right, or not at all. The same is fuzzed.

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod promises;

use damage::{any_bytes, damaged};
use proptest::prelude::*;
use simulation::OutcomeClass;

const VALUES: [&[u8]; 3] = [
    br#"{"values": {"rate": 2.5, "cv": null}}"#,
    br#"{"values": {"rate": {"value": null, "reason": "no spikes"}, "cv": 1e-3}}"#,
    br#"{"values": {"rate": {"value": 80}}, "exploded": true}"#,
];

const VERSIONS: [&[u8]; 1] = [br#"{"python": "3.11.7", "nest": "3.10.0"}"#];

fn values(text: &[u8]) -> OutcomeClass {
    promises::values(text, tempfile::tempdir().unwrap().path()).outcome
}

fn versions(text: &[u8]) {
    promises::versions(text, tempfile::NamedTempFile::new().unwrap().path());
}

#[test]
fn whole_values_are_read() {
    use OutcomeClass::{Completed, Exploded};
    assert_eq!(VALUES.map(values), [Completed, Completed, Exploded]);
}

#[test]
fn a_text_of_any_depth_is_refused() {
    for piece in ["[", "{\"values\":", "{\"values\":{\"rate\":[", "{\"rate\":"] {
        let deep = piece.repeat(100_000);
        assert_eq!(values(deep.as_bytes()), OutcomeClass::NoData);
        versions(deep.as_bytes());
    }
}

proptest! {
    #[test]
    fn values_of_any_bytes(text in any_bytes()) {
        values(&text);
    }

    #[test]
    fn values_that_are_nearly_right(text in damaged(VALUES.to_vec())) {
        values(&text);
    }

    #[test]
    fn versions_of_any_bytes(text in any_bytes()) {
        versions(&text);
    }

    #[test]
    fn versions_that_are_nearly_right(text in damaged(VERSIONS.to_vec())) {
        versions(&text);
    }
}
