//! The textual arguments of protocol 0: numbers, and strings with Python's escapes.

use std::borrow::Cow;

use crate::ErrorKind;
use crate::memory::Memory;

/// `repr` of a Python 2 `str`: quoted, with backslash escapes. What is not escaped is borrowed.
pub(crate) fn quoted<'a>(line: &'a [u8], memory: &mut Memory) -> Result<Cow<'a, [u8]>, ErrorKind> {
    let malformed = ErrorKind::Malformed("quoted string");
    let line = line.trim_ascii();
    let ([b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"']) = line else {
        return Err(malformed);
    };
    if !inner.contains(&b'\\') {
        return Ok(Cow::Borrowed(inner));
    }
    memory.take(inner.len())?;
    let mut decoded = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            decoded.push(byte);
            continue;
        }
        let (&escape, after) = rest.split_first().ok_or(malformed.clone())?;
        rest = after;
        match escape {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => decoded.push(escape),
            b'a' => decoded.push(7),
            b'b' => decoded.push(8),
            b't' => decoded.push(b'\t'),
            b'n' => decoded.push(b'\n'),
            b'v' => decoded.push(11),
            b'f' => decoded.push(12),
            b'r' => decoded.push(b'\r'),
            b'x' => {
                let (digits, after) = rest.split_at_checked(2).ok_or(malformed.clone())?;
                decoded.push(hexadecimal(digits).ok_or(malformed.clone())? as u8);
                rest = after;
            }
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let digits = rest[..more].iter().fold(u32::from(escape - b'0'), |value, digit| {
                    8 * value + u32::from(digit - b'0')
                });
                decoded.push(digits as u8);
                rest = &rest[more..];
            }
            // Python keeps what it does not know.
            other => decoded.extend([b'\\', other]),
        }
    }
    Ok(Cow::Owned(decoded))
}

/// Python's `raw-unicode-escape`: latin-1 with `\uXXXX` and `\UXXXXXXXX`, decoded to UTF-8.
pub(crate) fn raw_unicode<'a>(
    line: &'a [u8],
    memory: &mut Memory,
) -> Result<Cow<'a, [u8]>, ErrorKind> {
    if line.is_ascii() && !line.contains(&b'\\') {
        return Ok(Cow::Borrowed(line));
    }
    let malformed = ErrorKind::Malformed("escaped text");
    // The upper half of latin-1 takes two bytes in UTF-8.
    let length = line.len() + line.iter().filter(|byte| !byte.is_ascii()).count();
    memory.take(length)?;
    let mut decoded = String::with_capacity(length);
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = match (byte, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            (b'\\', Some(&other)) => {
                decoded.extend(['\\', char::from(other)]);
                rest = &after[1..];
                continue;
            }
            _ => {
                decoded.push(char::from(byte));
                rest = after;
                continue;
            }
        };
        let (code, after) = after[1..].split_at_checked(digits).ok_or(malformed.clone())?;
        let code = hexadecimal(code).ok_or(malformed.clone())?;
        // Half of a surrogate pair is no character: it is replaced, as nothing here depends on it.
        decoded.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = after;
    }
    Ok(Cow::Owned(decoded.into_bytes()))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

/// A number in ASCII.
pub(crate) fn number<T: std::str::FromStr>(line: &[u8]) -> Result<T, ErrorKind> {
    std::str::from_utf8(line)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or(ErrorKind::Malformed("number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn memory() -> Memory {
        Memory::new(Limits { memory_bytes: 100 }, 0)
    }

    #[test]
    fn escapes_are_those_of_python() {
        assert_eq!(quoted(br"'V1\\L4'", &mut memory()).unwrap(), &b"V1\\L4"[..]);
        assert_eq!(quoted(br#""it's""#, &mut memory()).unwrap(), &b"it's"[..]);
        assert_eq!(quoted(br"'\x00\377\n\7\q'", &mut memory()).unwrap(), &b"\x00\xff\n\x07\\q"[..]);
        assert!(matches!(quoted(b"'plain'", &mut memory()).unwrap(), Cow::Borrowed(b"plain")));
        for wrong in [&b"'"[..], b"'a", b"a'", b"'\\'", b"'\\x0'", b"'\\xzz'"] {
            assert!(quoted(wrong, &mut memory()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn raw_unicode_is_latin_1_with_escapes() {
        assert_eq!(
            raw_unicode(b"\\u03bcS \xe9 \\U0001f9e0", &mut memory()).unwrap(),
            "μS é 🧠".as_bytes()
        );
        assert_eq!(raw_unicode(b"\\ud83e", &mut memory()).unwrap(), "\u{fffd}".as_bytes());
        assert_eq!(
            raw_unicode(b"\\n \\\\u03bc \\", &mut memory()).unwrap(),
            &b"\\n \\\\u03bc \\"[..]
        );
        assert!(raw_unicode(b"\\u03b", &mut memory()).is_err());
    }
}
