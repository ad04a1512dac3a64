//! Reading segments that neo pickled: objects by the hundred, and the arrays in them.

use std::fs;
use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use pickle::{Limits, read};

fn main() {
    divan::main();
}

#[divan::bench(args = ["segment_neo_0.8.pickle", "segment_neo_0.14.pickle"])]
fn a_segment(bencher: Bencher<'_, '_>, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let bytes = fs::read(path).expect("the segment lies beside the tests");
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench(|| read(&bytes, Limits::for_size(bytes.len())).expect("it is a pickle"));
}
