//! What every executor promises, checked on every executor: on this machine, with a double of
//! Slurm's commands, and on a real cluster, as jobs and as steps of an allocation:
//!
//! ```text
//! tests/slurm/with-cluster cargo test -p executors --test conformance -- --ignored cluster
//! tests/slurm/with-cluster salloc --nodes 3 --exclusive \
//!     cargo test -p executors --test conformance -- --ignored steps
//! ```

mod double;
mod jobs;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use configuration::{Configuration, TimeLimit};
use executors::{Adopted, Executor, JobEnd, Local, Slurm, Steps};
use jobs::{ENDLESS, Jobs, appears, end, ends, processes_are_gone};
use simulation::Attempt;

use JobEnd::{Cancelled, Ended, Failed, TimedOut};

/// An executor in the hands of a test.
struct Subject {
    /// A controller that lets simulations run this long.
    start: fn(TimeLimit) -> Box<dyn Executor>,
    /// Whether it says of a job that left no word how it ended.
    knows_exit_codes: bool,
}

const LOCAL: Subject =
    Subject { start: |limit| Box::new(Local::new(limit)), knows_exit_codes: false };
const SLURM: Subject = Subject {
    start: |limit| {
        let configuration = on_slurm("slurm", limit);
        Box::new(Slurm::new(&configuration, &configuration.limits).unwrap())
    },
    knows_exit_codes: true,
};
const STEPS: Subject = Subject {
    start: |limit| {
        let configuration = on_slurm("srun", limit);
        Box::new(Steps::new(&configuration, &configuration.limits).unwrap())
    },
    knows_exit_codes: true,
};

fn on_slurm(executor: &str, time_limit: TimeLimit) -> Configuration {
    let configuration = serde_json::json!({
        "format": 1,
        "mozopt_version": "0.1.0",
        "directory": "/",
        "model_directory": "/",
        "parameters": [],
        "targets": [],
        "simulator": {
            "kind": "command", "command": "true", "prelude": null, "seed": "drawn",
        },
        "threads": 1,
        "mode": "asynchronous",
        "optimizer": {
            "algorithm": "sobol",
            "variant": "active",
            "offspring_size": 4,
            "seed": 1,
            "sigma": 0.3,
        },
        "limits": {
            "executor": executor,
            "slots": 4,
            "time_limit": time_limit,
            "retries": 0,
            "slurm": { "mem": "20M", "poll": "1s" },
            "max_ngen": 1,
            "max_simulations": null,
            "keep_best": 0,
            "keep_failures": false,
            "keep_all": false,
        },
    });
    serde_json::from_value(configuration).unwrap()
}

impl Subject {
    /// A controller whose simulations may run as long as they like.
    fn controller(&self) -> Box<dyn Executor> {
        (self.start)(TimeLimit::DEFAULT)
    }

    fn with_limit(&self, limit: &str) -> Box<dyn Executor> {
        (self.start)(limit.parse().unwrap())
    }

    /// The end of a job that left no word is this, in words that follow its node.
    #[track_caller]
    fn assert_end_without_a_word(&self, end: &JobEnd, words: &str) {
        if self.knows_exit_codes {
            assert!(matches!(end, Failed(reason) if reason.ends_with(words)), "{end:?}");
        } else {
            assert_eq!(*end, Ended);
        }
    }
}

/// Each property becomes a test of each executor.
macro_rules! every_executor {
    ($($property:ident)*) => {
        mod local {
            $(#[test] fn $property() { super::$property(&super::LOCAL); })*
        }

        mod slurm_without_accounts {
            use crate::double::{Accounts, run_beside};
            $(#[test] fn $property() {
                let path = concat!(module_path!(), "::", stringify!($property));
                run_beside(Accounts::None, path, || super::$property(&super::SLURM));
            })*
        }

        mod slurm_with_accounts {
            use crate::double::{Accounts, run_beside};
            $(#[test] fn $property() {
                let path = concat!(module_path!(), "::", stringify!($property));
                run_beside(Accounts::Kept, path, || super::$property(&super::SLURM));
            })*
        }

        mod cluster {
            $(
                #[test]
                #[ignore = "needs tests/slurm/with-cluster"]
                fn $property() { super::$property(&super::SLURM); }
            )*
        }

        mod steps {
            $(
                #[test]
                #[ignore = "needs an allocation of tests/slurm/with-cluster"]
                fn $property() { super::$property(&super::STEPS); }
            )*
        }
    };
}

every_executor! {
    without_jobs_a_wait_is_no_longer_than_asked
    a_wait_is_no_longer_than_asked_while_a_job_runs
    a_job_that_succeeds_ended
    a_job_whose_simulator_failed_ended
    a_job_without_a_last_word_ended_or_is_a_fault
    output_goes_behind_what_is_in_the_log
    two_jobs_run_at_the_same_time
    many_jobs_are_each_reported_once
    a_job_past_its_time_limit_is_ended
    a_job_that_does_not_listen_is_ended_all_the_same
    cancelled_jobs_are_ended
    a_running_job_is_adopted
    an_adopted_job_has_no_longer_than_its_time_limit
    an_adopted_job_can_be_cancelled
    a_job_that_ended_unwatched_is_not_gone
    what_was_never_submitted_is_gone
    the_job_of_an_earlier_attempt_is_gone
    a_job_that_finds_another_at_work_ends_with_that
    a_job_without_its_directory_is_refused
    a_job_whose_directory_vanishes_is_reported
}

// ---- waiting -----------------------------------------------------------------------------------

fn without_jobs_a_wait_is_no_longer_than_asked(subject: &Subject) {
    let mut executor = subject.controller();
    assert_eq!(executor.running(), 0);
    let began = Instant::now();
    assert!(executor.wait(Duration::from_millis(200)).unwrap().is_empty());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

fn a_wait_is_no_longer_than_asked_while_a_job_runs(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    let job = jobs.job(0, "wait_for go; finish 0 null");
    executor.submit(job.clone()).unwrap();
    appears(&job.directory.started());
    for _ in 0..5 {
        let began = Instant::now();
        assert!(executor.wait(Duration::from_millis(100)).unwrap().is_empty());
        // Beside the wait, commands of Slurm may run.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    fs::write(job.directory.path().join("go"), "").unwrap();
    assert_eq!(end(&mut *executor), Ended);
}

// ---- jobs that end by themselves ---------------------------------------------------------------

fn a_job_that_succeeds_ended(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    let name = executor.submit(jobs.job(0, "finish 0 null")).unwrap();
    assert!(name.starts_with("process ") || name.starts_with("Slurm job "), "{name}");
    assert_eq!(end(&mut *executor), Ended);
}

fn a_job_whose_simulator_failed_ended(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    executor.submit(jobs.job(0, "finish 7 null")).unwrap();
    executor.submit(jobs.job(1, "finish null 11")).unwrap();
    assert_eq!(ends(&mut *executor, 2), [Ended, Ended]);
}

fn a_job_without_a_last_word_ended_or_is_a_fault(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    executor.submit(jobs.job(0, "exit 3")).unwrap();
    executor.submit(jobs.job(1, "kill -KILL $$")).unwrap();
    executor.submit(jobs.job(2, "exit 0")).unwrap();
    let ends = ends(&mut *executor, 3);
    subject.assert_end_without_a_word(&ends[0], " with exit code 3");
    subject.assert_end_without_a_word(&ends[1], " by signal 9");
    assert_eq!(ends[2], Ended);
}

fn output_goes_behind_what_is_in_the_log(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    let job = jobs.job(0, "echo one; echo two >&2; finish 0 null");
    fs::write(job.directory.log(), "zero\n").unwrap();
    executor.submit(job.clone()).unwrap();
    assert_eq!(end(&mut *executor), Ended);
    assert_eq!(fs::read_to_string(job.directory.log()).unwrap(), "zero\none\ntwo\n");
}

fn two_jobs_run_at_the_same_time(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    for (own, other) in [(0, 1), (1, 0)] {
        let lines = format!("touch begun; wait_for ../{other:06}/begun; finish 0 null");
        executor.submit(jobs.job(own, &lines)).unwrap();
    }
    assert_eq!(ends(&mut *executor, 2), [Ended, Ended]);
}

/// More than the cluster has room for at once.
fn many_jobs_are_each_reported_once(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    for candidate in 0..30 {
        let exit_code = candidate % 2;
        executor.submit(jobs.job(candidate, &format!("finish {exit_code} null"))).unwrap();
        assert_eq!(executor.running(), candidate as usize + 1);
    }
    assert_eq!(ends(&mut *executor, 30), vec![Ended; 30]);
}

// ---- jobs that are ended -----------------------------------------------------------------------

fn a_job_past_its_time_limit_is_ended(subject: &Subject) {
    let (mut executor, jobs) = (subject.with_limit("2s"), Jobs::new());
    let long = jobs.job(0, ENDLESS);
    executor.submit(long.clone()).unwrap();
    executor.submit(jobs.job(1, "finish 0 null")).unwrap();
    let began = Instant::now();
    assert_eq!(ends(&mut *executor, 2), [TimedOut, Ended]);
    assert!(began.elapsed() >= Duration::from_secs(2));
    processes_are_gone(&long);
}

fn a_job_that_does_not_listen_is_ended_all_the_same(subject: &Subject) {
    let (mut executor, jobs) = (subject.with_limit("1s"), Jobs::new());
    let deaf = jobs.job(0, &format!("trap '' TERM; {ENDLESS}"));
    executor.submit(deaf.clone()).unwrap();
    assert_eq!(end(&mut *executor), TimedOut);
    processes_are_gone(&deaf);
}

fn cancelled_jobs_are_ended(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    let endless = [0, 1].map(|candidate| jobs.job(candidate, ENDLESS));
    for job in &endless {
        executor.submit(job.clone()).unwrap();
    }
    for job in &endless {
        appears(&job.directory.path().join("processes"));
    }
    executor.cancel_all();
    // Nobody has to know whether it was asked before.
    executor.cancel_all();
    assert_eq!(ends(&mut *executor, 2), [Cancelled, Cancelled]);
    endless.iter().for_each(processes_are_gone);
}

// ---- jobs of an earlier controller -------------------------------------------------------------

fn a_running_job_is_adopted(subject: &Subject) {
    let jobs = Jobs::new();
    let job = jobs.job(0, "wait_for go; finish 0 null");
    subject.controller().submit(job.clone()).unwrap();
    appears(&job.directory.started());
    let mut executor = subject.controller();
    assert_eq!(executor.adopt(job.clone()).unwrap(), Adopted::Running);
    assert!(executor.wait(Duration::from_millis(300)).unwrap().is_empty());
    fs::write(job.directory.path().join("go"), "").unwrap();
    assert_eq!(end(&mut *executor), Ended);
}

fn an_adopted_job_has_no_longer_than_its_time_limit(subject: &Subject) {
    let jobs = Jobs::new();
    let job = jobs.job(0, ENDLESS);
    subject.controller().submit(job.clone()).unwrap();
    appears(&job.directory.path().join("processes"));
    thread::sleep(Duration::from_secs(9));
    let mut executor = subject.with_limit("10s");
    assert_eq!(executor.adopt(job.clone()).unwrap(), Adopted::Running);
    let adopted = Instant::now();
    assert_eq!(end(&mut *executor), TimedOut);
    assert!(adopted.elapsed() < Duration::from_secs(9), "it was given all its time again");
    processes_are_gone(&job);
}

fn an_adopted_job_can_be_cancelled(subject: &Subject) {
    let jobs = Jobs::new();
    let job = jobs.job(0, ENDLESS);
    subject.controller().submit(job.clone()).unwrap();
    appears(&job.directory.path().join("processes"));
    let mut executor = subject.controller();
    assert_eq!(executor.adopt(job.clone()).unwrap(), Adopted::Running);
    executor.cancel_all();
    assert_eq!(end(&mut *executor), Cancelled);
    processes_are_gone(&job);
}

fn a_job_that_ended_unwatched_is_not_gone(subject: &Subject) {
    let jobs = Jobs::new();
    let ended = ["finish 0 null", "finish 7 null", "finish null 11"];
    for (candidate, lines) in (0..).zip(ended) {
        let job = jobs.job(candidate, lines);
        subject.controller().submit(job.clone()).unwrap();
        appears(&job.directory.finished());
        let mut executor = subject.controller();
        // It may still hold its lock, and be found running.
        match executor.adopt(job).unwrap() {
            Adopted::Running => assert_eq!(end(&mut *executor), Ended),
            adopted => assert_eq!((adopted, executor.running()), (Adopted::Ended, 0)),
        }
    }
}

fn what_was_never_submitted_is_gone(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    assert_eq!(executor.adopt(jobs.job(0, "")).unwrap(), Adopted::Gone);
    let job = jobs.job(1, "");
    fs::remove_dir_all(job.directory.path()).unwrap();
    assert_eq!(executor.adopt(job).unwrap(), Adopted::Gone);
    assert_eq!(executor.running(), 0);
}

fn the_job_of_an_earlier_attempt_is_gone(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    executor.submit(jobs.attempt(0, Attempt::FIRST, "finish 0 null")).unwrap();
    assert_eq!(end(&mut *executor), Ended);
    let mut executor = subject.controller();
    assert_eq!(executor.adopt(jobs.attempt(0, Attempt(2), "")).unwrap(), Adopted::Gone);
    assert_eq!(executor.running(), 0);
}

/// An earlier controller started it while it died, and has not left a word about it.
fn a_job_that_finds_another_at_work_ends_with_that(subject: &Subject) {
    let jobs = Jobs::new();
    let job = jobs.job(0, "wait_for go; finish 0 null");
    subject.controller().submit(job.clone()).unwrap();
    appears(&job.directory.started());
    let mut executor = subject.controller();
    executor.submit(job.clone()).unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        assert!(executor.wait(Duration::from_millis(200)).unwrap().is_empty());
    }
    fs::write(job.directory.path().join("go"), "").unwrap();
    assert_eq!(end(&mut *executor), Ended);
}

// ---- directories -------------------------------------------------------------------------------

fn a_job_without_its_directory_is_refused(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    let job = jobs.job(0, "finish 0 null");
    fs::remove_dir_all(job.directory.path()).unwrap();
    assert!(executor.submit(job).is_err());
    assert_eq!(executor.running(), 0);
}

fn a_job_whose_directory_vanishes_is_reported(subject: &Subject) {
    let (mut executor, jobs) = (subject.controller(), Jobs::new());
    let job = jobs.job(0, "sleep 2; exit 3");
    executor.submit(job.clone()).unwrap();
    appears(&job.directory.started());
    fs::remove_dir_all(job.directory.path()).unwrap();
    let end = end(&mut *executor);
    subject.assert_end_without_a_word(&end, " with exit code 3");
}
