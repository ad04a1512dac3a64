//! When something went wrong: `doctor` finds it and changes nothing, `repair` cuts a damaged
//! journal off, `forget` takes outcomes back.

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::disk::small_disk;
use support::{CONFIG, IDENTITY, Model, Optimization, Running, crc32c_of, mozopt, wait_until};

/// The identity, which notes that it runs, and fails for the candidates that a file names.
fn recorded(before: &str) -> String {
    let note = r#"
candidate=$(sed -n 's/^ *"candidate": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
echo "$candidate" >> noted
if grep -qsx "$candidate" broken; then echo "no such file system"; exit 3; fi
"#;
    format!("{note}{before}{IDENTITY}")
}

/// A search of two generations of four that has ended.
fn ended() -> (Model, Optimization) {
    let model = Model::simulated_by(&recorded(""));
    model.mozopt("run", "--quiet").exits(0);
    let optimization = model.optimization();
    (model, optimization)
}

/// Every file below a directory, with its contents and the time of its last change.
fn everything(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut files = BTreeMap::new();
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        if path.is_dir() {
            files.extend(everything(&path));
            files.insert(path, (vec![], modified));
        } else {
            let contents = fs::read(&path).unwrap();
            files.insert(path, (contents, modified));
        }
    }
    files
}

/// What doctor found about one thing: its status and what it says.
fn found(optimization: &Optimization, about: &str) -> Vec<(String, String)> {
    let before = everything(&optimization.0);
    let found = found_at_work(optimization, about);
    let after = everything(&optimization.0);
    let changed =
        before.keys().chain(after.keys()).find(|path| before.get(*path) != after.get(*path));
    assert_eq!(changed, None, "doctor has changed something");
    found
}

/// The same while jobs write their files.
fn found_at_work(optimization: &Optimization, about: &str) -> Vec<(String, String)> {
    let report = optimization.mozopt("doctor", "--json").json();
    let of = report["checks"].as_array().unwrap().iter().filter(|it| it["about"] == about);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of.map(|it| (text(&it["status"]), text(&it["message"]))).collect()
}

#[track_caller]
fn assert_found(optimization: &Optimization, about: &str, status: &str, words: &str) {
    let findings = found(optimization, about);
    let is_it = |(of, message): &(String, String)| of == status && message.contains(words);
    assert!(findings.iter().any(is_it), "{about} has no {status} `{words}`: {findings:?}");
}

/// Replaces a line of the journal, counted from 1.
fn replace_line(optimization: &Optimization, number: usize, new: &str) {
    let path = optimization.file("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[number - 1] = new;
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// Changes a digit in a line of the journal, and nothing else.
fn damage_line(optimization: &Optimization, number: usize) {
    let text = fs::read_to_string(optimization.file("journal.jsonl")).unwrap();
    let line = text.lines().nth(number - 1).unwrap();
    let damaged = line.replacen('T', "t", 1);
    assert_ne!(line, damaged);
    replace_line(optimization, number, &damaged);
}

/// The number of the line with this event of this candidate.
fn line_of(optimization: &Optimization, event: &str, candidate: u64) -> usize {
    let journal = optimization.journal();
    let is_it = |entry: &Value| entry["event"] == event && entry["candidate"] == candidate;
    journal.iter().position(is_it).unwrap() + 1
}

#[test]
fn a_sound_search_has_no_problem() {
    let (_model, optimization) = ended();
    let report = optimization.mozopt("doctor", "").exits(0).says("no problem was found");
    let report = report.shows("8 candidates, 8 outcomes").shows("as it was when");
    report.shows("none; the last ended: the limit max_ngen = 2 is reached").shows("8 have ended");
    let report = optimization.mozopt("doctor", "--json").exits(0).json();
    assert_eq!(report["ok"], true);
    for about in ["journal", "configuration", "controller", "simulations", "disk", "model"] {
        let findings = found(&optimization, about);
        assert!(findings.len() == 1 && findings[0].0 == "ok", "{about}: {findings:?}");
    }
}

fn line_count(journal: &[u8]) -> usize {
    std::str::from_utf8(journal).unwrap().lines().count()
}

#[test]
fn what_is_wrong_with_the_journal_is_told() {
    let (model, optimization) = ended();
    let whole = fs::read(optimization.file("journal.jsonl")).unwrap();
    let line = line_of(&optimization, "finished", 5);
    damage_line(&optimization, line);
    let words = format!("line {line}: the checksum is wrong");
    assert_found(&optimization, "journal", "problem", &words);
    optimization.mozopt("doctor", "").exits(1).shows("repair");
    for command in ["status", "resume"] {
        optimization.mozopt(command, "").exits(1).says("doctor").says("repair");
    }

    let path = optimization.file("journal.jsonl");
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert_found(&optimization, "journal", "note", "was not written to its end");
    optimization.mozopt("doctor", "").exits(0);

    let mut newer = whole.clone();
    let seq = line_count(&whole);
    let unknown = format!(r#"{{"seq":{seq},"time":"2027-01-01T00:00:00Z","event":"painted""#);
    let crc = crc32c_of(unknown.as_bytes());
    newer.extend(format!("{unknown},\"crc32c\":\"{crc:08x}\"}}\n").bytes());
    fs::write(&path, newer).unwrap();
    assert_found(&optimization, "journal", "problem", "not an event that is known");
    optimization.mozopt("repair", "--yes").exits(2).says("use the version of mozopt");

    fs::remove_file(&path).unwrap();
    assert_found(&optimization, "journal", "problem", "No such file");
    drop(model);
}

#[test]
fn what_is_wrong_with_other_files_is_told() {
    let (model, optimization) = ended();
    let write = |name: &str, text: &str| {
        let path = optimization.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let read = |name: &str| fs::read_to_string(optimization.file(name)).unwrap();

    let total = |n: &usize| optimization.json_of(*n, "result.json")["total"].as_f64().unwrap();
    let worst = (0..8).max_by(|a, b| total(a).total_cmp(&total(b))).unwrap();

    write("simulations/000002/simulation.json", &read("simulations/000003/simulation.json"));
    assert_found(
        &optimization,
        "simulations",
        "problem",
        "the directory of candidate 2 holds the simulation of candidate 3",
    );
    write("simulations/000004/result.json", "{\"outcome\": ");
    assert_found(&optimization, "simulations", "warning", "000004/result.json");
    write("simulations/000099/output.log", "");
    assert_found(&optimization, "simulations", "warning", "directories without a candidate: 99");
    write("simulations/copy/output.log", "");
    assert_found(&optimization, "simulations", "note", "copy is no simulation of the search");
    write(&format!("simulations/{worst:06}/datastore/a"), "");
    let words = format!("need not be kept are there, of {worst}");
    assert_found(&optimization, "simulations", "note", &words);

    write("simulations/000001/.tmpAbC", "");
    assert!(found(&optimization, "leftovers").is_empty(), "it may be being written");
    let file = File::options().write(true).open(optimization.file("simulations/000001/.tmpAbC"));
    file.unwrap().set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    assert_found(&optimization, "leftovers", "note", "000001/.tmpAbC");
    write("requests/00000000000000000001-1.json", "{\"request\": \"pause\"}");
    assert_found(&optimization, "requests", "note", "1 waits, but nobody runs");

    let configuration = read("configuration.json");
    write("configuration.json", &configuration.replace("\"max_ngen\": 2", "\"max_ngen\": 3"));
    assert_found(&optimization, "configuration", "problem", "was edited");
    write("configuration.json", "{");
    assert_found(&optimization, "configuration", "problem", "configuration.json");
    write("configuration.json", &configuration);

    // A sample of a model that is not on this machine.
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/1");
    let sample = Model::copy_of(&samples.join("command"));
    let elsewhere = Optimization(sample.path().to_owned());
    assert_found(&elsewhere, "model", "problem", "the directory of the targets' commands");
    assert_found(&elsewhere, "versions", "ok", "model 1.2");
    assert_found(&elsewhere, "simulations", "ok", "5 have ended");
    let sample = Model::copy_of(&samples.join("mozaik"));
    let elsewhere = Optimization(sample.path().to_owned());
    assert_found(&elsewhere, "model", "problem", "the model's directory is not there");
    drop(model);
}

#[test]
fn a_search_that_runs_is_looked_at_without_being_disturbed() {
    let model = Model::simulated_by(&recorded("until [ -e go ]; do sleep 0.05; done\n"));
    let running = model.begin("run", "--quiet");
    model.wait_for_notes(2);
    let optimization = model.optimization();
    let pid = running.pid();
    assert_found(&optimization, "controller", "ok", &format!("process {pid} on "));
    for candidate in 0..2 {
        let words = format!("candidate {candidate} runs: attempt 1, process ");
        assert_found(&optimization, "simulations", "ok", &words);
    }
    optimization.mozopt("repair", "--yes").exits(2).says(&format!("process {pid}"));
    let mut forget = mozopt();
    forget.arg("forget").arg(&optimization.0).arg("0");
    Running::of(&mut forget).wait().exits(2).says(&format!("process {pid}"));

    running.signal(Signal::KILL);
    drop(running);
    assert_found(&optimization, "controller", "note", "the last was killed");
    assert_found(&optimization, "simulations", "ok", "candidate 1 runs: attempt 1");
    model.write("go", "");
    wait_until("both end", || {
        (0..2).all(|n| optimization.file(&format!("simulations/00000{n}/finished.json")).exists())
    });
    let words = "ended, which the journal does not know yet: 0, 1";
    wait_until("its lock is free", || {
        let found = found_at_work(&optimization, "simulations");
        found.iter().any(|(_, message)| message.contains(words))
    });
    fs::remove_file(optimization.file("simulations/000000/finished.json")).unwrap();
    assert_found(&optimization, "simulations", "note", "ended without a result: 0");
    fs::remove_file(optimization.file("simulations/000000/started.json")).unwrap();
    assert_found(&optimization, "simulations", "note", "submitted, but not begun: 0");
    fs::remove_dir_all(optimization.file("simulations/000000")).unwrap();
    assert_found(&optimization, "simulations", "warning", "but without a directory: 0");
    optimization.mozopt("resume", "--quiet").exits(0);
    assert_found(&optimization, "simulations", "ok", "8 have ended");
}

fn node() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[test]
fn a_lock_that_another_process_holds_is_told() {
    let (_model, optimization) = ended();
    let path = optimization.file("controller.lock");
    assert_eq!(fs::read_to_string(&path).unwrap(), "", "its controller has ended");
    let killed =
        serde_json::json!({"host": node(), "pid": 4_000_000, "since": "2026-01-01T00:00:00Z"});
    fs::write(&path, killed.to_string()).unwrap();
    let lock = File::open(path).unwrap();
    lock.lock().unwrap();
    let words = "controller.lock is held, but process 4000000 on";
    assert_found(&optimization, "controller", "warning", words);
}

#[test]
fn jobs_of_slurm_that_nobody_needs_are_told() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/1");
    let sample = Model::copy_of(&samples.join("mozaik"));
    let optimization = Optimization(sample.path().to_owned());
    let name = |file: &str| {
        let text = fs::read(optimization.file(file)).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["name"].as_str().unwrap().to_owned()
    };
    let place = tempfile::tempdir().unwrap();
    let slurm = |report: &str| {
        let mut command = mozopt();
        command.arg("doctor").arg(&optimization.0).env("PATH", place.path());
        // The model is on another machine.
        Running::of(&mut command).wait().exits(1).shows(report)
    };
    slurm("Slurm is not on this machine");

    let job = name("simulations/000002/slurm.json");
    let controller = name("controller.json");
    let queue = format!(
        "50|RUNNING|0:07|node1|{job}|None\n51|PENDING|0:00||{controller}|None\n\
         52|RUNNING|0:07|node1|another|None\n"
    );
    let squeue = place.path().join("squeue");
    fs::write(&squeue, format!("#!/bin/sh\necho '{queue}'\n")).unwrap();
    fs::set_permissions(&squeue, fs::Permissions::from_mode(0o755)).unwrap();
    slurm("jobs of its controller: 51");
    slurm("jobs that no simulation needs any more: 50").shows("scancel 50");
    fs::write(&squeue, format!("#!/bin/sh\necho '{}'\n", queue.replace("RUNNING", "COMPLETED")))
        .unwrap();
    slurm("0 jobs of simulations wait or run");
}

#[test]
fn a_full_disk_is_a_problem() {
    let test = "a_full_disk_is_a_problem";
    let Some(disk) = small_disk(test) else { return };
    let (_model, optimization) = ended();
    let copied =
        std::process::Command::new("cp").arg("-r").arg(&optimization.0).arg(&disk).status();
    assert!(copied.unwrap().success());
    let copy = Optimization(disk.join(optimization.0.file_name().unwrap()));
    assert_found(&copy, "disk", "problem", "are free");
    copy.mozopt("doctor", "").exits(1).shows("make room");
}

#[test]
fn a_damaged_journal_is_cut_and_results_are_read_again() {
    let (model, optimization) = ended();
    let outcomes = optimization.outcomes();
    let proposals = optimization.proposals();
    let before = model.noted().len();
    let journal = fs::read_to_string(optimization.file("journal.jsonl")).unwrap();
    let line = line_of(&optimization, "finished", 5);
    // Whether candidate 6 or 7 has begun by then depends on which ends first.
    let begun: Vec<u64> = optimization.journal()[..line - 1]
        .iter()
        .filter(|entry| entry["event"] == "submitted")
        .map(|entry| entry["candidate"].as_u64().unwrap())
        .collect();
    damage_line(&optimization, line);
    let damaged = fs::read_to_string(optimization.file("journal.jsonl")).unwrap();

    let said = optimization.mozopt("repair", "").exits(1).says("nothing was changed");
    let said = said.shows(&format!("journal.jsonl:{line}: the checksum is wrong"));
    let said =
        said.shows(&format!("line {line} the checksum is wrong (it seems to be `finished`)"));
    said.shows("stopped: the limit max_ngen = 2 is reached").shows("read again from result.json");
    assert_eq!(fs::read_to_string(optimization.file("journal.jsonl")).unwrap(), damaged);

    optimization.mozopt("repair", "--yes").exits(0).says("resume");
    let kept = fs::read_to_string(optimization.file("journal.jsonl")).unwrap();
    assert!(journal.starts_with(&kept) && kept.lines().count() == line - 1);
    let rest = everything(&optimization.0).into_iter().find_map(|(path, (contents, _))| {
        path.to_string_lossy().contains("journal.jsonl.damaged-").then_some(contents)
    });
    assert_eq!(kept.clone() + &String::from_utf8(rest.unwrap()).unwrap(), damaged);
    assert_found(&optimization, "leftovers", "note", "the journal was repaired");
    optimization.mozopt("repair", "").exits(0).says("the journal is whole");
    optimization.mozopt("status", "").exits(0);

    optimization.mozopt("resume", "--quiet").exits(0);
    assert_eq!(optimization.outcomes(), outcomes);
    assert_eq!(optimization.proposals(), proposals);
    let again = 8 - begun.len();
    assert_eq!(model.noted().len(), before + again, "the others were read again");
}

#[test]
fn what_needs_no_repair_and_what_cannot_be_repaired_stays_as_it_is() {
    let (_model, optimization) = ended();
    let path = optimization.file("journal.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let before = fs::read(&path).unwrap();
    optimization.mozopt("repair", "--yes").exits(0).says("was not written to its end");
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, &whole).unwrap();
    damage_line(&optimization, 1);
    let before = fs::read(&path).unwrap();
    optimization.mozopt("repair", "--yes").exits(1).says("nothing would be left");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_journal_is_not_cut_while_a_simulation_runs_that_it_would_not_know() {
    let model = Model::simulated_by(&recorded("until [ -e go ]; do sleep 0.05; done\n"));
    let running = model.begin("run", "--quiet");
    model.wait_for_notes(2);
    let optimization = model.optimization();
    running.signal(Signal::KILL);
    drop(running);
    let line = line_of(&optimization, "submitting", 1);
    damage_line(&optimization, line);
    assert_found(&optimization, "simulations", "problem", "candidate 1 runs");
    let refused = optimization.mozopt("repair", "--yes").exits(2);
    refused.says("simulations run that the journal would not know: 1");
    model.write("go", "");
    wait_until("it ends", || optimization.mozopt("repair", "--yes").code == 0);
    optimization.mozopt("resume", "--quiet").exits(0);
    assert_eq!(optimization.outcomes().len(), 8);
}

/// A search in which the machine failed for three candidates of the first two generations.
fn with_failures(algorithm: &str) -> (Model, Optimization) {
    let model = Model::new(
        CONFIG,
        &format!(
            "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n[execution]\nslots = 2\n\
             mode = \"generational\"\n[optimizer]\nalgorithm = \"{algorithm}\"\noffspring_size = 6\n\
             max_ngen = 3\nvalidate_best = 0\n"
        ),
    );
    model.write("simulate.sh", recorded(""));
    model.write("broken", "2\n3\n8\n");
    model.mozopt("run", "--quiet").exits(0);
    fs::remove_file(model.path().join("broken")).unwrap();
    let optimization = model.optimization();
    (model, optimization)
}

fn forget(optimization: &Optimization, candidates: &str) -> support::Ended {
    let mut command = mozopt();
    command.arg("forget").arg(&optimization.0).arg(candidates);
    Running::of(&mut command).wait()
}

/// A copy of an optimization, in a model's directory of its own.
fn copy_of(optimization: &Optimization) -> (Model, Optimization) {
    let model = Model::copy_of(&optimization.0);
    let copy = Optimization(model.path().to_owned());
    (model, copy)
}

fn outcome(optimization: &Optimization, candidate: usize) -> (Value, Value) {
    let mut command = mozopt();
    command.args(["show", &candidate.to_string(), "--json"]).arg(&optimization.0);
    let shown = Running::of(&mut command).wait().exits(0).json();
    (shown["result"]["outcome"].clone(), shown["attempts"].clone())
}

#[test]
fn outcomes_that_were_the_machines_fault_are_taken_back_whatever_proposes() {
    for algorithm in ["cma-es", "composite", "multi-objective", "sobol", "random"] {
        let (model, optimization) = with_failures(algorithm);
        assert_eq!(outcome(&optimization, 2), (json!("crashed"), json!(1)));
        let proposals = optimization.proposals();
        let taken_back = forget(&optimization, "2-3,8").exits(0);
        taken_back.says("3 outcomes are taken back (3 crashed): 2, 3, 8").says("resume");
        let event = optimization.events("forgotten").remove(0);
        assert_eq!(event["candidates"], json!([2, 3, 8]));
        assert_eq!(outcome(&optimization, 2), (Value::Null, json!(1)));
        let status = optimization.mozopt("status", "--json").exits(0).json();
        assert_eq!((&status["simulations"], &status["failed"]), (&json!(15), &json!(0)));
        optimization.mozopt("doctor", "").exits(0);

        let noted = model.noted().len();
        optimization.mozopt("resume", "--quiet").exits(0);
        assert_eq!(model.noted()[noted..].len(), 3, "{algorithm}");
        for candidate in [2, 3, 8] {
            assert_eq!(outcome(&optimization, candidate), (json!("completed"), json!(2)));
        }
        assert_eq!(optimization.proposals(), proposals, "{algorithm}");

        // Stopped or not, the search goes on in the same way: the replay knows what was forgotten.
        let (_model, copy) = copy_of(&optimization);
        optimization.mozopt("resume", "--quiet --max-ngen 6").exits(0);
        copy.mozopt("resume", "--quiet --max-ngen 4").exits(0);
        copy.mozopt("resume", "--quiet --max-ngen 6").exits(0);
        assert_eq!(optimization.proposals().len(), 36);
        assert_eq!(optimization.proposals(), copy.proposals(), "{algorithm}");
    }
}

#[test]
fn outcomes_can_be_taken_back_more_than_once() {
    let (model, optimization) = with_failures("cma-es");
    forget(&optimization, "2").exits(0);
    model.write("broken", "2\n");
    optimization.mozopt("resume", "--quiet --max-ngen 4").exits(0);
    assert_eq!(outcome(&optimization, 2), (json!("crashed"), json!(2)));
    fs::remove_file(model.path().join("broken")).unwrap();
    let proposals = optimization.proposals();
    forget(&optimization, "2-3,8,20").exits(0).says("(1 completed, 3 crashed)");
    optimization.mozopt("resume", "--quiet --max-ngen 5").exits(0);
    assert_eq!(outcome(&optimization, 2), (json!("completed"), json!(3)));
    assert_eq!(outcome(&optimization, 20), (json!("completed"), json!(2)));
    assert_eq!(optimization.proposals()[..24], proposals);
    optimization.mozopt("resume", "--quiet --max-ngen 6").exits(0);
}

#[test]
fn a_repair_says_that_forgotten_outcomes_come_back() {
    let (_model, optimization) = with_failures("sobol");
    forget(&optimization, "2-3,8").exits(0);
    optimization.mozopt("resume", "--quiet").exits(0);
    let line = optimization.journal().iter().position(|entry| entry["event"] == "forgotten");
    damage_line(&optimization, line.unwrap());
    let said = optimization.mozopt("repair", "--yes").exits(0);
    said.shows("candidates 2, 3, 8: outcomes that were forgotten are theirs again");
    assert_eq!(outcome(&optimization, 3), (json!("crashed"), json!(1)));
    forget(&optimization, "2-3,8").exits(0);
    optimization.mozopt("resume", "--quiet").exits(0);
    assert_eq!(outcome(&optimization, 3), (json!("completed"), json!(2)));
}

#[test]
fn a_class_of_outcomes_is_simulated_again_by_resume() {
    let (model, optimization) = with_failures("composite");
    let resumed = optimization.mozopt("resume", "--again timed-out").exits(0);
    resumed.says("no outcome is to be taken back: timed out");
    let resumed = optimization.mozopt("resume", "--again crashed --again no-data").exits(0);
    resumed.says("3 outcomes are taken back (3 crashed): 2, 3, 8");
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!((&status["simulations"], &status["failed"]), (&json!(18), &json!(0)));
    assert_eq!(model.noted().len(), 21);
    let log = fs::read_to_string(optimization.file("optimization.log")).unwrap();
    assert!(log.contains("3 outcomes are taken back"), "{log}");
}

#[test]
fn what_cannot_be_taken_back_is_said() {
    let (_model, optimization) = ended();
    let before = everything(&optimization.0).remove(&optimization.file("journal.jsonl"));
    forget(&optimization, "8")
        .exits(2)
        .says("candidate 8 cannot be taken back: it was not proposed");
    forget(&optimization, "5-99").exits(2).says("candidate 99");
    forget(&optimization, "five").exits(2).says("write 54-71,80");
    let after = everything(&optimization.0).remove(&optimization.file("journal.jsonl"));
    assert_eq!(before, after);
    forget(&optimization, "5").exits(0);
    forget(&optimization, "5").exits(2).says("none of these candidates has an outcome");

    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/1");
    let sample = Model::copy_of(&samples.join("command"));
    let imported = Optimization(sample.path().to_owned());
    forget(&imported, "0").exits(2).says("it was simulated before this optimization");
}
