//! Texts that are nearly right: whoever reads files has to live with them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What takes the place of a few bytes: all that has a meaning in one of the formats, numbers at
/// the ends of their types, and bytes that are no text.
const FRAGMENTS: [&[u8]; 40] = [
    b"",
    b" ",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[]",
    b"{}",
    b"\"",
    b"\\",
    b":",
    b",",
    b"=",
    b"|",
    b"-",
    b"#",
    b"0",
    b"-1",
    b"1.5",
    b"1e999",
    b"-0.0",
    b"1e-400",
    b"4294967296",
    b"18446744073709551615",
    b"18446744073709551616",
    b"null",
    b"true",
    b"nan",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\\n",
    "é".as_bytes(),
    "\u{feff}".as_bytes(),
    "🧠".as_bytes(),
    b"\xff",
    b"\xc3",
];

/// Samples in which up to five short stretches are replaced, removed or filled in.
pub fn damaged(samples: Vec<&'static [u8]>) -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<Index>(), 0_usize..12, select(&FRAGMENTS[..]));
    (select(samples), vec(damage, 0..6)).prop_map(|(sample, damages)| {
        let mut text = sample.to_vec();
        for (at, length, fragment) in damages {
            let start = at.index(text.len() + 1);
            let end = text.len().min(start + length);
            text.splice(start..end, fragment.iter().copied());
        }
        text
    })
}

/// Bytes of any kind.
pub fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..400)
}
