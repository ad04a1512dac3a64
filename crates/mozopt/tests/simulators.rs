//! Simulators that measure themselves, that write data stores, and that fail in every way: each
//! failure has its class and a reason, the search goes on, and the journal stays whole.

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{IDENTITY, Model, Optimization, is_alive, mozopt, wait_until};

/// Candidates 0 to 3 behave as the script says; the others work.
fn odd_ones(script: &str) -> String {
    format!(
        "directory=$(dirname \"$MOZOPT_SIMULATION\")\n\
         note() {{ echo \"$*\" >> noted; }}\n\
         case $directory in */00000[0-3])\n{script}\nexit;; esac\n{IDENTITY}"
    )
}

/// Runs one generation of four odd ones and one that works, and returns candidate 0's result.
fn result_of(script: &str) -> Value {
    result_and_model(script, "").0
}

fn result_and_model(script: &str, flags: &str) -> (Value, Model) {
    let model = Model::simulated_by(&odd_ones(script));
    // Five at a time, so that the generation is never one in which nothing works.
    model.mozopt("run", &format!("--offspring-size 5 --max-ngen 1 {flags}")).exits(0);
    let optimization = model.optimization();
    let outcomes = optimization.outcomes();
    assert_eq!(outcomes.len(), 5);
    assert_eq!(outcomes[4]["outcome"], "completed", "the search goes on");
    assert_consistent(&optimization);
    (outcomes[0].clone(), model)
}

/// The journal is whole, every candidate has one outcome and was told, and the end is written down.
fn assert_consistent(optimization: &Optimization) {
    let journal = optimization.journal();
    let told: Vec<_> = optimization.events("told").iter().map(|e| e["candidate"].clone()).collect();
    let proposed: Vec<_> =
        optimization.proposals().iter().map(|p| p["candidate"].clone()).collect();
    assert_eq!(told, proposed);
    assert_eq!(journal.last().unwrap()["event"], "stopped");
}

fn reason(result: &Value) -> &str {
    result["reason"].as_str().unwrap()
}

#[test]
fn values_are_numbers_nothing_or_nothing_with_a_reason() {
    let script = r#"case $directory in
        *0) echo '{"values": {"x": 1.5, "y": null}}' ;;
        *1) echo '{"values": {"x": {"value": 1.5}, "y": {"value": null, "reason": "too few spikes"}}}' ;;
        *2) echo '{"values": {"x": 2, "y": 1e300, "of no target": 5}, "exploded": false}' ;;
        *3) echo '{"values": {"x": 2}}' ;;
    esac > "$directory/values.json""#;
    let (_, model) = result_and_model(script, "");
    let outcomes = model.optimization().outcomes();
    let targets: Vec<Vec<Value>> = outcomes[..4]
        .iter()
        .map(|outcome| {
            let targets = outcome["targets"].as_array().unwrap();
            targets.iter().map(|t| json!([t["value"], t["score"], t["reason"]])).collect()
        })
        .collect();
    // x: |1.5 - 2| / 0.1 = 5 norms away. y without a value: its max_score.
    assert_eq!(
        targets[0],
        [json!([1.5, 5.0, null]), json!([null, 50.0, "the simulator gave no value"])]
    );
    assert_eq!(targets[1], [json!([1.5, 5.0, null]), json!([null, 50.0, "too few spikes"])]);
    assert_eq!(targets[2], [json!([2.0, 0.0, null]), json!([1e300, 50.0, null])]);
    assert_eq!(
        targets[3],
        [json!([2.0, 0.0, null]), json!([null, 50.0, "values.json has no \"y\""])]
    );
    for outcome in &outcomes {
        assert_eq!(outcome["outcome"], "completed");
        let scores = outcome["targets"].as_array().unwrap().iter();
        let sum: f64 = scores.map(|target| target["score"].as_f64().unwrap()).sum();
        assert_eq!(outcome["total"], sum);
    }
}

#[test]
fn a_target_may_have_a_command_of_its_own() {
    let config = r#"{"parameters": {"a": [0, 1.0], "b": [0, 1.0]}, "optimiser_centroid": {"a": 0.5, "b": 0.5},
        "targets": [
          {"class": "CommandTarget", "name": "lines", "target_value": 3, "command": "cat /etc/passwd | wc -l; : "},
          {"class": "CommandTarget", "name": "size", "rule": "OneBoundUpperTarget", "target_value": 10,
           "sheet_name": "L2/3 of \"V1\"", "command": "./measure"},
          {"class": "CommandTarget", "name": "prose", "target_value": 0, "command": "echo about five; :"},
          {"class": "CommandTarget", "name": "nan", "target_value": 0, "command": "echo nan; :"},
          {"class": "CommandTarget", "name": "failing", "target_value": 0, "command": "exit 7; :"},
          {"class": "CommandTarget", "name": "x", "target_value": 0, "command": "echo 99; :"},
          {"class": "CommandTarget", "sheet_name": "S", "rule": "RangeTarget", "target_value": [1, 2], "command": "echo 4; :"}
        ]}"#;
    let model = Model::simulated_by(
        "d=$(dirname \"$MOZOPT_SIMULATION\"); mkdir $d/datastore; printf 1234567 > $d/datastore/blob
         echo '{\"values\": {\"x\": 5}}' > $d/values.json",
    );
    model.write("param_optim/config_optimisation", config);
    // It runs in the model's directory and gets the data store's path and the sheet.
    model.write("measure", "#!/bin/bash\n[ \"$2\" = 'L2/3 of \"V1\"' ] && wc -c < \"$1/blob\"\n");
    let measure = model.path().join("measure");
    std::process::Command::new("chmod").arg("+x").arg(&measure).status().unwrap();
    let summary = model.mozopt("run", "--max-simulations 2 --json").exits(0).json();
    let targets = summary["best"]["targets"].as_array().unwrap();
    let passwd = fs::read_to_string("/etc/passwd").unwrap().matches('\n').count();
    assert_eq!(targets[0]["value"], passwd as f64);
    assert_eq!((&targets[1]["value"], &targets[1]["score"]), (&json!(7.0), &json!(3.0)));
    assert_eq!(targets[2]["reason"], "the target's command printed \"about five\", not a number");
    assert_eq!(targets[3]["reason"], "the target's command printed \"nan\", not a number");
    let failing = targets[4]["reason"].as_str().unwrap();
    assert!(failing.contains("failed") && failing.contains('7'), "{failing}");
    assert_eq!(targets[5]["value"], 5.0, "what the simulator wrote comes first");
    assert_eq!(targets[6]["name"], "CommandTarget_S");
    assert_eq!(targets[6]["class"], "CommandTarget");
    assert_eq!(targets[6]["score"], 2.0, "4 is 2 beyond the range");
    assert!(!model.path().join("blob").exists());
}

/// Writes a data store with nothing but Python's standard library: 3 cells that fire 2, 4 and 0
/// times in five seconds.
const STORE: &str = r#"
import json, os, struct, sys
directory = os.path.join(os.path.dirname(os.environ["MOZOPT_SIMULATION"]), "datastore")
os.mkdir(directory)
def array(name, kind, shape, values):
    header = str({"descr": "<" + kind, "fortran_order": False, "shape": shape})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    form = {"f8": "d", "u4": "I"}[kind]
    with open(os.path.join(directory, name + ".npy"), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack("<%d%s" % (len(values), form), *values))
array("sheet0.positions", "f8", (3, 2), [0.0] * 6)
array("segment000.neurons", "u4", (3,), [0, 1, 2])
array("segment000.spike_counts", "u4", (3,), [2, 4, 0])
array("segment000.spike_times", "f8", (6,), [10, 500, 20, 30, 40, 1999])
index = {
    "format": 1, "explosion_detected": "exploded" in sys.argv,
    "sheets": [{"name": "V1_Exc_L4", "has_orientations": False}],
    "segments": [{"sheet": "V1_Exc_L4", "t_start_ms": 0.0, "t_stop_ms": 5000.0, "signals": [],
                  "stimulus": {"name": "InternalStimulus", "parameters": {"duration": 5000.0}}}],
}
if "truncated" in sys.argv:
    path = os.path.join(directory, "segment000.spike_times.npy")
    os.truncate(path, os.path.getsize(path) - 5)
if "nonsense" in sys.argv:
    open(os.path.join(directory, "segment000.neurons.npy"), "w").write("nonsense")
if "no index" not in sys.argv:
    json.dump(index, open(os.path.join(directory, "recording.json"), "w"))
"#;

fn model_with_store(arguments: &str) -> Model {
    let config = r#"{"parameters": {"a": [0, 1.0], "b": [0, 1.0]}, "optimiser_centroid": {"a": 0.5, "b": 0.5},
        "targets": [{"class": "SpontActivityTarget", "sheet_name": "V1_Exc_L4", "target_value": [3, 4]},
                    {"class": "SpontActivityTarget", "sheet_name": "V1_Exc_L9", "target_value": [3, 4]}]}"#;
    let model = Model::simulated_by(&format!("python3 simulate.py {arguments}"));
    model.write("simulate.py", STORE);
    model.write("param_optim/config_optimisation", config);
    model
}

#[test]
fn a_data_store_is_measured_and_only_the_best_is_kept() {
    let model = model_with_store("");
    let summary = model.mozopt("run", "--max-simulations 3 --json").exits(0).json();
    // 6 spikes of 3 cells in 5 s: 0.4 Hz, 2.6 below the range.
    assert_eq!(summary["best"]["targets"][0]["value"], 0.4);
    assert_eq!(summary["best"]["targets"][0]["score"], 2.6);
    let missing = summary["best"]["targets"][1]["reason"].as_str().unwrap();
    assert!(missing.contains("V1_Exc_L9 is not among the sheets (V1_Exc_L4)"), "{missing}");
    let optimization = model.optimization();
    let kept = |n: usize| optimization.file(&format!("simulations/{n:06}/datastore")).exists();
    assert_eq!([0, 1, 2].map(kept), [true, false, false], "of equals the first is the best");
    optimization.mozopt("resume", "--keep-best 0").exits(0);
    assert!(!kept(0));
}

#[test]
fn an_explosion_is_a_failure_whose_values_are_known() {
    let model = model_with_store("exploded");
    model.mozopt("run", "--max-simulations 2 --keep-failures").exits(0);
    let outcome = &model.optimization().outcomes()[0];
    assert_eq!(
        (&outcome["outcome"], &outcome["targets"][0]["value"]),
        (&json!("exploded"), &json!(0.4))
    );
    assert_eq!(reason(outcome), "the network's activity ran away");
    assert!(model.optimization().file("simulations/000000/datastore/recording.json").exists());
}

#[test]
fn what_a_killed_controller_had_not_removed_yet_the_next_one_removes() {
    for end in ["", "exploded"] {
        let model = model_with_store(end);
        model.mozopt("run", "--max-simulations 2 --keep-best 0").exits(0);
        let optimization = model.optimization();
        let left = optimization.file("simulations/000000/datastore");
        assert!(!left.exists());
        fs::create_dir_all(left.join("deep")).unwrap();
        fs::write(left.join("deep/spikes"), "1 2 3").unwrap();
        optimization.mozopt("resume", "--max-simulations 3").exits(0);
        assert!(!left.exists(), "{end}");
    }
}

#[test]
fn a_damaged_data_store_is_no_data() {
    for (damage, words) in [
        ("truncated", "segment000.spike_times.npy"),
        ("nonsense", "segment000.neurons.npy"),
        ("'no index'", "recording.json"),
    ] {
        let model = model_with_store(damage);
        model.mozopt("run", "").exits(1).says(words).says("none of the first 4 simulations");
        let outcome = &model.optimization().outcomes()[0];
        assert_eq!(outcome["outcome"], "no_data");
        assert!(reason(outcome).contains(words), "{}", reason(outcome));
    }
}

#[test]
fn a_simulator_may_say_that_its_network_exploded() {
    let result = result_of(
        "echo '{\"values\": {\"x\": 2, \"y\": null}, \"exploded\": true}' > $directory/values.json",
    );
    assert_eq!(result["outcome"], "exploded");
    assert_eq!(result["targets"][0]["value"], 2.0, "what was measured is known");
    let result = result_of("echo '{\"values\": {}, \"exploded\": true}' > $directory/values.json");
    assert_eq!((&result["outcome"], &result["total"]), (&json!("exploded"), &json!(70.0)));
}

#[test]
fn nonsense_in_place_of_values_is_no_data() {
    for nonsense in [
        "{\"values\": {\"x\": 1,",
        "",
        "{\"values\": {\"x\": \"high\"}}",
        "{\"values\": [1, 2]}",
        "{\"x\": 1}",
        "[1, 2]",
        "\\xff",
    ] {
        let result = result_of(&format!("printf '{nonsense}' > $directory/values.json"));
        assert_eq!(result["outcome"], "no_data", "{nonsense}");
        assert!(reason(&result).contains("values.json cannot be read"), "{nonsense}: {result}");
        assert_eq!(result["total"], 70.0, "the greatest scores, 20 and 50");
    }
}

#[test]
fn a_simulator_that_leaves_nothing_has_no_data() {
    let result = result_of("true");
    assert_eq!(result["outcome"], "no_data");
    assert_eq!(reason(&result), "the simulator wrote neither datastore/ nor values.json");
    let result = result_of("touch $directory/datastore");
    assert_eq!(result["outcome"], "no_data", "a file is no data store");
}

#[test]
fn a_crash_is_told_by_its_exit_code_or_signal() {
    let result = result_of("echo about to fail; exit 7");
    assert_eq!(result["outcome"], "crashed");
    assert_eq!(reason(&result), "the simulator ended with exit code 7");
    let result = result_of("kill -SEGV $$");
    assert_eq!(result["outcome"], "crashed");
    assert!(reason(&result).starts_with("the simulator ended with signal 11"), "{result}");
}

#[test]
fn a_simulator_that_somebody_kills_is_run_again_and_never_held_against_the_parameters() {
    for script in ["kill -KILL $$", "bash -c 'kill -KILL $$'; exit $?", "kill -TERM $$"] {
        let script = format!(
            "[ -e again-${{directory##*/}} ] || {{ touch again-${{directory##*/}}; {script}; }}; {IDENTITY}"
        );
        let (result, model) = result_and_model(&script, "");
        assert_eq!(result["outcome"], "completed");
        let interrupted = model.optimization().events("interrupted");
        assert_eq!(interrupted.len(), 4);
        let why = interrupted[0]["reason"].as_str().unwrap();
        assert!(why.starts_with("the simulator was killed from outside ("), "{why}");
    }
    let (result, model) = result_and_model("note $directory; kill -KILL $$", "--retries 1");
    assert_eq!(result["outcome"], "node_failure");
    assert!(
        reason(&result).contains("(signal 9)") && reason(&result).ends_with(", 2 times"),
        "{result}"
    );
    assert_eq!(model.noted().len(), 4 * 2);
}

#[test]
fn a_python_error_is_the_reason_of_a_crash() {
    let python = "python3 -c \"print('about to fail'); {}['x']\"";
    let (result, model) = result_and_model(python, "");
    assert_eq!(result["outcome"], "crashed");
    assert_eq!(reason(&result), "the simulator ended with exit code 1: KeyError: 'x'");
    let shown = model.optimization().mozopt("show 0", "").exits(0);
    shown.shows("Traceback (most recent call last):").shows("line 1, in <module>");
    // Of another attempt, whose end had another cause, it is not.
    let script = "[ -e again-${directory##*/} ] && exit 3; touch again-${directory##*/}; \
                  python3 -c \"import os; {}['x']\"; kill -KILL $$";
    let result = result_of(script);
    assert_eq!(reason(&result), "the simulator ended with exit code 3");
}

#[test]
fn what_failed_when_everything_was_saved_is_measured_and_the_error_told() {
    let failing = |store: &str| {
        let model = model_with_store(store);
        let python = model.read("simulate.py");
        model.write(
            "simulate.py",
            format!(
                "{python}\nif '000002' not in directory:\n    \
                 open(os.path.join(directory, '../late_error.txt'), 'w').write(\
                 'Traceback (most recent call last):\\n  File \"m.py\"\\nKeyError: 3\\n\\n')\n    sys.exit(1)\n"
            ),
        );
        model
    };
    let model = failing("");
    let run = model.mozopt("run", "--max-simulations 3").exits(0);
    run.says("candidate 0 completed: after the last presentation: KeyError: 3");
    let outcomes = model.optimization().outcomes();
    assert_eq!(outcomes[0]["outcome"], "completed");
    assert_eq!(outcomes[0]["targets"][0]["value"], 0.4);
    assert_eq!(reason(&outcomes[0]), "after the last presentation: KeyError: 3");
    assert_eq!(model.optimization().json_of(0, "finished.json")["exit_code"], 1);
    assert_eq!(
        (&outcomes[2]["outcome"], &outcomes[2]["reason"]),
        (&json!("completed"), &Value::Null)
    );

    let exploded = failing("exploded");
    exploded.mozopt("run", "--max-simulations 1").exits(0);
    let outcome = &exploded.optimization().outcomes()[0];
    assert_eq!(outcome["outcome"], "exploded");
    assert!(reason(outcome).ends_with("ran away; after the last presentation: KeyError: 3"));

    // A store that is not complete is never taken.
    let incomplete = failing("'no index'");
    incomplete.mozopt("run", "--max-simulations 1");
    let outcome = &incomplete.optimization().outcomes()[0];
    assert_eq!(outcome["outcome"], "crashed");
    assert_eq!(reason(outcome), "the simulator ended with exit code 1");
}

#[test]
fn the_error_of_an_earlier_attempt_is_not_told_of_a_later_one() {
    let script = format!(
        "[ -e again-${{directory##*/}} ] || {{ echo late > $directory/late_error.txt; echo '{{\"a\": \"1\"}}' > \
         $directory/versions.json; touch again-${{directory##*/}}; kill -KILL $$; }}\n{IDENTITY}"
    );
    let result = result_of(&script);
    assert_eq!(result["outcome"], "completed");
    assert_eq!((&result["reason"], &result["versions"]), (&Value::Null, &Value::Null));
}

#[test]
fn versions_go_from_the_simulator_into_results_and_provenance() {
    let versions = r#"{"python": "3.11.7", "nest": "3.10.0"}"#;
    let script = format!(
        "case $directory in *2) nest=3.9;; *3) echo nonsense > $directory/versions.json;; *) nest=3.10.0;; esac
         [ -z \"$nest\" ] || echo '{{\"python\": \"3.11.7\", \"nest\": \"'$nest'\"}}' > $directory/versions.json
         {IDENTITY}"
    );
    let model = Model::simulated_by(&odd_ones(&script));
    let run = model.mozopt("run", "--max-ngen 1 --slots 1 --offspring-size 5").exits(0);
    run.says("candidate 2 ran with other versions than the search began with: nest 3.9 instead of 3.10.0");
    let optimization = model.optimization();
    let expected: Value = serde_json::from_str(versions).unwrap();
    let provenance: Value =
        serde_json::from_slice(&fs::read(optimization.file("provenance.json")).unwrap()).unwrap();
    assert_eq!(provenance["versions"], expected);
    let outcomes = optimization.outcomes();
    assert_eq!((&outcomes[0]["versions"], &outcomes[3]["versions"]), (&expected, &Value::Null));
    assert_eq!(optimization.json_of(2, "result.json")["versions"]["nest"], "3.9");
    let log = fs::read_to_string(optimization.file("simulations/000003/output.log")).unwrap();
    assert!(log.contains("versions.json is ignored"), "{log}");
    optimization.mozopt("show 2", "").exits(0).shows("versions: python 3.11.7, nest 3.9");
    optimization.mozopt("status", "").exits(0).shows("versions: python 3.11.7, nest 3.10.0");
    assert_eq!(optimization.mozopt("status", "--json").json()["versions"], expected);
}

#[test]
fn the_embedded_model_has_the_version_of_this_program() {
    let model = Model::of_v1();
    model.mozopt("run", "--max-simulations 1").exits(0);
    let versions = json!({"mozopt": env!("CARGO_PKG_VERSION")});
    assert_eq!(model.optimization().outcomes()[0]["versions"], versions);
}

#[test]
fn a_simulator_is_told_what_its_launcher_needs_to_know() {
    let script = "note $OMPI_MCA_hwloc_base_binding_policy $PRTE_MCA_hwloc_default_binding_policy \
                  ${MOZOPT_SLURM_STEP:-no step}; exit 3";
    let noted = |variables: &[(&str, &str)], prelude: &str| {
        let model = Model::simulated_by(&odd_ones(script));
        model.edit(
            "mozopt.toml",
            "[simulator]\n",
            &format!("[simulator]\nprelude = \"{prelude}\"\n"),
        );
        let mut command = mozopt();
        for name in ["OMPI_MCA_hwloc_base_binding_policy", "SLURM_STEP_NUM_TASKS"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).args(["run", "--max-simulations", "1"]);
        support::Running::of(command.arg(model.path())).wait();
        model.noted().remove(0)
    };
    assert_eq!(noted(&[], "true"), "none none no step");
    let user = [("OMPI_MCA_hwloc_base_binding_policy", "core"), ("MOZOPT_SLURM_STEP", "1.1")];
    assert_eq!(
        noted(&user, "export PRTE_MCA_hwloc_default_binding_policy=numa"),
        "core numa no step"
    );
    let step = [("SLURM_STEP_NUM_TASKS", "16"), ("SLURM_JOB_ID", "7"), ("SLURM_STEP_ID", "0")];
    assert_eq!(noted(&step, "true"), "none none 7.0");
}

#[test]
fn a_job_that_vanishes_is_run_again_and_then_given_up() {
    let (result, model) = result_and_model("note $directory; kill -9 0", "--retries 1");
    assert_eq!(result["outcome"], "node_failure");
    assert!(reason(&result).contains("left no result"), "{result}");
    assert_eq!(model.noted().len(), 4 * 2, "once, and once again");
    assert_eq!(model.optimization().events("interrupted").len(), 4);
}

#[test]
fn a_simulation_past_its_time_limit_is_ended_with_its_children() {
    let script = "sleep 98 & note $!; sleep 99 & note $!; note $$; wait";
    let (result, model) = result_and_model(script, "--time-limit 1s");
    assert_eq!(result["outcome"], "timed_out");
    assert_eq!(reason(&result), "it ran longer than 1s");
    assert_eq!(model.noted().len(), 4 * 3);
    for pid in model.noted() {
        wait_until("the whole tree is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_simulator_that_does_not_listen_is_killed() {
    let script = "trap '' TERM INT; note $$; while :; do sleep 0.2; done";
    let (result, model) = result_and_model(script, "--time-limit 1s --slots 5");
    assert_eq!(result["outcome"], "timed_out");
    for pid in model.noted() {
        wait_until("it is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_hundred_megabytes_of_log_are_no_burden() {
    let script = "yes 'a warning of the simulator that nobody reads' | head -c 100000000; exit 3";
    let (result, model) = result_and_model(script, "");
    assert_eq!(result["outcome"], "crashed");
    let log = model.optimization().file("simulations/000000/output.log");
    assert!(fs::metadata(log).unwrap().len() < 300_000, "the end is kept");
    let mut show = mozopt();
    let shown = support::Running::of(show.args(["show", "0"]).arg(model.path())).wait().exits(0);
    assert!(shown.stdout.len() < 10_000 && shown.stdout.contains("nobody reads"));
}

#[test]
fn when_nothing_works_the_search_fails_with_the_reason_and_the_end_of_the_log() {
    let model = Model::simulated_by("echo the weights file is missing; exit 4");
    let ended = model.mozopt("run", "--json").exits(1);
    let ended = ended.says("none of the first 4 simulations could be evaluated");
    let ended = ended.says("the simulator ended with exit code 4");
    let ended = ended.says("the weights file is missing").says("mozopt show");
    assert_eq!(ended.stdout, "", "no result, no data");
    assert_eq!(model.optimization().outcomes().len(), 4, "the second generation was not begun");
    model.optimization().mozopt("resume", "").exits(1).says("none of the first 4 simulations");
}

#[test]
fn a_prelude_runs_before_each_simulation_and_its_failure_is_not_the_models() {
    let model = Model::simulated_by(
        "echo \"{\\\"values\\\": {\\\"x\\\": $LOADED, \\\"y\\\": 1}}\" > $(dirname $MOZOPT_SIMULATION)/values.json",
    );
    let toml = fs::read_to_string(model.path().join("mozopt.toml")).unwrap();
    let prelude = "prelude = \"\"\"\nsource environment.sh\n\"\"\"\n[execution]";
    // Its paths are relative to the model's directory.
    model.write("environment.sh", "export LOADED=1.25\n");
    model.write("mozopt.toml", toml.replace("[execution]", prelude));
    let summary = model.mozopt("run", "--max-simulations 2 --json").exits(0).json();
    assert_eq!(summary["best"]["targets"][0]["value"], 1.25);
    let model = Model::simulated_by(IDENTITY);
    let prelude = "prelude = \"echo no module nest; exit 1\"\n[execution]";
    model.write("mozopt.toml", toml.replace("[execution]", prelude));
    model.mozopt("run", "--retries 0").exits(1).says("no module nest");
    assert!(model.optimization().events("finished").is_empty());
}

/// The embedded model, so small that it is simulated in a tenth of a second.
const SMALL_V1: &str = r#"{
 "parameters": {
  "sheets.retina_lgn.params.density": [20, 20],
  "sheets.l4_cortex_exc.params.density": [40, 40],
  "sheets.l4_cortex_exc.params.sx": [600, 600],
  "experiments.grating_duration": [100, 100],
  "sheets.l4_cortex_exc.AfferentConnection.num_samples": [100, 150]
 },
 "optimiser_centroid": {
  "sheets.retina_lgn.params.density": 20,
  "sheets.l4_cortex_exc.params.density": 40,
  "sheets.l4_cortex_exc.params.sx": 600,
  "experiments.grating_duration": 100
 },
 "targets": [
  {"class": "SpontActivityTarget", "sheet_name": "V1_Exc_L4", "target_value": [100, 101]},
  {"class": "IrregularityTarget", "sheet_name": "V1_Inh_L4", "target_value": 9}
 ]
}"#;

#[test]
fn the_embedded_model_is_searched_and_a_candidate_is_simulated_again_to_the_bit() {
    let model = Model::new(SMALL_V1, "[simulator]\nkind = \"v1\"\n");
    let flags = "--max-simulations 2 --keep-all --json";
    let summary = model.mozopt("run", flags).exits(0);
    let summary =
        summary.says("`sheets.l4_cortex_exc.AfferentConnection.num_samples` has no centroid");
    let optimization = model.optimization();
    let first = summary.json()["best"]["candidate"].as_u64().unwrap() as usize;
    let result = optimization.json_of(first, "result.json");
    let store = optimization.file(&format!("simulations/{first:06}/datastore"));
    assert_eq!(result["targets"][0]["value"], spontaneous_rate_hz(&store, "V1_Exc_L4"));

    let again = model.path().join("once more");
    let mut bash = std::process::Command::new("bash");
    bash.arg(optimization.file(&format!("simulations/{first:06}/job.sh")))
        .arg("--again")
        .arg(&again);
    support::Running::of(&mut bash).wait().exits(0).says("values and scores");
    let repeated: Value =
        serde_json::from_slice(&fs::read(again.join("result.json")).unwrap()).unwrap();
    assert_eq!(repeated["targets"], result["targets"]);
    let spikes = "segment000.spike_times.npy";
    let spikes_of = |store: &Path| fs::read(store.join(spikes)).unwrap();
    assert_eq!(spikes_of(&again.join("datastore")), spikes_of(&store));
    support::Running::of(&mut bash)
        .wait()
        .exits(2)
        .says("choose a directory that does not exist yet");
}

/// Spikes by cells by seconds, read from the arrays without the project's own reader.
fn spontaneous_rate_hz(store: &Path, sheet: &str) -> f64 {
    let index: Value =
        serde_json::from_slice(&fs::read(store.join("recording.json")).unwrap()).unwrap();
    let segments = index["segments"].as_array().unwrap();
    let rest = |s: &Value| {
        s["sheet"] == sheet
            && s["t_stop_ms"].as_f64() > Some(s["t_start_ms"].as_f64().unwrap() + 4000.0)
    };
    let number = segments.iter().position(rest).unwrap();
    let bytes = fs::read(store.join(format!("segment{number:03}.spike_counts.npy"))).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let counts: Vec<u32> =
        bytes[header..].as_chunks::<4>().0.iter().map(|&four| u32::from_le_bytes(four)).collect();
    let of = |key: &str| segments[number][key].as_f64().unwrap();
    1000.0 * f64::from(counts.iter().sum::<u32>())
        / counts.len() as f64
        / (of("t_stop_ms") - of("t_start_ms"))
}

#[test]
fn a_simulation_alone_refuses_what_the_model_does_not_know() {
    let output = tempfile::tempdir().unwrap();
    let store = output.path().join("store");
    let simulate = |set: &str| {
        let mut command = mozopt();
        command.args(["simulate", "--seed", "3", "--output"]).arg(&store).args(["--set", set]);
        support::Running::of(&mut command).wait().exits(2)
    };
    simulate("sheets.l4_cortex_exc.params.sx").says("write PATH=VALUE");
    simulate("sheets.l4_cortex_exc.params.sx=wide").says("`wide` is not a number");
    simulate("sheets.l4_cortex_exc.params.sz=1")
        .says("no parameter sheets.l4_cortex_exc.params.sz")
        .says("did you mean sheets.l4_cortex_exc.params.sx?");
    simulate("sheets.l4_cortex_exc.params.density=-5")
        .says("is above 0 cells/mm²; the nearest value is 0.000001")
        .says("mozopt simulate --parameters");
    assert!(!store.exists());
}

#[test]
fn the_embedded_models_parameters_are_listed_as_they_would_be_simulated() {
    let mut command = mozopt();
    command.args(["simulate", "--parameters", "--set", "kernel_scale=2"]);
    support::Running::of(&mut command)
        .wait()
        .exits(0)
        .shows("kernel_scale=2 (default 1.6) factor of the widths of connections")
        .shows("null_stimulus_period=150 ms blank screen before each grating; 0 to 1000000 ms");
}
