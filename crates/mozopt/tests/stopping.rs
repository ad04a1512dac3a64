//! Stopping and going on: nothing is lost, and the search ends as if it had never been stopped.

mod support;

use rustix::process::Signal;
use serde_json::Value;
use support::{IDENTITY, Model, Optimization, is_alive, wait_until};

/// The identity, slow enough to be interrupted; every simulation notes its process.
fn slow(seconds: f64) -> String {
    format!("echo $$ >> noted; sleep {seconds}; {IDENTITY}")
}

/// What an optimization comes to, whatever happened on the way.
fn course(optimization: &Optimization) -> (Vec<Value>, Vec<Value>) {
    (optimization.proposals(), optimization.outcomes())
}

fn uninterrupted(flags: &str) -> (Vec<Value>, Vec<Value>) {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", flags).exits(0);
    course(&model.optimization())
}

#[test]
fn while_the_first_simulations_run_none_has_failed() {
    let model =
        Model::simulated_by("echo $$ >> noted; while [ ! -f go ]; do sleep 0.02; done; exit 1");
    let search = model.begin("run", "");
    model.wait_for_notes(2);
    let status = model.mozopt("status", "").exits(0).shows("no simulation has ended yet");
    assert!(!status.stdout.contains("could be measured") && !status.stdout.contains("why:"));
    model.mozopt("report", "").exits(0);
    let report = std::fs::read_to_string(model.optimization().file("report.html")).unwrap();
    assert!(report.contains("No simulation has ended yet."));
    model.write("go", "");
    search.wait().exits(1);
    let ended = model.mozopt("status", "").exits(0).shows("no candidate could be measured");
    ended.shows("why:").shows("show 0");
}

#[test]
fn the_first_ctrl_c_lets_running_simulations_finish() {
    let model = Model::simulated_by(&slow(0.4));
    let search = model.begin("run", "--json");
    model.wait_for_notes(1);
    search.signal(Signal::INT);
    let ended = search.wait().exits(3).says("stopping when the running simulations have finished");
    assert_eq!(ended.json()["stopped"], "stopped by the user");
    let optimization = model.optimization();
    let begun = model.noted().len();
    assert!(begun < 4, "no simulation was begun after Ctrl-C: {begun}");
    assert_eq!(optimization.events("finished").len(), begun, "those that ran have finished");
    let stopped = optimization.journal().pop().unwrap();
    assert_eq!(
        (&stopped["event"], &stopped["reason"]),
        (&"stopped".into(), &"stopped by the user".into())
    );

    optimization.mozopt("resume", "").exits(0).says("resuming");
    assert_eq!(course(&optimization), uninterrupted(""));
    assert_eq!(model.noted().len(), 8, "no simulation was run twice");
}

#[test]
fn the_second_ctrl_c_cancels_running_simulations() {
    let model =
        Model::simulated_by(&format!("echo $$ >> noted; [ -e go ] || sleep 100; {IDENTITY}"));
    let search = model.begin("run", "--json");
    model.wait_for_notes(2);
    search.signal(Signal::INT);
    std::thread::sleep(std::time::Duration::from_millis(50));
    search.signal(Signal::INT);
    let ended = search.wait().exits(3).says("cancelling the running simulations");
    assert_eq!(ended.json()["simulations"], 0);
    for pid in model.noted() {
        wait_until("it is gone", || !is_alive(&pid));
    }
    let optimization = model.optimization();
    assert_eq!(optimization.events("interrupted").len(), 2);
    assert_eq!(optimization.events("finished").len(), 0, "a cancelled simulation says nothing");

    model.write("go", "");
    optimization.mozopt("resume", "").exits(0);
    assert_eq!(course(&optimization), uninterrupted(""));
}

#[test]
fn sigterm_stops_like_ctrl_c() {
    let model = Model::simulated_by(&slow(0.2));
    let search = model.begin("run", "--json");
    model.wait_for_notes(1);
    search.signal(Signal::TERM);
    search.wait().exits(3);
}

#[test]
fn a_finished_optimization_says_why_there_is_nothing_to_do_and_goes_on_with_a_larger_limit() {
    let model = Model::simulated_by(IDENTITY);
    let finished = model.mozopt("run", "--json").exits(0).json();
    assert_eq!(finished["stopped"], "the limit max_ngen = 2 is reached");
    let optimization = model.optimization();
    let before = course(&optimization);
    let resumed = optimization.mozopt("resume", "").exits(0);
    assert!(resumed.stdout.contains("the limit max_ngen = 2 is reached"), "{}", resumed.stdout);
    assert!(resumed.stdout.contains("--max-ngen"), "it says how to go on");
    assert_eq!(course(&optimization), before);

    let more = optimization.mozopt("resume", "--max-ngen 4 --json").exits(0).json();
    assert_eq!((&more["generations"], &more["simulations"]), (&4.into(), &16.into()));
    assert_eq!(course(&optimization), uninterrupted("--max-ngen 4"));
}

#[test]
fn changed_limits_stay_until_they_are_changed_again() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 1").exits(0);
    let optimization = model.optimization();
    let flags = "--max-ngen 2 --slots 3 --time-limit 5m --retries 7 --keep-best 4 --keep-failures";
    optimization.mozopt("resume", flags).exits(0);
    optimization.mozopt("resume", "--slots 1").exits(0);
    let controllers = optimization.events("controller");
    let last = &controllers[2]["limits"];
    assert_eq!(controllers.len(), 3);
    assert_eq!(last["slots"], 1);
    let kept = ["max_ngen", "time_limit", "retries", "keep_best", "keep_failures"];
    for limit in kept {
        assert_eq!(last[limit], controllers[1]["limits"][limit], "{limit}");
        assert_ne!(last[limit], controllers[0]["limits"][limit], "{limit}");
    }
}

#[test]
fn a_limit_in_the_middle_of_a_generation_changes_nothing_when_it_is_raised() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 5 --max-simulations 6").exits(0);
    let optimization = model.optimization();
    assert_eq!(optimization.outcomes().len(), 6);
    for limit in [7, 13] {
        optimization.mozopt("resume", &format!("--max-simulations {limit}")).exits(0);
        assert_eq!(optimization.outcomes().len(), limit);
    }
    optimization.mozopt("resume", "--max-simulations 1000").exits(0);
    assert_eq!(course(&optimization), uninterrupted("--max-ngen 5"));
}

#[test]
fn how_many_run_at_once_does_not_change_the_search() {
    assert_eq!(uninterrupted("--slots 1"), uninterrupted("--slots 7"));
    assert_ne!(uninterrupted("--seed 1"), uninterrupted("--seed 2"));
}

#[test]
fn asynchronous_uses_every_slot_and_replays_from_the_journal() {
    let model = Model::simulated_by(&format!("sleep 0.0$((RANDOM % 9)); {}", slow(0.1)));
    let search = model.begin("run", "--mode asynchronous --slots 3 --max-ngen 3 --json");
    model.wait_for_notes(5);
    search.signal(Signal::INT);
    search.wait().exits(3);
    let optimization = model.optimization();
    assert_eq!(most_at_once(&optimization), 3);
    // A replay whose proposals differed from the journal's would be refused.
    let ended = optimization.mozopt("resume", "--json").exits(0).json();
    assert_eq!((&ended["generations"], &ended["simulations"]), (&3.into(), &12.into()));
    assert_eq!(most_at_once(&optimization), 3);
    let told = optimization.events("told");
    let finished = optimization.events("finished");
    let order = |events: Vec<Value>| -> Vec<_> {
        events.into_iter().map(|entry| entry["candidate"].clone()).collect()
    };
    assert_eq!(order(told), order(finished), "each is told as soon as it is known");
    optimization.mozopt("resume", "--max-ngen 4").exits(0);
    assert_eq!(optimization.outcomes().len(), 16);
}

fn most_at_once(optimization: &Optimization) -> usize {
    let mut running = 0_usize;
    let counts = optimization.journal().into_iter().map(|entry| {
        match entry["event"].as_str().unwrap() {
            "submitted" => running += 1,
            "finished" | "interrupted" => running -= 1,
            _ => {}
        }
        running
    });
    counts.max().unwrap()
}

#[test]
fn targets_that_are_met_end_the_search() {
    let model = Model::simulated_by(
        "echo '{\"values\": {\"x\": 2.05, \"y\": 3.5}}' > $(dirname $MOZOPT_SIMULATION)/values.json",
    );
    let ended = model.mozopt("run", "--json").exits(0).json();
    let stopped = "every target is within its norm of what is wanted; nothing was repeated";
    assert_eq!(ended["stopped"], stopped);
    assert_eq!(ended["simulations"], 4);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    let script = format!(
        "set -o pipefail; '{}' export '{}' --format csv | true",
        env!("CARGO_BIN_EXE_mozopt"),
        model.path().display()
    );
    let mut bash = std::process::Command::new("bash");
    support::Running::of(bash.args(["-c", &script])).wait().exits(0);
}

#[test]
fn time_and_core_hours_end_a_search() {
    let model = Model::simulated_by(&format!("sleep 0.3\n{IDENTITY}"));
    let flags = "--max-ngen 1000 --max-time 2s --json";
    let summary = model.mozopt("run", flags).exits(0).json();
    assert_eq!(summary["stopped"], "the limit max_time = 2s is reached");
    let simulations = summary["simulations"].as_u64().unwrap();
    assert!((4..=60).contains(&simulations), "{simulations} of 0.3 s, two at a time, in 2 s");
    let optimization = model.optimization();
    // All controllers count together: the limit is still reached, and a larger one goes on.
    let again = optimization.mozopt("resume", "--json").exits(0).json();
    assert_eq!(again["simulations"], simulations);
    // 8 simulations of 0.3 s are 0.00067 core-hours.
    let hours = 0.3 * (simulations + 7) as f64 / 3600.0;
    let flags = format!("--max-time 1h --max-core-hours {hours} --json");
    let more = optimization.mozopt("resume", &flags).exits(0).json();
    assert!(more["stopped"].as_str().unwrap().starts_with("the limit max_core_hours = "), "{more}");
    assert!(more["simulations"].as_u64().unwrap() > simulations, "{more}");
    optimization.mozopt("resume", "--max-core-hours 0").exits(2).says("a limit of 0");
}
