//! Calls whose result is known data.
//!
//! Bytes are written as a call by protocols that have no instruction for them: `bytes` before
//! protocol 3, `bytearray` before protocol 5. Python 2 gives an `OrderedDict` its entries as an
//! argument.

use super::Machine;
use crate::ErrorKind;
use crate::graph::{Object, Value, object, sequence};

impl Machine<'_> {
    pub(super) fn call(&mut self, callable: Value, arguments: Value) -> Result<(), ErrorKind> {
        let function = match object(&mut self.objects, callable) {
            Some(&mut Object::Global { module, name }) => (self.bytes(module), self.bytes(name)),
            _ => return self.push_instance(callable, arguments),
        };
        match function {
            (b"_codecs", b"encode") => {
                if let Some(bytes) = self.encoded(arguments)? {
                    return self.push(bytes);
                }
            }
            (b"__builtin__" | b"builtins", b"bytes" | b"bytearray") => {
                let bytes = match self.sequence(arguments) {
                    Some([]) => Some(Value::Bytes(self.string(b"".into())?)),
                    Some(&[bytes @ Value::Bytes(_)]) => Some(bytes),
                    _ => self.encoded(arguments)?,
                };
                if let Some(bytes) = bytes {
                    return self.push(bytes);
                }
            }
            (b"collections", b"OrderedDict") => {
                self.push_instance(callable, arguments)?;
                return self.enter_pairs(arguments);
            }
            _ => {}
        }
        self.push_instance(callable, arguments)
    }

    fn sequence(&self, value: Value) -> Option<&[Value]> {
        sequence(&self.objects, &self.elements, value)
    }

    /// The bytes of the arguments (text, "latin1"), if they are such.
    fn encoded(&mut self, arguments: Value) -> Result<Option<Value>, ErrorKind> {
        let Some(&[Value::Text(text), Value::Text(encoding) | Value::Bytes(encoding)]) =
            self.sequence(arguments)
        else {
            return Ok(None);
        };
        if !matches!(self.bytes(encoding), b"latin1" | b"latin-1") {
            return Ok(None);
        }
        // Counted before it is gone through, so that no text is gone through too often.
        self.memory.take(self.bytes(text).len())?;
        let Some(bytes) = latin_1(self.bytes(text)) else { return Ok(None) };
        Ok(Some(Value::Bytes(self.string(bytes.into())?)))
    }

    /// Puts the entries ([[key, value], …],) into the object on top of the stack.
    fn enter_pairs(&mut self, arguments: Value) -> Result<(), ErrorKind> {
        let Some(&[list]) = self.sequence(arguments) else { return Ok(()) };
        let mut entries = vec![];
        let length = self.sequence(list).map_or(0, <[_]>::len);
        self.memory.reserve(&mut entries, length)?;
        for &pair in self.sequence(list).unwrap_or_default() {
            let Some(&[key, value]) = self.sequence(pair) else { return Ok(()) };
            entries.push((key, value));
        }
        let top = self.top()?;
        if let Some(Object::Instance(instance)) = object(&mut self.objects, top) {
            instance.additions(&mut self.memory)?.entries = entries;
        }
        Ok(())
    }
}

/// Each letter as one byte.
fn latin_1(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        bytes.push(u8::try_from(u32::from(letter)).ok()?);
    }
    Some(bytes)
}
