//! Pickles that Python 2.7.18 wrote, by `pickle` and `cPickle`. The strings of Python 2 are bytes,
//! classes come in two kinds, and protocol 0 is the default.

use pickle::{Graph, Limits, Value};

fn read(pickle: &[u8]) -> Graph<'_> {
    pickle::read(pickle, Limits::for_size(pickle.len())).unwrap()
}

fn parts<'g>(graph: &'g Graph<'_>) -> &'g [Value] {
    graph.sequence(graph.root()).unwrap()
}

#[test]
fn numbers_are_digits_in_protocol_0() {
    // [None, True, False, -1, 2**62, 2**63, -2**100, 1.5, inf, -inf, 0.1]
    let pickle = b"(lp1\nNaI01\naI00\naI-1\naI4611686018427387904\naL9223372036854775808L\n\
        aL-1267650600228229401496703205376L\naF1.5\naFinf\naF-inf\naF0.10000000000000001\na.";
    let graph = read(pickle);
    let [none, yes, no, minus, large, larger, largest, floats @ ..] = parts(&graph) else {
        panic!("{:?}", parts(&graph));
    };
    assert_eq!([*none, *yes, *no], [Value::None, Value::Boolean(true), Value::Boolean(false)]);
    assert_eq!([*minus, *large], [Value::Integer(-1), Value::Integer(1 << 62)]);
    let digits = |value| match value {
        Value::LongInteger(id) => std::str::from_utf8(graph.string(id)).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(digits(*larger), "9223372036854775808");
    assert_eq!(digits(*largest), "-1267650600228229401496703205376");
    let floats: Vec<_> = floats.iter().map(|&value| graph.number(value).unwrap()).collect();
    assert_eq!(floats, [1.5, f64::INFINITY, f64::NEG_INFINITY, 0.1]);
}

#[test]
fn strings_are_bytes_and_unicode_is_text() {
    // ["V1", "it's", "a\"b'c", "\x00\xff\n\\", u"\u03bcS \xe9\\\n\U0001f9e0"] in protocols 0 and 2
    let text: &[u8] =
        b"(lp1\nS'V1'\np2\naS\"it's\"\np3\naS'a\"b\\'c'\np4\naS'\\x00\\xff\\n\\\\'\np5\n\
        aV\\u03bcS \xe9\\u005c\\u000a\\U0001f9e0\np6\na.";
    let binary: &[u8] = b"\x80\x02]q\x01(U\x02V1q\x02U\x04it'sq\x03U\x05a\"b'cq\x04\
        U\x04\x00\xff\n\\q\x05X\x0c\x00\x00\x00\xce\xbcS \xc3\xa9\\\n\xf0\x9f\xa7\xa0q\x06e.";
    for pickle in [text, binary] {
        let graph = read(pickle);
        let [strings @ .., unicode] = parts(&graph) else { panic!("{:?}", parts(&graph)) };
        let strings: Vec<_> = strings.iter().map(|&string| graph.bytes(string).unwrap()).collect();
        assert_eq!(strings, [&b"V1"[..], b"it's", b"a\"b'c", b"\x00\xff\n\\"]);
        assert!(matches!(unicode, Value::Text(_)));
        assert_eq!(graph.text(*unicode), Some("\u{3bc}S \u{e9}\\\n\u{1f9e0}"));
    }
}

#[test]
fn a_long_string_has_a_length_of_four_bytes() {
    let pickle = [b"T\x2c\x01\x00\x00", &[b'x'; 300][..], b"q\x01."].concat();
    let graph = read(&pickle);
    assert_eq!(graph.bytes(graph.root()), Some(&[b'x'; 300][..]));
}

#[test]
fn objects_of_old_classes_are_instances() {
    // Old() with rate = 2.5, in protocols 0 (INST) and 1 (OBJ)
    let text: &[u8] = b"(imozaik.storage\nOld\np1\n(dp2\nS'rate'\np3\nF2.5\nsb.";
    let binary: &[u8] = b"(cmozaik.storage\nOld\nq\x01oq\x02}q\x03U\x04rateq\x04\
        G@\x04\x00\x00\x00\x00\x00\x00sb.";
    for pickle in [text, binary] {
        let graph = read(pickle);
        assert_eq!(graph.class(graph.root()), Some(("mozaik.storage", "Old")));
        let rate = graph.attribute(graph.root(), "rate").unwrap();
        assert_eq!(graph.number(rate), Some(2.5));
    }
}

#[test]
fn arguments_of_old_classes_are_kept() {
    // The same with `__getinitargs__` that returns (1, "two")
    let text: &[u8] = b"(I1\nS'two'\np1\nimozaik.storage\nOldArgs\np2\n(dp3\nS'a'\n(tsb.";
    let binary: &[u8] = b"(cmozaik.storage\nOldArgs\nq\x01K\x01U\x03twoq\x02oq\x03}q\x04U\x01a)sb.";
    for pickle in [text, binary] {
        let graph = read(pickle);
        let instance = graph.instance(graph.root()).unwrap();
        let [one, two] = graph.sequence(instance.arguments).unwrap() else {
            panic!("{instance:?}");
        };
        assert_eq!((graph.integer(*one), graph.text(*two)), (Some(1), Some("two")));
        let nothing = graph.attribute(graph.root(), "a").unwrap();
        assert_eq!(graph.sequence(nothing), Some(&[][..]));
    }
}

#[test]
fn objects_of_new_classes_are_reconstructed() {
    // New() with sheet = "V1_Exc_L4", in protocols 0, 1 and 2
    let text: &[u8] = b"ccopy_reg\n_reconstructor\np1\n(cmozaik.storage\nNew\np2\n\
        c__builtin__\nobject\np3\nNtRp4\n(dp5\nS'sheet'\np6\nS'V1_Exc_L4'\np7\nsb.";
    let binary: &[u8] = b"ccopy_reg\n_reconstructor\nq\x01(cmozaik.storage\nNew\nq\x02\
        c__builtin__\nobject\nq\x03NtRq\x04}q\x05U\x05sheetq\x06U\tV1_Exc_L4q\x07sb.";
    let short: &[u8] = b"\x80\x02cmozaik.storage\nNew\nq\x01)\x81q\x02}q\x03\
        U\x05sheetq\x04U\tV1_Exc_L4q\x05sb.";
    for pickle in [text, binary, short] {
        let graph = read(pickle);
        assert_eq!(graph.class(graph.root()), Some(("mozaik.storage", "New")));
        let sheet = graph.attribute(graph.root(), "sheet").unwrap();
        assert_eq!(graph.text(sheet), Some("V1_Exc_L4"));
    }
}

#[test]
fn entries_of_dict_subclasses_are_found() {
    // Annotations(a=1), a subclass of dict, in protocols 0 and 2
    let text: &[u8] = b"ccopy_reg\n_reconstructor\np1\n(cmozaik.storage\nAnnotations\np2\n\
        c__builtin__\ndict\np3\n(dp4\nS'a'\nI1\nstRp5\n.";
    let short: &[u8] = b"\x80\x02cmozaik.storage\nAnnotations\nq\x01)\x81q\x02U\x01aK\x01s}q\x03b.";
    // OrderedDict([("a", 1)]): Python 2 gives its entries as the argument.
    let ordered_text: &[u8] = b"ccollections\nOrderedDict\np1\n((lp2\n(lp3\nS'a'\naI1\naatRp4\n.";
    let ordered_short: &[u8] =
        b"\x80\x02ccollections\nOrderedDict\nq\x01]q\x02]q\x03(U\x01aK\x01ea\x85Rq\x04.";
    for pickle in [text, short, ordered_text, ordered_short] {
        let graph = read(pickle);
        assert_eq!(graph.entries(graph.root()).map(<[_]>::len), Some(1));
        let one = graph.get(graph.root(), "a").unwrap();
        assert_eq!(graph.integer(one), Some(1));
    }
}

#[test]
fn a_datetime_is_ten_bytes() {
    // datetime.datetime(2021, 12, 31, 23, 59, 58, 123456)
    let text: &[u8] =
        b"cdatetime\ndatetime\np1\n(S'\\x07\\xe5\\x0c\\x1f\\x17;:\\x01\\xe2@'\ntRp2\n.";
    let short: &[u8] =
        b"\x80\x02cdatetime\ndatetime\nq\x01U\n\x07\xe5\x0c\x1f\x17;:\x01\xe2@\x85Rq\x02.";
    for pickle in [text, short] {
        let graph = read(pickle);
        assert_eq!(graph.class(graph.root()), Some(("datetime", "datetime")));
        let instance = graph.instance(graph.root()).unwrap();
        let arguments = graph.sequence(instance.arguments).unwrap();
        assert_eq!(graph.bytes(arguments[0]), Some(&b"\x07\xe5\x0c\x1f\x17;:\x01\xe2\x40"[..]));
    }
}
