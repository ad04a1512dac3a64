//! Pickles that were made to do harm: each ends in an error, or in a graph that can be asked
//! everything, within the limit of memory and of the stack, and in little time.

use std::time::{Duration, Instant};

use pickle::numpy::{Array, NotAnArray};
use pickle::{Error, ErrorKind, Graph, Limits};

mod allocated;
mod visit;

/// Reads, measures what that takes, and asks everything of what was read.
fn survive(pickle: &[u8], limits: Limits) -> Result<Graph<'_>, Error> {
    let (graph, peak) = allocated::peak_bytes(|| pickle::read(pickle, limits));
    assert!(peak <= limits.memory_bytes, "{peak} bytes, {limits:?}");
    let graph = graph?;
    assert!(peak <= graph.memory_bytes(), "{peak} bytes, not {}", graph.memory_bytes());
    visit::visit(&graph);
    Ok(graph)
}

fn survive_by_default(pickle: &[u8]) -> Result<Graph<'_>, Error> {
    survive(pickle, Limits::for_size(pickle.len()))
}

#[track_caller]
fn assert_too_much(result: Result<Graph<'_>, Error>) {
    let kind = result.map(|_| "a graph").map_err(|error| error.kind);
    assert!(matches!(kind, Err(ErrorKind::TooMuchMemory { .. })), "{kind:?}");
}

#[track_caller]
fn assert_fast<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    done
}

/// So many times each.
fn repeated(parts: &[(&[u8], usize)]) -> Vec<u8> {
    parts.iter().flat_map(|(part, times)| part.repeat(*times)).collect()
}

/// A name, and instructions with how often each is repeated.
type Nesting = (&'static str, Vec<(&'static [u8], usize)>);

/// Pickles of values within values, in parts that are to be repeated.
fn nested(depth: usize) -> Vec<Nesting> {
    let (n, m) = (depth, depth - 1);
    vec![
        ("tuples", vec![(b")", 1), (b"\x85", m), (b".", 1)]),
        ("tuples with marks", vec![(b"(", n), (b"t", n), (b".", 1)]),
        ("lists", vec![(b"]", n), (b"a", m), (b".", 1)]),
        ("dicts", vec![(b"}N", n), (b"Ns", 1), (b"s", m), (b".", 1)]),
        ("sets", vec![(b"\x8f(", n), (b"\x90", n), (b".", 1)]),
        ("frozensets", vec![(b"(", n), (b"\x91", n), (b".", 1)]),
        ("callables", vec![(b"c\n\n", 1), (b")R", n), (b".", 1)]),
        ("references", vec![(b"N", 1), (b"Q", n), (b".", 1)]),
        ("arguments", vec![(b"c\n\n", n), (b")R", 1), (b"\x85R", m), (b".", 1)]),
        ("old classes", vec![(b"(c\n\n", n), (b"o", n), (b".", 1)]),
        ("states", vec![(b"c\n\n)\x81", n), (b"b", m), (b".", 1)]),
    ]
}

#[test]
fn deep_nesting_needs_no_stack() {
    for (name, parts) in nested(100_000) {
        let pickle = repeated(&parts);
        let graph = survive(&pickle, Limits { memory_bytes: 1 << 26 });
        assert!(graph.is_ok(), "{name}: {graph:?}");
    }
}

#[test]
fn ten_million_levels_are_more_than_their_pickle_may_take() {
    // The last ones are made of more text, for which more memory is allowed.
    for (name, parts) in nested(10_000_000).into_iter().take(8) {
        println!("{name}");
        assert_too_much(survive_by_default(&repeated(&parts)));
    }
}

#[test]
fn floods_are_errors() {
    let n = 10_000_000;
    for part in [&b"("[..], b"N2", b"2", b"h\x00", b"g0\n", b"\x94", b"]", b"K\x00", b")", b"\x8f"]
    {
        let pickle = repeated(&[(b"Nq\x00", 1), (part, n)]);
        let kind = survive_by_default(&pickle).expect_err("it does not end").kind;
        let is_expected = matches!(kind, ErrorKind::Truncated | ErrorKind::TooMuchMemory { .. });
        assert!(is_expected, "{part:?}: {kind:?}");
    }
}

#[test]
fn lengths_beyond_the_end_are_not_believed() {
    let (long, longer) = ([0xff; 4], (1_u64 << 63).to_le_bytes());
    for opcode in *b"\x8bTBX" {
        let pickle = [&[opcode], &long[..], b"."].concat();
        assert_eq!(survive_by_default(&pickle).unwrap_err().kind, ErrorKind::Truncated);
    }
    for opcode in *b"\x8d\x8e\x95\x96" {
        for length in [longer, [0xff; 8], 2_u64.to_le_bytes()] {
            let pickle = [&[opcode], &length[..], b"."].concat();
            assert_eq!(survive_by_default(&pickle).unwrap_err().kind, ErrorKind::Truncated);
        }
    }
}

#[test]
fn numbers_of_the_memo_are_not_believed() {
    assert_too_much(survive_by_default(b"Nr\xff\xff\xff\xff."));
    assert_too_much(survive_by_default(b"Np18446744073709551615\n."));
    assert_too_much(survive_by_default(b"Np9223372036854775807\n."));
    let no_limit = Limits { memory_bytes: usize::MAX };
    assert_too_much(pickle::read(b"Np18446744073709551615\n.", no_limit));
    for number in ["18446744073709551616", "-1", "1.5", ""] {
        let pickle = format!("Np{number}\n.");
        let kind = survive_by_default(pickle.as_bytes()).unwrap_err().kind;
        assert_eq!(kind, ErrorKind::Malformed("number"));
    }
}

#[test]
fn decoded_text_is_counted_before_it_is_decoded() {
    let escaped = repeated(&[(b"\\x41", 250_000)]);
    let latin_1 = repeated(&[(b"\xe9", 1_000_000)]);
    let unicode = repeated(&[(b"\\u03bc", 200_000)]);
    let letters = "é".repeat(500_000);
    let encoded = [b"c_codecs\nencode\n(X", &1_000_000_u32.to_le_bytes()[..]].concat();
    for pickle in [
        [b"S'", &escaped[..], b"'\n."].concat(),
        [b"V", &latin_1[..], b"\n."].concat(),
        [b"V", &unicode[..], b"\n."].concat(),
        [&encoded, letters.as_bytes(), b"X\x06\x00\x00\x00latin1tR."].concat(),
    ] {
        assert_too_much(survive(&pickle, Limits { memory_bytes: 10_000 }));
        assert!(survive_by_default(&pickle).is_ok());
    }
    // The same text, encoded again and again.
    let text = [&encoded, letters.as_bytes(), b"X\x06\x00\x00\x00latin1tq\x01R0"].concat();
    let again =
        repeated(&[(&text, 1), (b"c_codecs\nencode\nq\x00", 1), (b"h\x00h\x01R0", MILLION)]);
    assert_too_much(assert_fast(|| survive_by_default(&again)));
}

const MILLION: usize = 1_000_000;

#[test]
fn values_may_contain_themselves() {
    for (pickle, what) in [
        (&b"]q\x00h\x00a."[..], "a list"),
        (b"}q\x00h\x00h\x00s.", "a dict, as key and value"),
        (b"\x8fq\x00(h\x00\x90.", "a set"),
        (b"(]q\x00(h\x00tq\x01a0h\x01.", "a tuple, through a list"),
        (b"]q\x00h\x00\x85q\x01a0h\x01.", "a tuple, through a list"),
        (b"c\n\n)Rq\x00h\x00b.", "an object, as its state"),
        (b"c\n\n)Rq\x00h\x00a.", "an object, as its item"),
        (b"c\n\n)Rq\x00h\x00h\x00s.", "an object, as its entry"),
        (b"c\n\n]q\x00\x85Rq\x01h\x00h\x01a0.", "an object, through its argument"),
        (b"]q\x00Qq\x01h\x00h\x01a.", "a reference, through a list"),
        (b"c__builtin__\nbytearray\n]q\x00\x85Rq\x01h\x00h\x01a0.", "a bytearray"),
        (b"ccopyreg\n_reconstructor\n(NN}q\x00tRq\x01h\x00h\x01h\x01s0.", "a reconstructed dict"),
        (b"ccollections\nOrderedDict\n]q\x00h\x00h\x00a\x85R.", "an ordered dict's entries"),
        (b"cnumpy\ndtype\n]q\x00\x85Rq\x01h\x00h\x01a0h\x01h\x01b.", "a dtype"),
        (b"cnumpy.core.multiarray\n_reconstruct\n)Rq\x00(h\x00h\x00h\x00h\x00h\x00tb.", "an array"),
        (b"cnumpy.core.multiarray\nscalar\n]q\x00h\x00\x86Rq\x01h\x00h\x01a0.", "a scalar"),
    ] {
        let graph = survive_by_default(pickle);
        assert!(graph.is_ok(), "{what}: {graph:?}");
    }
}

/// An array of NumPy 1 with this instruction for its shape.
fn array(shape: &str, is_fortran: bool, code: &str, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_le_bytes();
    let order = if is_fortran { b"\x88" } else { b"\x89" };
    let dtype = format!("cnumpy\ndtype\n(X{}\x00\x00\x00{code}tR", char::from(code.len() as u8));
    let begin = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01";
    [&begin[..], shape.as_bytes(), dtype.as_bytes(), order, b"B", &length, data, b"tb."].concat()
}

fn refused(pickle: &[u8]) -> NotAnArray {
    let graph = survive_by_default(pickle).unwrap();
    Array::of(&graph, graph.root()).unwrap_err()
}

#[test]
fn shapes_are_compared_with_the_data() {
    let size = NotAnArray::Damaged("its data do not have the size of its shape");
    for shape in [
        "(t",
        "(I2\nt",
        "(I4611686018427387904\nI4611686018427387904\nt",
        "(I2305843009213693952\nI8\nt",
        "(I9223372036854775807\nt",
    ] {
        assert_eq!(refused(&array(shape, false, "f8", b"")), size, "{shape}");
    }
    let shape = NotAnArray::Damaged("its shape is not made of whole numbers");
    for wrong in [
        "(I-1\nt",
        "(I-1\nI-1\nt",
        "(F1.0\nt",
        "(Nt",
        "((tt",
        "N",
        "I1\n",
        "(L36893488147419103232L\nt",
    ] {
        assert_eq!(
            refused(&array(wrong, false, "f8", b"\x00".repeat(8).as_slice())),
            shape,
            "{wrong}"
        );
    }
    let many = format!("({}t", "I1\n".repeat(65));
    let dimensions = NotAnArray::Damaged("it has more than 64 dimensions");
    assert_eq!(refused(&array(&many, false, "f8", &[0; 8])), dimensions);
}

#[test]
fn nothing_takes_no_time_however_wide_it_is() {
    for shape in ["(I0\nI4611686018427387904\nt", "(I1152921504606846976\nI0\nt"] {
        for is_fortran in [false, true] {
            let pickle = array(shape, is_fortran, "f8", b"");
            let graph = survive_by_default(&pickle).unwrap();
            let array = Array::of(&graph, graph.root()).unwrap();
            assert_eq!(array.by_rows().unwrap(), [0.0; 0]);
            assert_eq!(array.by_columns().unwrap(), [0.0; 0]);
        }
    }
}

#[test]
fn types_of_elements_are_known_ones() {
    for code in ["", "f", "f9", "f16", "i3", "u0", "?", "O8", "V8", "f8\u{0}", "<f8"] {
        let error = refused(&array("(I1\nt", false, code, &[0; 8]));
        assert_eq!(error, NotAnArray::ElementType(code.to_owned()));
    }
}

/// A long text with letters that make it slow to decode.
fn long_text() -> Vec<u8> {
    let text = "é".repeat(MILLION);
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

#[test]
fn long_keys_do_not_make_a_dict_slow() {
    let text = long_text();
    let parts: [(&[u8], usize); 4] =
        [(&text, 1), (b"q\x000}(", 1), (b"h\x00N", MILLION), (b"u.", 1)];
    let pickle = repeated(&parts);
    let graph = pickle::read(&pickle, Limits { memory_bytes: 1 << 28 }).unwrap();
    assert_eq!(assert_fast(|| graph.get(graph.root(), "stimulus")), None);
}

#[test]
fn long_names_do_not_make_objects_slow() {
    let text = long_text();
    let parts: [(&[u8], usize); 5] =
        [(&text, 1), (b"q\x00h\x00\x93q\x01(", 1), (b"h\x01)R", MILLION), (b"l", 1), (b".", 1)];
    let pickle = repeated(&parts);
    let graph = pickle::read(&pickle, Limits { memory_bytes: 1 << 30 }).unwrap();
    let objects = graph.sequence(graph.root()).unwrap();
    assert_eq!(objects.len(), MILLION);
    let known = assert_fast(|| objects.iter().filter(|&&object| graph.class(object).is_some()));
    assert_eq!(assert_fast(|| known.count()), 0);
}

#[test]
fn instructions_that_fit_nothing_are_errors() {
    use ErrorKind::{Misapplied, NoMark, NotRemembered, StackUnderflow, Truncated};
    let no_list = || Misapplied("something is appended to what is no list");
    let no_dict = || Misapplied("an entry is put into what is no dict");
    let no_state = || Misapplied("a state is set on what has none");
    for (pickle, offset, kind) in [
        (&b""[..], 0, Truncated),
        (b".", 0, StackUnderflow),
        (b"N(.", 2, StackUnderflow),
        (b"0", 0, StackUnderflow),
        (b"1", 0, NoMark),
        (b"2", 0, StackUnderflow),
        (b"t", 0, NoMark),
        (b"N\x86", 1, StackUnderflow),
        (b"N(N\x86", 3, StackUnderflow),
        (b"]a", 1, StackUnderflow),
        (b"Na", 1, StackUnderflow),
        (b"NNa", 2, no_list()),
        (b"}Na", 2, no_list()),
        (b"(Ne", 2, StackUnderflow),
        (b"]N(s", 3, StackUnderflow),
        (b"]NNs", 3, no_dict()),
        (b"}(Nu", 3, Misapplied("a key of a dict has no value")),
        (b"(Nd", 2, Misapplied("a key of a dict has no value")),
        (b"]Nb", 2, no_state()),
        (b"NNb", 2, no_state()),
        (b"NN\x93", 2, Misapplied("the name of a class is not text")),
        (b"(o", 1, StackUnderflow),
        (b"NR", 1, StackUnderflow),
        (b"Q", 0, StackUnderflow),
        (b"\x94", 0, StackUnderflow),
        (b"h\x07", 0, NotRemembered(7)),
        (b"Nq\x01h\x00", 3, NotRemembered(0)),
        (b"j\xff\xff\xff\xff", 0, NotRemembered(0xffff_ffff)),
        (b"\x80\x06", 0, ErrorKind::Protocol(6)),
        (b"\x00", 0, ErrorKind::UnknownOpcode(0)),
        (b"\x82\x01", 0, ErrorKind::Unsupported("a class of the extension registry")),
        (b"\x97", 0, ErrorKind::Unsupported("a buffer that lies outside of the pickle")),
        (b"Iten\n", 0, ErrorKind::Malformed("integer")),
        (b"L-L\n", 0, ErrorKind::Malformed("integer")),
        (b"Fone\n", 0, ErrorKind::Malformed("number")),
        (b"Snone\n", 0, ErrorKind::Malformed("quoted string")),
        (b"V\\u12\n", 0, ErrorKind::Malformed("escaped text")),
    ] {
        let error = survive_by_default(pickle).expect_err(&pickle.escape_ascii().to_string());
        assert_eq!(error, Error { offset, kind }, "{}", pickle.escape_ascii());
    }
}
