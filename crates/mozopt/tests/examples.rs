//! The examples that need more than mozopt: run for real, in a reduced form.

mod support;

use std::path::Path;
use std::time::Duration;

use support::{Model, python};

/// Each of its simulations takes some seconds of one core.
const PATIENCE: Duration = Duration::from_mins(10);

/// A copy of the example, whose simulations run in the tests' Python environment.
fn example(name: &str) -> Model {
    let model =
        Model::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name));
    let line = "kind = \"command\"\n";
    let activate =
        format!("prelude = \"source '{}/bin/activate'\"\n", python::environment().display());
    model.edit("mozopt.toml", line, &format!("{line}{activate}"));
    model
}

#[test]
fn brunels_network_is_simulated_and_measured_by_a_simulator_and_a_command() {
    let model = example("brunel-nest");
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

#[test]
fn a_network_in_numpy_takes_whole_paths_and_says_why_a_value_is_missing() {
    let model = example("lif-numpy");
    model.begin("check", "--simulate").wait_at_most(PATIENCE).exits(0);
    // With this input hardly a cell fires.
    let centroid = "\"optimiser_centroid\": { \"input.exc.rate\": 800 },\n  \"targets\": [";
    model.edit("param_optim/config_optimisation", "\"targets\": [", centroid);
    let flags = "--max-ngen 1 --validate-best 0 --json";
    let summary = model.begin("run", flags).wait_at_most(PATIENCE).exits(0).json();
    assert_eq!(summary["simulations"], 6);
    let optimization = model.optimization();
    let simulation = optimization.json_of(0, "simulation.json");
    let parameters = simulation["parameters"].as_object().unwrap();
    assert_eq!(parameters.len(), 5, "{parameters:?}");
    assert_eq!(parameters["synapses.inh.number"].as_u64(), Some(20), "it counts inputs");
    let result = optimization.json_of(0, "result.json");
    assert_eq!(result["outcome"], "completed");
    let irregularity = &result["targets"][2];
    assert!(irregularity["value"].is_null(), "{irregularity}");
    assert_eq!(irregularity["reason"], "no cell has 5 inter-spike intervals");
    let synchrony = &result["targets"][3];
    assert!(synchrony["value"].as_f64().unwrap().abs() <= 1.0, "a correlation: {synchrony}");
}
