//! Real data stores of mozaik, complete and damaged, against what neo and mozaik read from them.

mod support;

use std::collections::BTreeMap;
use std::fs;

use mozaik_datastore::Store;
use recording::{Recording, Signal, StimulusValue};
use serde::Deserialize;
use support::{Fixture, data};

/// Name, unit, samples, neurons, ids of the neurons, mean of each.
type GoldenSignal = (String, String, usize, usize, Vec<i64>, Vec<f64>);

#[derive(Deserialize)]
struct Golden {
    store: String,
    file: String,
    null: bool,
    sheet: String,
    stimulus: String,
    t_stop_ms: f64,
    neuron_ids: Vec<i64>,
    spikes: Vec<usize>,
    sum_of_times_ms: f64,
    signals: Vec<GoldenSignal>,
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs()
}

#[test]
fn segments_hold_what_neo_reads_from_them() {
    let fixture = Fixture::unpack(&["exploded", "subset"]);
    let goldens = fs::read(data("contents.golden.json")).unwrap();
    let goldens: Vec<Golden> = serde_json::from_slice(&goldens).unwrap();
    for name in ["subset", "exploded"] {
        let store = fixture.store(name);
        let goldens: Vec<_> = goldens.iter().filter(|golden| golden.store == name).collect();
        assert_eq!(store.segments().len(), goldens.len());
        for (i, golden) in goldens.into_iter().enumerate() {
            let header = &store.segments()[i];
            assert_eq!(store.segment_file(i).unwrap().file_stem().unwrap(), &*golden.file);
            assert_eq!((&header.sheet, header.null), (&golden.sheet, golden.null));
            assert_eq!(header.stimulus.name, golden.stimulus);
            let segment = store.load(i).unwrap();
            let ids = &store.sheet(&header.sheet).unwrap().neuron_ids;
            let trains = &segment.spike_trains;
            let recorded: Vec<_> = trains.iter().map(|(neuron, _)| ids[neuron]).collect();
            assert_eq!(recorded, golden.neuron_ids);
            let spikes: Vec<_> = trains.iter().map(|(_, times)| times.len()).collect();
            assert_eq!(spikes, golden.spikes);
            assert_eq!((segment.t_start_ms, segment.t_stop_ms), (0.0, golden.t_stop_ms));
            assert!(is_close(trains.times_ms().iter().sum(), golden.sum_of_times_ms));
            assert_eq!(segment.signals.len(), golden.signals.len());
            for (name, unit, samples, neurons, signal_ids, means) in &golden.signals {
                let signal = segment.signal(&[name]).unwrap();
                assert_eq!((&signal.unit, signal.sampling_interval_ms), (unit, 1.0));
                assert_eq!((signal.sample_count(), signal.neurons.len()), (*samples, *neurons));
                for ((neuron, values), (&id, &mean)) in
                    signal.channels().zip(signal_ids.iter().zip(means))
                {
                    assert_eq!(ids[neuron], id);
                    let ours = values.iter().sum::<f64>() / values.len() as f64;
                    assert!(is_close(ours, mean), "{name} of {id}: {ours}, not {mean}");
                }
            }
            assert_eq!(*store.load_spikes(i).unwrap(), segment.without_signals());
        }
    }
}

/// The same segment, written with neo 0.8 to 0.14 and NumPy 1 and 2: as many stores without a
/// block.
#[test]
fn every_version_of_neo_and_numpy_gives_the_same() {
    let fixture = Fixture::unpack(&["segments"]);
    let mut read = BTreeMap::new();
    for file in fs::read_dir(fixture.path("segments")).unwrap() {
        let file = file.unwrap().path();
        let store = tempfile::tempdir().unwrap();
        fs::copy(&file, store.path().join("Segment0.pickle")).unwrap();
        let store = Store::open(store.path()).unwrap();
        let writer = store.writer().unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        read.insert(name, (store.segments()[0].clone(), store.load(0).unwrap(), writer));
    }
    assert_eq!(read.len(), 8);
    let (header, segment, _) = read["seg_neo08"].clone();
    assert_eq!((segment.spike_trains.len(), segment.spike_trains.spike_count()), (4, 37));
    for (name, (other_header, other, writer)) in &read {
        assert_eq!((other_header, other), (&header, &segment), "{name}");
        let is_new = name.contains("neo13") || name.contains("neo14");
        assert_eq!(writer.neo, if is_new { "0.13 or newer" } else { "up to 0.12" }, "{name}");
        let numpy = if name.ends_with("np2") { "2" } else { "1" };
        assert_eq!(writer.numpy, Some(numpy), "{name}");
    }
}

#[test]
fn orientations_come_from_analyses_or_annotations() {
    let fixture = Fixture::unpack(&["exploded", "exploded_analysis"]);
    let (annotated, analysed) = (fixture.store("exploded"), fixture.store("exploded_analysis"));
    assert!(annotated.per_neuron_values().is_empty());
    assert!(!analysed.per_neuron_values().is_empty());
    for (a, b) in annotated.sheets().iter().zip(analysed.sheets()) {
        // The analysis copied the annotations.
        assert_eq!(a.orientations_rad, b.orientations_rad);
        assert_eq!(a.orientations_rad.is_some(), a.name.starts_with("V1"));
    }
    let of_sheet = analysed.per_neuron_values().iter().find(|values| values.sheet == "V1_Exc_L4");
    assert_eq!(of_sheet.unwrap().neuron_ids, analysed.sheet("V1_Exc_L4").unwrap().neuron_ids);
    assert!(annotated.neuron_annotations(2).unwrap().contains_key("LGNAfferentAspectRatio"));
}

/// A run that is killed leaves its segments, the last of them torn, and no block.
#[test]
fn a_run_that_died_early_is_read_as_far_as_it_came() {
    let fixture = Fixture::unpack(&["subset"]);
    let whole = fixture.store("subset");
    let directory = fixture.path("subset");
    fs::remove_file(directory.join("datastore.recordings.pickle")).unwrap();
    let torn = directory.join("Segment95.pickle");
    let bytes = fs::read(&torn).unwrap();
    fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();

    let store = Store::open(&directory).unwrap();
    assert_eq!(store.segments().len(), whole.segments().len() - 1);
    assert_eq!(store.deficiencies().len(), 2, "{:?}", store.deficiencies());
    assert!(store.deficiencies()[1].contains("Segment95.pickle: byte"));
    assert!(store.sheets().iter().all(|sheet| sheet.positions_deg.is_none()));
    let mut seen = 0;
    for i in 0..store.segments().len() {
        let file = store.segment_file(i).unwrap();
        let same = (0..whole.segments().len()).find(|&j| whole.segment_file(j) == Some(file));
        let same = same.unwrap();
        // Blanks are told from presentations without the block, and neurons keep their index.
        assert_eq!(store.segments()[i], whole.segments()[same], "{}", file.display());
        if i % 10 == 0 {
            assert_eq!(store.load(i).unwrap(), whole.load(same).unwrap());
            seen += 1;
        }
    }
    assert_eq!(seen, 10);
}

#[test]
fn what_is_missing_or_damaged_is_named_and_the_rest_is_read() {
    let fixture = Fixture::unpack(&["exploded"]);
    let directory = fixture.path("exploded");
    fs::remove_file(directory.join("Segment3.pickle")).unwrap();
    fs::write(directory.join("datastore.analysis.pickle"), b"not a pickle").unwrap();
    let store = fixture.store("exploded");
    let [analysis, segment] = store.deficiencies() else { panic!("{:?}", store.deficiencies()) };
    assert!(analysis.contains("datastore.analysis.pickle: byte 0"), "{analysis}");
    assert_eq!(segment, "1 of 24 segments have no file, the first is Segment3.pickle");
    let unreadable: Vec<_> = (0..24).filter(|&i| store.load(i).is_err()).collect();
    assert_eq!(unreadable.len(), 1);
    let error = store.load(unreadable[0]).unwrap_err();
    assert!(error.source.to_string().contains("No such file"), "{error}");

    fs::write(directory.join("datastore.recordings.pickle"), b"\x80\x04N.").unwrap();
    let error = Store::open(&directory).unwrap_err().to_string();
    assert!(
        error.ends_with("datastore.recordings.pickle: the object has no annotations"),
        "{error}"
    );
    let empty = tempfile::tempdir().unwrap();
    assert!(Store::open(empty.path()).unwrap_err().to_string().contains("neither"));
}

/// A store that was handed over may name any file in its index.
#[test]
fn no_file_outside_of_the_store_is_opened() {
    let fixture = Fixture::unpack(&["exploded"]);
    let path = fixture.path("exploded").join("datastore.recordings.pickle");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|w| w == b"Segment0").unwrap();
    bytes[at..at + 8].copy_from_slice(b"../../x0");
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&fixture.path("exploded")).unwrap_err().to_string();
    assert!(error.contains("not the name of a file"), "{error}");
}

#[test]
fn a_run_without_a_log_exploded_if_experiments_are_missing() {
    for (name, exploded) in [("exploded", true), ("healthy", false), ("subset", false)] {
        let fixture = Fixture::unpack(&[name]);
        let path = fixture.path(name).join("datastore.recordings.pickle");
        let mut bytes = fs::read(&path).unwrap();
        let key = b"simulation_log";
        let at = bytes.windows(key.len()).position(|w| w == key).unwrap();
        bytes[at..at + key.len()].copy_from_slice(b"simulation_gol");
        fs::write(&path, bytes).unwrap();
        assert_eq!(fixture.store(name).explosion_detected(), exploded, "{name}");
    }
}

#[test]
fn stimuli_keep_their_parameters() {
    let fixture = Fixture::unpack(&["exploded", "healthy"]);
    let store = fixture.store("healthy");
    let disk = store.segments().iter().find(|h| h.stimulus.name.ends_with("Disk")).unwrap();
    assert_eq!(disk.stimulus.number("radius"), Some(1.25));
    assert_eq!(disk.stimulus.parameters["direct_stimulation_name"], StimulusValue::None);
    assert!(!store.explosion_detected() && fixture.store("exploded").explosion_detected());
    let signal: &Signal = &store.load(2).unwrap().signals[0];
    assert_eq!(signal.unit, "uS");
}
