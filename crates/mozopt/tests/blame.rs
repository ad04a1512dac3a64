//! Who is to blame: what goes wrong on a machine is never taken for a bad parameter set, is not
//! paid for with the budget, and is said. Each test is a fault that was seen.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use support::{IDENTITY, Model, Optimization, Running, is_alive, wait_until};

/// A simulator that does this from the fifth simulation on, until there is a file `fixed`.
fn from_the_fifth_on(fault: &str) -> Model {
    let script = format!(
        "if [ ! -e fixed ] && [ \"$(ls -d *_Optimization/simulations/* | wc -l)\" -gt 4 ]; then\n\
         {fault}\nfi\n{IDENTITY}"
    );
    Model::simulated_by(&script)
}

/// The parameters and values of all candidates of an undisturbed search.
fn undisturbed() -> Vec<serde_json::Value> {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    model.optimization().outcomes()
}

/// The search stopped before it told anything of this, and goes on as if nothing had been.
fn goes_on_as_if_nothing_had_been(model: &Model, optimization: &Optimization) {
    assert_eq!(optimization.events("finished").len(), 4, "only what worked has an outcome");
    assert_eq!(optimization.events("told").len(), 4);
    assert_eq!(optimization.events("stopped").len(), 1);
    optimization.mozopt("status", "").exits(0).shows("stopped: ");
    model.write("fixed", "");
    model.mozopt("resume", "").exits(0);
    assert_eq!(optimization.outcomes(), undisturbed());
}

#[test]
fn a_command_that_is_not_found_any_more_stops_the_search_and_keeps_the_budget() {
    let model = from_the_fifth_on("no-such-python simulate.py; exit");
    let ended = model.mozopt("run", "").exits(1);
    ended.says("not found (exit code 127)").says("nothing else worked").says("mozopt resume");
    goes_on_as_if_nothing_had_been(&model, &model.optimization());
}

#[test]
fn a_missing_module_is_no_crash_of_the_model() {
    let model = from_the_fifth_on("exec python3 -c 'import no_such_module_of_python'");
    let ended = model.mozopt("run", "").exits(1);
    ended.says("a module of Python is missing").says("No module named 'no_such_module_of_python'");
    goes_on_as_if_nothing_had_been(&model, &model.optimization());
}

#[test]
fn where_everything_fails_that_used_to_work_one_that_worked_is_tried_again() {
    let model = from_the_fifth_on("echo 'cannot read the licence' >&2; exit 3");
    let ended = model.mozopt("run", "").exits(1);
    ended.says("nothing works any more").says("cannot read the licence");
    let optimization = model.optimization();
    assert!(optimization.file("probe").is_dir());
    goes_on_as_if_nothing_had_been(&model, &optimization);
}

#[test]
fn a_prelude_that_fails_stops_the_search_before_anything_is_simulated() {
    let model = Model::simulated_by(&format!("echo 1 >> noted\n{IDENTITY}"));
    model.edit(
        "mozopt.toml",
        "[simulator]\n",
        "[simulator]\nprelude = \"true\\nmodule load no-such-simulator/3.4\"\n",
    );
    let ended = model.mozopt("run", "").exits(1);
    ended.says("the prelude fails at `module load no-such-simulator/3.4`");
    assert!(model.noted().is_empty());
    assert!(model.optimization().events("finished").is_empty());
}

#[test]
fn a_models_directory_that_is_gone_is_named_before_anything_is_proposed() {
    let model = Model::simulated_by(IDENTITY);
    let output = tempfile::tempdir().unwrap();
    let place = format!("--max-ngen 1 --output {}", output.path().display());
    model.mozopt("run", &place).exits(0);
    let optimization = Optimization(support::optimizations_in(output.path()).remove(0));
    let before = fs::read(optimization.file("journal.jsonl")).unwrap();
    let (there, elsewhere) = (model.path().to_owned(), model.path().with_extension("moved"));
    fs::rename(&there, &elsewhere).unwrap();
    let ended = optimization.mozopt("resume", "--max-ngen 2");
    fs::rename(&elsewhere, &there).unwrap();
    ended.exits(1).says("the model's directory").says("nothing was proposed");
    assert_eq!(fs::read(optimization.file("journal.jsonl")).unwrap(), before);
}

#[test]
fn no_attempt_sees_what_another_left() {
    // Its first attempt is killed when it has written to a file of its own.
    let script = format!(
        "here=$(dirname \"$MOZOPT_SIMULATION\")\necho 1 >> \"$here/mine\"; mkdir \"$here/output\" || exit 5\n\
         if [ ! -e killed ]; then touch killed; kill -KILL $$; fi\n\
         [ \"$(wc -l < \"$here/mine\")\" = 1 ] || exit 6\n{IDENTITY}"
    );
    let model = Model::simulated_by(&script);
    model.mozopt("run", "--slots 1").exits(0).says("killed from outside");
    let optimization = model.optimization();
    assert_eq!(optimization.outcomes(), undisturbed());
}

#[test]
fn a_job_that_is_killed_takes_its_simulator_with_it() {
    let script = format!(
        "if [ ! -e begun ]; then touch begun; echo $$ > simulator; echo $PPID > job; sleep 60; touch survived; fi\n{IDENTITY}"
    );
    let model = Model::simulated_by(&script);
    let search = model.begin("run", "--slots 1");
    let path = |name: &str| model.path().join(name);
    let number = |name: &str| fs::read_to_string(path(name)).unwrap_or_default().trim().to_owned();
    wait_until("it simulates", || !number("job").is_empty());
    let (job, simulator) = (number("job"), number("simulator"));
    Running::of(Command::new("kill").args(["-KILL", &job])).wait().exits(0);
    wait_until("the simulator is gone, too", || !is_alive(&simulator));
    search.wait().exits(0).says("it is run again");
    assert!(!path("survived").exists());
    assert_eq!(model.optimization().outcomes(), undisturbed());
}

#[test]
fn what_was_complete_when_a_signal_ended_the_simulator_counts() {
    let model = Model::simulated_by(&format!("{IDENTITY}\nkill -SEGV $$"));
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    let finished = optimization.events("finished");
    assert_eq!(finished.len(), 8);
    for event in &finished {
        assert_eq!(event["result"]["outcome"], "completed", "{event}");
        let reason = event["result"]["reason"].as_str().unwrap();
        assert_eq!(reason, "ended by signal 11 after everything was written");
    }
}

#[test]
fn under_nohup_a_hangup_does_nothing() {
    let model = Model::simulated_by(&format!("echo 1 >> noted; sleep 0.3\n{IDENTITY}"));
    let mut nohup = Command::new("nohup");
    nohup.arg(env!("CARGO_BIN_EXE_mozopt")).arg("run").arg(model.path());
    let search = Running::of(&mut nohup);
    model.wait_for_notes(1);
    search.signal(Signal::HUP);
    model.wait_for_notes(3);
    search.signal(Signal::HUP);
    search.wait().exits(0);
    assert_eq!(model.optimization().events("finished").len(), 8);
}

#[test]
fn hangups_never_cancel_what_runs() {
    let model = Model::simulated_by(&format!("echo 1 >> noted; sleep 2\n{IDENTITY}"));
    let search = model.begin("run", "");
    model.wait_for_notes(2);
    for signal in [Signal::TERM, Signal::HUP, Signal::HUP, Signal::TERM] {
        search.signal(signal);
    }
    search.wait().exits(3);
    let optimization = model.optimization();
    assert_eq!(optimization.events("finished").len(), 2);
    assert!(optimization.events("interrupted").is_empty());
}

#[test]
fn a_job_on_another_machine_is_waited_for_and_nobody_is_killed_here() {
    let model = Model::simulated_by(&format!("echo 1 >> noted; sleep 6\n{IDENTITY}"));
    let search = model.begin("run", "--max-simulations 2");
    model.wait_for_notes(2);
    let optimization = model.optimization();
    wait_until("both jobs said who they are", || {
        [0, 1]
            .iter()
            .all(|it| optimization.file(&format!("simulations/{it:06}/started.json")).exists())
    });
    search.signal(Signal::KILL);
    drop(search);
    // Somebody else's process has here the number that the jobs have there.
    let stranger = Running::of(Command::new("setsid").args(["sleep", "30"]));
    for candidate in 0..2 {
        let path = optimization.file(&format!("simulations/{candidate:06}/started.json"));
        let mut started: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        started["host"] = "login2".into();
        started["pid"] = stranger.pid().into();
        fs::write(&path, started.to_string()).unwrap();
    }
    let ended = model.mozopt("resume", "--time-limit 1s").exits(0);
    ended.says("runs on login2, not on this machine");
    assert!(is_alive(&stranger.pid().to_string()));
    drop(stranger);
    let finished = optimization.events("finished");
    assert!(finished.iter().all(|it| it["result"]["outcome"] == "completed"), "{finished:?}");
}

#[test]
fn a_request_that_cannot_be_removed_is_passed_over() {
    let model = Model::simulated_by(&format!("echo 1 >> noted; sleep 0.5\n{IDENTITY}"));
    let search = model.begin("run", "");
    model.wait_for_notes(1);
    let optimization = model.optimization();
    // It can be removed as little as a file in somebody else's directory.
    fs::create_dir_all(optimization.file("requests/1.json/within")).unwrap();
    search.wait().exits(0).says("cannot remove");
    assert_eq!(optimization.events("finished").len(), 8);
}

#[test]
fn a_second_writer_of_the_journal_is_noticed_and_nothing_is_written_over() {
    let model = Model::simulated_by(&format!("echo 1 >> noted; sleep 1\n{IDENTITY}"));
    let search = model.begin("run", "");
    model.wait_for_notes(2);
    let journal = model.optimization().file("journal.jsonl");
    let mut text = fs::read(&journal).unwrap();
    text.extend_from_slice(b"of another controller\n");
    append(&journal, b"of another controller\n");
    search.wait().exits(1).says("another controller writes this journal");
    assert_eq!(fs::read(&journal).unwrap(), text);
}

fn append(path: &Path, text: &[u8]) {
    use std::io::Write;
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text).unwrap();
}

#[test]
fn a_model_that_was_edited_is_said_and_marked() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 1").exits(0);
    model.edit("simulate.sh", "{\\\"x\\\": $a", "{\\\"x\\\": 1$a");
    model
        .mozopt("resume", "--max-ngen 2")
        .exits(0)
        .says("since the search began: simulate.sh has changed");
    let optimization = model.optimization();
    optimization.mozopt("show 6", "").exits(0).shows("simulate.sh has changed");
    let before = optimization.mozopt("show 2", "").exits(0);
    assert!(!before.stdout.contains("has changed"), "{}", before.stdout);
}

#[test]
fn a_repetition_that_crashes_where_the_candidate_ran_is_no_evidence() {
    let script =
        format!("case $MOZOPT_SIMULATION in */validation/*-1/*) exit 3;; esac\n{IDENTITY}");
    let model = Model::simulated_by(&script);
    model.mozopt("run", "--validate-best 2").exits(0).says("repetition 1 does not count");
    let validated = &model.optimization().events("validated")[0]["candidates"][0];
    assert_eq!((&validated["simulations"], &validated["failed"]), (&1.into(), &0.into()));
}
