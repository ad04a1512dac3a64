//! What an optimization uses: time of the machines, and disk.

mod support;

use std::fs;

use serde_json::Value;
use support::{IDENTITY, Model, Optimization};

/// Twice as much as is left of a failed simulation's log.
const MUCH: &str = "seq 100000\n";

fn log_size(optimization: &Optimization, candidate: usize) -> u64 {
    let log = optimization.file(&format!("simulations/{candidate:06}/output.log"));
    fs::metadata(log).unwrap().len()
}

#[test]
fn of_the_logs_of_simulations_that_are_not_kept_the_end_is_left() {
    let failing = "case $MOZOPT_SIMULATION in */000002/*) echo no weights; exit 3;; esac\n";
    let model = Model::simulated_by(&format!("{MUCH}{failing}{IDENTITY}"));
    let best = model.mozopt("run", "--json").exits(0).json();
    let best = best["best"]["candidate"].as_u64().unwrap() as usize;
    let optimization = model.optimization();
    let whole: u64 = (1..=100_000).map(|n: u32| n.to_string().len() as u64 + 1).sum();
    for candidate in 0..8 {
        let size = log_size(&optimization, candidate);
        match candidate {
            2 => assert!((200_000..300_000).contains(&size), "{size}: it failed"),
            _ if candidate == best => assert!(size >= whole, "{size}: the best is kept"),
            _ => assert!(size < 5000, "{size}"),
        }
    }
    optimization.mozopt("show 2", "").exits(0).shows("no weights").shows("99999");
}

#[test]
fn a_simulator_that_prints_on_and_on_does_not_fill_the_disk() {
    let model = Model::simulated_by(&format!(
        r#"
log=$(dirname "$MOZOPT_SIMULATION")/output.log
head -c 20000000 /dev/zero | tr '\0' '\n'
until [ "$(stat -c %s "$log")" -lt 5000000 ]; do sleep 0.1; done
echo "it goes on"
{IDENTITY}"#
    ));
    model.mozopt("run", "--max-simulations 1 --keep-all").exits(0);
    let optimization = model.optimization();
    assert!(log_size(&optimization, 0) < 5_000_000);
    optimization.mozopt("show 0", "").exits(0).shows("it goes on");
}

#[test]
fn status_tells_times_utilisation_and_disk_use_from_the_journal() {
    let model = Model::simulated_by(&format!("sleep 0.4\n{IDENTITY}"));
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    let status = optimization.mozopt("status", "--json").exits(0).json();
    let usage = &status["usage"];

    let seconds = |time: &Value| -> f64 {
        let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
        time.as_millisecond() as f64 / 1000.0
    };
    let runs: Vec<(f64, f64)> = optimization
        .events("finished")
        .iter()
        .map(|event| (seconds(&event["result"]["started"]), seconds(&event["result"]["finished"])))
        .collect();
    let busy: f64 = runs.iter().map(|(from, to)| to - from).sum();
    assert!(busy >= 8.0 * 0.4, "{runs:?}");
    let near = |number: &Value, expected: f64| {
        let number = number.as_f64().unwrap();
        assert!((number - expected).abs() < 0.02 * expected, "{number}, not {expected}");
    };
    near(&usage["core_hours"], busy / 3600.0);
    let longest = runs.iter().map(|(from, to)| to - from).fold(0.0, f64::max);
    near(&usage["run_seconds"]["max"], longest);
    let began = seconds(&optimization.events("controller")[0]["time"]);
    let ended = seconds(&optimization.events("finished")[7]["time"]);
    near(&usage["utilisation"], busy / (2.0 * (ended - began)));
    assert!(usage["queue_seconds"]["median"].as_f64().unwrap() < 5.0);
    assert!(usage["disk_bytes"].as_u64().unwrap() > 8 * 4096);
    optimization.mozopt("status", "").exits(0).shows("core-hours, slots busy").shows("on disk");
}
