//! The seeds of mozaik models: which parameters get them, in a search and when candidates are
//! validated.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::Model;

const OLD: &str = "'pynn_seed': 1,";
const NEWEST: &str = "'model_seed': 513, 'simulation_seed': 1023, 'experiment_seed': 7,";

/// Plays mozaik where only what it is given matters: the value of x is made of the seeds, as mozaik
/// would use them.
const SIMULATOR: &str = r#"
echo "$MOZOPT_SIMULATION" >> noted
python3 - <<'PYTHON'
import json, os
path = os.environ["MOZOPT_SIMULATION"]
simulation = json.load(open(path))
seeds = {name: simulation["seed"] % 1000 for name in simulation["mozaik"]["seed_parameters"]}
value = seeds.get("simulation_seed", 23) + seeds.get("model_seed", 13) * 1000
with open(os.path.join(os.path.dirname(path), "values.json"), "w") as file:
    json.dump({"values": {"x": value}}, file)
PYTHON
"#;

/// A mozaik model with these seeds in its parameter file; one generation of two simulations.
fn seeded(seeds: &str) -> Model {
    let model = Model::of_mozaik();
    model.edit("param/defaults", OLD, seeds);
    model.write(
        "mozopt.toml",
        "[simulator]\nkind = \"mozaik\"\nmodel_class = \"model.SmallPushPull\"\nparameters = \"param/defaults\"\n\
         python = \"bash simulate.sh\"\n[execution]\nslots = 2\n[optimizer]\nalgorithm = \"random\"\n\
         offspring_size = 2\nmax_ngen = 1\nvalidate_best = 0\n",
    );
    let config = json!({
        "parameters": {"sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight": [0.0, 1.0]},
        "optimiser_centroid": {"sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight": 0.5},
        "targets": [{"class": "TargetValue", "name": "x", "target_value": -1}],
    });
    model.write("param_optim/config_optimisation", serde_json::to_string_pretty(&config).unwrap());
    model.write("simulate.sh", SIMULATOR);
    model
}

/// `simulation.json` of both simulations.
fn simulations(model: &Model) -> [Value; 2] {
    [0, 1].map(|candidate| model.optimization().json_of(candidate, "simulation.json"))
}

fn seed_parameters(model: &Model, flags: &str) -> Value {
    model.mozopt("run", flags).exits(0);
    simulations(model)[0]["mozaik"]["seed_parameters"].clone()
}

#[test]
fn every_generation_of_mozaik_gets_the_seeds_of_its_noise() {
    assert_eq!(seed_parameters(&seeded(OLD), ""), json!(["pynn_seed"]));
    assert_eq!(seed_parameters(&seeded("'mozaik_seed': 1,"), ""), json!(["mozaik_seed"]));
    let both = seeded("'pynn_seed': 1, 'mozaik_seed': 1,");
    assert_eq!(seed_parameters(&both, ""), json!(["mozaik_seed", "pynn_seed"]));
    let newest = seeded(NEWEST);
    assert_eq!(seed_parameters(&newest, ""), json!(["simulation_seed"]));
    let [first, second] = simulations(&newest);
    assert_ne!(first["seed"], second["seed"]);
    // Others are named.
    assert_eq!(
        seed_parameters(&seeded(NEWEST), "--seeds trial,mpi_seed"),
        json!(["trial", "mpi_seed"])
    );
    let named = seeded("");
    named.edit("mozopt.toml", "python", "seeds = [\"trial\"]\npython");
    assert_eq!(seed_parameters(&named, ""), json!(["trial"]));
}

#[test]
fn a_model_without_a_known_seed_is_refused_unless_nothing_shall_vary() {
    let model = seeded("");
    for command in ["run", "check"] {
        let ended = model.mozopt(command, "").exits(2);
        let said = ended.stdout.clone() + &ended.stderr;
        assert!(said.contains("is known to be a seed"), "{said}");
        assert!(said.contains("`simulation_seed`") && said.contains("seeds ="), "{said}");
    }
    assert!(support::optimizations_in(model.path()).is_empty());
    let ended = model.mozopt("run", "--simulation-seed 5").exits(0);
    ended.says("no seed of the model is known");
    assert_eq!(simulations(&model)[0]["mozaik"]["seed_parameters"], json!([]));
    let ended = model.mozopt("validate", "--seeds 1").exits(0);
    ended.says("its simulations do not differ");
}

#[test]
fn seeds_are_checked_like_searched_parameters() {
    let refused = |flags: &str| seeded(NEWEST).mozopt("run", flags).exits(2);
    refused("--seeds trail").says("`seeds`").says("did you mean trial?");
    refused("--seeds name").says("`name` is a string, and only numbers");
    refused("--seeds trail,sheets").says("trail").says("sheets");
    refused("--simulation-seed 0").says("must not be").says("another number");
    assert_eq!(seed_parameters(&seeded(OLD), "--simulation-seed 0"), json!(["pynn_seed"]));
    let command =
        Model::new(support::CONFIG, "[simulator]\nkind = \"command\"\ncommand = \"true\"\n");
    command.mozopt("run", "--seeds a").exits(2).says("kind = \"command\" does not use it");
    // What seeds the model is not searched.
    for (seeds, searched) in
        [(OLD, "pynn_seed"), (NEWEST, "simulation_seed"), (NEWEST, "model_seed")]
    {
        let model = seeded(seeds);
        model.edit(
            "param_optim/config_optimisation",
            "\"parameters\": {",
            &format!("\"parameters\": {{\"{searched}\": [1, 5],"),
        );
        let ended = model.mozopt("run", "").exits(2).says("is a seed of the model");
        ended.says(&format!("`{searched}`")).says("config_optimisation:");
    }
}

#[test]
fn a_repetition_varies_the_noise_and_the_network_only_where_it_is_asked_to() {
    let model = seeded(NEWEST);
    model.mozopt("run", "-q").exits(0);
    let flags = "--candidates 0 --seeds 3 --json";
    let values = |comparison: &Value| -> Vec<f64> {
        let values = &comparison["candidates"][0]["targets"][0]["protocol"]["values"];
        values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let networks = |values: &[f64]| {
        let mut networks: Vec<_> = values.iter().map(|value| (value / 1000.0).floor()).collect();
        networks.dedup();
        networks
    };
    let ended = model.mozopt("validate", flags).exits(0);
    assert!(!ended.stderr.contains("note:"), "{}", ended.stderr);
    let same_network = ended.json();
    assert_eq!(networks(&values(&same_network)), [13.0], "the network is that of the model");
    let simulated = model.noted().len();

    let others = model.mozopt("validate", &format!("{flags} --vary model")).exits(0).json();
    assert_eq!(networks(&values(&others)).len(), 3, "{others}");
    assert_eq!(model.noted().len(), simulated + 3);
    let optimization = model.optimization();
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(optimization.file(name)).unwrap()).unwrap()
    };
    let given = |directory: &str| {
        read(&format!("{directory}/000000-1/simulation.json"))["mozaik"]["seed_parameters"].clone()
    };
    assert_eq!(given("validation-full"), json!(["simulation_seed"]));
    assert_eq!(given("validation-full.model"), json!(["simulation_seed", "model_seed"]));
    assert_eq!(
        (&same_network["new_networks"], &others["new_networks"]),
        (&json!(false), &json!(true))
    );

    // Both are found again.
    assert_eq!(model.mozopt("validate", flags).exits(0).json(), same_network);
    assert_eq!(model.mozopt("validate", &format!("{flags} --vary model")).exits(0).json(), others);
    assert_eq!(read("validation-full/comparison.json"), same_network);
    assert_eq!(read("validation-full.model/comparison.json"), others);
    assert_eq!(model.noted().len(), simulated + 3, "nothing is simulated twice");
    model.mozopt("validate", &format!("{flags} --vary all")).exits(2).says("simulation, model");
}

#[test]
fn where_one_seed_drives_network_and_noise_it_is_said() {
    let model = seeded(OLD);
    model.mozopt("run", "-q").exits(0);
    for flags in ["--seeds 1", "--seeds 1 --vary model"] {
        model.mozopt("validate", flags).exits(0).says("network and noise vary together");
    }
    assert_eq!(model.noted().len(), 3, "it is the same simulation either way");
}
