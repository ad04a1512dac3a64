//! Real segments that were cut off or damaged: an error, or a graph, but never harm.

use pickle::{ErrorKind, Limits};

mod allocated;
mod visit;

/// As mozaik wrote them: two during 147 ms, and one with few spikes.
const SEGMENTS: [&[u8]; 3] = [
    include_bytes!("data/segment_neo_0.8.pickle"),
    include_bytes!("data/segment_neo_0.14.pickle"),
    include_bytes!("data/segment_small.pickle"),
];

#[test]
fn whole_segments_are_read() {
    for segment in SEGMENTS {
        let graph = pickle::read(segment, Limits::for_size(segment.len())).unwrap();
        assert_eq!(graph.class(graph.root()), Some(("neo.core.segment", "Segment")));
        assert!(visit::visit(&graph) > 100);
    }
}

#[test]
fn a_segment_that_is_cut_off_anywhere_is_an_error() {
    for segment in SEGMENTS {
        for length in 0..segment.len() {
            assert_cut_off(&segment[..length]);
        }
    }
}

/// The length of the frame shows at once that something is missing: here it fits what there is.
#[test]
fn a_frame_that_is_cut_off_anywhere_is_an_error() {
    const BEGIN: usize = 11;
    for segment in SEGMENTS {
        assert_eq!(segment[..3], *b"\x80\x04\x95");
        let mut shorter = segment.to_vec();
        for length in (BEGIN..segment.len()).rev() {
            shorter.truncate(length);
            shorter[3..BEGIN].copy_from_slice(&(length - BEGIN).to_le_bytes());
            assert_cut_off(&shorter);
        }
    }
}

fn assert_cut_off(pickle: &[u8]) {
    let error = pickle::read(pickle, Limits::for_size(pickle.len())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Truncated, "after {} bytes", pickle.len());
}

#[test]
fn a_segment_with_a_wrong_byte_does_no_harm() {
    let segment = SEGMENTS[2];
    let limits = Limits::for_size(segment.len());
    let mut damaged = segment.to_vec();
    for position in 0..segment.len() {
        for flipped in [0x01, 0x02, 0x10, 0x20, 0x80, 0xff] {
            damaged[position] ^= flipped;
            let (graph, peak) = allocated::peak_bytes(|| pickle::read(&damaged, limits));
            assert!(peak <= limits.memory_bytes, "{peak} bytes, {position}, {flipped}");
            if let Ok(graph) = graph {
                visit::visit(&graph);
            }
            damaged[position] = segment[position];
        }
    }
}
