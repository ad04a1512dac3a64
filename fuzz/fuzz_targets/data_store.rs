//! Any bytes are opened as a data store, and everything is measured on it.
//!
//! Parts are separated by a line: the block, the results of analyses, and the segments. An empty
//! part leaves its file out.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use mozaik_datastore::{ANALYSIS, BLOCK, Store};
use recording::Recording;
use targets::{Scoring, Target, TargetClass, Wanted, measure};

const SEPARATOR: &[u8] = b"\n=====\n";

fuzz_target!(|bytes: &[u8]| {
    // Files in memory: a disk would be the slowest part.
    let directory = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut rest = bytes;
    for file in [BLOCK, ANALYSIS, "Segment0.pickle", "Segment1.pickle", "Segment2.pickle"] {
        let end = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        let part = &rest[..end.unwrap_or(rest.len())];
        if !part.is_empty() {
            fs::write(directory.path().join(file), part).unwrap();
        }
        rest = end.map_or(&[], |end| &rest[end + SEPARATOR.len()..]);
    }
    let Ok(store) = Store::open(directory.path()) else { return };
    store.writer();
    for segment in 0..store.segments().len() {
        let all = store.load(segment);
        if let (Ok(all), Ok(spikes)) = (&all, store.load_spikes(segment)) {
            assert_eq!(all.spike_trains.len(), spikes.spike_trains.len());
        }
    }
    let targets: Vec<_> =
        store.sheets().iter().take(4).flat_map(|sheet| all_on(&sheet.name)).collect();
    assert_eq!(measure(&store, &targets).len(), targets.len());
});

fn all_on(sheet: &str) -> impl Iterator<Item = Target> {
    TargetClass::ALL.iter().map(move |&class| Target {
        name: class.name().to_owned(),
        class,
        sheet_name: Some(sheet.to_owned()),
        scoring: Scoring::new(class.rule(), Wanted::Number(1.0), None, 20.0)
            .or_else(|_| Scoring::new(class.rule(), Wanted::Range(0.5, 2.0), None, 20.0))
            .unwrap(),
    })
}
