//! Opening a data store of mozaik, and reading its segments: 99 files of 8 MB in all.

use divan::Bencher;
use recording::Recording;
use support::Fixture;

#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    divan::main();
}

#[divan::bench]
fn opening(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::unpack(&["healthy"]);
    bencher.bench(|| fixture.store("healthy"));
}

/// As after a run that died before it wrote its index: every segment is read for what it is.
#[divan::bench(sample_count = 20)]
fn opening_without_an_index(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::unpack(&["healthy"]);
    let index = fixture.path("healthy").join(mozaik_datastore::BLOCK);
    std::fs::remove_file(index).expect("the store has an index");
    bencher.bench(|| fixture.store("healthy"));
}

#[divan::bench(sample_count = 20)]
fn reading_all_segments(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::unpack(&["healthy"]);
    let store = fixture.store("healthy");
    bencher.bench(|| {
        let segments = 0..store.segments().len();
        let spikes = segments.map(|segment| {
            let segment = store.load(segment).expect("the store is healthy");
            segment.spike_trains.spike_count()
        });
        spikes.sum::<usize>()
    });
}
