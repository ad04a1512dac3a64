//! Models written with mozaik, simulated for real: PyNN, NEST and neo from PyPI, and a stand-in for
//! mozaik with its command line and its data stores.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Ended, Model, Running, python};

/// Two simulations take half a minute when nothing else runs.
const PATIENCE: Duration = Duration::from_mins(10);

/// The test model, prepared, in an environment with everything that mozaik needs.
fn prepared() -> Model {
    let model = Model::of_mozaik();
    prepare(&model, "");
    model
}

/// Prepares a model; its environment has these lines as well.
fn prepare(model: &Model, lines: &str) {
    model.mozopt("prepare", "").exits(0);
    let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mozaik/stand_in");
    let prelude = format!(
        "source '{}/bin/activate'\nexport PYTHONPATH='{}'\n{lines}",
        python::environment().display(),
        stand_in.canonicalize().unwrap().display()
    );
    let line = format!("kind = \"mozaik\"\nprelude = '''\n{prelude}\n'''\n");
    model.edit("mozopt.toml", "kind = \"mozaik\"\n", &line);
}

/// The same with a run script of the user's own, whose protocol is short.
fn with_run_script() -> Model {
    let model = prepared();
    present_run_script(&model);
    model
}

fn present_run_script(model: &Model) {
    let class = "model_class = \"model.SelfSustainedPushPull\"\n";
    model.edit("mozopt.toml", class, "script = \"run.py\"\n");
    model.edit("mozopt.toml", "experiment = \"mozopt_experiment.py\"\n", "");
    // What this protocol can be measured by: it has no 5000 ms without a stimulus.
    let target = "{\"class\": \"OrientationTuningPreferenceTarget\", \"sheet_name\": \"V1_Exc_L4\", \
                  \"target_value\": 5, \"norm\": 0.5}";
    let mut config = search(model);
    config["targets"] = json!([serde_json::from_str::<Value>(target).unwrap()]);
    write_search(model, &config);
}

fn search(model: &Model) -> Value {
    serde_json::from_str(&model.read("param_optim/config_optimisation")).unwrap()
}

fn write_search(model: &Model, config: &Value) {
    model.write("param_optim/config_optimisation", config.to_string());
}

fn mozopt(model: &Model, command: &str, flags: &str) -> Ended {
    model.begin(command, flags).wait_at_most(PATIENCE)
}

#[test]
fn from_a_model_to_the_end_of_a_search() {
    let model = prepared();
    let checked = mozopt(&model, "check", "--simulate --json").exits(0).json();
    assert_eq!(checked["ok"], true, "{checked}");
    let environment = checked["checks"].as_array().unwrap().iter();
    let found: Vec<_> = environment.filter(|check| check["about"] == "environment").collect();
    assert!(
        found.iter().any(|check| check["message"].as_str().unwrap().contains("NEST 3.10.0")),
        "{found:?}"
    );
    let simulation = &checked["simulation"];
    assert_eq!(simulation["outcome"], "completed");
    let size = simulation["data_store_size"].as_u64().unwrap();
    assert!((1_000_000..100_000_000).contains(&size), "{size} bytes");
    let memory = simulation["peak_memory"].as_u64().unwrap();
    assert!((50_000_000..2_000_000_000).contains(&memory), "{memory} bytes");
    let targets = simulation["targets"].as_array().unwrap();
    let measured = targets.iter().filter(|target| target["value"].is_number()).count();
    assert!(measured >= 28, "the protocol presents and records what 31 targets need: {targets:#?}");

    let summary = mozopt(&model, "run", "--offspring-size 2 --max-ngen 1 --validate-best 0 --json")
        .exits(0)
        .json();
    assert_eq!(summary["simulations"], 2);
    let optimization = model.optimization();
    for candidate in 0..2 {
        let simulation = optimization.json_of(candidate, "simulation.json");
        assert_eq!(simulation["mozaik"]["seed_parameters"], json!(["pynn_seed"]));
        let k = &simulation["parameters"]["sheets.l4_cortex_exc.K"];
        assert!(k.is_u64(), "a number of synapses is an integer: {k}");
    }
    // What the best one left holds these parameters, and its directory's name none of them.
    let best = summary["best"]["candidate"].as_u64().unwrap();
    let store = optimization.file(&format!("simulations/{best:06}/datastore/run"));
    let parameters = std::fs::read_to_string(store.join("parameters")).unwrap();
    let weight = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight";
    let value = &summary["best"]["parameters"][weight];
    assert!(parameters.contains(&value.to_string()), "{weight} = {value} is not in\n{parameters}");
    let others = optimization.file(&format!("simulations/{:06}/datastore", 1 - best));
    assert!(!others.exists(), "data of the others are removed");
}

/// What the prepared model presents, shortened, from `check` to the end of a search. Gives the
/// summary, and what a simulation was told.
fn searched_shortly(model: &Model) -> (Value, Value) {
    for (name, usual_ms, short_ms) in
        [("SETTLING", 500, 100), ("SPONTANEOUS", 5000, 1000), ("GRATING", 2000, 500)]
    {
        let duration = |ms: i32| format!("\n{name}_DURATION = {ms}");
        model.edit("mozopt_experiment.py", &duration(usual_ms), &duration(short_ms));
    }
    checked_and_searched(model)
}

fn checked_and_searched(model: &Model) -> (Value, Value) {
    let checked = mozopt(model, "check", "--json").exits(0).json();
    assert_eq!(checked["ok"], true, "{checked}");
    let flags = "--max-simulations 1 --validate-best 0 --json";
    let summary = mozopt(model, "run", flags).exits(0).json();
    assert_eq!((&summary["simulations"], &summary["failed"]), (&json!(1), &json!(0)));
    let simulation = model.optimization().json_of(0, "simulation.json");
    (summary, simulation["mozaik"].clone())
}

/// How many targets of the best candidate have a value.
fn measured(summary: &Value) -> usize {
    let targets = summary["best"]["targets"].as_array().unwrap().iter();
    targets.filter(|target| target["value"].is_number()).count()
}

#[test]
fn a_model_of_mozaik_of_2021() {
    let model = Model::of_mozaik();
    let explosions = "    'explosion_monitoring': {\n        'sheet_name': 'V1_Exc_L4',\n        \
                      'threshold': 50,  # Hz\n    },\n";
    model.edit("param/defaults", explosions, "");
    model.edit("param/defaults", "    'steps_get_data': 0,\n", "");
    prepare(&model, "export MOZAIK_STAND_IN=2021");
    let (summary, mozaik) = searched_shortly(&model);
    assert_eq!(mozaik["seed_parameters"], json!(["pynn_seed"]));
    assert!(measured(&summary) >= 28, "{summary}");
}

#[test]
fn a_model_of_mozaik_of_2026() {
    let model = Model::of_mozaik();
    let seeds = "'model_seed': 1, 'simulation_seed': 2, 'experiment_seed': 3,";
    model.edit("param/defaults", "'pynn_seed': 1,\n    'mpi_seed': 1,", seeds);
    prepare(&model, "export MOZAIK_STAND_IN=2026");
    let (summary, mozaik) = searched_shortly(&model);
    assert_eq!(mozaik["seed_parameters"], json!(["simulation_seed"]));
    assert!(measured(&summary) >= 28, "{summary}");
}

/// The test model with cells of the extension module, which its run script installs; `None` where
/// the module cannot be built.
fn with_extension_module() -> Option<Model> {
    if Command::new("g++").arg("--version").output().is_err() {
        eprintln!("skipped: there is no g++");
        return None;
    }
    let model = Model::of_mozaik();
    let relays = "'cell': {'model': 'relay_neuron', 'native_nest': True, 'params': {}},";
    model.edit("param/retina_lgn", "'cell': {},", relays);
    let install = "import nest\nnest.Install(\"relaymodule\")\nfrom model";
    model.edit("run.py", "from model", install);
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mozaik");
    let mut build = Command::new(tests.join("nest_module/build.sh"));
    build.arg(python::environment().join("bin/python")).arg(model.path());
    Running::of(&mut build).wait().exits(0);
    prepare(&model, &format!("export LD_LIBRARY_PATH='{}'", model.path().display()));
    Some(model)
}

#[test]
fn a_model_with_an_extension_module() {
    let Some(model) = with_extension_module() else { return };
    let (summary, mozaik) = searched_shortly(&model);
    assert_eq!(mozaik["nest_modules"], json!(["relaymodule"]), "as prepare found in run.py");
    assert!(measured(&summary) >= 28, "{summary}");
}

#[test]
fn a_run_script_that_installs_its_module_itself() {
    let Some(model) = with_extension_module() else { return };
    present_run_script(&model);
    model.edit("mozopt.toml", "nest_modules = [\"relaymodule\"]\n", "");
    let (summary, mozaik) = checked_and_searched(&model);
    assert_eq!((&mozaik["script"], &mozaik["nest_modules"]), (&json!("run.py"), &Value::Null));
    assert_eq!(measured(&summary), 1, "{summary}");
}

#[test]
fn a_run_script_of_ones_own_gets_mozaiks_command_line() {
    let model = with_run_script();
    let summary = mozopt(&model, "run", "--offspring-size 2 --max-ngen 1 --validate-best 0 --json")
        .exits(0)
        .json();
    assert_eq!(summary["failed"], 0);
    assert!(summary["best"]["targets"][0]["value"].is_number(), "{summary}");
}

#[test]
fn explosions_crashes_and_missing_stores_are_told_apart() {
    let outcome = |change: &dyn Fn(&Model)| {
        let model = with_run_script();
        change(&model);
        // A search in which nothing works ends as failed.
        mozopt(
            &model,
            "run",
            "--max-simulations 1 --validate-best 0 --retries 0 --keep-failures --quiet",
        );
        let optimization = model.optimization();
        let mut result = optimization.json_of(0, "result.json");
        (
            result["outcome"].take(),
            result["reason"].take(),
            optimization.json_of(0, "simulation.json"),
        )
    };
    let (exploded, reason, _) = outcome(&|model| {
        let weight = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight";
        let mut config = search(model);
        config["parameters"] = json!({weight: [1.0, 1.1]});
        config["optimiser_centroid"] = json!({weight: 1.05});
        write_search(model, &config);
    });
    assert_eq!(
        (&exploded, &reason),
        (&json!("exploded"), &json!("the network's activity ran away"))
    );
    let prelude = |line: &str| {
        let line = line.to_owned();
        move |model: &Model| {
            model.edit("mozopt.toml", "export PYTHONPATH", &format!("{line}\nexport PYTHONPATH"));
        }
    };
    let (crashed, reason, _) =
        outcome(&prelude("export MOZAIK_STAND_IN_FAIL=raise:before-segments"));
    assert_eq!(crashed, "crashed", "{reason}");
    let error = "the simulator ended with exit code 1: RuntimeError: the stand-in was told to fail";
    assert!(reason.as_str().unwrap().starts_with(error), "{reason}");
    let (incomplete, reason, _) = outcome(&|model| {
        model.edit("run.py", "if __name__", "import os, mozaik.storage.datastore as d\nd.PickledDataStore.save = lambda self: None\nif __name__");
    });
    assert_eq!(incomplete, "no_data", "{reason}");
    assert!(reason.as_str().unwrap().contains("the data store is not complete"), "{reason}");
    // NEST without MPI would run as two networks in the same directory.
    let (refused, reason, simulation) = outcome(&|model| {
        let ranks = "ranks = 2\nlauncher = \"env PMI_SIZE={ranks} PMI_RANK=0\"\n";
        model.edit("mozopt.toml", "script = ", &format!("{ranks}script = "));
    });
    assert_eq!(refused, "node_failure", "no parameters are to blame: {reason}");
    let words = reason.as_str().unwrap();
    assert!(
        words.starts_with("the simulator refuses this environment (exit code 78): "),
        "{reason}"
    );
    assert_eq!(simulation["mozaik"]["ranks"], 2);
    let line = "env PMI_SIZE=2 PMI_RANK=0 python \"$MOZOPT_EXPERIMENT\"";
    assert_eq!(simulation["command"], line);
}

#[test]
fn the_experiment_script_and_the_stand_in_pass_their_own_tests() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mozaik");
    let mut unittest = Command::new(python::environment().join("bin/python"));
    unittest.args(["-m", "unittest", "discover"]).arg(tests);
    // Three minutes of a core: of which it may get a part only.
    Running::of(&mut unittest).wait_at_most(3 * PATIENCE).exits(0).says("OK");
}
