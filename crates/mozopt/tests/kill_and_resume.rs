//! A controller that is killed at random moments, again and again, and resumed: in the end
//! everything is as if nothing had happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

const MOZOPT: &str = env!("CARGO_BIN_EXE_mozopt");

/// A model of two parameters that takes a tenth of a second and now and then fails.
const SIMULATOR: &str = r#"
import json, os, sys, time
path = os.environ["MOZOPT_SIMULATION"]
simulation = json.load(open(path))
x, y = simulation["parameters"]["x"], simulation["parameters"]["y"]
time.sleep(0.05 + 0.1 * (simulation["seed"] % 2))
if simulation["seed"] % 11 == 0:
    sys.exit("a crash that depends on the seed only")
noise = simulation["seed"] % 1000 / 1e5
values = {"a": x + noise, "b": x * y - noise, "c": None if y > 2 else y}
with open(os.path.join(os.path.dirname(path), "values.json"), "w") as file:
    json.dump({"values": values}, file)
"#;

/// The same, whose own simulations meet every target now and then, by luck.
const LUCKY_SIMULATOR: &str = r#"
import json, os, sys, time
path = os.environ["MOZOPT_SIMULATION"]
simulation = json.load(open(path))
x, y = simulation["parameters"]["x"], simulation["parameters"]["y"]
time.sleep(0.2 + 0.1 * (simulation["seed"] % 2))
if simulation["seed"] % 11 == 0:
    sys.exit("a crash that depends on the seed only")
is_lucky = "/simulations/" in path and simulation["seed"] % 5 == 0
values = {"a": 0.5, "b": -0.4, "c": 5.5} if is_lucky else {"a": x, "b": x * y, "c": y}
with open(os.path.join(os.path.dirname(path), "values.json"), "w") as file:
    json.dump({"values": values, "exploded": simulation["seed"] % 7 == 0}, file)
"#;

const CONFIG: &str = r#"{
  "parameters": {"x": [-3, 3], "y": [-3.0, 3.0]},
  "optimiser_centroid": {"x": 2, "y": 2},
  "targets": [
    {"class": "TargetValue", "name": "a", "target_value": 0.5, "norm": 0.1},
    {"class": "TargetValue", "name": "b", "target_value": -0.4, "norm": 0.1},
    {"class": "RangeTarget", "name": "c", "target_value": [5, 6], "norm": 0.1, "max_score": 30}
  ]
}"#;

const SETTINGS: &str = r#"
[simulator]
kind = "command"
command = "python3 simulator.py"

[execution]
slots = 3

[optimizer]
offspring_size = 6
max_ngen = 12
seed = 5
"#;

fn model(directory: &Path, optimizer: &str, simulator: &str) {
    fs::create_dir_all(directory.join("param_optim")).unwrap();
    fs::write(directory.join("param_optim/config_optimisation"), CONFIG).unwrap();
    fs::write(directory.join("mozopt.toml"), format!("{SETTINGS}{optimizer}")).unwrap();
    fs::write(directory.join("simulator.py"), simulator).unwrap();
}

fn start(arguments: &[&str], directory: &Path) -> Child {
    Command::new(MOZOPT)
        .args(arguments)
        .arg(directory)
        .arg("--quiet")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn run(arguments: &[&str], directory: &Path) -> Output {
    let output = Command::new(MOZOPT).args(arguments).arg(directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Every candidate's parameters, values and scores, and the state at the end; without times, and
/// without how often a simulation had to be begun.
fn outcome(directory: &Path) -> (Vec<Vec<String>>, serde_json::Value) {
    let csv = run(&["export", "--format", "csv"], directory).stdout;
    let mut reader = csv::Reader::from_reader(&csv[..]);
    let headings = reader.headers().unwrap().clone();
    let kept: Vec<usize> =
        (0..headings.len()).filter(|&i| !["attempts", "seconds"].contains(&&headings[i])).collect();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        kept.iter().map(|&i| row[i].to_owned()).collect()
    });
    let rows = rows.collect();
    let status = run(&["status", "--json"], directory).stdout;
    let mut status: serde_json::Value = serde_json::from_slice(&status).unwrap();
    let status_object = status.as_object_mut().unwrap();
    status_object.remove("optimization");
    status_object.remove("usage");
    (rows, status)
}

fn optimization(directory: &Path) -> Option<PathBuf> {
    let found = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    found.into_iter().find(|path| path.join("journal.jsonl").exists())
}

#[test]
fn ten_kills_leave_no_trace_in_a_search_by_cma_es() {
    ten_kills_leave_no_trace("algorithm = \"cma-es\"\nvalidate_best = 0\n", SIMULATOR, 0);
}

#[test]
fn ten_kills_leave_no_trace_in_a_search_by_the_composite_optimizer_and_its_validation() {
    ten_kills_leave_no_trace("algorithm = \"composite\"\nvalidate_best = 4\n", SIMULATOR, 1);
}

#[test]
fn ten_kills_leave_no_trace_in_a_search_whose_lucky_candidates_are_refuted() {
    ten_kills_leave_no_trace("algorithm = \"composite\"\nvalidate_best = 3\n", LUCKY_SIMULATOR, 4);
}

/// The candidates, their repetitions, of which there are as many batches at least, and the final
/// state are those of a search that nobody killed.
fn ten_kills_leave_no_trace(optimizer: &str, simulator: &str, repeated: usize) {
    let directory = tempfile::tempdir().unwrap();
    let (quiet, killed) = (directory.path().join("quiet"), directory.path().join("killed"));
    model(&quiet, optimizer, simulator);
    model(&killed, optimizer, simulator);
    run(&["run"], &quiet);

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut random = now.subsec_nanos();
    println!("the moments of the kills come from {random}");
    let mut kills = 0;
    while kills < 10 {
        let begun = optimization(&killed).is_some();
        let mut controller = start(&[if begun { "resume" } else { "run" }], &killed);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        std::thread::sleep(Duration::from_millis(20 + u64::from(random >> 24)));
        assert!(controller.try_wait().unwrap().is_none(), "the search was over before the kill");
        controller.kill().unwrap();
        controller.wait().unwrap();
        // A kill before the journal exists leaves a directory that is not an optimization yet.
        kills += u32::from(optimization(&killed).is_some());
    }
    run(&["resume"], &killed);
    let (candidates, state) = outcome(&killed);
    let (expected_candidates, expected_state) = outcome(&quiet);
    let journal = fs::read_to_string(optimization(&quiet).unwrap().join("journal.jsonl")).unwrap();
    let batches = journal.matches("\"event\":\"repeated\"").count();
    assert!(batches >= repeated, "{batches} batches of repetitions");
    let repetitions = journal.matches("\"repetition\":").count();
    assert_eq!(expected_candidates.len(), 72 + repetitions);
    assert_eq!(candidates, expected_candidates);
    assert_eq!(state, expected_state);
    assert!(state["failed"].as_u64().unwrap() > 0, "the simulator was to fail now and then");
}
