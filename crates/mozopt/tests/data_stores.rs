//! `evaluate` and `datastore` on real data stores of mozaik, against the predecessor's values.

#[path = "../../mozaik-datastore/tests/support/mod.rs"]
mod stores;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stores::{Fixture, data};
use support::{Ended, Model, Running, mozopt};

/// The predecessor's rows that its own target list begins with.
fn goldens(store: &str) -> Vec<Value> {
    let text = fs::read(data(&format!("{store}.golden.json"))).unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&text).unwrap();
    rows.into_iter().take(31).collect()
}

/// A model with the targets of these rows.
fn model(goldens: &[Value]) -> Model {
    let keys = ["class", "sheet_name", "target_value", "norm", "max_score"];
    let target = |row: &Value| -> Value {
        keys.iter().map(|&key| (key.to_owned(), row[key].clone())).collect()
    };
    let config = json!({
        "parameters": {"a": [0, 1]},
        "optimiser_centroid": {"a": 0.5},
        "targets": goldens.iter().map(target).collect::<Vec<_>>(),
    });
    let settings = "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n\
                    [optimizer]\noffspring_size = 4\nmax_ngen = 1\n";
    Model::new(config.to_string(), settings)
}

fn evaluate(model: &Model, store: &Path, flags: &str) -> Ended {
    let mut command = mozopt();
    command.arg("evaluate").arg(store).arg("--config").arg(model.path());
    Running::of(command.args(flags.split_whitespace())).wait()
}

fn number(text: &Value) -> f64 {
    text.as_str().unwrap().parse().unwrap()
}

#[test]
fn values_and_scores_are_those_of_the_predecessor() {
    for name in ["subset", "edge", "vogels_neo14_np2"] {
        let fixture = Fixture::unpack(&[name]);
        let goldens = goldens(name);
        let model = model(&goldens);
        let found = evaluate(&model, &fixture.path(name), "--json --predecessor").exits(0).json();
        assert_eq!(found["store"], fixture.path(name).display().to_string());
        assert_eq!((&found["exploded"], &found["predecessor"]), (&json!(false), &json!(true)));
        let mut total = 0.0;
        for (target, golden) in found["targets"].as_array().unwrap().iter().zip(&goldens) {
            assert_eq!(
                (&target["class"], &target["sheet_name"]),
                (&golden["class"], &golden["sheet_name"])
            );
            let score = number(&golden["score"]);
            total += score;
            assert!((target["score"].as_f64().unwrap() - score).abs() <= 1e-10, "{target}");
            let golden = golden["value"].as_str().map(|text| text.parse::<f64>().unwrap());
            match golden.filter(|golden| golden.is_finite()) {
                Some(golden) => {
                    let value = target["value"].as_f64().unwrap();
                    assert!((value - golden).abs() <= 1e-12 * golden.abs(), "{target}: {golden}");
                    assert_eq!(target["reason"], Value::Null);
                }
                None => assert!(target["value"].is_null() && target["reason"].is_string()),
            }
        }
        assert!((found["total"].as_f64().unwrap() - total).abs() < 1e-9);
    }
}

#[test]
fn by_our_own_rules_cells_are_where_they_are_and_infinity_is_no_value() {
    let fixture = Fixture::unpack(&["subset", "edge"]);
    let differing = |name: &str| {
        let model = model(&goldens(name));
        let evaluated = |flags| evaluate(&model, &fixture.path(name), flags).exits(0).json();
        let (ours, theirs) = (evaluated("--json"), evaluated("--json --predecessor"));
        let both =
            ours["targets"].as_array().unwrap().iter().zip(theirs["targets"].as_array().unwrap());
        both.filter(|(ours, theirs)| ours != theirs)
            .map(|(ours, theirs)| (ours["name"].clone(), theirs["score"].clone()))
            .collect::<Vec<_>>()
    };
    // Synchrony of four sheets and SizeTuning of one, as 60 % of the cells were recorded.
    let names: Vec<_> = differing("subset").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let infinite = json!("OrientationTuningPreferenceTarget_V1_Exc_L2/3");
    assert_eq!(differing("edge"), [(infinite, json!(0.0))]);
}

#[test]
fn a_broken_store_is_reported_and_the_others_go_on() {
    let fixture = Fixture::unpack(&["exploded", "vogels_neo14_np2"]);
    let model = model(&goldens("exploded"));
    let block = "vogels_neo14_np2/datastore.recordings.pickle";
    fs::write(fixture.path(block), b"\x80\x04broken").unwrap();
    let parent = fixture.directory.path();
    let ended = evaluate(&model, parent, "--json --memory-limit 1M --jobs 2").exits(1);
    assert!(ended.stderr.contains("1 of 2 stores could not be evaluated"), "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&found[0]["exploded"], &found[0]["error"]), (&json!(true), &Value::Null));
    assert_eq!(found[0]["total"], 620.0);
    assert_eq!(found[1]["total"], Value::Null);
    assert!(found[1]["error"].as_str().unwrap().contains(block), "{}", found[1]);
    let table = evaluate(&model, parent, "").exits(1).stdout;
    assert!(table.contains("620.00") && table.contains("0 of 31") && table.contains("exploded;"));
    assert!(table.contains("pickle: byte 2 of the pickle: a value is missing"), "{table}");
}

#[test]
fn what_is_no_store_is_bad_input() {
    let model = model(&goldens("edge"));
    let ended = evaluate(&model, model.path(), "").exits(2);
    assert!(ended.stderr.contains("there is no data store in"), "{}", ended.stderr);
    let ended = evaluate(&model, Path::new("/no/such/place"), "").exits(2);
    assert!(ended.stderr.contains("cannot read the directory /no/such/place"), "{}", ended.stderr);
    let ended = evaluate(&model, model.path(), "--memory-limit many").exits(2);
    assert!(ended.stderr.contains("`many` is not a size"), "{}", ended.stderr);
}

/// mozaik makes a directory of its own in the one it is told to write to.
#[test]
fn a_simulator_may_leave_a_store_of_mozaik() {
    let fixture = Fixture::unpack(&["healthy", "exploded"]);
    let model = model(&goldens("healthy"));
    let script = "store=healthy; [ \"$(basename \"$PWD\")\" ] && \
                  grep -q '\"candidate\": 1' \"$MOZOPT_SIMULATION\" && store=exploded\n\
                  into=$(dirname \"$MOZOPT_SIMULATION\")/datastore/Model_run_____a:0.5\n\
                  mkdir -p \"$into\" && cp STORES/$store/*.pickle \"$into\"\n";
    model.write(
        "simulate.sh",
        script.replace("STORES", &fixture.directory.path().to_string_lossy()),
    );
    let summary = model.mozopt("run", "--json").exits(0).json();
    assert_eq!((&summary["simulations"], &summary["failed"]), (&json!(4), &json!(1)));
    let expected: f64 = goldens("healthy").iter().map(|row| number(&row["score"])).sum();
    assert!((summary["best"]["total"].as_f64().unwrap() - expected).abs() < 1e-9);
    let exploded = model.mozopt("show 1", "--json").exits(0).json();
    assert_eq!(exploded["result"]["outcome"], "exploded");
}

/// What can be measured of a run that died before it wrote its index is no verdict on its
/// parameters.
#[test]
fn an_incomplete_store_is_no_data_for_a_search() {
    let fixture = Fixture::unpack(&["healthy"]);
    fs::remove_file(fixture.path("healthy").join("datastore.recordings.pickle")).unwrap();
    let model = model(&goldens("healthy"));
    let store = fixture.path("healthy");
    let script = format!("cp -r {} $(dirname $MOZOPT_SIMULATION)/datastore\n", store.display());
    model.write("simulate.sh", script);
    model.mozopt("run", "").exits(1);
    let result = model.optimization().json_of(0, "result.json");
    assert_eq!(result["outcome"], "no_data");
    assert!(result["reason"].as_str().unwrap().contains("datastore.recordings.pickle is missing"));
    // `evaluate` shows what there is.
    let found = evaluate(&model, &store, "--json").exits(0).json();
    assert_eq!(found["deficiencies"].as_array().unwrap().len(), 1);
    let values = found["targets"].as_array().unwrap().iter().filter(|t| !t["value"].is_null());
    let classes: std::collections::BTreeSet<_> =
        values.map(|target| target["class"].as_str().unwrap()).collect();
    let expected = ["ConductanceRatio", "IrregularityTarget", "SpontActivityTarget"];
    assert!(classes.into_iter().eq(expected));
}

fn datastore(store: &Path, flags: &[&str]) -> Ended {
    Running::of(mozopt().arg("datastore").arg(store).args(flags)).wait()
}

#[test]
fn the_contents_of_a_store_are_listed() {
    let fixture = Fixture::unpack(&["vogels_neo14_np2", "exploded"]);
    let found = datastore(&fixture.path("vogels_neo14_np2"), &["--json"]).exits(0).json();
    assert_eq!(found["format"], "mozaik");
    let writer = &found["writer"];
    assert_eq!((&writer["neo"], &writer["numpy"]), (&json!("0.13 or newer"), &json!("2")));
    let sheets: Vec<_> =
        found["sheets"].as_array().unwrap().iter().map(|s| &s["neurons"]).collect();
    assert_eq!(sheets, [800, 200]);
    let segment = fixture.path("exploded").join("Segment5.pickle");
    fs::write(segment, b"").unwrap();
    let text = datastore(&fixture.path("exploded"), &["--sheet", "V1_Inh_L2/3"]).exits(1).stdout;
    assert!(text.contains("1178") && text.contains("blank before"), "{text}");
    assert!(text.contains("the data ends in the middle"), "{text}");
    let ended = datastore(&fixture.path("exploded"), &["--sheet", "V1_Inh_L23"]).exits(2);
    assert!(ended.stderr.contains("did you mean `V1_Inh_L2/3`?"), "{}", ended.stderr);
}

/// Reads an archive of arrays with nothing of ours: Python's `zipfile`, and the header's text.
const READ_NPZ: &str = r#"
import ast, array, json, sys, zipfile
found = {}
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    for name in archive.namelist():
        raw = archive.read(name)
        assert raw[:6] == b"\x93NUMPY"
        length = int.from_bytes(raw[8:10], "little")
        header = ast.literal_eval(raw[10:10 + length].decode())
        values = array.array({"<f8": "d", "<u4": "I", "<i8": "q"}[header["descr"]], raw[10 + length:])
        found[name[:-4]] = [list(header["shape"]), sum(values)]
print(json.dumps(found))
"#;

#[test]
fn what_is_exported_is_what_is_in_the_store() {
    let fixture = Fixture::unpack(&["exploded"]);
    let store = fixture.path("exploded");
    let listed = datastore(&store, &["--json"]).exits(0).json();
    let output = tempfile::tempdir().unwrap();
    let directory = output.path().to_str().unwrap();
    let files = datastore(&store, &["--export", "npz", "-o", directory]).exits(0).stdout;
    assert_eq!(files.lines().count(), 7);
    let flags = ["--export", "csv", "--sheet", "V1_Exc_L4", "-o", directory];
    datastore(&store, &flags).exits(0);
    let archive = output.path().join("V1_Exc_L4.npz");
    let python = Command::new("python3").arg("-c").arg(READ_NPZ).arg(archive).output().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let arrays: Value = serde_json::from_slice(&python.stdout).unwrap();
    assert_eq!(arrays["positions_deg"][0], json!([324, 2]));
    assert_eq!(arrays["orientations_rad"][0], json!([324]));

    let read = |name: &str| fs::read_to_string(output.path().join(name)).unwrap();
    let spikes = read("V1_Exc_L4.spikes.csv");
    let mut reader = csv::Reader::from_reader(spikes.as_bytes());
    let mut times_ms = std::collections::BTreeMap::<usize, Vec<f64>>::new();
    for row in reader.deserialize() {
        let (segment, _, time_ms): (usize, u32, f64) = row.unwrap();
        times_ms.entry(segment).or_default().push(time_ms);
    }
    let segments = listed["segments"].as_array().unwrap();
    let of_sheet: Vec<_> = segments.iter().filter(|s| s["sheet"] == "V1_Exc_L4").collect();
    assert_eq!(of_sheet.len(), 4);
    for segment in of_sheet {
        let number = segment["segment"].as_u64().unwrap() as usize;
        let times_ms = &times_ms[&number];
        assert_eq!(segment["spikes"], times_ms.len());
        let array = &arrays[format!("segment{number:03}.spike_times_ms")];
        assert_eq!(array[0], json!([times_ms.len()]));
        let sum: f64 = times_ms.iter().sum();
        assert!((array[1].as_f64().unwrap() - sum).abs() < 1e-9 * sum);
        let samples = &segment["signals"][0]["samples"];
        assert_eq!(arrays[format!("segment{number:03}.gsyn_exc")][0], json!([4, samples]));
    }
    assert_eq!(read("V1_Exc_L4.neurons.csv").lines().count(), 1 + 324);
    assert_eq!(read("segments.csv").lines().count(), 1 + 4);
}
