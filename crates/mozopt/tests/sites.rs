//! What sites do to jobs: maintenance, reservations, closed partitions, jobs that are cancelled in
//! the queue. On a real cluster:
//!
//! ```text
//! tests/slurm/with-cluster cargo test -p mozopt --test sites -- --ignored
//! ```

mod support;

use std::fs;
use std::time::Duration;

use support::cluster::{Cluster, eventually, our_jobs, slurm, state_of};
use support::{CONFIG, IDENTITY, Model, Running};

/// A model whose simulations are jobs.
fn model(settings: &str) -> Model {
    let settings = format!(
        "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n\
         [execution]\nexecutor = \"slurm\"\nslots = 2\nretry_pause = \"1s\"\n\
         [optimizer]\nalgorithm = \"sobol\"\noffspring_size = 4\nmax_ngen = 1\n\
         validate_best = 0\n[slurm]\nmem = \"60M\"\npoll = \"1s\"\n{settings}"
    );
    let model = Model::new(CONFIG, &settings);
    model.write("simulate.sh", format!("sleep 1\n{IDENTITY}"));
    model
}

/// A file of the search, as it is now.
fn file(model: &Model, name: &str) -> String {
    let searches = support::optimizations_in(model.path());
    let file = searches.first().map(|search| search.join(name));
    file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default()
}

fn log(model: &Model) -> String {
    file(model, "optimization.log")
}

fn finish(running: Running, model: &Model) {
    running.wait_at_most(Duration::from_mins(2)).exits(0);
    let outcomes = model.optimization().outcomes();
    assert_eq!(outcomes.len(), 4);
    assert!(outcomes.iter().all(|result| result["outcome"] == "completed"), "{outcomes:?}");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn maintenance_is_named_and_waited_for() {
    let _cluster = Cluster::alone();
    let upkeep = [
        "create",
        "reservation",
        "reservationname=upkeep",
        "starttime=now",
        "duration=60",
        "users=root",
        "flags=maint,ignore_jobs",
        "nodes=ALL",
    ];
    slurm("scontrol", &upkeep);
    let model = model("");
    let running = model.begin("run", "");
    eventually("the jobs are named", || {
        log(&model).contains("in Slurm's queue until nodes are available again: ReqNodeNotAvail")
    });
    slurm("scontrol", &["delete", "reservationname=upkeep"]);
    finish(running, &model);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn jobs_whose_reservation_was_deleted_are_named() {
    let _cluster = Cluster::alone();
    let create = |name: &str, start: &str, duration: &str| {
        let name = format!("reservationname={name}");
        let time = [&format!("starttime={start}")[..], &format!("duration={duration}")];
        let rest = ["users=root", "nodes=n1"];
        slurm("scontrol", &[&["create", "reservation", &name][..], &time, &rest].concat());
    };
    create("short", "now", "1");
    // Others take all of its node, so that ours wait in it.
    let options = ["--exclusive", "--reservation=short", "--time=1", "-o", "/dev/null"];
    let other = slurm("sbatch", &[&options[..], &["--parsable", "--wrap=exec sleep 300"]].concat());
    eventually("it runs", || state_of(other.trim()) == "RUNNING");
    let model = model("options = [\"--reservation=short\"]\n");
    let mut running = Some(model.begin("run", ""));
    let queue = || slurm("squeue", &["-h", "-o", "%r"]);
    eventually("the reservation is over", || queue().contains("Reservation short was deleted"));
    eventually("the jobs are named", || log(&model).contains("Reservation short was deleted"));
    assert!(log(&model).contains("will not start by itself"));
    slurm("scancel", &[other.trim()]);
    model.mozopt("stop", "").exits(0);
    drop(running.take());
    assert_eq!(our_jobs(), [""; 0]);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn a_partition_that_is_closed_while_a_search_runs_is_waited_for() {
    let _cluster = Cluster::alone();
    let model = model("");
    let running = model.begin("run", "");
    eventually("it runs", || our_jobs().iter().any(|job| job.ends_with("RUNNING")));
    slurm("scontrol", &["update", "partitionname=main", "state=drain"]);
    eventually("it is said", || log(&model).contains("not accepted yet, and tried again"));
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(log(&model).matches("not accepted yet").count(), 1, "{}", log(&model));
    slurm("scontrol", &["update", "partitionname=main", "state=up"]);
    finish(running, &model);

    // At the beginning it is a mistake.
    slurm("scontrol", &["update", "partitionname=main", "state=drain"]);
    let next = crate::model("");
    let ended = next.mozopt("run", "");
    slurm("scontrol", &["update", "partitionname=main", "state=up"]);
    ended.exits(1).says("Required partition not available");
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn jobs_that_end_in_the_queue_cost_no_candidate() {
    let _cluster = Cluster::alone();
    let model = model("options = [\"--hold\"]\n");
    let running = model.begin("run", "");
    // Somebody cancels what waits, whatever it is.
    eventually("the search ends", || {
        slurm("scancel", &["-t", "PENDING", "-p", "main"]);
        file(&model, "journal.jsonl").contains("in a row ended before they began")
    });
    running.wait_at_most(Duration::from_mins(1)).exits(1);
    let optimization = model.optimization();
    assert_eq!(optimization.outcomes().len(), 0, "every candidate is open");
    optimization.mozopt("resume", "--slurm-options=--qos=normal").exits(0);
    assert_eq!(optimization.outcomes().len(), 4);
}

#[test]
#[ignore = "needs tests/slurm/with-cluster"]
fn several_clusters_and_options_by_which_jobs_are_lost_are_refused() {
    let model = model("options = [\"--job-name=mine\"]\n");
    model.mozopt("run", "").exits(2).says("`--job-name=mine` cannot be among the options");
    let model = crate::model("");
    let mut several = support::mozopt();
    several.arg("run").arg(model.path()).env("SLURM_CLUSTERS", "north,south");
    let ended = Running::of(&mut several).wait();
    ended.exits(2).says("SLURM_CLUSTERS=north,south names several clusters");
    assert!(support::optimizations_in(model.path()).is_empty());
}
