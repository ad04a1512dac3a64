//! What comes out: the summary, `status`, `show` and `export`, of optimizations in every state.

mod support;

use serde_json::{Value, json};
use support::{IDENTITY, Model, Running, mozopt, wait_until};

const GATED: &str =
    "echo $$ >> noted; [ $(wc -l < noted) -le 4 ] || while [ ! -e go ]; do sleep 0.05; done\n";

/// The CSV export as one map from heading to cell for each candidate.
fn table(csv: &str) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        headings.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    });
    rows.collect()
}

fn bits(text: &str) -> u64 {
    text.parse::<f64>().unwrap().to_bits()
}

fn bits_of(value: &Value) -> u64 {
    value.as_f64().unwrap().to_bits()
}

#[test]
fn the_summary_is_one_object_of_the_documented_form() {
    let model = Model::simulated_by(IDENTITY);
    let summary = model.mozopt("run", "--max-ngen 5 --json").exits(0).json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&summary),
        ["optimization", "stopped", "generations", "simulations", "failed", "best"]
    );
    assert_eq!(keys(&summary["best"]), ["candidate", "total", "parameters", "targets"]);
    let target_keys = ["name", "class", "sheet_name", "value", "score", "reason"];
    assert_eq!(keys(&summary["best"]["targets"][0]), target_keys);
    assert_eq!(summary["optimization"], model.optimization().0.display().to_string());
    let counts = ["generations", "simulations", "failed"].map(|key| &summary[key]);
    assert_eq!(counts, [&json!(5), &json!(20), &json!(0)]);

    // The best is the smallest total, and the model's values are its parameters.
    let optimization = model.optimization();
    let best = &summary["best"];
    let outcomes = optimization.outcomes();
    let totals: Vec<f64> =
        outcomes.iter().map(|outcome| outcome["total"].as_f64().unwrap()).collect();
    let candidate = best["candidate"].as_u64().unwrap() as usize;
    let smallest = totals.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!((best["total"].as_f64(), totals[candidate]), (Some(smallest), smallest));
    assert_eq!(best["targets"][0]["value"], best["parameters"]["a"]);
    assert_eq!(best["targets"][1]["value"], best["parameters"]["b"]);
    assert_eq!(optimization.proposals()[candidate]["parameters"][0], best["parameters"]["a"]);
    let x = best["parameters"]["a"].as_f64().unwrap();
    assert_eq!(best["targets"][0]["score"], ((2.0 - x).abs() / 0.1).min(20.0));
}

#[test]
fn the_csv_holds_every_simulation_bit_for_bit() {
    let script = format!(
        "case $MOZOPT_SIMULATION in */000002/*) echo 'one, \"two\"' ; exit 9;; \
         */000003/*) echo '{{\"values\": {{\"x\": 0.1, \"y\": null}}}}' > $(dirname $MOZOPT_SIMULATION)/values.json; exit;; \
         esac\n{IDENTITY}"
    );
    let model = Model::simulated_by(&script);
    let config = support::CONFIG.replace("\"name\": \"x\"", "\"name\": \"rate, \\\"odd\\\"\"");
    model.write("param_optim/config_optimisation", config);
    model.write("simulate.sh", script.replace("\\\"x\\\"", "\\\"rate, \\\\\\\"odd\\\\\\\"\\\""));
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    let file = model.path().join("all.csv");
    let mut export = mozopt();
    export.args(["export", "--format", "csv", "-o"]).arg(&file).arg(model.path());
    assert_eq!(Running::of(&mut export).wait().exits(0).stdout, "");
    let rows = table(&std::fs::read_to_string(file).unwrap());
    let (outcomes, proposals) = (optimization.outcomes(), optimization.proposals());
    assert_eq!(rows.len(), 8);
    for (i, ((row, outcome), proposal)) in rows.iter().zip(&outcomes).zip(&proposals).enumerate() {
        assert_eq!(row["candidate"], i.to_string());
        assert_eq!(row["generation"], (1 + i / 4).to_string());
        assert_eq!(row["seed"], proposal["seed"].to_string());
        assert_eq!(bits(&row["total"]), bits_of(&outcome["total"]));
        for (j, parameter) in ["a", "b"].iter().enumerate() {
            assert_eq!(bits(&row[*parameter]), bits_of(&proposal["parameters"][j]));
        }
        for (j, name) in ["rate, \"odd\"", "y"].iter().enumerate() {
            let target = &outcome["targets"][j];
            let (value, score) = (&row[&format!("value {name}")], &row[&format!("score {name}")]);
            assert_eq!(bits(score), bits_of(&target["score"]));
            if target["value"].is_null() {
                assert_eq!(value, "");
            } else {
                assert_eq!(bits(value), bits_of(&target["value"]));
            }
        }
    }
    assert_eq!((&*rows[0]["outcome"], &*rows[2]["outcome"]), ("completed", "crashed"));
    assert_eq!(rows[2]["reason"], "the simulator ended with exit code 9");
    let measured = rows.iter().filter(|row| !row["value rate, \"odd\""].is_empty()).count();
    assert_eq!(measured, 6, "all but the crash, and the one whose values have another name");
}

#[test]
fn a_candidates_parameters_are_exported_as_json_and_as_overrides() {
    let config = r#"{
      "parameters": {"a": [0.0, 1.0], "b": {"range": [1, 9], "type": "int"}},
      "optimiser_centroid": {"a": 0.25, "b": 4},
      "targets": [{"class": "TargetValue", "name": "x", "target_value": 9}]}"#;
    let model = Model::simulated_by(IDENTITY);
    model.write("param_optim/config_optimisation", config);
    model.mozopt("run", "--max-simulations 3").exits(0);
    let optimization = model.optimization();
    for candidate in 0..3 {
        let flags = format!("--candidate {candidate}");
        let parameters = optimization.mozopt("export", &flags).exits(0).json();
        assert_eq!(parameters, optimization.json_of(candidate, "simulation.json")["parameters"]);
        assert!(parameters["b"].is_i64(), "an integer stays one: {parameters}");
        let overrides = optimization.mozopt("export", &format!("{flags} --format overrides"));
        let words = format!("a {} b {}\n", parameters["a"], parameters["b"]);
        assert_eq!(overrides.exits(0).stdout, words);
    }
    let best = optimization.mozopt("status", "--json").json()["best"]["parameters"].clone();
    assert_eq!(optimization.mozopt("export", "").json(), best);
    optimization.mozopt("export", "--candidate 3").exits(2).says("there is no candidate 3");
    optimization.mozopt("export", "-o /no/such/place").exits(2).says("cannot write /no/such/place");
}

#[test]
fn a_candidate_is_written_into_a_copy_of_the_models_parameter_files() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    // Nothing is simulated: what was proposed is enough.
    model.edit("mozopt.toml", "[simulator]\n", "[simulator]\npython = \"false\"\n");
    model.mozopt("run", "--offspring-size 2 --max-ngen 1 --validate-best 0");
    let optimization = model.optimization();
    optimization.mozopt("export", "--format params").exits(2).says("choose one with --candidate");
    let export = |flags: &str| {
        optimization.mozopt("export", &format!("--candidate 1 --format params {flags}"))
    };
    export("").exits(2).says("the parameter files need a directory");
    let best = model.path().join("best");
    let output = format!("-o {}", best.display());
    export(&output)
        .exits(0)
        .says(&format!("in {}", model.path().display()))
        .says("false run.py nest 1 best/defaults NAME");
    export(&output).exits(2).says("already exists");

    let resolved = |arguments: &[&str]| {
        let mut command = mozopt();
        command.current_dir(model.path()).arg("parameters").args(arguments).arg("--json");
        Running::of(&mut command).wait().exits(0).json()
    };
    let overrides = optimization.mozopt("export", "--candidate 1 --format overrides").exits(0);
    let mut arguments = vec!["param_optim/defaults"];
    arguments.extend(overrides.stdout.split_whitespace());
    let written = resolved(&["best/defaults"]);
    assert_eq!(written, resolved(&arguments));
    assert_ne!(written, resolved(&["param_optim/defaults"]));
    // Only lines with a url or a value differ.
    let changed = |name: &str| {
        let (old, new) =
            (model.read(&format!("param_optim/{name}")), model.read(&format!("best/{name}")));
        assert_eq!(old.lines().count(), new.lines().count(), "{name}");
        let differing = old.lines().zip(new.lines()).filter(|(old, new)| old != new).count();
        (differing, new)
    };
    let (differing, defaults) = changed("defaults");
    assert_eq!(differing, 5, "the urls of five sheets");
    assert!(defaults.contains("# Paths in url(...) are found"));
    let (differing, _) = changed("l4_cortex_exc");
    let parameters = optimization.json_of(1, "simulation.json")["parameters"].clone();
    let of_sheet =
        parameters.as_object().unwrap().keys().filter(|path| path.contains(".l4_cortex_exc."));
    assert!((1..=of_sheet.count() + 1).contains(&differing));

    let other = Model::simulated_by(IDENTITY);
    other.mozopt("run", "--max-simulations 1").exits(0);
    other
        .optimization()
        .mozopt("export", "--format params -o nowhere")
        .exits(2)
        .says("only mozaik models have parameter files");
}

#[test]
fn everything_can_be_looked_at_while_it_runs() {
    let model = Model::simulated_by(&format!("{GATED}{IDENTITY}"));
    let search = model.begin("run", "--quiet --json");
    model.wait_for_notes(6);
    wait_until("the journal has them", || model.optimization().events("submitted").len() == 6);
    let optimization = model.optimization();
    for _ in 0..5 {
        let status = optimization.mozopt("status", "--json").exits(0).json();
        assert_eq!(status["controller"]["pid"], search.pid());
        assert_eq!((&status["running"], &status["simulations"]), (&json!(2), &json!(4)));
        assert_eq!(status["stopped"], Value::Null);
    }
    let words = optimization.mozopt("status", "").exits(0).stdout;
    assert!(words.contains(&format!("running: process {}", search.pid())), "{words}");
    let rows = table(&optimization.mozopt("export", "--format csv").exits(0).stdout);
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["completed", "completed", "completed", "completed", "", "", "", ""]);
    optimization.mozopt("export", "").exits(0).json();
    let mut show = mozopt();
    let shown = Running::of(show.args(["show", "4", "--json"]).arg(model.path())).wait().exits(0);
    assert_eq!(shown.json()["result"], Value::Null);
    model.write("go", "");
    search.wait().exits(0);
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!((&status["controller"], &status["running"]), (&Value::Null, &json!(0)));
    assert_eq!(status["stopped"], "the limit max_ngen = 2 is reached");
}

#[test]
fn a_candidate_is_shown_with_parameters_values_scores_and_its_log() {
    let model = Model::simulated_by(&format!("echo hello from $MOZOPT_SIMULATION\n{IDENTITY}"));
    model.mozopt("run", "--max-simulations 2").exits(0);
    let optimization = model.optimization();
    let show = |n: &str, flags: &[&str]| {
        let mut command = mozopt();
        Running::of(command.args(["show", n]).arg(&optimization.0).args(flags)).wait()
    };
    let shown = show("1", &["--json"]).exits(0).json();
    let outcome = &optimization.outcomes()[1];
    assert_eq!(shown["result"]["targets"], outcome["targets"]);
    assert_eq!(shown["parameters"], optimization.json_of(1, "simulation.json")["parameters"]);
    assert_eq!(shown["seed"], optimization.proposals()[1]["seed"]);
    assert!(shown["log"][0].as_str().unwrap().starts_with("hello from"));
    let words = show("1", &[]).exits(0).stdout;
    for part in ["candidate 1 of generation 1: completed", "hello from", "job.sh", "position"] {
        assert!(words.contains(part), "`{part}` is not in:\n{words}");
    }
    show("2", &[]).exits(2).says("there is no candidate 2").says("the candidates are 0 to 1");
    show("-1", &[]).exits(2);
    show("18446744073709551615", &[]).exits(2);
}

#[test]
fn an_optimization_of_which_nothing_is_known_yet_can_be_looked_at() {
    let model = Model::simulated_by(&format!(
        "echo $$ >> noted; while [ ! -e go ]; do sleep 0.05; done; {IDENTITY}"
    ));
    let search = model.begin("run", "--quiet");
    model.wait_for_notes(1);
    let optimization = model.optimization();
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!((&status["best"], &status["simulations"]), (&Value::Null, &json!(0)));
    optimization.mozopt("status", "").exits(0);
    optimization.mozopt("export", "").exits(2).says("no candidate has been measured yet");
    optimization
        .mozopt("export", "--format overrides")
        .exits(2)
        .says("choose one with --candidate");
    optimization.mozopt("export", "--candidate 0").exits(0).json();
    assert_eq!(table(&optimization.mozopt("export", "--format csv").exits(0).stdout).len(), 4);
    // The second one ends what runs.
    search.signal(rustix::process::Signal::INT);
    std::thread::sleep(std::time::Duration::from_millis(300));
    search.signal(rustix::process::Signal::INT);
    search.wait().exits(3);
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!(status["stopped"], "stopped by the user");
}

#[test]
fn data_and_words_have_no_colour_codes_when_nobody_wants_them() {
    let model = Model::simulated_by(IDENTITY);
    let has_codes = |text: &str| text.contains('\u{1b}');
    let ended = model.mozopt("run", "").exits(0);
    assert!(!has_codes(&ended.stdout) && !has_codes(&ended.stderr), "not a terminal");
    let wanted = model.optimization().mozopt("status", "--color always").exits(0);
    assert!(has_codes(&wanted.stdout), "the test can see them");
    assert!(has_codes(&model.mozopt("run", "--color always --sigma 0").exits(2).stderr));

    // `script` runs a command in a terminal.
    let in_terminal = |environment: &str, flags: &str| {
        let line = format!(
            "{environment} '{}' run '{}' --max-simulations 2 {flags}; \
             {environment} '{0}' run '{1}' --sigma 0 {flags}",
            env!("CARGO_BIN_EXE_mozopt"),
            model.path().display()
        );
        let mut script = std::process::Command::new("script");
        script
            .args(["-qec", &line, "/dev/null"])
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color");
        script.stdin(std::process::Stdio::null());
        Running::of(&mut script).wait().exits(2).stdout
    };
    // Colours are the codes that end in m; the live view moves the cursor with others.
    let coloured = |text: &str| {
        text.split('\u{1b}').skip(1).any(|code| {
            let end = code.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| {
                code[end..].starts_with('m') && code[..end].trim_start_matches('[') != "0"
            })
        })
    };
    assert!(coloured(&in_terminal("", "")), "a terminal has colours");
    for (environment, flags) in [("NO_COLOR=1", ""), ("", "--color never")] {
        let printed = in_terminal(environment, flags);
        assert!(!coloured(&printed), "{environment} {flags}:\n{printed:?}");
    }
}

#[test]
fn the_front_holds_the_candidates_that_no_other_beats() {
    let model = Model::simulated_by(IDENTITY);
    let flags = "--algorithm multi-objective --objectives target --max-ngen 5";
    model.mozopt("run", flags).exits(0);
    let optimization = model.optimization();
    let text = optimization.mozopt("export", "--format front").exits(0).stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().unwrap(),
        vec!["candidate", "total", "objective x", "objective y", "a", "b"]
    );
    let front: Vec<(usize, f64, f64)> = reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[0].parse().unwrap(), row[2].parse().unwrap(), row[3].parse().unwrap()))
        .collect();
    let scores = |outcome: &Value| {
        let score = |i: usize| outcome["targets"][i]["score"].as_f64().unwrap();
        (score(0), score(1))
    };
    let all: Vec<(f64, f64)> = optimization.outcomes().iter().map(scores).collect();
    assert_eq!(all.len(), 20);
    let beats = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
    for (candidate, scores) in all.iter().enumerate() {
        let is_beaten = all.iter().any(|other| beats(*other, *scores));
        let listed = front.iter().any(|(number, x, y)| *number == candidate && (*x, *y) == *scores);
        assert_eq!(listed, !is_beaten, "candidate {candidate}: {scores:?} in {front:?}");
    }
    // With one objective, the front is the best.
    let by_class =
        optimization.mozopt("export", "--format front --objectives sheet").exits(0).stdout;
    assert_eq!(by_class.lines().count(), 2, "{by_class}");
}
