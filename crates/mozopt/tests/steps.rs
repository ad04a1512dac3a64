//! Simulations as steps of the controller's allocation, on a real cluster:
//!
//! ```text
//! tests/slurm/with-cluster cargo test -p mozopt --test steps -- --ignored on_three_nodes
//! tests/slurm/with-cluster --real-cores cargo test -p mozopt --test steps -- --ignored real_cores
//! ```

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use support::cluster::{Cluster, eventually, our_jobs, slurm, state_of};
use support::{CONFIG, Ended, IDENTITY, Model, Running};

/// Notes candidate and node at the beginning, and the candidate at the end.
const NOTING: &str = r#"
candidate=$(basename "$(dirname "$MOZOPT_SIMULATION")")
echo "$candidate begun $SLURMD_NODENAME" >> noted
"#;
const NOTED: &str = "echo \"$candidate ended\" >> noted\n";

/// A model whose simulations run this script as steps.
fn model(script: &str, settings: &str) -> Model {
    let settings = format!(
        "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n\
         [execution]\nexecutor = \"srun\"\nretry_pause = \"1s\"\n\
         [optimizer]\nalgorithm = \"sobol\"\noffspring_size = 4\nmax_ngen = 100\n\
         validate_best = 0\n[slurm]\n{settings}"
    );
    let model = Model::new(CONFIG, &settings);
    model.write("simulate.sh", format!("{NOTING}{script}\n{IDENTITY}{NOTED}"));
    model
}

/// How many notes have this word.
fn noted(model: &Model, word: &str) -> usize {
    model.noted().iter().filter(|line| line.split(' ').nth(1) == Some(word)).count()
}

#[track_caller]
fn each_ended_once(model: &Model, candidates: usize) {
    let mut ended = model.noted();
    ended.retain(|line| line.ends_with("ended"));
    ended.sort();
    let expected: Vec<_> = (0..candidates).map(|n| format!("{n:06} ended")).collect();
    assert_eq!(ended, expected);
}

fn is_over(model: &Model) -> bool {
    let journal = fs::read_to_string(model.optimization().file("journal.jsonl")).unwrap();
    journal.contains("is reached") && our_jobs().is_empty()
}

/// The steps that run, by their names.
fn steps() -> Vec<String> {
    let list = slurm("squeue", &["-h", "-s", "-o", "%j"]);
    list.lines().filter(|name| name.starts_with("mozopt-0")).map(str::to_owned).collect()
}

/// A controller dies, and nothing else.
fn kill(running: Running) {
    running.signal(Signal::KILL);
    drop(running);
}

/// An allocation that lasts while this lives, and what a shell in it has in its environment.
struct Allocation(String);

impl Allocation {
    fn of_all_nodes() -> Self {
        let options = ["--parsable", "--nodes=3", "--exclusive", "--mem=0", "-o", "/dev/null"];
        let wrap = "--wrap=exec sleep 600";
        let id = slurm("sbatch", &[&options[..], &["--no-kill", wrap]].concat()).trim().to_owned();
        eventually("the allocation begins", || state_of(&id) == "RUNNING");
        Self(id)
    }

    fn begin(&self, model: &Model, command: &str, flags: &[&str]) -> Running {
        let mut process = support::mozopt();
        process.arg(command).arg(model.path()).args(flags);
        process
            .env("SLURM_JOB_ID", &self.0)
            .env("SLURM_JOB_NODELIST", "n[1-3]")
            .env("SLURM_JOB_CPUS_PER_NODE", "4(x3)");
        Running::of(&mut process)
    }

    fn mozopt(&self, model: &Model, command: &str, flags: &[&str]) -> Ended {
        self.begin(model, command, flags).wait_at_most(Duration::from_mins(4))
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        slurm("scancel", &[&self.0]);
        eventually("the allocation is over", || state_of(&self.0) != "RUNNING");
    }
}

mod on_three_nodes {
    use super::*;

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn submitted_nodes_are_filled_with_simulations() {
        let _cluster = Cluster::alone();
        let model = model("sleep 4", "");
        model.edit("mozopt.toml", "max_ngen = 100", "max_ngen = 100\nmax_simulations = 30");
        model.mozopt("submit", "--nodes 3 --time 10m").exits(0).shows("its controller is job");
        eventually("all cores are taken", || steps().len() == 12);
        // The controller and the one that would take over: there are no other jobs.
        assert_eq!(our_jobs().len(), 2, "{:?}", our_jobs());
        eventually("the search is over", || is_over(&model));
        each_ended_once(&model, 30);
        let mut by_node = BTreeMap::new();
        for line in model.noted() {
            if let Some((_, node)) = line.split_once(" begun ") {
                *by_node.entry(node.to_owned()).or_insert(0) += 1;
            }
        }
        assert!(by_node.len() == 3 && by_node.values().all(|&count| count >= 8), "{by_node:?}");
        let optimization = model.optimization();
        assert_eq!(optimization.events("controller")[1]["room"]["simulations"], 12);
        // Steps have what they asked for, whatever the allocation has.
        assert!(optimization.outcomes().iter().all(|result| result["cores"].is_null()));
        assert_eq!(optimization.events("interrupted").len(), 0);
        // Billed are twelve cores from the first to the last moment.
        let times = |kind: &str| {
            let event = optimization.events(kind).pop().unwrap();
            event["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
        };
        let held = times("stopped").duration_since(times("controller")).as_secs_f64();
        let usage = &optimization.mozopt("status", "--json").exits(0).json()["usage"];
        let core_hours = usage["core_hours"].as_f64().unwrap();
        assert!((core_hours - 12.0 * held / 3600.0).abs() < 1e-6, "{core_hours} in {held} s");
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn what_the_end_of_an_allocation_cut_off_is_run_again() {
        let _cluster = Cluster::alone();
        let model = model("sleep 8", "");
        model.edit("mozopt.toml", "max_ngen = 100", "max_ngen = 100\nmax_simulations = 16");
        model.mozopt("submit", "--nodes 3 --time 10m").exits(0);
        eventually("all cores are taken", || noted(&model, "begun") == 12);
        let jobs = slurm("squeue", &["-h", "-t", "R", "-o", "%A %j"]);
        let first = jobs.lines().find(|line| line.contains("mozopt-controller-")).unwrap();
        // What Slurm sends before a time limit.
        let id = first.split(' ').next().unwrap();
        slurm("scancel", &["--batch", "--signal=USR1", id]);
        eventually("the next one is done", || is_over(&model));
        let optimization = model.optimization();
        for result in optimization.outcomes() {
            assert_eq!(result["outcome"], "completed", "{result}");
        }
        each_ended_once(&model, 16);
        assert_eq!(noted(&model, "begun"), 12 + 16);
        let cut_off = optimization.events("interrupted");
        assert_eq!(cut_off.len(), 12);
        for event in cut_off {
            assert_eq!(event["fault"], false);
            assert_eq!(event["reason"], "it ended with its controller");
        }
        assert_eq!(
            optimization.events("stopped")[0]["reason"],
            "left to the controller that follows"
        );
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn simulations_are_packed_by_their_memory() {
        let _cluster = Cluster::alone();
        let allocation = Allocation::of_all_nodes();
        // A node has 2000 MB.
        let model = model("sleep 4", "mem = \"900M\"\n");
        let running = allocation.begin(&model, "run", &["--max-simulations", "12"]);
        eventually("steps run", || steps().len() == 6);
        thread::sleep(Duration::from_secs(1));
        assert_eq!(steps().len(), 6);
        running.wait_at_most(Duration::from_mins(2)).exits(0);
        each_ended_once(&model, 12);
        assert_eq!(model.optimization().events("controller")[0]["room"]["simulations"], 6);

        let too_much = super::model("", "mem = \"3G\"\n");
        allocation
            .mozopt(&too_much, "run", &[])
            .exits(2)
            .says("needs 1 core and 3072 MB, and no node of the allocation has that")
            .says("n1 has 4 cores and 2000 MB");
        assert!(support::optimizations_in(too_much.path()).is_empty());
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn steps_outlive_their_controller_and_are_adopted() {
        let _cluster = Cluster::alone();
        let allocation = Allocation::of_all_nodes();
        let model = model("until [ -e go ]; do sleep 0.2; done", "");
        let flags = ["--max-simulations", "8", "--slots", "4"];
        let running = allocation.begin(&model, "run", &flags);
        eventually("steps run", || noted(&model, "begun") == 4);
        kill(running);
        let next = allocation.begin(&model, "resume", &[]);
        thread::sleep(Duration::from_secs(3));
        assert_eq!((steps().len(), noted(&model, "begun")), (4, 4));
        model.write("go", "");
        next.wait_at_most(Duration::from_mins(2)).exits(0).says("4 simulations still run");
        each_ended_once(&model, 8);
        assert_eq!(noted(&model, "begun"), 8);
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn stop_ends_the_steps_that_a_killed_controller_left() {
        let _cluster = Cluster::alone();
        let allocation = Allocation::of_all_nodes();
        let model = model("[ -e go ] || sleep 600", "");
        let flags = ["--max-simulations", "4"];
        let running = allocation.begin(&model, "run", &flags);
        eventually("steps run", || noted(&model, "begun") == 4);
        kill(running);
        model.mozopt("stop", "").exits(0).says("4 jobs cancelled");
        assert_eq!(steps(), [""; 0]);
        model.write("go", "");
        allocation.mozopt(&model, "resume", &[]).exits(0);
        each_ended_once(&model, 4);
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn every_end_of_a_step_has_its_class() {
        let cluster = Cluster::alone();
        let allocation = Allocation::of_all_nodes();
        let script = r"
case $candidate in
    000001) exit 7 ;;
    000002) kill -SEGV $$ ;;
    000003) sleep 600 ;;
    000004) [ -e again4 ] || { touch again4; kill -KILL $PPID; sleep 5; } ;;
    000005) [ -e again5 ] || { touch again5; python3 -c 'x = bytearray(150 << 20)' || exit 1; } ;;
esac
";
        let model = model(script, "mem = \"60M\"\nmem_retry = 4\n");
        let flags = ["--max-simulations", "6", "--time-limit", "8s"];
        allocation.mozopt(&model, "run", &flags).exits(0);
        let optimization = model.optimization();
        let outcomes = optimization.outcomes();
        let outcome = |n: usize| outcomes[n]["outcome"].as_str().unwrap();
        let found: Vec<_> = (0..6).map(outcome).collect();
        let wanted = ["completed", "crashed", "crashed", "timed_out", "completed", "completed"];
        assert_eq!(found, wanted);
        let events = optimization.events("interrupted");
        let reason = |candidate: u64| {
            let mut of_it = events.iter().filter(|event| event["candidate"] == candidate);
            of_it.next().map(|event| event["reason"].as_str().unwrap().to_owned())
        };
        let killed = reason(4).unwrap();
        assert!(killed.starts_with("its job was killed on n"), "{killed}");
        if cluster.limits_memory() {
            let memory = reason(5).unwrap();
            assert!(memory.starts_with("it needed more memory than its job has"), "{memory}");
        }
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn without_an_allocation_nothing_begins() {
        let _cluster = Cluster::alone();
        let model = model("", "");
        model
            .mozopt("run", "")
            .exits(2)
            .says("runs simulations within an allocation of Slurm, and there is none here")
            .says("--nodes N");
        assert!(support::optimizations_in(model.path()).is_empty());
        model.mozopt("run", "--executor local --max-simulations 2").exits(0);
        each_ended_once(&model, 2);
        let of_jobs = super::model("", "");
        of_jobs.edit("mozopt.toml", "\"srun\"", "\"slurm\"");
        of_jobs.mozopt("submit", "--nodes 2").exits(2).says("--nodes is for executor = \"srun\"");
    }

    #[test]
    #[ignore = "needs tests/slurm/with-cluster"]
    fn a_simulation_that_took_too_long_gets_more_time() {
        let _cluster = Cluster::alone();
        let allocation = Allocation::of_all_nodes();
        let model = model("[ $candidate = 000001 ] && sleep 12", "time_retry = 3\npoll = \"1s\"\n");
        let flags = ["--max-simulations", "2", "--time-limit", "6s"];
        allocation.mozopt(&model, "run", &flags).exits(0).says("again with up to 18s");
        each_ended_once(&model, 2);
        // The same as a job.
        let jobs = super::model("[ $candidate = 000001 ] && sleep 12", "");
        let settings = jobs.read("mozopt.toml");
        jobs.write("mozopt.toml", settings + "time_retry = 3\nmem = \"60M\"\npoll = \"1s\"\n");
        drop(allocation);
        jobs.mozopt("run", "--executor slurm --max-simulations 2 --time-limit 6s")
            .exits(0)
            .says("again with up to 18s");
        each_ended_once(&jobs, 2);
        let event = &jobs.optimization().events("interrupted")[0];
        assert_eq!((&event["fault"], &event["out_of_time"]), (&true.into(), &true.into()));
    }
}

mod real_cores {
    use super::*;

    /// The cores that each rank of each simulation may use.
    fn masks(model: &Model) -> Vec<String> {
        let text = fs::read_to_string(model.path().join("masks")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn cores() -> usize {
        thread::available_parallelism().unwrap().get()
    }

    const MASK: &str = "awk '/Cpus_allowed_list/ {print $2}' /proc/self/status >> masks; sleep 2";

    #[test]
    #[ignore = "needs tests/slurm/with-cluster --real-cores"]
    fn simulations_at_the_same_time_have_cores_of_their_own() {
        let _cluster = Cluster::alone();
        let model = model(MASK, "");
        model.edit(
            "mozopt.toml",
            "max_ngen = 100",
            &format!("max_ngen = 100\nmax_simulations = {}", cores()),
        );
        model.mozopt("submit", "--nodes 1 --time 10m").exits(0);
        eventually("the search is over", || is_over(&model));
        let mut masks = masks(&model);
        masks.sort();
        masks.dedup();
        assert_eq!(masks.len(), cores(), "{masks:?}");
    }

    /// As jobs and as steps, with each way to start the ranks.
    #[test]
    #[ignore = "needs tests/slurm/with-cluster --real-cores"]
    fn ranks_have_all_cores_of_their_simulation() {
        let _cluster = Cluster::alone();
        let all = cores();
        let settings =
            format!("ntasks = {all}\ncpus_per_task = 1\nmem = \"100M\"\npoll = \"1s\"\n");
        let mut launchers = vec!["", "srun -n RANKS "];
        let mpirun = "mpirun --allow-run-as-root --bind-to none -np RANKS ";
        if std::process::Command::new("mpirun").arg("--version").output().is_ok() {
            launchers.push(mpirun);
        }
        for (executor, flags) in [("slurm", ""), ("slurm", "srun = \"srun -n 1\"\n"), ("srun", "")]
        {
            for launcher in &launchers {
                let launcher = launcher.replace("RANKS", &all.to_string());
                let script = format!(
                    "{launcher}bash -c '{}'",
                    MASK.replace('\'', "\"").replace("$2", "\\$2")
                );
                let model = model(&script, &format!("{settings}{flags}"));
                model.edit("mozopt.toml", "\"srun\"", &format!("\"{executor}\""));
                model.edit("mozopt.toml", "max_ngen = 100", "max_ngen = 100\nmax_simulations = 1");
                if executor == "srun" {
                    model.mozopt("submit", "--nodes 1 --time 10m").exits(0);
                    eventually("the search is over", || is_over(&model));
                } else {
                    model.begin("run", "").wait_at_most(Duration::from_mins(2)).exits(0);
                }
                let of_ranks = masks(&model);
                let about = format!("{executor} {flags} {launcher}: {of_ranks:?}");
                assert_eq!(of_ranks.len(), if launcher.is_empty() { 1 } else { all }, "{about}");
                let mut seen: Vec<usize> = of_ranks.iter().flat_map(|mask| numbers(mask)).collect();
                seen.sort_unstable();
                seen.dedup();
                assert_eq!(seen.len(), all, "{about}");
            }
        }
    }

    /// `0-2,5`
    fn numbers(list: &str) -> Vec<usize> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            first.parse::<usize>().unwrap()..=last.parse().unwrap()
        };
        list.split(',').flat_map(range).collect()
    }
}
