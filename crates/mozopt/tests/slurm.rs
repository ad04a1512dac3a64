//! Faults of a real cluster. Each test says what was killed, frozen or lost:
//!
//! ```text
//! tests/slurm/with-cluster cargo test -p mozopt --test slurm -- --ignored
//! ```

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use support::cluster::{
    CallsOfSlurm, Cluster, eventually, our_jobs, slurm, start_slurmctld, state_of, strangers_job,
};
use support::{CONFIG, Ended, IDENTITY, Model, Running};

/// Notes its candidate's number when it begins and when it has ended.
const NOTING: &str = r#"
candidate=$(basename "$(dirname "$MOZOPT_SIMULATION")")
echo "$candidate begun" >> noted
"#;
const NOTED: &str = "echo \"$candidate ended\" >> noted\n";

/// A model whose simulations run this script on the cluster.
fn model(script: &str, settings: &str) -> Model {
    let settings = format!(
        "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n\
         [execution]\nexecutor = \"slurm\"\n\
         [optimizer]\nalgorithm = \"cma-es\"\noffspring_size = 4\nmax_ngen = 2\n\
         validate_best = 0\n[slurm]\nmem = \"60M\"\npoll = \"1s\"\n{settings}"
    );
    let model = Model::new(CONFIG, &settings);
    model.write("simulate.sh", format!("{NOTING}{script}\n{IDENTITY}{NOTED}"));
    model
}

fn wait(running: Running) -> Ended {
    running.wait_at_most(Duration::from_mins(4))
}

fn begun(model: &Model) -> usize {
    model.noted().iter().filter(|line| line.ends_with("begun")).count()
}

/// Every candidate up to here was simulated to its end exactly once.
#[track_caller]
fn each_ended_once(model: &Model, candidates: usize) {
    let mut ended = model.noted();
    ended.retain(|line| line.ends_with("ended"));
    ended.sort();
    let expected: Vec<_> = (0..candidates).map(|n| format!("{n:06} ended")).collect();
    assert_eq!(ended, expected);
}

fn outcomes(model: &Model) -> Vec<String> {
    let outcomes = model.optimization().outcomes();
    outcomes.iter().map(|result| result["outcome"].as_str().unwrap().to_owned()).collect()
}

/// Reasons of attempts that did not count.
fn interruptions(model: &Model) -> Vec<String> {
    let events: Vec<Value> = model.optimization().events("interrupted");
    events.iter().map(|event| event["reason"].as_str().unwrap().to_owned()).collect()
}

/// The number of a candidate's job, which may run before it is known.
fn job_of(model: &Model, candidate: usize) -> String {
    let id = || model.optimization().json_of(candidate, "slurm.json")["id"].as_u64();
    eventually("its number is known", || id().is_some());
    id().unwrap().to_string()
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_search_runs_on_the_cluster_and_leaves_other_jobs_alone() {
    let _cluster = Cluster::alone();
    let other = strangers_job(300);
    let model = model("", "");
    wait(model.begin("run", "")).exits(0);
    each_ended_once(&model, 8);
    assert_eq!(state_of(&other), "RUNNING");
    model.optimization().mozopt("status", "").exits(0).shows("in the queue").shows("slots busy");
    let configuration = fs::read_to_string(model.optimization().file("configuration.json"));
    assert!(configuration.unwrap().contains("\"mode\": \"asynchronous\""), "the default");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_long_queue_costs_one_squeue_now_and_then() {
    let _cluster = Cluster::alone();
    let calls = CallsOfSlurm::new();
    let model = model("", "options = [\"--begin=now+1hour\"]\n");
    let mut command = support::mozopt();
    command
        .args(["run", "--slots", "100", "--max-ngen", "100"])
        .arg(model.path())
        .env("PATH", calls.path());
    let running = Running::of(&mut command);
    eventually("all jobs wait", || our_jobs().len() == 100);
    let looks = calls.of("squeue");
    eventually("it looks at the queue", || calls.of("squeue") >= looks + 2);
    let before = (Instant::now(), calls.of("squeue"), calls.all());
    thread::sleep(Duration::from_secs(8));
    let (looks, all) = (calls.of("squeue") - before.1, calls.all() - before.2);
    assert_eq!(all, looks, "nothing but squeue is called");
    // Every second, give or take a fifth.
    let most = (before.0.elapsed().as_secs_f64() / 0.8) as usize + 1;
    assert!((2..=most).contains(&looks), "{looks} calls, at most {most}");
    running.signal(Signal::INT);
    thread::sleep(Duration::from_millis(500));
    running.signal(Signal::INT);
    wait(running).exits(3);
    assert_eq!(our_jobs(), [""; 0]);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn slurmctld_frozen_during_a_submission_gets_exactly_one_job() {
    let cluster = Cluster::alone();
    let model = model("", "");
    cluster.freeze();
    let running = model.begin("run", "--max-simulations 2");
    // sbatch gives up after 10 s; the job is created when slurmctld goes on.
    thread::sleep(Duration::from_secs(14));
    cluster.thaw();
    wait(running).exits(0).says("timed out").says("Slurm answers again");
    each_ended_once(&model, 2);
    assert_eq!(begun(&model), 2);
    let jobs = slurm("squeue", &["-h", "-t", "all", "-o", "%j"]);
    for candidate in 0..2 {
        let record = model.optimization().json_of(candidate, "slurm.json");
        let name = record["name"].as_str().unwrap();
        assert_eq!(jobs.lines().filter(|job| *job == name).count(), 1, "{name}\n{jobs}");
    }
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn slurmctld_killed_and_started_again_changes_nothing() {
    let cluster = Cluster::alone();
    let model = model("sleep 12", "");
    let running = model.begin("run", "--max-simulations 4");
    eventually("simulations run", || begun(&model) == 4);
    // It saves what it knows every 5 s.
    thread::sleep(Duration::from_secs(6));
    cluster.kill("slurmctld");
    thread::sleep(Duration::from_secs(4));
    start_slurmctld();
    wait(running).exits(0);
    each_ended_once(&model, 4);
    assert_eq!(interruptions(&model), [""; 0]);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn slurmctld_that_lost_a_job_is_given_it_again_and_its_number_is_not_touched() {
    let cluster = Cluster::alone();
    let model = model("[ -e again ] || { touch again; sleep 600; }", "");
    let memory = cluster.memory();
    let running = model.begin("run", "--max-simulations 1");
    eventually("it runs", || model.path().join("again").exists());
    let id = job_of(&model, 0);
    memory.comes_back_after_a_kill();
    let other = strangers_job(300);
    assert_eq!(other, id, "the number is given again");
    wait(running).exits(0).says("Slurm knows nothing of its job any more");
    each_ended_once(&model, 1);
    assert_ne!(job_of(&model, 0), id);
    assert_ne!(state_of(&other), "CANCELLED");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_node_that_is_switched_off_costs_one_repetition() {
    let cluster = Cluster::alone();
    let model = model("[ -e again ] || { touch again; sleep 600; }", "");
    let running = model.begin("run", "--max-simulations 1");
    eventually("it runs", || model.path().join("again").exists());
    let id = job_of(&model, 0);
    let node = slurm("squeue", &["-h", "-j", &id, "-o", "%N"]);
    cluster.power_off(node.trim());
    wait(running).exits(0);
    assert_eq!(interruptions(&model), [format!("its node {} failed", node.trim())]);
    each_ended_once(&model, 1);
    assert_eq!(outcomes(&model), ["completed"]);
}

/// Candidates by what happens to them.
const CLASSES: &str = r#"
case $candidate in
    000000) sleep 600;;
    000001) exit 7;;
    000002) kill -SEGV $$;;
    000003) python3 -c "x = bytearray(300 << 20); print(len(x))" || kill -KILL $$;;
esac
"#;

fn every_end_has_its_class(cluster: &Cluster) {
    let model = model(CLASSES, "");
    let run = wait(model.begin("run", "--max-ngen 1 --time-limit 8s --keep-failures"));
    assert!(run.code <= 1, "{run:?}");
    let memory = if cluster.limits_memory() { "out_of_memory" } else { "completed" };
    assert_eq!(outcomes(&model), ["timed_out", "crashed", "crashed", memory]);
    let results = model.optimization().outcomes();
    assert_eq!(results[1]["reason"], "the simulator ended with exit code 7");
    assert_eq!(results[2]["reason"], "the simulator ended with signal 11");
    // What ran out of memory was run again, twice.
    let interruptions = interruptions(&model);
    assert_eq!(
        interruptions.len(),
        if cluster.limits_memory() { 2 } else { 0 },
        "{interruptions:?}"
    );
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_simulation_that_ran_out_of_memory_gets_more() {
    let cluster = Cluster::alone();
    if !cluster.limits_memory() {
        eprintln!("SKIPPED: this cluster does not limit memory");
        return;
    }
    let greedy = "python3 -c 'x = b\"x\" * (150 << 20); print(len(x))' || exit $?";
    let model = model(greedy, "mem_retry = 2\n");
    wait(model.begin("run", "--max-simulations 1"))
        .exits(0)
        .says("it is run again with mem = 120M");
    assert_eq!(outcomes(&model), ["completed"]);
    assert_eq!((interruptions(&model).len(), begun(&model)), (2, 3), "60, 120 and 240 MB");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn memory_that_no_node_has_is_not_asked_for_again() {
    let cluster = Cluster::alone();
    if !cluster.limits_memory() {
        eprintln!("SKIPPED: this cluster does not limit memory");
        return;
    }
    let greedy = "[ -e again ] || { touch again; python3 -c 'x = b\"x\" * (150 << 20); print(len(x))' || exit $?; }";
    let model = model(greedy, "mem_retry = 1000000\n");
    wait(model.begin("run", "--max-simulations 1")).exits(0).says("is tried with mem = 60M");
    assert_eq!(outcomes(&model), ["completed"]);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn every_end_has_its_class_with_and_without_accounts() {
    every_end_has_its_class(&Cluster::alone());
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn every_end_has_its_class_while_slurmdbd_is_dead() {
    let cluster = Cluster::alone();
    if !cluster.has_accounting() {
        eprintln!("SKIPPED: this cluster has no slurmdbd");
        return;
    }
    cluster.kill("slurmdbd");
    every_end_has_its_class(&cluster);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn the_batch_script_killed_by_a_signal_or_without_its_directory_is_run_again() {
    let _cluster = Cluster::alone();
    let model = model("[ -e again ] || { sleep 600; }", "options = [\"--begin=now+4\"]\n");
    let running = model.begin("run", "--max-simulations 1");
    eventually("it was submitted", || our_jobs().len() == 1);
    fs::remove_dir_all(model.optimization().file("simulations/000000")).unwrap();
    eventually("it runs", || begun(&model) == 1);
    let pid = model.optimization().json_of(0, "started.json")["pid"].as_i64().unwrap();
    model.write("again", "");
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid as i32).unwrap(),
        Signal::KILL,
    )
    .unwrap();
    wait(running).exits(0);
    let reasons = interruptions(&model);
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].starts_with("its job could not be started on "), "{reasons:?}");
    assert!(reasons[1].ends_with("by signal 9"), "{reasons:?}");
    each_ended_once(&model, 1);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_job_ended_by_slurms_own_time_limit_timed_out() {
    let _cluster = Cluster::alone();
    let model = model("[ $candidate = 000001 ] && sleep 600", "");
    let running = model.begin("run", "--max-simulations 2");
    eventually("it runs", || begun(&model) == 2);
    let id = job_of(&model, 1);
    slurm("scontrol", &["update", &format!("jobid={id}"), "EndTime=now+1"]);
    wait(running).exits(0);
    assert_eq!(outcomes(&model), ["completed", "timed_out"]);
    let reason = &model.optimization().outcomes()[1]["reason"];
    assert!(
        reason.as_str().unwrap().starts_with("Slurm ended it at its own time limit"),
        "{reason}"
    );
}

/// Runs two simulations in an environment with these variables.
fn run_with(model: &Model, variables: &[(&str, &str)]) -> Ended {
    let mut command = support::mozopt();
    command.arg("run").arg(model.path()).args(["--max-simulations", "2"]);
    wait(Running::of(command.envs(variables.iter().copied())))
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn steps_find_their_programs_where_no_environment_is_exported() {
    let _cluster = Cluster::alone();
    let by_srun = model("", "srun = \"srun -n 1\"\n");
    run_with(&by_srun, &[("SBATCH_EXPORT", "NONE"), ("SRUN_EXPORT_ENV", "NONE")]).exits(0);
    each_ended_once(&by_srun, 2);

    let srun_inside = model("", "");
    srun_inside.write(
        "mozopt.toml",
        fs::read_to_string(srun_inside.path().join("mozopt.toml"))
            .unwrap()
            .replace("\"bash simulate.sh\"", "\"srun -n 1 bash simulate.sh\""),
    );
    run_with(&srun_inside, &[("SBATCH_EXPORT", "NONE")]).exits(0);
    each_ended_once(&srun_inside, 2);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn the_first_step_has_all_cores_of_its_job() {
    let _cluster = Cluster::alone();
    let settings = "ntasks = 2\ncpus_per_task = 1\nsrun = \"srun -n 1\"\n";
    let step =
        "scontrol show step \"$SLURM_JOB_ID.$SLURM_STEP_ID\" | grep -o ' CPUs=[0-9]*' >> cores";
    let model = model(step, settings);
    wait(model.begin("run", "--max-simulations 1")).exits(0);
    assert_eq!(fs::read_to_string(model.path().join("cores")).unwrap(), " CPUs=2\n");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn what_a_users_environment_asks_of_sbatch_does_not_reach_simulations() {
    let _cluster = Cluster::alone();
    let model = model("sleep 3", "");
    let variables = [
        ("SBATCH_WAIT", "1"),
        ("SBATCH_ARRAY_INX", "1-2"),
        ("SBATCH_ERROR", "elsewhere"),
        ("SQUEUE_FORMAT", "%i"),
        ("SACCT_FORMAT", "JobID"),
    ];
    run_with(&model, &variables).exits(0);
    each_ended_once(&model, 2);
    let began = model.noted().into_iter().take(2).filter(|line| line.ends_with("begun")).count();
    assert_eq!(began, 2, "they ran at the same time");
}

/// A directory with an `sbatch` in front of the real one: `{}` is a call of that.
fn wrapped_sbatch(script: &str) -> (tempfile::TempDir, String) {
    let path = std::env::var("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|place| place.join("sbatch"));
    let real = real.into_iter().find(|place| place.exists()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let wrapper = directory.path().join("sbatch");
    let call = format!("'{}' \"$@\"", real.display());
    fs::write(&wrapper, format!("#!/bin/bash\n{}\n", script.replace("{}", &call))).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{path}", directory.path().display());
    (directory, path)
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_sites_sbatch_may_greet_or_hide_the_number() {
    let _cluster = Cluster::alone();
    for script in ["echo '== Example cluster, 2026 =='; {}; echo bye", "{} > /dev/null; echo done"]
    {
        let model = model("", "");
        let (_directory, path) = wrapped_sbatch(script);
        run_with(&model, &[("PATH", &path)]).exits(0);
        each_ended_once(&model, 2);
        assert_eq!(our_jobs(), [""; 0], "{script}");
    }
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn core_hours_are_those_that_were_allocated() {
    let _cluster = Cluster::alone();
    let model = model("sleep 2", "options = [\"--exclusive\"]\n");
    wait(model.begin("run", "--max-simulations 2")).exits(0);
    let seconds = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let mut expected = 0.0;
    for entry in model.optimization().events("finished") {
        let result = &entry["result"];
        assert_eq!(result["cores"], 4, "a node has four, and one was asked for");
        let ran = seconds(&result["finished"]).duration_since(seconds(&result["started"]));
        expected += 4.0 * ran.as_secs_f64() / 3600.0;
    }
    let status = model.optimization().mozopt("status", "--json").exits(0).json();
    let core_hours = status["usage"]["core_hours"].as_f64().unwrap();
    assert!((core_hours - expected).abs() < 1e-6, "{core_hours} and {expected}");
    assert!(status["usage"]["cpu_efficiency"].as_f64().unwrap() < 0.5);
    model.optimization().mozopt("status", "").exits(0).shows("each asks for 60M of memory");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_node_without_the_simulator_gets_few_jobs_and_costs_no_candidate() {
    let _cluster = Cluster::alone();
    let broken = "[ \"$SLURMD_NODENAME\" = n1 ] && { echo n1 >> failed; exit 127; }; sleep 1";
    let model = model(broken, "");
    let settings = fs::read_to_string(model.path().join("mozopt.toml")).unwrap();
    let settings =
        settings.replace("[execution]\n", "[execution]\nslots = 6\nretry_pause = \"1s\"\n");
    model.write("mozopt.toml", settings);
    wait(model.begin("run", "--max-simulations 24 --max-ngen 6")).exits(0);
    assert_eq!(outcomes(&model), vec!["completed"; 24]);
    let failed =
        fs::read_to_string(model.path().join("failed")).unwrap_or_default().lines().count();
    // Those that were under way when the second one had failed are all that it gets.
    assert!(failed <= 8, "{failed} of 24 went to the broken node");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_job_cancelled_by_somebody_else_is_run_again() {
    let _cluster = Cluster::alone();
    let model = model("[ -e again ] || { touch again; sleep 600; }", "");
    let running = model.begin("run", "--max-simulations 1");
    eventually("it runs", || model.path().join("again").exists());
    slurm("scancel", &[&job_of(&model, 0)]);
    wait(running).exits(0);
    assert_eq!(interruptions(&model), ["somebody cancelled its job"]);
    each_ended_once(&model, 1);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_held_job_is_named() {
    let _cluster = Cluster::alone();
    let model = model("", "options = [\"--hold\"]\n");
    let running = model.begin("run", "--max-simulations 1");
    let log = || fs::read_to_string(model.optimization().file("optimization.log"));
    eventually("it is named", || {
        !our_jobs().is_empty() && log().is_ok_and(|log| log.contains("JobHeldUser"))
    });
    slurm("scontrol", &["release", &job_of(&model, 0)]);
    wait(running).exits(0).says("will not start by itself: JobHeldUser");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_dependency_that_is_never_satisfied_is_named_and_the_job_can_be_cancelled() {
    let _cluster = Cluster::alone();
    let failed = slurm("sbatch", &["--parsable", "-o", "/dev/null", "--mem=10", "--wrap=exit 1"]);
    let other = strangers_job(300);
    let options = format!("options = [\"--dependency=afterok:{}\"]\n", failed.trim());
    let model = model("", &options);
    let running = model.begin("run", "--max-simulations 1");
    eventually("it waits", || our_jobs().len() == 1);
    let log = || fs::read_to_string(model.optimization().file("optimization.log")).unwrap();
    eventually("it is named", || log().contains("DependencyNeverSatisfied"));
    running.signal(Signal::INT);
    thread::sleep(Duration::from_millis(500));
    running.signal(Signal::INT);
    wait(running).exits(3);
    assert_eq!(our_jobs(), [""; 0]);
    assert_eq!(state_of(&other), "RUNNING");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn what_is_refused_ends_the_search_with_slurms_words() {
    let _cluster = Cluster::alone();
    let model = model("", "partition = \"nosuch\"\n");
    wait(model.begin("run", "")).exits(1).says("Invalid partition name").says("mozopt resume");
    wait(model.begin("resume", "--slurm-partition main --max-ngen 1")).exits(0);
    each_ended_once(&model, 4);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_killed_controller_finds_jobs_that_wait_run_and_have_ended() {
    let cluster = Cluster::alone();
    let script =
        "case $candidate in 000000) sleep 6; exit 7;; 000001) sleep 6;; *) sleep 15;; esac";
    let model = model(script, "options = [\"--exclusive\"]\n");
    let running = model.begin("run", "--max-ngen 1");
    // Each takes a node: the last one waits.
    eventually("three of them run", || begun(&model) == 3);
    running.signal(Signal::KILL);
    drop(running);
    // Longer than Slurm remembers ended jobs, where there is accounting.
    thread::sleep(Duration::from_secs(if cluster.has_accounting() { 20 } else { 2 }));
    wait(model.begin("resume", "")).exits(0).says("adopted");
    assert_eq!(outcomes(&model), ["crashed", "completed", "completed", "completed"]);
    assert_eq!(begun(&model), 4);
    assert_eq!(interruptions(&model), [""; 0]);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn twenty_kills_of_the_controller_leave_no_trace() {
    let _cluster = Cluster::alone();
    let model = model("sleep 0.5", "");
    kill_again_and_again(&model, 20, "--mode generational --max-ngen 12");
    each_ended_once(&model, 48);
    // On this machine, by nobody disturbed.
    let quiet = support::Model::copy_of(model.path());
    fs::remove_dir_all(quiet.optimization().0).unwrap();
    quiet.mozopt("run", "--max-ngen 12 --executor local --slots 4").exits(0);
    assert_eq!(model.optimization().proposals(), quiet.optimization().proposals());
    assert_eq!(model.optimization().outcomes(), quiet.optimization().outcomes());
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn an_asynchronous_search_whose_controller_is_killed_is_replayed_from_its_journal() {
    let _cluster = Cluster::alone();
    let model = model("sleep 0.$((RANDOM % 9))", "");
    kill_again_and_again(&model, 10, "--max-ngen 8");
    // A replay whose proposals differed from the journal's would have been refused.
    each_ended_once(&model, 32);
    let told = model.optimization().events("told");
    assert_eq!(told.len(), 32);
}

/// Runs a search whose controller is killed after random times, and then left in peace.
fn kill_again_and_again(model: &Model, kills: u32, flags: &str) {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let mut random = now.subsec_nanos();
    println!("the moments of the kills come from {random}");
    for kill in 0..kills {
        let running = match kill {
            0 => model.begin("run", flags),
            _ => model.begin("resume", ""),
        };
        if kill == 0 {
            eventually("it has begun", || begun(model) > 0);
        }
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        thread::sleep(Duration::from_millis(400 + u64::from(random >> 22)));
        running.signal(Signal::KILL);
    }
    wait(model.begin("resume", "")).exits(0);
}

/// The controller's jobs that wait or run.
fn controllers() -> Vec<String> {
    let list = slurm("squeue", &["-h", "-o", "%A %j %T"]);
    let ours = list.lines().filter(|line| line.contains("mozopt-controller-"));
    ours.map(str::to_owned).collect()
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_controller_whose_time_is_over_leaves_its_simulations_to_the_next() {
    let _cluster = Cluster::alone();
    let model = model("sleep 10", "");
    model.mozopt("submit", "--option=--mem=100M").exits(0).shows("its controller is job");
    eventually("simulations run", || begun(&model) == 4);
    let first = controllers();
    assert_eq!(first.len(), 2, "one runs, one waits for its end: {first:?}");
    // What Slurm sends before a time limit.
    let running = first.iter().find(|job| job.ends_with("RUNNING")).unwrap();
    let id = running.split(' ').next().unwrap();
    slurm("scancel", &["--batch", "--signal=USR1", id]);
    // The journal's last line may be half written while a controller runs.
    let journal = || fs::read_to_string(model.optimization().file("journal.jsonl")).unwrap();
    let stopped = || journal().matches("\"event\":\"stopped\"").count();
    eventually("the search is over", || stopped() == 2 && controllers().is_empty());
    each_ended_once(&model, 8);
    assert_eq!(begun(&model), 8);
    let reasons: Vec<_> = model.optimization().events("stopped");
    assert_eq!(reasons[0]["reason"], "left to the controller that follows");
    assert_eq!(reasons[1]["reason"], "the limit max_ngen = 2 is reached");
    assert_eq!(interruptions(&model), [""; 0]);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn stop_ends_controller_and_simulations_and_nothing_else() {
    let _cluster = Cluster::alone();
    let other = strangers_job(300);
    let model = model("[ -e again ] || sleep 600", "");
    model.mozopt("submit", "--option=--mem=100M").exits(0);
    eventually("simulations run", || begun(&model) == 4);
    model.mozopt("submit", "").exits(0);
    assert_eq!(support::optimizations_in(model.path()).len(), 2, "another search");
    let first = support::Optimization(support::optimizations_in(model.path()).remove(0));
    first.mozopt("submit", "").exits(2).says("is already running it");
    eventually("both run", || begun(&model) == 8);
    first.mozopt("stop", "").exits(0).says("4 jobs cancelled");
    eventually("one of the searches is left", || our_jobs().len() == 4 + 2);
    model.mozopt("stop", "").exits(0).says("4 jobs cancelled");
    eventually("nothing is left", || our_jobs().is_empty());
    assert_eq!(state_of(&other), "RUNNING");
    model.write("again", "");
    first.mozopt("resume", "").exits(0);
    assert_eq!(first.outcomes().len(), 8);
    let faults = first.events("interrupted").into_iter().filter(|event| event["fault"] == true);
    assert_eq!(faults.count(), 0);
}
