//! Mistakes that were made once: each has a test that shows it.

mod support;

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;
use support::disk::small_disk;
use support::{IDENTITY, Model, Optimization, Running, is_alive, mozopt, wait_until};

#[test]
fn a_reader_of_the_words_that_goes_away_does_not_end_the_search() {
    let model = Model::simulated_by(IDENTITY);
    let mut command = mozopt();
    command.arg("run").arg(model.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(model.optimization().outcomes().len(), 8);
}

#[test]
fn a_deaf_child_behind_a_shell_is_killed_too() {
    let script = "bash -c 'trap \"\" TERM; echo $$ >> noted; sleep 40; sleep 40'; true";
    let model = Model::simulated_by(script);
    model.mozopt("run", "--max-simulations 1 --time-limit 1s");
    for pid in model.noted() {
        wait_until("it is gone", || !is_alive(&pid));
    }
}

#[test]
fn children_that_stay_are_ended_with_their_simulation() {
    let model = Model::simulated_by(&format!("sleep 50 & echo $! >> noted\n{IDENTITY}"));
    model.mozopt("run", "--max-simulations 2").exits(0);
    for pid in model.noted() {
        wait_until("it is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_full_disk_is_never_held_against_the_parameters() {
    let name = "a_full_disk_is_never_held_against_the_parameters";
    let Some(disk) = small_disk(name) else { return };
    let model = Model::simulated_by(IDENTITY);
    let filler = disk.join("filler");
    model.write(
        "simulate.sh",
        format!(
            "case $MOZOPT_SIMULATION in */000004/*) [ -e again ] || \
             cat /dev/zero > '{}' 2>/dev/null;; esac\n{IDENTITY}",
            filler.display()
        ),
    );
    model.mozopt("run", &format!("--output {}", disk.display())).exits(1);
    let optimization = Optimization(support::optimizations_in(&disk).remove(0));
    fs::remove_file(filler).unwrap();
    model.write("again", "");
    optimization.mozopt("resume", "").exits(0);
    for outcome in optimization.outcomes() {
        assert_eq!(outcome["outcome"], "completed", "{outcome}");
    }
}

#[test]
fn an_edited_configuration_is_refused() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    let path = optimization.file("configuration.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"norm\": 0.1", "\"norm\": 0.5", 1)).unwrap();
    let ended = optimization.mozopt("resume", "--max-ngen 3");
    assert_ne!(ended.code, 0, "generations 1 and 2 were scored by another norm than 3");
    // Nor is anything shown beside norms that it was not scored by.
    for command in ["status", "show 0", "export", "report", "figures", "serve", "validate"] {
        let refused = optimization.mozopt(command, "").exits(1);
        refused.says("configuration.json").says("was edited after the optimization began");
    }
}

#[test]
fn a_relative_directory_for_another_run_is_that_of_the_caller() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-simulations 1").exits(0);
    let job = model.optimization().file("simulations/000000/job.sh");
    let mut bash = Command::new("bash");
    bash.arg(job).args(["--again", "./candidate-000000"]).current_dir(model.path());
    Running::of(&mut bash).wait().exits(0);
    assert!(model.path().join("candidate-000000/result.json").exists());
}

#[test]
fn asynchronous_gives_up_as_soon_when_nothing_works() {
    let model = Model::simulated_by("exit 3");
    model.mozopt("run", "--mode asynchronous --max-ngen 20").exits(1);
    let run = model.optimization().outcomes().len();
    assert!(run <= 4 + 2, "{run} simulations, all of which crashed");
}

#[test]
fn a_search_of_fewer_simulations_than_a_generation_fails_when_nothing_works() {
    let model = Model::simulated_by("echo the weights file is missing; exit 4");
    model.mozopt("run", "--max-simulations 3").exits(1).says("the weights file is missing");
}

#[test]
fn a_search_in_which_everything_times_out_fails() {
    let model = Model::simulated_by("sleep 30");
    model
        .mozopt("run", "--time-limit 1s --slots 4 --max-ngen 1")
        .exits(1)
        .says("it ran longer than 1s");
}

#[test]
fn values_under_other_names_are_a_mistake_in_the_set_up() {
    let model = Model::simulated_by(
        "echo '{\"values\": {\"X\": 1, \"Y\": 2}}' > $(dirname $MOZOPT_SIMULATION)/values.json",
    );
    model.mozopt("run", "").exits(1).says("values.json has no");
}

#[test]
fn the_data_store_of_a_simulation_that_timed_out_is_removed() {
    let script =
        "d=$(dirname $MOZOPT_SIMULATION)/datastore; mkdir $d; echo x > $d/f; exec sleep 60";
    let model = Model::simulated_by(script);
    model.mozopt("run", "--time-limit 1s --max-simulations 2");
    assert!(!model.optimization().file("simulations/000000/datastore").exists());
}

#[test]
fn of_two_searches_begun_in_one_second_the_later_is_the_latest() {
    for _ in 0..10 {
        let model = Model::simulated_by("exit 1");
        let search = |n: u32| model.mozopt("run", &format!("--max-simulations 1 --max-ngen {n}"));
        search(1);
        search(2);
        let names = support::optimizations_in(model.path());
        if names.iter().any(|name| name.to_string_lossy().contains("-2_")) {
            let shown = model.mozopt("status", "--json").json()["optimization"].clone();
            let shown = shown.as_str().unwrap().to_owned();
            assert!(shown.contains("-2_"), "{shown}");
            return;
        }
    }
    panic!("never in one second");
}

#[test]
fn a_search_that_failed_was_not_killed() {
    let model = Model::simulated_by("exit 3");
    model.mozopt("run", "").exits(1);
    let status = model.mozopt("status", "").exits(0);
    assert!(!status.stdout.contains("was killed"), "{}", status.stdout);
}

#[test]
fn a_search_without_a_free_parameter_is_refused() {
    let config = support::CONFIG.replace("[0.0, 1.0]", "[0.5, 0.5]");
    let config = config.replace("\"a\": 0.8, \"b\": 0.3", "\"a\": 0.5, \"b\": 0.5");
    let model = Model::simulated_by(IDENTITY);
    model.write("param_optim/config_optimisation", config);
    model.mozopt("run", "").exits(2);
}

#[test]
fn resume_refuses_the_limits_that_run_refuses() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    model.mozopt("resume", "--max-ngen 0").exits(2);
}

#[test]
fn the_simulators_colours_do_not_reach_a_file() {
    let model = Model::simulated_by("printf '\\033[31mred error\\033[0m\\n'; exit 3");
    let ended = model.mozopt("run", "--color never").exits(1);
    assert!(!ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);
}

/// Prints what would clear the screen and set the title of a terminal, and gives no value for it.
const STEERING: &str = r#"
printf 'before\033[2J\033]0;title\007\n\233after\b\n'
echo '{"values": {"x": 1, "y": {"value": null, "reason": "\u001b[2J\u009b2J"}}}' \
    > "$(dirname "$MOZOPT_SIMULATION")/values.json"
"#;

#[test]
fn what_is_printed_by_simulators_does_not_steer_the_terminal() {
    let model = Model::simulated_by(STEERING);
    model.edit("param_optim/config_optimisation", "\"name\": \"x\"", "\"name\": \"x\\u001b[2J\"");
    model.edit(
        "param_optim/config_optimisation",
        "{\"class\": \"RangeTarget\"",
        "{\"class\": \"CommandTarget\", \"name\": \"c\", \"target_value\": 1, \
         \"command\": \"printf '\\\\033[2J'; true\"},\n  {\"class\": \"RangeTarget\"",
    );
    let steers = |text: &str| text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'));
    let ended = model.mozopt("run", "--max-simulations 2").exits(0);
    assert!(!steers(&ended.stdout) && !steers(&ended.stderr), "{ended:?}");
    let optimization = model.optimization();
    for command in ["status", "show 0", "show 0 --json", "export --format csv"] {
        let ended = optimization.mozopt(command, "").exits(0);
        assert!(!steers(&ended.stdout) && !steers(&ended.stderr), "{command}: {ended:?}");
        assert!(ended.stdout.contains("\\u001b[2J"), "{command}: {}", ended.stdout);
    }
    let log = fs::read_to_string(optimization.file("optimization.log")).unwrap();
    assert!(!steers(&log), "{log}");
    optimization.mozopt("report", "").exits(0);
    let report = fs::read_to_string(optimization.file("report.html")).unwrap();
    assert!(!steers(&report));
    optimization.mozopt("figures", "--format svg").exits(0);
    for entry in fs::read_dir(optimization.file("figures")).unwrap() {
        let path = entry.unwrap().path();
        assert!(!steers(&fs::read_to_string(&path).unwrap()), "{}", path.display());
    }
}

#[test]
fn a_space_of_few_points_is_simulated_once_with_a_fixed_seed() {
    let model = Model::simulated_by(IDENTITY);
    model.edit("mozopt.toml", "algorithm = \"cma-es\"", "algorithm = \"random\"");
    model.edit("mozopt.toml", "[execution]", "simulation_seed = 7\n[execution]");
    let few = "{\"range\": [0, 1], \"type\": \"int\"}";
    let text = model.read("param_optim/config_optimisation").replace("[0.0, 1.0]", few);
    let text = text.replace("\"a\": 0.8, \"b\": 0.3", "\"a\": 1, \"b\": 0");
    model.write("param_optim/config_optimisation", text);
    let ended = model.mozopt("run", "--max-ngen 25 --json").exits(0);
    let summary = ended.json();
    let reason = summary["stopped"].as_str().unwrap();
    assert!(reason.starts_with("all 4 points of the space were simulated"), "{reason}");
    assert!(summary["simulations"].as_u64().unwrap() < 100, "{summary}");
}

#[test]
fn what_a_killed_controller_was_writing_is_removed_by_the_next() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    let left = optimization.file(".mozopt-Ab12.tmp");
    fs::write(&left, "{").unwrap();
    optimization.mozopt("resume", "--max-ngen 3").exits(0);
    assert!(!left.exists());
}

#[test]
fn messages_speak_no_rust() {
    let model = Model::simulated_by(
        "echo '{\"values\": {\"x\": \"high\", \"y\": 1}}' > $(dirname $MOZOPT_SIMULATION)/values.json",
    );
    let mut said = model.mozopt("run", "").exits(1).stderr;
    for wrong in [
        "[simulator]\nsimulation_seed = \"dran\"\n",
        "[optimizer]\nmax_ngen = -5\n",
        "[execution]\nslots = 0\n",
    ] {
        said += &Model::new(support::CONFIG, wrong).mozopt("run", "").exits(2).stderr;
    }
    let words = ["untagged", "enum", "u64", "usize", "variant"];
    let found: Vec<_> = words.iter().filter(|word| said.contains(**word)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_schema_refuses_what_the_program_refuses() {
    let schema = Running::of(mozopt().args(["schema", "config_optimisation"])).wait().json();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let target = |text: &str| {
        let config = format!(
            "{{\"parameters\": {{\"a\": [0, 1]}}, \"optimiser_centroid\": {{\"a\": 0.5}}, \"targets\": [{text}]}}"
        );
        schema.is_valid(&serde_json::from_str(&config).unwrap())
    };
    let accepted: Vec<_> = [
        r#"{"class": "TargetValue", "name": "x", "target_value": 1, "norm": -1}"#,
        r#"{"class": "TargetValue", "target_value": 1}"#,
        r#"{"class": "TargetValue", "name": "x", "target_value": [1, 2]}"#,
        r#"{"class": "RangeTarget", "name": "x", "target_value": 1}"#,
        r#"{"class": "IrregularityTarget", "target_value": 1}"#,
        r#"{"class": "IrregularityTarget", "sheet_name": "S", "target_value": 1, "command": "c"}"#,
    ]
    .into_iter()
    .filter(|text| target(text))
    .collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
}

#[test]
fn a_damaged_line_end_does_not_take_two_lines_with_it() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    let path = model.optimization().file("journal.jsonl");
    let mut text = fs::read(&path).unwrap();
    let last_but_one = (0..text.len() - 1).rev().find(|&i| text[i] == b'\n').unwrap();
    text[last_but_one] = b' ';
    fs::write(&path, &text).unwrap();
    model.mozopt("resume", "").exits(1).says("journal.jsonl:");
    assert_eq!(fs::read(path).unwrap(), text, "nothing was cut");
}

#[test]
fn a_newer_version_in_the_programs_place_does_not_stop_a_search() {
    let model = Model::simulated_by(&format!("{IDENTITY}\ncp mozopt newer\nmv newer mozopt\n"));
    let copy = model.path().join("mozopt");
    // Copied by another process: what this one writes may be open in the children of other tests,
    // and is busy then.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_mozopt")).arg(&copy).status();
    assert!(copied.unwrap().success());
    let mut command = Command::new(&copy);
    command.arg("run").arg(model.path()).args(["--slots", "1", "--json"]);
    let summary = Running::of(&mut command).wait().exits(0).json();
    assert_eq!((&summary["simulations"], &summary["failed"]), (&json!(8), &json!(0)), "{summary}");
}

#[test]
fn an_optimization_has_a_name_inside_its_own_directory() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "").exits(0);
    let mut status = mozopt();
    status.current_dir(model.optimization().file("")).arg("status");
    Running::of(&mut status).wait().exits(0).shows("results:                               .");
}
