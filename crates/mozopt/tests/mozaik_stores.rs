//! `mozopt simulate --mozaik-store`: what it writes is loaded by the neo of PyPI, and evaluates as
//! the project's own data store of the same simulation does.

mod support;

use std::path::Path;
use std::process::Command;

use recording::store::Store;
use recording::{Recording, Stimulus};
use serde_json::{Value, json};

use support::{Ended, Running, mozopt, python};

/// So few cells and so short that everything can be compared.
const SMALL: [&str; 6] = [
    "sheets.retina_lgn.params.density=30",
    "sheets.l4_cortex_exc.params.density=80",
    "sheets.l4_cortex_exc.params.sx=800",
    "experiments.settling_duration=0",
    "experiments.spontaneous_duration=1000",
    "experiments.grating_duration=200",
];

fn simulate(directory: &Path, flags: &[&str]) -> Ended {
    let mut command = mozopt();
    command.arg("simulate").args(flags).current_dir(directory);
    for change in SMALL {
        command.args(["--set", change]);
    }
    Running::of(&mut command).wait()
}

/// What `load_store.py` finds with the packages that these files ask for.
fn loaded(store: &Path, python: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/load_store.py");
    let output = Command::new(python.join("bin/python")).arg(script).arg(store).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("Warning"), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the file that neo loads must hold, by the project's own store.
fn expected(own: &Store) -> Vec<Value> {
    let mut first_id = std::collections::HashMap::new();
    let mut next = 1;
    for sheet in own.sheets() {
        first_id.insert(&sheet.name, next);
        next += sheet.neuron_count();
    }
    let segment = |number: usize| {
        let header = &own.segments()[number];
        let first = first_id[&header.sheet];
        let segment = own.load(number).unwrap();
        let train = |(neuron, times): (usize, &[f64])| {
            json!({
                "id": first + neuron, "index": neuron, "times": times,
                "t_start": segment.t_start_ms, "t_stop": segment.t_stop_ms,
            })
        };
        let trains: Vec<_> = segment.spike_trains.iter().map(train).collect();
        let signal = |signal: &recording::Signal| {
            let channels: Vec<_> = signal.channels().map(|(_, values)| values).collect();
            let ids: Vec<_> = signal.neurons.iter().map(|&n| first + n as usize).collect();
            json!({
                "name": signal.name, "unit": signal.unit, "ids": ids, "channels": signal.neurons,
                "interval": signal.sampling_interval_ms, "values": channels,
            })
        };
        let signals: Vec<_> = segment.signals.iter().map(signal).collect();
        json!({"sheet": header.sheet, "trains": trains, "signals": signals})
    };
    (0..own.segments().len()).map(segment).collect()
}

#[track_caller]
fn assert_says_the_same(written: &Value, stimulus: &Stimulus) {
    assert_eq!(written["name"], stimulus.name);
    for name in stimulus.parameters.keys() {
        assert_eq!(written[name].as_f64(), stimulus.number(name), "{name} in {written}");
    }
}

#[test]
fn a_store_of_mozaik_holds_in_both_layouts_what_was_simulated() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    simulate(directory, &["-o", "own"]).exits(0);
    let own = Store::open(&directory.join("own")).unwrap();
    let expected = expected(&own);
    let spikes = |segment: &Value| {
        segment["trains"].as_array().unwrap().iter().any(|train| train["times"] != json!([]))
    };
    assert!(expected.iter().filter(|segment| spikes(segment)).count() > 20);

    let old = python::environment_of("neo-0.12", &["bench/datastores/requirements.txt"]);
    for (neo, python) in [("0.14", python::environment()), ("0.12", old)] {
        let name = format!("neo-{neo}");
        let flags = ["--mozaik-store", &name, "--neo", neo];
        simulate(directory, &flags).exits(0).says("data store: neo-0.1");
        let store = loaded(&directory.join(&name), &python);
        assert!(store["neo"].as_str().unwrap().starts_with(neo), "{}", store["neo"]);
        assert_eq!(store["exploded"], false);
        let segments = store["segments"].as_array().unwrap();
        assert_eq!(segments.len(), expected.len());
        for ((found, wanted), header) in segments.iter().zip(&expected).zip(own.segments()) {
            for part in ["sheet", "trains", "signals"] {
                assert!(found[part] == wanted[part], "{neo}, {}: {part}", header.sheet);
            }
            assert_says_the_same(&found["stimulus"], &header.stimulus);
        }
        let mut next_id = 1;
        for sheet in own.sheets() {
            let count = sheet.neuron_count();
            assert_eq!(
                store["ids"][&sheet.name],
                json!((next_id..next_id + count).collect::<Vec<_>>())
            );
            next_id += count;
            assert_eq!(store["positions"][&sheet.name], json!(sheet.positions_deg));
            let orientations = match &sheet.orientations_rad {
                Some(orientations) => json!(orientations),
                None => json!(vec![Value::Null; count]),
            };
            assert_eq!(store["orientations"][&sheet.name], orientations);
        }
        let rest = json!(["<class 'mozaik.experiments.NoStimulation'>", {"duration": 1000.0}]);
        assert_eq!(store["experiments"][0], rest);
        assert_eq!(store["experiments"].as_array().unwrap().len(), 3);
        assert_eq!(store["parameters"]["sheets"]["l4_cortex_exc"]["params"]["sx"], 800.0);
    }
}

#[test]
fn a_store_of_mozaik_evaluates_to_the_same_values() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    simulate(directory, &["-o", "own"]).exits(0);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/v1");
    let evaluated = |store: &str| {
        let mut command = mozopt();
        command.args(["evaluate", store, "--json", "--config"]).arg(&example);
        let result = Running::of(command.current_dir(directory)).wait().exits(0).json();
        assert_eq!(result["deficiencies"], json!([]));
        result["targets"].clone()
    };
    let own = evaluated("own");
    let values = own.as_array().unwrap().iter().filter(|target| target["value"].is_number());
    assert!(values.count() > 20, "{own}");
    for neo in ["0.12", "0.14"] {
        simulate(directory, &["--mozaik-store", neo, "--neo", neo]).exits(0);
        assert_eq!(evaluated(neo), own, "{neo}");
        let bytes =
            |store: &str| std::fs::read(directory.join(store).join("Segment3.pickle")).unwrap();
        simulate(directory, &["--mozaik-store", "again", "--neo", neo]).exits(0);
        assert_eq!(bytes("again"), bytes(neo));
        std::fs::remove_dir_all(directory.join("again")).unwrap();
    }
}

#[test]
fn a_store_of_mozaik_is_not_written_over_another_one() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    let flags = ["--mozaik-store", "store"];
    simulate(directory, &flags).exits(0);
    let index = directory.join("store/datastore.recordings.pickle");
    let before = std::fs::read(&index).unwrap();
    simulate(directory, &flags).exits(1).says("there is a data store already");
    assert_eq!(std::fs::read(&index).unwrap(), before);
    simulate(directory, &["--mozaik-store", "other", "-o", "own"]).exits(2);
    simulate(directory, &["--neo", "0.12"]).exits(2).says("--mozaik-store");
    simulate(directory, &["--mozaik-store", "other", "--neo", "0.9"]).exits(2).says("0.12, 0.14");
    assert!(!directory.join("other").exists() && !directory.join("own").exists());
}
