//! Where a target has no value, or nothing is left at all, the other values count and the search
//! learns to look elsewhere.

mod support;

use support::Model;

const CONFIG: &str = r#"{
  "parameters": {"x": [0.0, 4.0], "y": [0.0, 4.0]},
  "optimiser_centroid": {"x": 2.0, "y": 2.0},
  "targets": [
    {"class": "TargetValue", "name": "a", "target_value": 1, "norm": 0.1},
    {"class": "TargetValue", "name": "b", "target_value": 3, "norm": 0.1}
  ]
}"#;

const SETTINGS: &str = r#"[simulator]
kind = "command"
command = "python3 simulate.py"
simulation_seed = 1

[execution]
slots = 2
time_limit = "60s"

[optimizer]
max_simulations = 40
validate_best = 0
"#;

/// Values that are the parameters, but for x in a hole in which the best point would lie.
fn with_hole(values_in_it: &str) -> Model {
    let model = Model::new(CONFIG, SETTINGS);
    let program = format!(
        "import json, os, pathlib\n\
         path = pathlib.Path(os.environ['MOZOPT_SIMULATION'])\n\
         p = json.loads(path.read_text())['parameters']\n\
         def leave(**values):\n    \
             (path.parent / 'values.json').write_text(json.dumps({{'values': values}}))\n\
         if p['x'] > 1.5:\n    leave(a=p['x'], b=p['y'])\n\
         else:\n    {values_in_it}\n"
    );
    model.write("simulate.py", program);
    model
}

/// How many of 40 simulations lie in the hole, and the least total.
fn searched(model: &Model, outcome: &str, reason: &str, has_b: bool) -> (usize, f64) {
    model.mozopt("run", "").exits(0);
    let text = model.optimization().mozopt("export", "--format csv").exits(0).stdout;
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|heading| heading == name).unwrap();
    let (mut inside, mut least) = (0, f64::INFINITY);
    for (number, row) in table.records().map(Result::unwrap).enumerate() {
        let number_in = |name: &str| row[column(name)].parse::<f64>();
        if number_in("x").unwrap() > 1.5 {
            least = least.min(number_in("total").unwrap());
            continue;
        }
        inside += 1;
        assert_eq!(&row[column("outcome")], outcome);
        assert!(number_in("value a").is_err());
        assert_eq!(number_in("value b").is_ok(), has_b);
        let shown = model.optimization();
        let mut show = support::mozopt();
        show.args(["show", &number.to_string()]).arg(&shown.0);
        support::Running::of(&mut show).wait().exits(0).shows(reason);
    }
    (inside, least)
}

/// When the whole file was refused it was 28 of 40, and the best total 6.86.
#[test]
fn a_value_that_is_no_number_costs_the_others_nothing() {
    for word in ["nan", "inf", "-inf"] {
        let model = with_hole(&format!("leave(a=float('{word}'), b=p['y'])"));
        let written = match word {
            "nan" => "NaN",
            "inf" => "Infinity",
            _ => "-Infinity",
        };
        let reason = format!("a: no value (the simulator wrote {written}, not a number)");
        let (inside, least) = searched(&model, "completed", &reason, true);
        assert!(inside <= 20 && least < 5.5, "{word}: {inside} in the hole, {least}");
    }
}

/// When such simulations counted as lost, it was 28 of 40. The best point seen lies at the edge,
/// near which the model of failures is blurred.
#[test]
fn where_a_simulator_leaves_nothing_is_learned() {
    let model = with_hole("pass");
    let reason = "the simulator wrote neither datastore/ nor values.json";
    let (inside, least) = searched(&model, "no data", reason, false);
    assert!(inside <= 24 && least < 6.0, "{inside} in the hole, {least}");
}
