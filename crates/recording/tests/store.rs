//! The data store: what is written is read back, and what is damaged is refused with its path.

use std::fs;
use std::path::Path;

use recording::store::{Store, Writer};
use recording::{Recording, Segment, SegmentHeader, Sheet, Signal, SpikeTrains, Stimulus};

fn sheet() -> Sheet {
    let positions_deg = vec![[0.5, -1.0], [0.25, 2.0], [0.0, 0.0]];
    Sheet::new("V1_Exc_L2/3", positions_deg, Some(vec![0.0, 1.5, 3.0]))
}

fn segment() -> (SegmentHeader, Segment) {
    let mut spike_trains = SpikeTrains::default();
    spike_trains.push(2, [0.1, 17.3]);
    spike_trains.push(0, []);
    let conductance = Signal {
        name: "gsyn_exc".to_owned(),
        unit: "uS".to_owned(),
        sampling_interval_ms: 1.0,
        neurons: vec![0, 2],
        values: vec![1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3],
    };
    let header = SegmentHeader {
        sheet: "V1_Exc_L2/3".to_owned(),
        stimulus: Stimulus::new("InternalStimulus", &[("duration", 500.0), ("trial", 0.0)]),
        null: false,
    };
    (
        header,
        Segment { t_start_ms: 0.0, t_stop_ms: 500.0, spike_trains, signals: vec![conductance] },
    )
}

fn write(directory: &Path) {
    let (header, data) = segment();
    let mut writer = Writer::create(directory, &[sheet()]).unwrap();
    writer.push(&header, &data).unwrap();
    writer.finish(true).unwrap();
}

#[test]
fn a_store_gives_back_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let store = Store::open(directory.path()).unwrap();
    let (header, data) = segment();
    assert_eq!(store.sheets(), [sheet()]);
    assert_eq!(store.segments(), [header]);
    assert_eq!(*store.load(0).unwrap(), data);
    assert!(store.explosion_detected());
    assert!(store.load(1).is_err());
    let channels: Vec<_> = data.signals[0].channels().collect();
    assert_eq!(channels, [(0, &[1e-3, 2e-3, 3e-3][..]), (2, &[4e-3, 5e-3, 6e-3][..])]);
}

#[test]
fn a_store_whose_writer_died_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (header, data) = segment();
    let mut writer = Writer::create(directory.path(), &[sheet()]).unwrap();
    writer.push(&header, &data).unwrap();
    drop(writer);
    let error = Store::open(directory.path()).err().unwrap().to_string();
    assert!(error.contains("recording.json"), "{error}");
}

#[test]
fn every_file_truncated_anywhere_gives_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let files: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(files.len(), 8);
    for path in files {
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let opened = Store::open(directory.path());
            let error = match opened {
                Ok(store) => store.load(0).err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            let error = error.unwrap_or_else(|| panic!("{} cut at {length}", path.display()));
            assert!(error.contains(".npy") || error.contains("recording.json"), "{error}");
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn a_header_that_claims_more_than_the_file_holds_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let path = directory.path().join("segment000.spike_times.npy");
    let text = fs::read(&path).unwrap();
    let claimed = String::from_utf8_lossy(&text).replace("(2,)", "(999999999999,)");
    let shortened = claimed.replacen("            \n", "\n", 1);
    fs::write(&path, shortened.as_bytes()).unwrap();
    assert!(Store::open(directory.path()).unwrap().load(0).is_err());
}
