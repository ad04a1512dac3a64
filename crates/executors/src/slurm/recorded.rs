//! What Slurm's commands of several versions print (`tests/data/slurm`), and what is made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::client::{self, Trouble};
use super::job_state::JobState;
use super::pending::Pending;
use crate::executor::JobEnd;

const VERSIONS: [&str; 3] = ["22.05.8", "24.11.5", "26.05.5"];

fn recorded(version: &str, file: &str) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/slurm");
    let path = data.join(version).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A command, what it printed, and its exit code.
struct Call {
    command: String,
    out: String,
    err: String,
    exit: i32,
}

fn calls(version: &str, file: &str) -> Vec<Call> {
    let text = recorded(version, file);
    let call = |text: &str| {
        let lines = |head: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix(head));
            lines.map(|line| line.trim_start().to_owned() + "\n").collect::<String>()
        };
        Call {
            command: lines("$"),
            out: lines("out:"),
            err: lines("err:"),
            exit: lines("exit:").trim().parse().unwrap(),
        }
    };
    text.split("\n\n").filter(|text| text.starts_with('$')).map(call).collect()
}

/// What happened to a job: the end of its name.
fn story(name: &str) -> &str {
    name.rsplit('-').next().unwrap_or_default().trim_start_matches('0')
}

#[test]
fn every_line_is_a_job() {
    for version in VERSIONS {
        let queue = recorded(version, "squeue.txt");
        assert_eq!(client::all_queued(&queue).len(), queue.lines().count(), "{version}");
        let accounts = recorded(version, "sacct.txt");
        assert_eq!(client::all_accounted(&accounts).len(), accounts.lines().count(), "{version}");
    }
}

#[test]
fn ends_have_the_same_class_in_every_version() {
    let fault = |words: &str| JobEnd::Fault(words.to_owned());
    let failed = |words: &str| JobEnd::Failed(words.to_owned());
    for version in VERSIONS {
        let gone = match version {
            "22.05.8" => "its job could not be started on n1",
            _ => "its job failed on n1 with exit code 127",
        };
        let expected: BTreeMap<&str, JobEnd> = [
            ("completed", JobEnd::Ended),
            ("failed", failed("its job failed on n1 with exit code 7")),
            ("segv", failed("its job was killed on n1 by signal 11")),
            ("kill", failed("its job was killed on n1 by signal 9")),
            ("gone", failed(gone)),
            ("timeout", JobEnd::OutOfTime),
            ("cancelled", fault("somebody cancelled its job")),
            ("byroot", fault("somebody cancelled its job")),
            ("nodefail", fault("its node n2 failed")),
        ]
        .into();
        let mut found = BTreeMap::new();
        let accounts = recorded(version, "sacct.txt");
        for job in client::all_accounted(&accounts) {
            if job.state.is_final()
                && let Some((story, _)) = expected.get_key_value(story(&job.name))
            {
                found.insert(*story, job.state.end(&job.codes, &job.nodes));
            }
        }
        assert_eq!(found, expected, "{version}");
        // squeue, as long as it lists them, knows the same states.
        let queue = client::all_queued(&recorded(version, "squeue.txt"));
        for job in queue.iter().filter(|job| job.state.is_final()) {
            let accounts = client::all_accounted(&accounts);
            let same = accounts.iter().find(|it| it.id == job.id).map(|it| it.state);
            assert_eq!(same, Some(job.state), "{version}: {}", job.name);
        }
    }
}

#[test]
fn jobs_that_wait_are_named_where_that_is_of_use() {
    for version in VERSIONS {
        let queue = client::all_queued(&recorded(version, "squeue.txt"));
        let waiting = queue.iter().filter(|job| job.state == JobState::Pending);
        for job in waiting {
            let mut pending = Pending::default();
            let wait = || [(job.id, job.reason.clone())].into_iter();
            let said = (0..20).flat_map(|_| pending.look(wait())).collect::<Vec<_>>().concat();
            let about = format!("{version}: {} ({}): {said}", job.name, job.reason);
            match story(&job.name) {
                "held" | "heldbyroot" | "never" | "parttime" | "partnodes" | "wall" | "cpu1" => {
                    assert!(said.contains("will not start by itself"), "{about}");
                }
                "drained" | "partdown" | "maint" | "resv" => {
                    assert!(said.contains("until nodes are available again"), "{about}");
                }
                _ => assert_eq!(said, "", "{about}"),
            }
        }
    }
}

#[test]
fn answers_of_sbatch_are_numbers_mistakes_limits_or_doubts() {
    for version in VERSIONS {
        let (mut limits, mut doubts, mut closed) = (0, 0, 0);
        for Call { command, out, err, exit } in calls(version, "sbatch.txt") {
            if exit == 0 {
                assert!(client::number_in(&out).is_ok(), "{version}: {command}{out}");
                continue;
            }
            let trouble = Trouble::Failed { words: client::in_one_line(&err) };
            let about = format!("{version}: {command}{err}");
            let is_limit = err.contains("SubmitJob");
            assert_eq!(trouble.passes(), is_limit, "{about}");
            let is_doubt = err.contains("timed out") || err.contains("Unable to contact");
            assert_eq!(trouble.leaves_doubt(), is_doubt, "{about}");
            assert_eq!(trouble.is_of_the_cluster(), err.contains("(inactive or drain)"), "{about}");
            limits += usize::from(is_limit);
            doubts += usize::from(is_doubt);
            closed += usize::from(trouble.is_of_the_cluster());
        }
        assert!(limits >= 3 && doubts >= 2 && closed >= 2, "{version}: {limits} {doubts} {closed}");
    }
}

#[test]
fn without_accounts_sacct_says_so() {
    for version in VERSIONS {
        let of_sacct = calls(version, "errors.txt");
        let mut of_sacct = of_sacct.iter().filter(|call| call.command.starts_with("sacct"));
        let disabled = of_sacct.rfind(|call| call.exit != 0).unwrap();
        let trouble = Trouble::Failed { words: client::in_one_line(&disabled.err) };
        assert!(trouble.is_no_accounting(), "{version}: {}", disabled.err);
    }
}

#[test]
fn lines_of_scontrol_tell_exit_codes_and_memory() {
    for version in VERSIONS {
        let jobs = recorded(version, "scontrol-jobs.txt");
        assert!(jobs.lines().count() > 10, "{version}");
        for job in jobs.lines() {
            assert!(client::exit_codes_in(job).is_some(), "{version}: {job}");
        }
        let config = recorded(version, "scontrol-config.txt");
        assert!(client::message_timeout_in(&config).is_some(), "{version}: {config}");
    }
}
