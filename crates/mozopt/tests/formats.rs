//! Optimizations that earlier versions wrote are read for good, and docs/formats.md names every
//! key.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use support::{Model, Optimization, Running, crc32c_of, mozopt, unbroken};

/// A copy of a sample; the directory goes with the first.
fn sample(name: &str) -> (Model, Optimization) {
    let model = Model::copy_of(&samples().join(name));
    let optimization = Optimization(model.path().to_owned());
    (model, optimization)
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/1")
}

fn show(optimization: &Optimization, candidate: usize) -> Value {
    let mut command = mozopt();
    command.args(["show", &candidate.to_string(), "--json"]).arg(&optimization.0);
    Running::of(&mut command).wait().exits(0).json()
}

/// What the sample's simulator measures: its parameters. With what its targets want this gives the
/// scores.
fn expected(parameters: &Value) -> [(f64, f64); 3] {
    let [gain, cells, tau] =
        ["gain", "cells", "tau"].map(|path| parameters[path].as_f64().unwrap());
    [
        (gain, (3.0 - gain) / 0.5),
        (tau, ((tau - 20.0).abs() / 4.0).min(50.0)),
        (cells, ((30.0 - cells) / 5.0).max(0.0)),
    ]
}

fn assert_near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} is not {b}");
}

#[test]
fn every_candidate_is_shown_with_what_was_recorded() {
    let (_model, optimization) = sample("command");
    let outcomes =
        ["incomplete", "incomplete", "completed", "completed", "crashed", "exploded", "completed"];
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let shown = show(&optimization, number);
        let result = &shown["result"];
        assert_eq!(result["outcome"], outcome, "{shown}");
        let targets = result["targets"].as_array().unwrap();
        assert_eq!(targets.len(), 3);
        for (target, (value, score)) in targets.iter().zip(expected(&shown["parameters"])) {
            let size_is_unknown = outcome == "incomplete" && target["name"] == "size";
            if outcome == "crashed" || size_is_unknown {
                assert_eq!(target["value"], Value::Null);
                assert_eq!(target.get("unknown").is_some(), size_is_unknown);
            } else {
                assert_eq!(target["value"], value);
                assert_near(target["score"].as_f64().unwrap(), score);
            }
        }
        let attempts = [0, 0, 2, 1, 1, 1, 1][number];
        assert_eq!(shown["attempts"], attempts);
    }
    let late = show(&optimization, 3);
    let reason = late["result"]["reason"].as_str().unwrap();
    assert!(reason.ends_with("the plot could not be drawn"), "{reason}");
    assert!(show(&optimization, 4)["log"].as_array().unwrap().contains(&json!("no input")));
}

#[test]
fn where_it_stood_is_told() {
    let (_model, optimization) = sample("command");
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!((&status["imported"], &status["simulations"]), (&json!(2), &json!(5)));
    assert_eq!(status["failed"], 2);
    assert_eq!(status["failures"], json!({"crashed": 1, "exploded": 1}));
    assert_eq!(status["controller"], Value::Null);
    assert_eq!(status["versions"], json!({"model": "1.2"}));
    let best = &status["best"];
    let total: f64 = expected(&best["parameters"]).iter().map(|(_, score)| score).sum();
    assert_near(best["total"].as_f64().unwrap(), total);
    assert_eq!(best["validation"]["simulations"], 1);
    optimization.mozopt("status", "").exits(0).shows("simulated again");
}

#[test]
fn exports_have_the_recorded_values() {
    let (_model, optimization) = sample("command");
    let table = optimization.mozopt("export", "--format csv").exits(0).stdout;
    let mut table = csv::Reader::from_reader(table.as_bytes());
    let header: Vec<_> = table.headers().unwrap().iter().map(str::to_owned).collect();
    let mut rows = 0;
    for row in table.records().map(Result::unwrap) {
        let cell = |name: &str| &row[header.iter().position(|heading| heading == name).unwrap()];
        let number = |name: &str| cell(name).parse::<f64>().unwrap();
        let known = ["gain", "cells", "tau"].map(|path| (path.to_owned(), json!(number(path))));
        let expected = expected(&Value::Object(known.into_iter().collect()));
        if matches!(cell("outcome"), "completed" | "exploded") {
            for (name, (value, score)) in ["rate", "cv", "size"].into_iter().zip(expected) {
                assert_near(number(&format!("value {name}")), value);
                assert_near(number(&format!("score {name}")), score);
            }
        }
        rows += 1;
    }
    assert_eq!(rows, 7);
    let best = optimization.mozopt("export", "").exits(0).json();
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!(best, status["best"]["parameters"]);
}

#[test]
fn a_report_is_made() {
    let (_model, optimization) = sample("command");
    optimization.mozopt("report", "").exits(0);
    let page = fs::read_to_string(optimization.file("report.html")).unwrap();
    let best = optimization.mozopt("status", "--json").exits(0).json()["best"]["candidate"].clone();
    for words in [&format!("Candidate {best} of generation"), "1 crashed, 1 exploded", "model 1.2"]
    {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn a_search_goes_on_from_what_was_recorded() {
    let (model, optimization) = sample("command");
    let before = model.read("journal.jsonl");
    let shown: Vec<_> = (0..7).map(|number| show(&optimization, number)["result"].take()).collect();
    let ended = optimization.mozopt("resume", "--max-simulations 7 --json").exits(0);
    let summary = ended.json();
    assert_eq!((&summary["imported"], &summary["simulations"]), (&json!(2), &json!(7)));
    assert!(model.read("journal.jsonl").starts_with(&before), "what was there has changed");
    assert_eq!(fs::read_dir(optimization.file("requests")).unwrap().count(), 0);
    for (number, before) in shown.iter().enumerate() {
        assert_eq!(show(&optimization, number)["result"], *before);
    }
    for number in 7..9 {
        let shown = show(&optimization, number);
        assert_eq!(shown["result"]["targets"][0]["value"], shown["parameters"]["gain"]);
    }
    assert_keys_are_named(&summary, &["run --json and resume --json", RESULT, JOURNAL], "resume");

    let flags = "--seeds 1 --protocol full --json";
    let comparison = optimization.mozopt("validate", flags).exits(0).json();
    assert_keys_are_named(&comparison, &["validate --json and comparison.json"], "validate");
}

#[test]
fn a_mozaik_model_on_a_cluster_is_read() {
    let (_model, optimization) = sample("mozaik");
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!((&status["simulations"], &status["failed"]), (&json!(4), &json!(0)));
    for number in 0..4 {
        let shown = show(&optimization, number);
        let weight = shown["parameters"]["sheets.l4.weight"].as_f64().unwrap();
        assert_eq!(shown["result"]["targets"][0]["value"], weight);
        assert_near(shown["result"]["total"].as_f64().unwrap(), 3.0 - weight);
        assert_eq!(shown["attempts"], if number == 1 { 2 } else { 1 });
    }
    optimization.mozopt("report", "").exits(0);
    optimization.mozopt("export", "--format csv").exits(0).shows("sheets.l4.weight");
}

#[test]
fn a_search_with_an_outcome_that_was_taken_back_goes_on() {
    let (_model, optimization) = sample("forgotten");
    let shown = show(&optimization, 4);
    assert_eq!((&shown["result"], &shown["attempts"]), (&Value::Null, &json!(1)));
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!((&status["simulations"], &status["failed"]), (&json!(4), &json!(1)));
    optimization.mozopt("resume", "--max-simulations 5 --quiet").exits(0);
    // By then the input is there: the sample's simulator fails in the first attempt only.
    let shown = show(&optimization, 4);
    assert_eq!((&shown["result"]["outcome"], &shown["attempts"]), (&json!("completed"), &json!(2)));
    let value = &shown["result"]["targets"][0]["value"];
    assert_eq!(*value, shown["parameters"]["gain"]);
}

/// A line of the journal with its checksum.
fn line(mut entry: Value) -> String {
    entry.as_object_mut().unwrap().shift_remove("crc32c");
    let text = entry.to_string();
    let text = text.strip_suffix('}').unwrap();
    format!("{text},\"crc32c\":\"{:08x}\"}}\n", crc32c_of(text.as_bytes()))
}

#[test]
fn a_key_that_is_not_known_in_the_journal_is_passed_over() {
    let (model, optimization) = sample("command");
    let status = optimization.mozopt("status", "--json").exits(0).stdout;
    let mut text = String::new();
    for mut entry in optimization.journal() {
        entry["colour"] = json!({"of": "the future"});
        if entry.get("result").is_some() {
            entry["result"]["colour"] = json!([1]);
        }
        text.push_str(&line(entry));
    }
    model.write("journal.jsonl", text);
    assert_eq!(
        without_disk(&optimization.mozopt("status", "--json").exits(0).stdout),
        without_disk(&status)
    );
}

/// The journal's size counts, too.
fn without_disk(status: &str) -> Value {
    let mut status: Value = serde_json::from_str(status).unwrap();
    status["usage"].as_object_mut().unwrap().shift_remove("disk_bytes");
    status
}

#[test]
fn a_whole_last_line_that_is_not_known_is_refused_and_stays() {
    let (model, optimization) = sample("command");
    let seq = optimization.journal().len();
    let unknown = json!({"seq": seq, "time": "2027-01-01T00:00:00Z", "event": "painted"});
    let text = model.read("journal.jsonl") + &line(unknown);
    model.write("journal.jsonl", &text);
    for command in ["status", "resume"] {
        optimization.mozopt(command, "").exits(1).says(&format!("journal.jsonl:{}:", seq + 1));
    }
    assert_eq!(model.read("journal.jsonl"), text);
}

#[test]
fn what_is_not_known_in_other_files_is_refused_or_passed_over_as_the_page_says() {
    let refused = |name: &str, edit: fn(&mut Value)| {
        let (model, optimization) = edited(name, edit);
        let ended = optimization.mozopt("status", "").exits(1);
        assert!(unbroken(&ended.stderr).contains(&unbroken("unknown field `colour`")), "{ended:?}");
        drop(model);
    };
    refused("configuration.json", |file| file["colour"] = json!(1));
    refused("configuration.json", |file| file["limits"]["slurm"] = json!({"colour": 1}));
    let passed_over = |name: &str, edit: fn(&mut Value)| {
        let (_model, optimization) = edited(name, edit);
        optimization.mozopt("status", "").exits(0);
    };
    passed_over("configuration.json", |file| file["limits"]["colour"] = json!(1));
    passed_over("configuration.json", |file| file["parameters"][0]["colour"] = json!(1));
    passed_over("configuration.json", |file| file["targets"][0]["colour"] = json!(1));
    passed_over("configuration.json", |file| file["optimizer"]["colour"] = json!(1));
    passed_over("configuration.json", |file| file["simulator"]["colour"] = json!(1));
    passed_over("provenance.json", |file| file["colour"] = json!(1));

    let job = |edit: fn(&mut Value)| {
        let (_model, optimization) = edited("simulations/000002/simulation.json", edit);
        let mut command = mozopt();
        command.arg("job").current_dir(optimization.file("simulations/000002"));
        Running::of(&mut command).wait().exits(2)
    };
    job(|file| file["colour"] = json!(1)).says("unknown field `colour`");
    job(|file| file["keep"]["colour"] = json!(1)).says("unknown field `colour`");
    job(|_| ()).says("this simulation has finished");
}

/// The sample with a file that was edited.
fn edited(name: &str, edit: fn(&mut Value)) -> (Model, Optimization) {
    let (model, optimization) = sample("command");
    let mut file: Value = serde_json::from_str(&model.read(name)).unwrap();
    edit(&mut file);
    model.write(name, file.to_string());
    if name == CONFIGURATION {
        created_with_it(&model, &optimization);
    }
    (model, optimization)
}

/// Lets the journal say that the optimization was created with the present configuration.
fn created_with_it(model: &Model, optimization: &Optimization) {
    let mut entries = optimization.journal();
    let digest = Sha256::digest(model.read(CONFIGURATION));
    let hash = format!("{:016x}", u64::from_be_bytes(*digest.first_chunk().unwrap()));
    entries[0]["configuration"] = json!(hash);
    model.write(JOURNAL, entries.into_iter().map(line).collect::<String>());
}

#[test]
fn keys_that_may_be_missing_are_not_needed() {
    let (model, optimization) = sample("command");
    let status = optimization.mozopt("status", "--json").exits(0).json();
    let without = |object: &mut Value, keys: &[&str]| {
        let object = object.as_object_mut().unwrap();
        for key in keys {
            object.shift_remove(*key);
        }
    };
    let mut file: Value = serde_json::from_str(&model.read("configuration.json")).unwrap();
    let limits = ["slurm", "max_simulations", "max_time", "max_core_hours", "validate_best"];
    without(&mut file["limits"], &limits);
    without(&mut file["optimizer"], &["objectives"]);
    without(&mut file["simulator"], &["prelude", "mozaik", "network_seeds"]);
    without(&mut file["targets"][1], &["sheet_name"]);
    model.write("configuration.json", file.to_string());
    let mut text = String::new();
    for mut entry in optimization.journal() {
        if entry["event"] == "controller" {
            without(&mut entry["limits"], &limits);
        }
        without(&mut entry, &["out_of_memory"]);
        if entry["event"] == "finished" {
            let times =
                ["host", "started", "finished", "peak_memory", "data_store_size", "versions"];
            without(&mut entry["result"], &times);
            for target in entry["result"]["targets"].as_array_mut().unwrap() {
                let empty = ["sheet_name", "value", "reason"].into_iter();
                let empty: Vec<_> = empty.filter(|key| target[*key].is_null()).collect();
                without(target, &empty);
            }
        }
        text.push_str(&line(entry));
    }
    model.write("journal.jsonl", text);
    created_with_it(&model, &optimization);
    let now = optimization.mozopt("status", "--json").exits(0).json();
    assert_eq!(now["best"], status["best"]);
    assert_eq!(now["failures"], status["failures"]);
    assert_eq!(now["usage"]["run_seconds"], Value::Null, "the times are not known");
}

const CONFIGURATION: &str = "configuration.json";
const JOURNAL: &str = "journal.jsonl";
const RESULT: &str = "result.json";
const REQUESTS: &str = "requests/*.json";

/// In which sections of the page the keys of a file stand: its own, and those it refers to.
fn sections_of(file: &str) -> Option<Vec<&str>> {
    Some(match file {
        "journal.jsonl" => vec![JOURNAL, RESULT, CONFIGURATION, REQUESTS],
        "simulation.json" => vec!["simulation.json", CONFIGURATION],
        "configuration.json" | "provenance.json" | "controller.lock" | "controller.json"
        | "started.json" | "values.json" | "versions.json" | "result.json" | "finished.json"
        | "slurm.json" => vec![file],
        _ if file.ends_with("-4711.json") => vec![REQUESTS],
        _ => return None,
    })
}

#[test]
fn the_page_names_every_key_of_the_samples() {
    let mut names: Vec<String> = vec![];
    for path in files_below(&samples()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(sections) = sections_of(name) else {
            let ending = path.extension().unwrap_or_default();
            assert!(ending != "json" && ending != "jsonl", "what is {}?", path.display());
            continue;
        };
        for line in objects(&path) {
            assert_keys_are_named(&line, &sections, name);
        }
        names.push(name.to_owned());
    }
    for name in ["journal.jsonl", "slurm.json", "controller.json", "controller.lock", "values.json"]
    {
        assert!(names.iter().any(|known| known == name), "there is no {name}");
    }
}

#[test]
fn the_page_names_every_key_of_what_commands_print() {
    let (_model, optimization) = sample("command");
    let run = "run --json and resume --json";
    let status = optimization.mozopt("status", "--json").exits(0).json();
    assert_keys_are_named(&status, &[run, "status --json", RESULT, JOURNAL], "status");
    let shown = show(&optimization, 2);
    assert_keys_are_named(&shown, &["show --json", RESULT], "show");
    let page = section("export");
    let csv = optimization.mozopt("export", "--format csv").exits(0).stdout;
    for column in csv.lines().next().unwrap().split(',') {
        let column = match column {
            "gain" | "cells" | "tau" => continue,
            column => match column.split_once(' ') {
                Some((kind, _)) => format!("{kind} NAME"),
                None => column.to_owned(),
            },
        };
        assert!(page.contains(&format!("`{column}`")), "the page does not name {column}");
    }
    let examined = optimization.mozopt("doctor", "--json").exits(1).json();
    assert_keys_are_named(&examined, &["doctor --json", "check --json"], "doctor");
    let model = Model::simulated_by(support::IDENTITY);
    let checked = model.mozopt("check", "--simulate --json").exits(0).json();
    assert_keys_are_named(&checked, &["check --json", RESULT], "check");
}

#[test]
fn the_page_names_every_key_about_data_stores_and_parameters() {
    let model = Model::of_v1();
    let store = model.path().join("store");
    let density = "sheets.l4_cortex_exc.params.density";
    let run = |arguments: &[&str]| {
        Running::of(mozopt().args(arguments).current_dir(model.path())).wait().exits(0)
    };
    run(&[
        "simulate",
        "-o",
        "store",
        "--set",
        &format!("{density}=20"),
        "--protocol",
        "spontaneous",
    ]);
    let recording = "recording.json";
    assert_keys_are_named(&objects(&store.join(recording))[0], &[recording], recording);
    let evaluated = run(&["evaluate", "store", "--config", ".", "--json"]).json();
    assert_keys_are_named(&evaluated, &["evaluate --json", RESULT], "evaluate");
    let contents = run(&["datastore", "store", "--json"]).json();
    assert_keys_are_named(&contents, &["datastore --json", recording], "datastore");
    model.write("defaults", "{'sheets': {'a': 1.5, 'b': ref('sheets.a')}}");
    let parameter = run(&["parameters", "defaults", "sheets.a", "--json"]).json();
    assert_eq!(parameter["referred_to_by"], json!(["sheets.b"]));
    assert_keys_are_named(&parameter, &["parameters --json"], "parameters");
}

#[test]
fn every_kind_of_event_and_request_is_in_the_samples_and_on_the_page() {
    let mut seen: Vec<String> = vec![];
    for name in ["command", "mozaik", "forgotten", "edited", "repeated"] {
        let (_model, optimization) = sample(name);
        let events = optimization.journal().into_iter();
        seen.extend(events.map(|entry| entry["event"].as_str().unwrap().to_owned()));
    }
    let page = section(JOURNAL);
    let documented: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("| event"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(documented.len(), 15);
    for event in &seen {
        assert!(documented.contains(&&**event), "the page does not name {event}");
    }
    for event in documented {
        assert!(seen.iter().any(|known| known == event), "no sample has {event}");
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The values in a file: one, or one a line.
fn objects(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let values = serde_json::Deserializer::from_str(&text).into_iter();
    values
        .map(|value| value.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect()
}

/// The text of a section of the page.
fn section(title: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = fs::read_to_string(page).unwrap();
    let heading = format!("\n## {title}\n");
    let (_, text) =
        page.split_once(&heading).unwrap_or_else(|| panic!("there is no section {title}"));
    text.split("\n## ").next().unwrap().to_owned()
}

/// Objects whose keys are names of parameters, targets, programs or outcomes.
const NAMES: [&str; 4] = ["parameters", "values", "versions", "failures"];

#[track_caller]
fn assert_keys_are_named(value: &Value, sections: &[&str], of: &str) {
    let text: String = sections.iter().map(|title| section(title)).collect();
    if of == "versions.json" {
        return;
    }
    let mut unnamed = Map::new();
    collect_unnamed(value, &text, &mut unnamed);
    assert!(unnamed.is_empty(), "docs/formats.md does not name, of {of}: {unnamed:?}");
}

fn collect_unnamed(value: &Value, text: &str, unnamed: &mut Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if !text.contains(&format!("`{key}`")) {
                    unnamed.insert(key.clone(), value.clone());
                }
                if !(value.is_object() && NAMES.contains(&&**key)) {
                    collect_unnamed(value, text, unnamed);
                }
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect_unnamed(part, text, unnamed)),
        _ => {}
    }
}
