//! Faults of the world: full disks, directories that are not ours, damaged, missing, edited and
//! moved files, two controllers. Nothing is lost, and the message says what to do.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::disk::small_disk;
use support::{IDENTITY, Model, Optimization, Running, mozopt};

fn finished_model() -> (Model, Optimization) {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    (model, optimization)
}

/// Changes the journal's text.
fn damage(optimization: &Optimization, change: impl FnOnce(&mut Vec<u8>)) {
    let path = optimization.file("journal.jsonl");
    let mut text = fs::read(&path).unwrap();
    change(&mut text);
    fs::write(path, text).unwrap();
}

fn bash(script: impl AsRef<Path>, arguments: &[&Path]) -> support::Ended {
    Running::of(Command::new("bash").arg(script.as_ref()).args(arguments)).wait()
}

#[test]
fn a_full_disk_stops_the_search_and_it_goes_on_when_there_is_room() {
    let name = "a_full_disk_stops_the_search_and_it_goes_on_when_there_is_room";
    let Some(disk) = small_disk(name) else { return };
    let model = Model::simulated_by(IDENTITY);
    let filler = disk.join("filler");
    // Fills the disk when the fifth candidate is simulated.
    model.write(
        "simulate.sh",
        format!(
            "case $MOZOPT_SIMULATION in */000004/*) [ -e again ] || \
             cat /dev/zero > '{}' 2>/dev/null;; esac\n{IDENTITY}",
            filler.display()
        ),
    );
    let output = format!("--output {}", disk.display());
    let failed = model.mozopt("run", &output).exits(1);
    failed.says("No space left on device").says("mozopt resume");
    let optimization = Optimization(support::optimizations_in(&disk).remove(0));
    optimization.journal();
    optimization.mozopt("status", "--json").exits(0).json();
    // Still full: the same again.
    optimization.mozopt("resume", "").exits(1).says("No space left on device");
    optimization.journal();

    model.write("again", "");
    fs::remove_file(filler).unwrap();
    // A simulation that is still filling the removed file keeps its room until it ends.
    let room = disk.join("room");
    support::wait_until("the disk has room", || fs::write(&room, vec![0; 100_000]).is_ok());
    fs::remove_file(room).unwrap();
    optimization.mozopt("resume", "").exits(0);
    let (_model_too, undisturbed) = finished_model();
    assert_eq!(optimization.outcomes().len(), 8);
    assert_eq!(optimization.proposals(), undisturbed.proposals());
    assert_eq!(optimization.outcomes()[..4], undisturbed.outcomes()[..4], "what was known stays");
}

/// Runs mozopt as a user who owns nothing; `None` where this user cannot become another.
fn as_nobody(arguments: &[&str], directory: &Path) -> Option<support::Ended> {
    // The program itself must be reachable.
    let program = std::env::temp_dir().join(format!("mozopt-of-nobody-{}", std::process::id()));
    if !program.exists() {
        // Copied by another process: a file that this one has open for writing, and so the children
        // that other tests start at this moment, could not be executed.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_mozopt")).arg(&program).status();
        assert!(copied.unwrap().success());
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    let ended = Running::of(command.args(arguments).arg(directory)).wait();
    fs::remove_file(program).unwrap();
    if ended.stderr.starts_with("setpriv:") {
        eprintln!("SKIPPED: {}", ended.stderr);
        return None;
    }
    Some(ended)
}

#[test]
fn a_directory_of_somebody_else_can_be_looked_at_but_not_searched() {
    let (model, optimization) = finished_model();
    Command::new("chmod").args(["-R", "a+rX"]).arg(model.path()).status().unwrap();
    let Some(run) = as_nobody(&["run"], model.path()) else { return };
    run.exits(2).says("cannot make a directory in").says("Permission denied").says("--output");
    let before = fs::read(optimization.file("journal.jsonl")).unwrap();
    let resume = as_nobody(&["resume"], model.path()).unwrap();
    assert_ne!(resume.code, 0);
    resume.says("Permission denied");
    as_nobody(&["status", "--json"], model.path()).unwrap().exits(0).json();
    as_nobody(&["export"], model.path()).unwrap().exits(0).json();
    assert_eq!(fs::read(optimization.file("journal.jsonl")).unwrap(), before);
}

#[test]
fn a_damaged_middle_of_the_journal_is_refused_with_file_and_line() {
    let (model, optimization) = finished_model();
    damage(&optimization, |text| {
        let third = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
        text[third + 30] ^= 1;
    });
    let damaged = fs::read(optimization.file("journal.jsonl")).unwrap();
    for command in ["resume", "status", "export", "show 0"] {
        let ended = model.mozopt(command, "").exits(1);
        ended.says("journal.jsonl:3").says("the checksum is wrong");
    }
    assert_eq!(fs::read(optimization.file("journal.jsonl")).unwrap(), damaged, "nothing changed");
}

#[test]
fn a_lost_line_of_the_journal_is_noticed() {
    let (model, optimization) = finished_model();
    damage(&optimization, |text| {
        let all = String::from_utf8(text.clone()).unwrap();
        let lines: Vec<_> = all.lines().collect();
        *text = [&lines[..5], &lines[6..]].concat().join("\n").into_bytes();
        text.push(b'\n');
    });
    model.mozopt("status", "").exits(1).says("journal.jsonl:6");
}

#[test]
fn a_torn_last_line_is_cut_with_a_message() {
    let (_model_too, undisturbed) = finished_model();
    // Wherever it tears, in whatever kind of event.
    for lines in [3, 7, 12, 20, 26] {
        let (_model, optimization) = finished_model();
        damage(&optimization, |text| {
            let ends: Vec<_> = (0..text.len()).filter(|&i| text[i] == b'\n').collect();
            text.truncate(ends[lines] - lines);
        });
        optimization.mozopt("status", "").exits(0);
        let ended = optimization.mozopt("resume", "").exits(0);
        ended.says("the last line of the journal was torn");
        optimization.mozopt("resume", "").exits(0);
        assert_eq!(optimization.proposals(), undisturbed.proposals());
        assert_eq!(optimization.outcomes(), undisturbed.outcomes());
    }
}

#[test]
fn an_empty_journal_is_no_optimization() {
    let (_model, optimization) = finished_model();
    damage(&optimization, Vec::clear);
    for command in ["resume", "status"] {
        optimization.mozopt(command, "").exits(1).says("does not begin with the creation");
    }
}

#[test]
fn a_missing_or_unreadable_configuration_is_named() {
    let (_model, optimization) = finished_model();
    let path = optimization.file("configuration.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    optimization.mozopt("resume", "").exits(1).says("configuration.json").says("do not edit it");
    fs::write(&path, text.replace("\"format\": 1", "\"format\": 99")).unwrap();
    optimization.mozopt("resume", "").exits(1).says("has the format 99");
    fs::remove_file(path).unwrap();
    for command in ["resume", "status", "export"] {
        let ended = optimization.mozopt(command, "").exits(1);
        ended.says("configuration.json").says("No such file");
    }
}

#[test]
fn a_search_whose_optimizer_was_edited_is_not_continued() {
    let (_model, optimization) = finished_model();
    let path = optimization.file("configuration.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"sigma\": 0.3", "\"sigma\": 0.4")).unwrap();
    let before = optimization.proposals();
    let ended = optimization.mozopt("resume", "--max-ngen 3");
    assert_ne!(ended.code, 0, "{ended:?}");
    assert_eq!(optimization.proposals(), before);
}

#[test]
fn a_moved_optimization_goes_on_where_it_is() {
    let (model, optimization) = finished_model();
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = Optimization(elsewhere.path().join("my best search (2)"));
    // Another disk, perhaps: rename does not work everywhere.
    let copied = Command::new("cp").arg("-r").arg(&optimization.0).arg(&moved.0).status().unwrap();
    assert!(copied.success());
    fs::remove_dir_all(&optimization.0).unwrap();
    moved.mozopt("resume", "--max-ngen 3").exits(0);
    assert_eq!(moved.outcomes().len(), 12);
    assert!(support::optimizations_in(model.path()).is_empty(), "nothing is left behind");
    let again = elsewhere.path().join("again");
    bash(moved.file("simulations/000000/job.sh"), &["--again".as_ref(), &again]).exits(0);
    assert!(again.join("result.json").exists());
}

#[test]
fn a_second_controller_is_told_who_the_first_is() {
    let model = Model::simulated_by(&format!(
        "echo $$ >> noted; while [ ! -e go ]; do sleep 0.05; done; {IDENTITY}"
    ));
    let first = model.begin("run", "--quiet");
    model.wait_for_notes(1);
    let optimization = model.optimization();
    let before = optimization.events("controller").len();
    let second = optimization.mozopt("resume", "").exits(2);
    second.says(&format!("process {} on ", first.pid())).says("one controller at a time");
    assert_eq!(optimization.events("controller").len(), before);
    // A job that runs is not run a second time either.
    let job = optimization.file("simulations/000000/job.sh");
    bash(&job, &[]).exits(75).says("already running");
    // The lock ends with its holder, however that ends.
    drop(first);
    model.write("go", "");
    optimization.mozopt("resume", "").exits(0);
    let (_model_too, undisturbed) = finished_model();
    assert_eq!(optimization.outcomes(), undisturbed.outcomes());
}

#[test]
fn a_finished_job_is_repeated_only_into_a_directory_of_its_own() {
    let (model, optimization) = finished_model();
    let job = optimization.file("simulations/000003/job.sh");
    let files = || {
        let entries = fs::read_dir(job.parent().unwrap()).unwrap();
        let mut all: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap_or_default()))
            .collect();
        all.sort();
        all
    };
    let before = files();
    bash(&job, &[]).exits(2).says("this simulation has finished").says("--again DIRECTORY");
    let again = model.path().join("it's again");
    bash(&job, &["--again".as_ref(), &again]).exits(0).says("completed: total");
    let result = fs::read_to_string(again.join("result.json")).unwrap();
    let repeated: serde_json::Value = serde_json::from_str(&result).unwrap();
    assert_eq!(repeated["targets"], optimization.outcomes()[3]["targets"]);
    assert_eq!(files(), before, "the original is untouched");
    bash(&job, &["--again".as_ref(), &again]).exits(2).says("does not exist yet");
    fs::remove_file(optimization.file("configuration.json")).unwrap();
    bash(&job, &["--again".as_ref(), &model.path().join("third")])
        .exits(1)
        .says("configuration.json");
}

#[test]
fn without_its_simulations_an_optimization_still_goes_on() {
    let (model, optimization) = finished_model();
    fs::remove_dir_all(optimization.file("simulations")).unwrap();
    optimization.mozopt("status", "").exits(0);
    let mut show = mozopt();
    Running::of(show.args(["show", "0"]).arg(model.path())).wait().exits(0);
    optimization.mozopt("export", "--format csv").exits(0);
    optimization.mozopt("resume", "--max-ngen 3").exits(0);
    assert_eq!(optimization.outcomes().len(), 12);
}

#[test]
fn what_is_no_optimization_is_not_mistaken_for_one() {
    let empty = tempfile::tempdir().unwrap();
    for command in ["resume", "status", "export"] {
        let nothing = Optimization(empty.path().to_owned());
        nothing.mozopt(command, "").exits(2).says("there is no optimization in");
        let nowhere = Optimization(empty.path().join("none"));
        nowhere.mozopt(command, "").exits(2).says("there is no directory");
    }
}

#[test]
fn the_latest_optimization_is_the_one_that_is_meant() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-simulations 1").exits(0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    model.mozopt("run", "--max-simulations 2").exits(0);
    assert_eq!(support::optimizations_in(model.path()).len(), 2);
    assert_eq!(model.mozopt("status", "--json").exits(0).json()["simulations"], 2);
}

#[test]
fn names_with_spaces_and_quotes_are_no_problem() {
    let model = Model::simulated_by(IDENTITY);
    let odd = model.path().join("it's \"my\" $model; éé");
    fs::create_dir(&odd).unwrap();
    for name in ["param_optim", "mozopt.toml", "simulate.sh"] {
        fs::rename(model.path().join(name), odd.join(name)).unwrap();
    }
    let mut run = mozopt();
    let summary = Running::of(run.arg("run").arg(&odd).arg("--json")).wait().exits(0).json();
    assert_eq!((&summary["simulations"], &summary["failed"]), (&8.into(), &0.into()));
}

/// A memory cgroup of its own, of version 1 or 2; removed at the end. `None` where this user may
/// not make one.
struct MemoryCgroup(PathBuf);

impl MemoryCgroup {
    fn limited_to(megabytes: u64) -> Option<Self> {
        let made = [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max", "memory.swap.max"),
        ]
        .into_iter()
        .find_map(|(place, limit, swap)| {
            let name = tempfile::Builder::new().prefix("mozopt-test-").tempdir_in(place).ok()?;
            let group = Self(name.keep());
            fs::write(group.0.join(limit), (megabytes << 20).to_string()).ok()?;
            // Without swap there is no such file, and nothing to limit.
            let swap_limit = if swap.contains("memsw") { megabytes << 20 } else { 0 };
            let _ = fs::write(group.0.join(swap), swap_limit.to_string());
            Some(group)
        });
        if made.is_none() {
            eprintln!("SKIPPED: this user may not make a memory cgroup");
        }
        made
    }

    /// Runs a search in it.
    fn runs(&self, model: &Model, flags: &str) -> support::Ended {
        let enter = "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"";
        let mut command = Command::new("bash");
        command.args(["-c", enter]).arg(&self.0).arg(env!("CARGO_BIN_EXE_mozopt")).arg("run");
        Running::of(command.arg(model.path()).args(flags.split_whitespace())).wait()
    }
}

impl Drop for MemoryCgroup {
    fn drop(&mut self) {
        support::wait_until("the cgroup is empty", || fs::remove_dir(&self.0).is_ok());
    }
}

/// Takes 400 MB of memory, page by page.
const GREEDY: &str = "python3 -c \"x = b'x' * (400 << 20); print(len(x))\"";

fn interruptions(optimization: &Optimization) -> Vec<serde_json::Value> {
    optimization.events("interrupted")
}

#[test]
fn a_simulator_that_the_kernel_ends_for_want_of_memory_is_run_again() {
    let Some(group) = MemoryCgroup::limited_to(200) else { return };
    // The first attempts of two of them; one ends by the signal itself, one by a shell that tells
    // of it.
    let model = Model::simulated_by(&format!(
        "case $MOZOPT_SIMULATION in */00000[01]/*) d=$(dirname $MOZOPT_SIMULATION); echo $d >> noted;; esac
         [ -z \"$d\" ] || [ -e again-${{d##*/}} ] || {{
             touch again-${{d##*/}}
             case $d in *0) exec {GREEDY};; *) {GREEDY} || exit $?;; esac
         }}\n{IDENTITY}"
    ));
    let run = group.runs(&model, "--max-ngen 1").exits(0);
    run.says("candidate 0: the kernel ended the simulator for want of memory (signal 9)")
        .says("candidate 1: the kernel ended the simulator for want of memory (exit code 137)")
        .says("memory is short: from now on 1 at a time instead of 2");
    let optimization = model.optimization();
    let (_model_too, undisturbed) = finished_model();
    assert_eq!(
        optimization.outcomes(),
        undisturbed.outcomes()[..4],
        "nothing was held against them"
    );
    assert_eq!(model.noted().len(), 4);
    for event in interruptions(&optimization) {
        assert_eq!((&event["fault"], &event["out_of_memory"]), (&true.into(), &true.into()));
        let reason = event["reason"].as_str().unwrap();
        assert!(reason.contains("its largest process had ") && reason.contains(" MB"), "{reason}");
    }
}

#[test]
fn what_never_has_the_memory_it_needs_is_out_of_memory_in_the_end() {
    let Some(group) = MemoryCgroup::limited_to(200) else { return };
    let model = Model::simulated_by(&format!(
        "case $MOZOPT_SIMULATION in */000002/*) echo again >> noted; exec {GREEDY};; esac\n{IDENTITY}"
    ));
    group.runs(&model, "--max-ngen 1 --retries 1").exits(0);
    let optimization = model.optimization();
    let outcome = &optimization.outcomes()[2];
    assert_eq!(outcome["outcome"], "out_of_memory");
    let reason = outcome["reason"].as_str().unwrap();
    assert!(reason.contains("for want of memory") && reason.ends_with(", 2 times"), "{reason}");
    assert_eq!((model.noted().len(), interruptions(&optimization).len()), (2, 1));
}

#[test]
fn a_rank_that_the_kernel_ends_for_want_of_memory_is_seen_through_mpirun() {
    let Some(group) = MemoryCgroup::limited_to(300) else { return };
    if Command::new("mpirun").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no mpirun");
        return;
    }
    let greedy_rank = format!("[ $OMPI_COMM_WORLD_RANK = 0 ] && exec sleep 60; exec {GREEDY}");
    let model = Model::simulated_by(&format!(
        "[ -e again ] || {{ touch again; exec mpirun --allow-run-as-root --oversubscribe -np 2 bash rank.sh; }}\n\
         {IDENTITY}"
    ));
    model.write("rank.sh", greedy_rank);
    let run = group.runs(&model, "--max-simulations 1").exits(0);
    run.says("candidate 0: the kernel ended the simulator for want of memory (exit code 137)");
    assert_eq!(model.optimization().outcomes()[0]["outcome"], "completed");
}
