//! The examples that need more than mozopt: run for real, in a reduced form.

mod support;

use std::path::Path;
use std::time::Duration;

use support::{Model, python};

/// Each of its simulations takes some seconds of one core.
const PATIENCE: Duration = Duration::from_mins(10);

#[test]
fn brunels_network_is_simulated_and_measured_by_a_simulator_and_a_command() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/brunel-nest");
    let model = Model::copy_of(&example);
    let line = "kind = \"command\"\n";
    let activate =
        format!("prelude = \"source '{}/bin/activate'\"\n", python::environment().display());
    model.edit("mozopt.toml", line, &format!("{line}{activate}"));
    model.begin("check", "").wait_at_most(PATIENCE).exits(0);
    let flags = "--offspring-size 4 --max-ngen 1 --validate-best 0 --json";
    let summary = model.begin("run", flags).wait_at_most(PATIENCE).exits(0).json();
    assert_eq!(summary["simulations"], 4);
    // The search begins far from the wanted state: some of the first networks explode.
    let outcomes = model.optimization().outcomes();
    let known = |outcome: &str| ["completed", "exploded"].contains(&outcome);
    assert!(outcomes.iter().all(|o| known(o["outcome"].as_str().unwrap())), "{outcomes:#?}");
    let targets = summary["best"]["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 3);
    for target in targets {
        assert!(target["value"].is_number(), "{target}");
    }
    let command = targets.iter().find(|target| target["class"] == "CommandTarget").unwrap();
    assert!(command["value"].as_f64().unwrap().abs() <= 1.0, "a correlation: {command}");
}
