//! What people read: help texts, tables and errors, word for word. After a change on purpose,
//! `INSTA_UPDATE=always cargo test -p mozopt --test snapshots` writes the new texts into
//! `snapshots/`, where the diff shows them.

mod support;

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;

use insta::assert_snapshot;
use support::{IDENTITY, Model, Running, mozopt};

/// A copy of the optimization that an earlier version wrote.
fn sample() -> Model {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/1");
    Model::copy_of(&samples.join("command"))
}

/// What the command prints in this directory. Paths are relative there, so that lines break at the
/// same places everywhere.
fn printed(directory: &Path, arguments: &[&str]) -> String {
    let mut command = mozopt();
    command.arg0("mozopt").args(arguments).current_dir(directory).env_remove("COLUMNS");
    let ended = Running::of(&mut command).wait();
    format!("exit code {}\n--- stdout\n{}--- stderr\n{}", ended.code, ended.stdout, ended.stderr)
}

fn printed_by(model: &Model, arguments: &[&str]) -> String {
    printed(model.path(), arguments)
}

fn help(command: &str) -> String {
    let arguments: &[&str] = if command.is_empty() { &["--help"] } else { &[command, "--help"] };
    printed(Path::new("."), arguments)
}

/// What differs from machine to machine.
fn with_filters(check: impl FnOnce()) {
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        filters => [
            (r"[0-9.]+ [kMG]?B on disk", "[SIZE] on disk"),
            (r"[0-9.]+ GB free", "[SIZE] GB free"),
            (r"/\S*/\.tmp\w+", "[DIRECTORY]"),
        ],
    }, { check() });
}

#[test]
fn help_texts() {
    with_filters(|| {
        assert_snapshot!("help", help(""));
        assert_snapshot!("help_run", help("run"));
        assert_snapshot!("help_resume", help("resume"));
        assert_snapshot!("help_validate", help("validate"));
    });
}

#[test]
fn an_optimization() {
    let optimization = sample();
    with_filters(|| {
        assert_snapshot!("status", printed_by(&optimization, &["status"]));
        assert_snapshot!("show_completed", printed_by(&optimization, &["show", "2"]));
        assert_snapshot!("show_crashed", printed_by(&optimization, &["show", "4"]));
    });
}

#[test]
fn a_check() {
    let model = Model::simulated_by(IDENTITY);
    model.edit("mozopt.toml", "slots = 2", "slots = 1");
    with_filters(|| assert_snapshot!("check", printed_by(&model, &["check"])));
}

#[test]
fn mistakes_in_the_files() {
    let model = Model::simulated_by(IDENTITY);
    model.edit("mozopt.toml", "max_ngen", "max_negn");
    with_filters(|| assert_snapshot!("misspelt_key", printed_by(&model, &["run"])));

    let model = Model::simulated_by(IDENTITY);
    model.edit("param_optim/config_optimisation", "\"a\": [0.0, 1.0]", "\"a\": [1.0, 0.0]");
    with_filters(|| assert_snapshot!("reversed_range", printed_by(&model, &["run"])));

    let model = Model::simulated_by(IDENTITY);
    model.edit("param_optim/config_optimisation", "\"a\": 0.8", "\"a\": 1.8");
    with_filters(|| assert_snapshot!("centroid_outside", printed_by(&model, &["run"])));

    let model = Model::of_v1();
    let known = "sheets.l4_cortex_exc.params.density";
    let text = model.read("param_optim/config_optimisation");
    let misspelt = text.replace(known, "sheets.l4_cortex_exc.AfferentConnection.base_wieght");
    model.write("param_optim/config_optimisation", misspelt);
    with_filters(|| assert_snapshot!("unknown_parameter", printed_by(&model, &["run"])));
}

#[test]
fn optimizations_that_cannot_be_used() {
    let optimization = sample();
    with_filters(|| {
        assert_snapshot!("missing_directory", printed_by(&optimization, &["status", "nowhere"]));
        assert_snapshot!("unknown_candidate", printed_by(&optimization, &["show", "100"]));
    });

    // The lock counts, and not which process the file names.
    let lock = File::open(optimization.path().join("controller.lock")).unwrap();
    lock.lock().unwrap();
    with_filters(|| assert_snapshot!("held_lock", printed_by(&optimization, &["resume"])));
    drop(lock);

    optimization.edit("configuration.json", "\"slots\": ", "\"slots\":  ");
    with_filters(|| {
        assert_snapshot!("edited_configuration", printed_by(&optimization, &["resume"]));
    });
}
