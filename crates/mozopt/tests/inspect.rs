//! `inspect` on real data stores, against Elephant, NumPy and SciPy: see
//! `make_inspection_golden.py`.

#[path = "../../mozaik-datastore/tests/support/mod.rs"]
mod stores;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use inspection::{GaussianFit, LEAST_EXPLAINED};
use serde_json::{Value, json};
use stores::Fixture;
use support::{Ended, Running, mozopt};

fn inspect(store: &Path, output: &Path, flags: &str) -> Ended {
    let mut command = mozopt();
    command.arg("inspect").arg(store).arg("-o").arg(output);
    Running::of(command.args(flags.split_whitespace())).wait()
}

/// The numbers of a store, from the file that is written.
fn numbers(store: &Path, flags: &str) -> Value {
    let output = store.with_file_name("inspected");
    inspect(store, &output, &format!("--format json {flags}")).exits(0);
    serde_json::from_slice(&fs::read(output.join("inspection.json")).unwrap()).unwrap()
}

/// Compares what a golden has with what was found, to this relative tolerance; null with null.
#[track_caller]
fn assert_close(found: &Value, golden: &Value, tolerance: f64, what: &str) {
    let (Some(ours), Some(theirs)) = (found.as_f64(), golden.as_f64()) else {
        assert_eq!(found, golden, "{what}");
        return;
    };
    let slack = tolerance * theirs.abs() + 1e-12;
    assert!((ours - theirs).abs() <= slack, "{what}: {ours} is not {theirs}");
}

/// Compares every field that the golden has.
#[track_caller]
fn assert_summary(found: &Value, golden: &Value, what: &str) {
    for (field, wanted) in golden.as_object().unwrap() {
        assert_close(&found[field], wanted, 1e-10, &format!("{what}, {field}"));
    }
}

fn maximum(values: &Value) -> Value {
    let values = values.as_array().unwrap().iter().filter_map(Value::as_f64);
    json!(values.fold(f64::NEG_INFINITY, f64::max))
}

fn mean(values: &Value) -> Value {
    let values: Vec<f64> = values.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    json!(values.iter().sum::<f64>() / values.len() as f64)
}

fn assert_spontaneous(found: &Value, golden: &Value, what: &str) {
    for field in ["rate_hz", "irregularity", "intervals"] {
        assert_summary(&found[field], &golden[field], &format!("{what}, {field}"));
    }
    assert_eq!(found["silent_cells"], golden["silent_cells"], "{what}");
    if golden["correlation"].is_null() {
        assert!(found["correlation"].is_null(), "{what}");
    } else {
        assert_summary(&found["correlation"], &golden["correlation"], what);
    }
    let (rates, wanted) = (&found["population_rate"]["rate_hz"], &golden["population_rate_hz"]);
    assert_eq!(rates.as_array().unwrap().len(), wanted["n"], "{what}");
    let last = rates.as_array().unwrap().last().unwrap();
    for (found, field) in [(mean(rates), "mean"), (maximum(rates), "max"), (last.clone(), "last")] {
        assert_close(&found, &wanted[field], 1e-10, &format!("{what}, population rate, {field}"));
    }
}

fn assert_orientation_tuning(found: &Value, golden: &Value, what: &str) {
    assert_summary(&found["selectivity"], &golden["selectivity"], what);
    for field in ["contrast_percent", "cells", "spontaneous_hz"] {
        assert_close(&found[field], &golden[field], 1e-10, what);
    }
    let fields = ["centre_deg", "n", "mean_hz", "standard_error_hz"];
    let bins = found["bins"].as_array().unwrap();
    assert_eq!(bins.len(), golden["bins"].as_array().unwrap().len(), "{what}");
    for (bin, wanted) in bins.iter().zip(golden["bins"].as_array().unwrap()) {
        for (i, field) in fields.into_iter().enumerate() {
            assert_close(&bin[field], &wanted[i], 1e-10, &format!("{what}, bin {}", wanted[0]));
        }
        let relative = bin["relative_to_spontaneous"].as_f64();
        let spontaneous = golden["spontaneous_hz"].as_f64().filter(|rate| *rate > 0.0);
        let wanted = spontaneous.map(|rate| wanted[2].as_f64().unwrap() / rate);
        assert_close(&json!(relative), &json!(wanted), 1e-10, what);
    }
    let column = |name: &str| found[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
    let points: Vec<_> =
        column("differences_deg").map(f64::to_radians).zip(column("rates_hz")).collect();
    let fit = json!(GaussianFit::of(&points, false));
    if golden["fit"].is_null() {
        assert!(fit.is_null(), "{what}: {fit}");
    } else {
        // A minimum is flat: its place is known to half of the digits of its depth.
        assert_close(&fit["half_width_deg"], &golden["fit"][0], 1e-4, what);
        assert_close(&fit["explained_variance"], &golden["fit"][1], 1e-7, what);
    }
    // These networks of a few hundred cells are not tuned: the fits explain a quarter of their
    // variance at most.
    assert!(found["fit"].is_null(), "{what}: {}", found["fit"]);
    let share = found["explained_between_bins"].as_f64();
    assert!(share.is_none_or(|share| share < LEAST_EXPLAINED), "{what}: {share:?}");
}

#[test]
fn numbers_are_those_of_elephant_numpy_and_scipy() {
    let text = include_str!("data/inspection.golden.json");
    let goldens: Value = serde_json::from_str(text).unwrap();
    let mut tuned = 0;
    for (name, sheets) in goldens.as_object().unwrap() {
        let fixture = Fixture::unpack(&[name]);
        let found = numbers(&fixture.path(name), "");
        assert_eq!(found["exploded"], name == "exploded");
        for (sheet, golden) in sheets.as_object().unwrap() {
            let what = format!("{name}, {sheet}");
            let all = found["sheets"].as_array().unwrap();
            let found = all.iter().find(|found| found["sheet"] == *sheet).unwrap();
            assert_spontaneous(&found["spontaneous"], &golden["spontaneous"], &what);
            for signal in found["signals"].as_array().unwrap() {
                let name = signal["name"].as_str().unwrap();
                assert_close(&signal["mean"], &golden["signals"][name], 1e-10, &what);
                assert_close(&mean(&signal["mean_trace"]), &golden["signals"][name], 1e-10, &what);
            }
            let tunings = found["orientation_tuning"].as_array().unwrap();
            let golden_tunings = golden["orientation_tuning"].as_array();
            assert_eq!(tunings.len(), golden_tunings.map_or(0, Vec::len), "{what}");
            for (found, golden) in tunings.iter().zip(golden_tunings.into_iter().flatten()) {
                let what = format!("{what}, contrast {}", golden["contrast_percent"]);
                assert_orientation_tuning(found, golden, &what);
                tuned += 1;
            }
            if let Some(points) = golden["contrast_response"].as_array() {
                let found = found["contrast_response"]["points"].as_array().unwrap();
                assert_eq!(found.len(), points.len(), "{what}");
                for (found, wanted) in found.iter().zip(points) {
                    for (i, field) in ["contrast_percent", "n", "mean_hz"].into_iter().enumerate() {
                        assert_close(&found[field], &wanted[i], 1e-10, &what);
                    }
                }
            } else {
                assert!(found["contrast_response"].is_null(), "{what}");
            }
            match &golden["f1_over_f0"] {
                golden if golden["n"].as_u64().unwrap_or(0) > 0 => {
                    assert_summary(&found["modulation"]["f1_over_f0"], golden, &what);
                }
                _ => assert!(found["modulation"].is_null(), "{what}"),
            }
        }
    }
    assert!(tuned > 20, "{tuned}");
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn figures_are_written_and_what_is_not_there_is_said() {
    let fixture = Fixture::unpack(&["exploded"]);
    let output: PathBuf = fixture.directory.path().join("out");
    let ended = inspect(&fixture.path("exploded"), &output, "--theme dark").exits(0);
    assert_eq!(names(&output), ["distributions.png", "raster.png", "signals.png"]);
    let summary = &ended.stdout;
    assert!(summary.contains("exploded: the network's activity ran away"), "{summary}");
    assert!(summary.contains("no gratings were shown: X_ON, X_OFF, V1_Exc_L4"), "{summary}");
    ended.says("no orientation_tuning: it needs full-field gratings and orientation preferences");
}

#[test]
fn one_sheet_can_be_chosen_and_the_page_needs_nothing_else() {
    let fixture = Fixture::unpack(&["subset"]);
    let output: PathBuf = fixture.directory.path().join("out");
    let flags = "--format html --sheet V1_Exc_L4";
    let ended = inspect(&fixture.path("subset"), &output, flags).exits(0);
    assert!(ended.stdout.contains("V1_Exc_L4") && !ended.stdout.contains("V1_Inh_L4"));
    let html = fs::read_to_string(output.join("inspection.html")).unwrap();
    let page = &html[..html.find("<script").unwrap()];
    assert_eq!(page.matches("<figure id=").count(), 7);
    assert!(page.contains("No size_tuning: it needs gratings in disks of several radii."));
    // A Gaussian with a half width of 5.7° explains a third of what the means of the bins differ
    // by.
    for text in [page, &*ended.stdout] {
        assert!(text.contains("no tuning (R² 0.3"), "{text}");
        assert!(text.contains("HWHH at 100 %, all cells (°)"), "{text}");
    }
    assert!(!page.contains("src=") && !page.contains("<link"));
    inspect(&fixture.path("subset"), &output, "--sheet V1_Exc_L5").exits(2).says("V1_Exc_L4");
    inspect(fixture.directory.path(), &output, "").exits(0);
    inspect(&output, &output, "").exits(2).says("there is no data store");
}
