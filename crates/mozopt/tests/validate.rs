//! `validate`: another protocol for chosen candidates, beside what the search measured.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Model, Optimization};

/// Values that are the parameters and the seed's last digit; every simulation notes its protocol.
const SEEDED: &str = r#"
echo "$MOZOPT_SIMULATION" >> noted
python3 - <<'PYTHON'
import json, os, sys
path = os.environ["MOZOPT_SIMULATION"]
simulation = json.load(open(path))
if simulation["protocol"] == "broken":
    sys.exit("no such protocol")
value = simulation["parameters"]["a"] + (simulation["seed"] % 10 if simulation["protocol"] == "full" else 0)
with open(os.path.join(os.path.dirname(path), "values.json"), "w") as file:
    json.dump({"values": {"x": value, "y": 3.5}}, file)
PYTHON
"#;

fn read(optimization: &Optimization, name: &str) -> Value {
    serde_json::from_slice(&fs::read(optimization.file(name)).unwrap()).unwrap()
}

#[test]
fn mean_and_deviation_over_seeds_stand_beside_the_value_of_the_search() {
    let model = Model::simulated_by(SEEDED);
    let best = model.mozopt("run", "--json").exits(0).json()["best"].clone();
    let searched = model.noted().len();
    let comparison = model.mozopt("validate", "--seeds 3 --json").exits(0).json();
    let optimization = model.optimization();
    assert_eq!(read(&optimization, "validation-full/comparison.json"), comparison);
    assert_eq!(comparison["candidates"].as_array().unwrap().len(), 1);
    let candidate = &comparison["candidates"][0];
    assert_eq!(candidate["candidate"], best["candidate"]);
    let number = best["candidate"].as_u64().unwrap();

    let own = best["targets"][0]["value"].as_f64().unwrap();
    let values: Vec<f64> = (1..=3)
        .map(|i| format!("validation-full/{number:06}-{i}/simulation.json"))
        .map(|file| own + (read(&optimization, &file)["seed"].as_u64().unwrap() % 10) as f64)
        .collect();
    let mean = values.iter().sum::<f64>() / 3.0;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let x = &candidate["targets"][0];
    assert_eq!((&x["name"], &x["search"]["mean"]), (&json!("x"), &json!(own)));
    let near = |value: &Value, wanted: f64| (value.as_f64().unwrap() - wanted).abs() < 1e-12;
    let (found, spread) = (&x["protocol"]["mean"], &x["protocol"]["standard_deviation"]);
    assert!(near(found, mean) && near(spread, sd), "{x}: {mean} ± {sd}");
    let html = fs::read_to_string(optimization.file("validation-full/comparison.html")).unwrap();
    assert!(html.contains(&format!("Candidate {number}")));

    // Nothing is simulated twice; what is new is.
    assert_eq!(model.noted().len(), searched + 3);
    let ended = model.mozopt("validate", "--seeds 4 --best 2").exits(0);
    assert!(ended.stdout.contains("full protocol"), "{}", ended.stdout);
    assert_eq!(model.noted().len(), searched + 8);
    // The search knows nothing of it.
    assert!(!fs::read_to_string(optimization.file("journal.jsonl")).unwrap().contains("full"));
}

#[test]
fn what_cannot_be_validated_is_said() {
    let model = Model::simulated_by(SEEDED);
    model.mozopt("run", "-q").exits(0);
    model.mozopt("validate", "--candidates 99").exits(2).says("there is no candidate 99");
    model.mozopt("validate", "--protocol ../full").exits(2).says("not the name of a protocol");
    model.mozopt("validate", "--script run.py").exits(2).says("--script is only for mozaik models");
    let ended = model.mozopt("validate", "--seeds 1 --protocol broken").exits(1);
    assert!(ended.stdout.contains("crashed"), "{}", ended.stdout);
}

#[test]
fn what_did_not_run_to_an_end_of_the_models_own_is_simulated_again() {
    let model = Model::simulated_by(&format!(
        "if grep -q '\"protocol\": \"full\"' $MOZOPT_SIMULATION && [ -f broken ]; then\n\
         echo broken >> noted; [ $(cat broken) = nothing ] && exit 0; exit 1; fi\n{SEEDED}"
    ));
    model.mozopt("run", "-q").exits(0);
    let searched = model.noted().len();
    let validated = || model.mozopt("validate", "--seeds 2");
    model.write("broken", "crashing");
    validated().exits(1).shows("crashed");
    model.write("broken", "nothing");
    validated().exits(1).shows("no data");
    assert_eq!(model.noted().len(), searched + 4);
    fs::remove_file(model.path().join("broken")).unwrap();
    validated().exits(0).shows("completed");
    assert_eq!(model.noted().len(), searched + 6);
    validated().exits(0).shows("completed");
    assert_eq!(model.noted().len(), searched + 6, "what completed is taken");
    // An explosion is the model's.
    let exploding = Model::simulated_by(&format!(
        "{SEEDED}\ngrep -q '\"protocol\": \"full\"' $MOZOPT_SIMULATION && sed -i 's/^{{/{{\"exploded\": true, /' \
         $(dirname $MOZOPT_SIMULATION)/values.json\ntrue"
    ));
    exploding.mozopt("run", "-q").exits(0);
    for _ in 0..2 {
        exploding.mozopt("validate", "--seeds 2").exits(1).shows("exploded");
        assert_eq!(exploding.noted().len(), searched + 2);
    }
}

#[test]
fn totals_count_the_targets_that_the_protocol_shows() {
    let model = Model::simulated_by(&format!(
        "{SEEDED}\ngrep -q '\"protocol\": \"full\"' $MOZOPT_SIMULATION && sed -i 's/\"y\": 3.5/\"y\": null/' \
         $(dirname $MOZOPT_SIMULATION)/values.json\n\
         grep -q '\"protocol\": \"nothing\"' $MOZOPT_SIMULATION && \
         echo '{{\"values\": {{\"x\": null, \"y\": null}}}}' > $(dirname $MOZOPT_SIMULATION)/values.json\ntrue"
    ));
    model.mozopt("run", "-q").exits(0);
    let comparison = model.mozopt("validate", "--seeds 2 --json").exits(0).json();
    assert_eq!(comparison["targets_counted"], 1);
    let left_out = json!([{"name": "y", "reason": "the simulator gave no value"}]);
    assert_eq!(comparison["targets_left_out"], left_out);
    let candidate = &comparison["candidates"][0];
    // Of x alone, on both sides: |value − 2| / 0.1.
    for side in ["search", "protocol"] {
        let values = candidate["targets"][0][side]["values"].as_array().unwrap();
        let totals = candidate["total"][side]["values"].as_array().unwrap();
        assert_eq!(values.len(), totals.len());
        for (value, total) in values.iter().zip(totals) {
            let score = ((value.as_f64().unwrap() - 2.0).abs() / 0.1).min(20.0);
            assert!((total.as_f64().unwrap() - score).abs() < 1e-9, "{side}: {value}, {total}");
        }
    }
    let own = candidate["total"]["protocol"]["values"][0].clone();
    assert_eq!(candidate["simulations"][0]["total"], own);
    let words = model.mozopt("validate", "--seeds 2").exits(0);
    let words = words.shows("total score of 1 of 2 targets");
    words.shows("not in the totals: y: no value in any simulation of the protocol");
    let html = model.optimization().file("validation-full/comparison.html");
    assert!(fs::read_to_string(html).unwrap().contains("total score of 1 of 2 targets"));

    // Every target counts in the protocol of the search; and nothing is no total of 0.
    let all = model.mozopt("validate", "--seeds 1 --protocol other").exits(0);
    assert!(
        all.stdout.contains("total score ") && !all.stdout.contains("of 2 targets"),
        "{}",
        all.stdout
    );
    let nothing = model.mozopt("validate", "--seeds 1 --protocol nothing --json").exits(1).json();
    assert_eq!(nothing["targets_counted"], 0);
    assert_eq!(nothing["candidates"][0]["total"]["protocol"]["mean"], Value::Null);
}

#[test]
fn the_embedded_model_is_inspected_in_a_protocol_of_its_own() {
    let model = Model::of_v1();
    model.mozopt("run", "-q").exits(0);
    let flags = "--seeds 1 --protocol spontaneous --keep false --json";
    let comparison = model.mozopt("validate", flags).exits(0).json();
    let simulation = &comparison["candidates"][0]["simulations"][0];
    let optimization = model.optimization();
    let file = |name: &str| optimization.file(&format!("validation-spontaneous/{name}"));
    assert!(file(simulation["inspection"].as_str().unwrap()).exists());
    let directory = format!("{:06}-1", comparison["candidates"][0]["candidate"].as_u64().unwrap());
    assert!(!file(&directory).join("datastore").exists());
    let inspection = fs::read(file(&directory).join("inspection.json")).unwrap();
    let inspection: Value = serde_json::from_slice(&inspection).unwrap();
    let sheets = inspection["sheets"].as_array().unwrap();
    let l4 = sheets.iter().find(|sheet| sheet["sheet"] == "V1_Exc_L4").unwrap();
    assert_eq!(l4["spontaneous"]["duration_ms"], 20_000.0);
    // The target takes the longer period.
    let value = &comparison["candidates"][0]["targets"][0]["protocol"]["mean"];
    let rate = l4["spontaneous"]["rate_hz"]["mean"].as_f64().unwrap();
    assert!((value.as_f64().unwrap() - rate).abs() < 1e-9, "{value}, {rate}");
    // The network stays as it is, unless it is asked to vary.
    model.mozopt("validate", "--seeds 3 --protocol spontaneous").exits(0);
    model.mozopt("validate", "--seeds 1 --protocol spontaneous --vary model").exits(0);
    let positions = |protocol: &str, number: &str| {
        let simulation = optimization.file(protocol).join(directory.replace("-1", number));
        fs::read(simulation.join("datastore/sheet0.positions.npy")).unwrap()
    };
    let of_search = positions("validation-spontaneous", "-2");
    assert_eq!(of_search, positions("validation-spontaneous", "-3"));
    assert!(of_search != positions("validation-spontaneous.model", "-1"));
}
