//! The best candidates are simulated again before one of them is recommended.

mod support;

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;
use serde_json::Value;
use support::{Model, Optimization, wait_until};

/// Values that are the parameters and as much noise, which follows from the seed; some explode.
/// Every simulation notes its directory.
const NOISY: &str = r#"
echo "$MOZOPT_SIMULATION" >> noted
python3 - <<'PYTHON'
import json, os, random
path = os.environ["MOZOPT_SIMULATION"]
simulation = json.load(open(path))
noise = random.Random(simulation["seed"])
values = {"x": 2 * simulation["parameters"]["a"] + noise.gauss(0, 0.5),
          "y": 4 * simulation["parameters"]["b"] + noise.gauss(0, 0.5)}
with open(os.path.join(os.path.dirname(path), "values.json"), "w") as file:
    json.dump({"values": values, "exploded": noise.random() < 0.1}, file)
PYTHON
"#;

fn noisy(validate_best: u32) -> Model {
    let model = Model::simulated_by(NOISY);
    model.edit("mozopt.toml", "validate_best = 0", &format!("validate_best = {validate_best}"));
    model
}

/// The totals of all further simulations of each candidate, read from their files.
fn totals(optimization: &Optimization) -> BTreeMap<u64, Vec<(f64, bool)>> {
    let mut totals: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for directory in fs::read_dir(optimization.file("validation")).unwrap() {
        let path = directory.unwrap().path();
        let read = |name: &str| -> Value {
            serde_json::from_slice(&fs::read(path.join(name)).unwrap()).unwrap()
        };
        let (simulation, result) = (read("simulation.json"), read("result.json"));
        let failed = result["outcome"] != "completed";
        let total = (result["total"].as_f64().unwrap(), failed);
        totals.entry(simulation["candidate"].as_u64().unwrap()).or_default().push(total);
    }
    totals
}

#[test]
fn the_candidate_that_does_best_again_is_recommended_and_not_the_luckiest() {
    let model = noisy(6);
    let summary = model.mozopt("run", "--max-ngen 5 --json").exits(0).json();
    let optimization = model.optimization();
    let totals = totals(&optimization);
    assert!((3..=4).contains(&totals.len()), "{totals:?}");
    let mean = |totals: &[(f64, bool)]| {
        totals.iter().map(|(total, _)| total).sum::<f64>() / totals.len() as f64
    };
    let (best, own) = totals.iter().min_by(|a, b| mean(a.1).total_cmp(&mean(b.1))).unwrap();
    assert_eq!(summary["best"]["candidate"], *best);
    let validation = &summary["best"]["validation"];
    assert_eq!(validation["simulations"], 6);
    assert_eq!(validation["failed"], own.iter().filter(|(_, failed)| *failed).count());
    let good: Vec<f64> =
        own.iter().filter(|(_, failed)| !failed).map(|(total, _)| *total).collect();
    let average = good.iter().sum::<f64>() / good.len() as f64;
    let squares: f64 = good.iter().map(|total| (total - average).powi(2)).sum();
    let sd = (squares / (good.len() as f64 - 1.0)).sqrt();
    let near = |value: &Value, wanted: f64| (value.as_f64().unwrap() - wanted).abs() < 1e-12;
    assert!(near(&validation["mean"], average) && near(&validation["sd"], sd), "{validation}");
    // Every simulation has a seed of its own, and none is that of a candidate.
    let seeds = |pattern: &str| {
        let of = |line: &String| {
            let text = fs::read_to_string(line).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["seed"].as_u64().unwrap()
        };
        model.noted().iter().filter(|line| line.contains(pattern)).map(of).collect::<Vec<_>>()
    };
    let mut all = [seeds("/simulations/"), seeds("/validation/")].concat();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    // The exported parameters are the recommended candidate's.
    let exported = optimization.mozopt("export", "").exits(0).json();
    assert_eq!(exported, summary["best"]["parameters"]);
}

#[test]
fn what_was_simulated_again_is_not_simulated_a_third_time() {
    let model = noisy(4);
    let running = model.begin("run", "--slots 1");
    let of_validation =
        || model.noted().iter().filter(|line| line.contains("/validation/")).count();
    wait_until("the validation has begun", || of_validation() >= 3);
    running.signal(Signal::INT);
    running.wait().exits(3);
    let optimization = model.optimization();
    assert!(optimization.events("validated").is_empty());
    let summary = optimization.mozopt("resume", "--json").exits(0).json();
    assert_eq!(summary["best"]["validation"]["simulations"], 4);
    let mut lines = model.noted();
    let count = lines.len();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), count, "a simulation was run twice");
    // Going on, the search forgets what it recommended, and looks again at its end.
    let summary = optimization.mozopt("resume", "--max-ngen 3 --json").exits(0).json();
    assert_eq!(summary["simulations"], 12);
    assert_eq!(optimization.events("validated").len(), 2);
    // A search that has nothing more to do does nothing more.
    let count = model.noted().len();
    optimization.mozopt("resume", "").exits(0);
    assert_eq!(model.noted().len(), count);
}

#[test]
fn nothing_is_simulated_again_with_a_fixed_seed_or_when_it_is_not_wanted() {
    let model = noisy(4);
    let summary = model.mozopt("run", "--simulation-seed 7 --json").exits(0).json();
    assert!(summary["best"]["validation"].is_null());
    assert!(!model.optimization().file("validation").exists());
    let model = noisy(0);
    model.mozopt("run", "").exits(0);
    assert!(!model.optimization().file("validation").exists());
}
