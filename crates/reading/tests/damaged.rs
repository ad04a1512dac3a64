//! Files of the user's that are nearly right, or not at all. The same is fuzzed.

#[path = "../../../tests/damage/mod.rs"]
mod damage;
mod promises;

use damage::{any_bytes, damaged};
use proptest::prelude::*;
use reading::{ConfigOptimisation, Settings, Source};

const CONFIG_OPTIMISATION: [&[u8]; 3] = [
    include_bytes!("../../../examples/v1/param_optim/config_optimisation"),
    include_bytes!("../../../examples/brunel-nest/param_optim/config_optimisation"),
    include_bytes!("../../mozopt/tests/data/formats/1/mozaik/config_optimisation"),
];

const SETTINGS: [&[u8]; 3] = [
    include_bytes!("../../../examples/v1/mozopt.toml"),
    include_bytes!("../../../examples/brunel-nest/mozopt.toml"),
    include_bytes!("../../mozopt/tests/data/formats/1/mozaik/mozopt.toml"),
];

#[test]
fn whole_files_are_read() {
    for text in CONFIG_OPTIMISATION {
        let source = Source::new("config_optimisation", std::str::from_utf8(text).unwrap());
        assert_eq!(ConfigOptimisation::parse(&source).1, []);
        promises::config_optimisation(text);
    }
    for text in SETTINGS {
        Settings::parse(&Source::new("mozopt.toml", std::str::from_utf8(text).unwrap())).unwrap();
        promises::settings(text);
    }
}

#[test]
fn a_text_of_any_depth_is_refused() {
    for piece in ["[", "{\"a\":", "{\"parameters\":", "a={b=", "a=[", "a.", "[["] {
        let deep = piece.repeat(100_000);
        promises::config_optimisation(deep.as_bytes());
        promises::settings(deep.as_bytes());
    }
}

#[test]
fn a_text_that_begins_with_a_wide_character_is_refused() {
    for text in ["", "é", "\u{feff}", "é = 1", "{é}", "\"é", "🧠"] {
        promises::config_optimisation(text.as_bytes());
        promises::settings(text.as_bytes());
    }
}

#[test]
fn a_name_with_escapes_is_shown_whole() {
    promises::config_optimisation(r#"{"\n\né": 1}"#.as_bytes());
}

proptest! {
    #[test]
    fn config_optimisation_of_any_bytes(text in any_bytes()) {
        promises::config_optimisation(&text);
    }

    #[test]
    fn config_optimisation_that_is_nearly_right(text in damaged(CONFIG_OPTIMISATION.to_vec())) {
        promises::config_optimisation(&text);
    }

    #[test]
    fn settings_of_any_bytes(text in any_bytes()) {
        promises::settings(&text);
    }

    #[test]
    fn settings_that_are_nearly_right(text in damaged(SETTINGS.to_vec())) {
        promises::settings(&text);
    }
}
