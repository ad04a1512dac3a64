//! Cheaper versions of the simulation: what is asked for, what is written down, and what counts.

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use support::{CONFIG, IDENTITY, Model, Optimization};

/// The cheap version is told so by `density`; its x is greater by 1, so that its totals are better.
const TWO: &str = r#"
density=$(sed -n 's/^ *"density": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
a=$(sed -n 's/^ *"a": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
b=$(sed -n 's/^ *"b": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
if [ "$density" = 150 ]; then a=$(awk "BEGIN {print $a + 1}"); else sleep 0.2; fi
echo "{\"values\": {\"x\": $a, \"y\": $b}}" > "$(dirname "$MOZOPT_SIMULATION")/values.json"
"#;

const SETTINGS: &str = "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n\
                        parameters = \"defaults.json\"\n\
                        [optimizer]\nmax_simulations = 30\nvalidate_best = 0\n";
const SMALL: &str = "[[fidelity]]\nname = \"small\"\noverrides = { density = 150 }\n";

fn model_with(settings: &str, script: &str) -> Model {
    let model = Model::new(CONFIG, settings);
    model.write("defaults.json", r#"{"a": 0.5, "b": 0.5, "density": 625, "K": 3}"#);
    model.write("simulate.sh", script);
    model
}

fn searched() -> (Model, Optimization) {
    let model = model_with(&format!("{SETTINGS}{SMALL}"), TWO);
    model.mozopt("run", "--quiet").exits(0);
    let optimization = model.optimization();
    (model, optimization)
}

/// The rows of the table of a search.
fn table(optimization: &Optimization) -> Vec<Vec<String>> {
    let text = optimization.mozopt("export", "--format csv").exits(0).stdout;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn column(table: &[Vec<String>], name: &str) -> Vec<String> {
    let place = table[0].iter().position(|heading| heading == name).unwrap();
    table[1..].iter().map(|row| row[place].clone()).collect()
}

#[test]
fn every_simulation_says_which_version_it_is_and_only_full_ones_count() {
    let (_model, optimization) = searched();
    let table = table(&optimization);
    let versions = column(&table, "fidelity");
    assert_eq!(versions.len(), 30);
    assert_eq!(versions[0], "full", "the first shows what a full simulation costs");
    assert_eq!(versions.iter().collect::<BTreeSet<_>>().len(), 2, "{versions:?}");

    for (number, version) in versions.iter().enumerate() {
        let read = |file: &str| -> Value {
            let path = optimization.file(&format!("simulations/{number:06}/{file}"));
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
        };
        let simulation = read("simulation.json");
        assert_eq!(simulation["fidelity"], json!(version));
        assert_eq!(read("result.json")["fidelity"], json!(version));
        let density = if version == "small" { json!(150) } else { Value::Null };
        assert_eq!(simulation["parameters"]["density"], density);
        let shown = optimization.mozopt(&format!("show {number}"), "--json").json();
        assert_eq!(shown["fidelity"], json!(version));
    }

    let totals = column(&table, "total");
    let full = versions.iter().zip(&totals).filter(|(version, _)| *version == "full");
    let best = full.map(|(_, total)| total.parse::<f64>().unwrap()).fold(f64::MAX, f64::min);
    assert!(totals.iter().any(|total| total.parse::<f64>().unwrap() < best), "a cheap one");
    let status = optimization.mozopt("status", "--json").json();
    assert_eq!(status["best"]["total"], json!(best));

    let of = |name: &str| {
        let all = status["usage"]["fidelities"].as_array().unwrap();
        all.iter().find(|it| it["fidelity"] == name).unwrap().clone()
    };
    let count = |name: &str| versions.iter().filter(|version| *version == name).count();
    let hours = |name: &str| of(name)["core_hours"].as_f64().unwrap();
    for name in ["full", "small"] {
        assert_eq!(of(name)["simulations"], json!(count(name)));
    }
    let all = status["usage"]["core_hours"].as_f64().unwrap();
    assert!((hours("full") + hours("small") - all).abs() < 1e-12);
    optimization
        .mozopt("status", "")
        .exits(0)
        .shows(&format!("small: {} simulations", count("small")));
}

#[test]
fn a_killed_search_goes_on_with_the_versions_that_it_had_chosen() {
    let (_model, whole) = searched();
    let text = fs::read_to_string(whole.file("journal.jsonl")).unwrap();
    // As if its controller had been killed after the second generation.
    let generations = text.lines().filter(|line| line.contains("\"event\":\"proposed\"")).count();
    assert!(generations > 3);
    let second = text.match_indices("\"event\":\"proposed\"").nth(2).unwrap().0;
    let end = text[..second].rfind('\n').unwrap() + 1;
    fs::write(whole.file("journal.jsonl"), &text[..end]).unwrap();
    fs::remove_file(whole.file("optimizer.json")).unwrap();
    let before = column(&table(&whole), "fidelity");
    whole.mozopt("resume", "--quiet").exits(0);
    let after = column(&table(&whole), "fidelity");
    assert_eq!(after.len(), 30);
    assert_eq!(after[..before.len()], before);
    whole.mozopt("doctor", "").exits(0);
}

#[test]
fn check_simulates_every_version_and_compares_what_they_cost() {
    let model = model_with(&format!("{SETTINGS}{SMALL}"), TWO);
    let check = model.mozopt("check", "--simulate").exits(0);
    check
        .shows("the centroid (small) has a value for all 2 targets")
        .shows("the fidelity small takes");
    let report = model.mozopt("check", "--simulate --json").json();
    assert_eq!(report["simulation"]["fidelity"], "full");
    assert_eq!(report["fidelities"]["small"]["fidelity"], "small");

    let slow = model_with(&format!("{SETTINGS}{SMALL}"), &format!("sleep 0.2\n{IDENTITY}"));
    slow.mozopt("check", "--simulate").exits(0).shows("what costs half as much or more");
}

#[test]
fn what_is_wrong_with_a_version_is_said_with_its_place() {
    for (fidelity, words) in [
        ("name = \"small\"\noverrides = { densty = 150 }", "the model has no parameter `densty`"),
        ("name = \"small\"\noverrides = { densty = 150 }", "did you mean `density`?"),
        ("name = \"small\"\noverrides = { K = 1.5 }", "`K` is a whole number in the model"),
        ("name = \"small\"\noverrides = { density = \"low\" }", "`density` is a number"),
        ("name = \"small\"", "is the same as the full simulation"),
        ("name = \"full\"\noverrides = { density = 1 }", "called `full`, as the full simulation"),
        ("overrides = { density = 1 }", "a [[fidelity]] has no name"),
        ("name = \"a/b\"\noverrides = { density = 1 }", "is not the name of a fidelity"),
        ("name = \"small\"\noverrides = { a = 1, b = 1 }", "none of the searched parameters"),
        ("name = \"small\"\noverides = { density = 1 }", "did you mean `overrides`?"),
        ("name = \"small\"\n[fidelity.simulator]\nsimulation_seed = 3", "cannot differ"),
    ] {
        let model = model_with(&format!("{SETTINGS}[[fidelity]]\n{fidelity}\n"), "");
        let check = model.mozopt("check", "").exits(2);
        check.shows(words).shows("mozopt.toml:");
        model.mozopt("run", "").exits(2);
    }
    let twice = model_with(&format!("{SETTINGS}{SMALL}{SMALL}"), "");
    twice.mozopt("check", "").exits(2).shows("two [[fidelity]] are called `small`");
    let other = SETTINGS.replace("[optimizer]\n", "[optimizer]\nalgorithm = \"cma-es\"\n");
    let other = model_with(&format!("{other}{SMALL}"), "");
    other.mozopt("check", "").exits(2).shows("only the composite algorithm learns from cheaper");
}

#[test]
fn a_version_has_its_own_time_limit_threads_and_protocol() {
    let small = format!("{SMALL}time_limit = \"1s\"\nthreads = 2\nprotocol = \"short\"\n");
    let settings = SETTINGS.replace("max_simulations = 30", "max_simulations = 3");
    let slow = "grep -q '\"density\": 150' \"$MOZOPT_SIMULATION\" && sleep 20\nsleep 1.2\n";
    let model = model_with(&format!("{settings}{small}"), &format!("{slow}{IDENTITY}"));
    model.mozopt("run", "--quiet").exits(0);
    let optimization = model.optimization();
    let table = table(&optimization);
    assert_eq!(column(&table, "outcome"), ["completed", "timed out", "timed out"]);
    assert_eq!(column(&table, "reason")[1], "it ran longer than 1s");
    let simulation = |number| optimization.json_of(number, "simulation.json");
    assert_eq!(simulation(0)["protocol"], "optimization");
    assert_eq!((&simulation(0)["threads"], &simulation(1)["threads"]), (&json!(1), &json!(2)));
    assert_eq!(simulation(1)["protocol"], "short");
}

/// `[fidelity.simulator]` with another kind: it gets those parameters that it has.
#[test]
fn another_simulator_may_be_the_cheaper_version() {
    let fidelity = "[[fidelity]]\nname = \"rough\"\n[fidelity.simulator]\nkind = \"command\"\n\
                    command = \"bash rough.sh\"\nparameters = \"rough.json\"\n";
    let v1 = "[simulator]\nkind = \"v1\"\n[optimizer]\nmax_simulations = 4\nvalidate_best = 0\n";
    let density = "sheets.l4_cortex_exc.params.density";
    let other = "sheets.l4_cortex_exc.AfferentConnection.base_weight";
    let config = json!({
        "parameters": {density: [40, 60], other: [0.0003, 0.001]},
        "optimiser_centroid": {density: 50, other: 0.0005},
        "targets": [{
            "class": "SpontActivityTarget", "sheet_name": "V1_Exc_L4", "target_value": [0, 100],
            "norm": 1,
        }],
    });
    let model = Model::new(config.to_string(), &format!("{v1}{fidelity}"));
    model.write(
        "rough.json",
        json!({"sheets": {"l4_cortex_exc": {"params": {"density": 1}}}}).to_string(),
    );
    model.write("rough.sh", "");
    model.mozopt("check", "").exits(0);
    let same_kind = fidelity.replace("rough.sh", "other.sh").replace("kind = \"command\"\n", "");
    let model = model_with(&format!("{SETTINGS}{same_kind}"), TWO);
    model.write("rough.json", r#"{"a": 0.5, "b": 0.5}"#);
    model.write("other.sh", IDENTITY);
    model.mozopt("run", "--quiet").exits(0);
    let table = table(&model.optimization());
    assert!(column(&table, "fidelity").iter().any(|name| name == "rough"));
}

#[test]
fn earlier_simulations_are_taken_over_as_a_version() {
    // The whole model of then is the cheap version of now.
    let small = model_with(&format!("{SETTINGS}max_ngen = 2\n"), TWO);
    small.mozopt("run", "--quiet").exits(0);
    let earlier = small.optimization();
    let model = model_with(&format!("{SETTINGS}{SMALL}"), TWO);
    let from = format!("small={}", earlier.0.display());
    model.mozopt("run", &format!("--quiet --warm-start {from}")).exits(0);
    let table = table(&model.optimization());
    let count = column(&crate::table(&earlier), "candidate").len();
    let versions = column(&table, "fidelity");
    assert!(versions[..count].iter().all(|version| version == "small"), "{versions:?}");

    // A search with versions knows which they were.
    let again = model_with(&format!("{SETTINGS}{SMALL}"), TWO);
    let whole = model.optimization();
    again.mozopt("run", &format!("--quiet --warm-start {}", whole.0.display())).exits(0);
    let taken = column(&crate::table(&again.optimization()), "fidelity");
    assert_eq!(taken[..versions.len()], versions);

    // And one without does not take them for full ones.
    let none = model_with(SETTINGS, TWO);
    let run = none.mozopt("run", &format!("--warm-start {}", whole.0.display())).exits(0);
    run.says("are of the fidelity small, which this search does not have");
}
