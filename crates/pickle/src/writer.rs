use std::collections::HashMap;

/// Writes a pickle of protocol 4 that any Python since 3.4 reads.
///
/// Values are written one after another; what holds others writes them in a closure. What is to
/// occur again, or refers to itself, is [kept](Writer::keep) and named [`again`](Writer::again).
/// Texts and names are kept by themselves, as Python does.
///
/// # Examples
///
/// A list that holds itself, and a date:
///
/// ```
/// let mut writer = pickle::Writer::new();
/// writer.new_object("neo.core.segment", "Segment");
/// let segment = writer.keep();
/// writer.state(|state| {
///     state.text("block").none();
///     state.text("me").again(segment);
///     state.text("recorded").call("datetime", "datetime", |arguments| {
///         arguments.bytes(b"\x07\xe9\x01\x01\0\0\0\0\0\0");
///     });
/// });
/// let bytes = writer.finish();
///
/// let graph = pickle::read(&bytes, pickle::Limits::for_size(bytes.len()))?;
/// assert_eq!(graph.class(graph.root()), Some(("neo.core.segment", "Segment")));
/// assert_eq!(graph.attribute(graph.root(), "me"), Some(graph.root()));
/// let recorded = graph.attribute(graph.root(), "recorded").expect("it was written");
/// assert_eq!(graph.class(recorded), Some(("datetime", "datetime")));
/// # Ok::<(), pickle::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    kept: u32,
    texts: HashMap<String, Kept>,
    globals: HashMap<(String, String), Kept>,
}

/// A value that can be named again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept(u32);

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Begins a pickle.
    pub fn new() -> Self {
        let bytes = vec![0x80, 4];
        Self { bytes, kept: 0, texts: HashMap::new(), globals: HashMap::new() }
    }

    /// The whole pickle, of one value that was written.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(b'.');
        self.bytes
    }

    /// `None`
    pub fn none(&mut self) -> &mut Self {
        self.operation(b'N', &[])
    }

    /// `True` or `False`
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.operation(if value { 0x88 } else { 0x89 }, &[])
    }

    /// An `int`
    pub fn integer(&mut self, value: i64) -> &mut Self {
        if let Ok(value) = u8::try_from(value) {
            self.operation(b'K', &[value])
        } else if let Ok(value) = i32::try_from(value) {
            self.operation(b'J', &value.to_le_bytes())
        } else {
            self.operation(0x8a, &[8]).raw(&value.to_le_bytes())
        }
    }

    /// A `float`
    pub fn float(&mut self, value: f64) -> &mut Self {
        self.operation(b'G', &value.to_be_bytes())
    }

    /// A `str`, once for all its occurrences.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if let Some(&kept) = self.texts.get(text) {
            return self.again(kept);
        }
        match u8::try_from(text.len()) {
            Ok(length) => self.operation(0x8c, &[length]),
            Err(_) => self.operation(0x8d, &(text.len() as u64).to_le_bytes()),
        };
        let kept = self.raw(text.as_bytes()).keep();
        self.texts.insert(text.to_owned(), kept);
        self
    }

    /// `bytes`
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        match u8::try_from(bytes.len()) {
            Ok(length) => self.operation(b'C', &[length]),
            Err(_) => self.operation(0x8e, &(bytes.len() as u64).to_le_bytes()),
        };
        self.raw(bytes)
    }

    /// A `tuple` of the values that are written in the closure.
    pub fn tuple(&mut self, elements: impl FnOnce(&mut Self)) -> &mut Self {
        self.operation(b'(', &[]);
        elements(self);
        self.operation(b't', &[])
    }

    /// A `list` of the values that are written in the closure.
    pub fn list(&mut self, elements: impl FnOnce(&mut Self)) -> &mut Self {
        self.operation(b']', &[]).operation(b'(', &[]);
        elements(self);
        self.operation(b'e', &[])
    }

    /// A `dict`; the closure writes keys and values in turn.
    pub fn dict(&mut self, entries: impl FnOnce(&mut Self)) -> &mut Self {
        self.operation(b'}', &[]).entries(entries)
    }

    /// Puts entries into the last value as into a dict; the closure writes keys and values in turn.
    pub fn entries(&mut self, entries: impl FnOnce(&mut Self)) -> &mut Self {
        self.operation(b'(', &[]);
        entries(self);
        self.operation(b'u', &[])
    }

    /// A class or function.
    pub fn global(&mut self, module: &str, name: &str) -> &mut Self {
        let key = (module.to_owned(), name.to_owned());
        if let Some(&kept) = self.globals.get(&key) {
            return self.again(kept);
        }
        let kept = self.text(module).text(name).operation(0x93, &[]).keep();
        self.globals.insert(key, kept);
        self
    }

    /// The result of calling a class or function with the arguments that the closure writes.
    pub fn call(
        &mut self,
        module: &str,
        name: &str,
        arguments: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.global(module, name).tuple(arguments).operation(b'R', &[])
    }

    /// An object of a class, made without arguments.
    pub fn new_object(&mut self, module: &str, name: &str) -> &mut Self {
        self.global(module, name).operation(b')', &[]).operation(0x81, &[])
    }

    /// Gives the last value, an object, the state that the closure writes.
    pub fn set_state(&mut self, state: impl FnOnce(&mut Self)) -> &mut Self {
        state(self);
        self.operation(b'b', &[])
    }

    /// Gives the last value, an object, these attributes: the closure writes names and values.
    pub fn state(&mut self, attributes: impl FnOnce(&mut Self)) -> &mut Self {
        self.set_state(|state| {
            state.dict(attributes);
        })
    }

    /// Keeps the last value, so that it can be named again.
    pub fn keep(&mut self) -> Kept {
        self.operation(0x94, &[]);
        self.kept += 1;
        Kept(self.kept - 1)
    }

    /// A value that was kept: the same object, not a copy.
    pub fn again(&mut self, Kept(number): Kept) -> &mut Self {
        match u8::try_from(number) {
            Ok(number) => self.operation(b'h', &[number]),
            Err(_) => self.operation(b'j', &number.to_le_bytes()),
        }
    }

    fn operation(&mut self, code: u8, argument: &[u8]) -> &mut Self {
        self.bytes.push(code);
        self.raw(argument)
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Value, read};

    #[test]
    fn what_is_written_is_read_again() {
        let integers = [0, 255, 256, -1, i64::from(i32::MAX) + 1, i64::MIN];
        let long = "ä".repeat(200);
        let mut writer = Writer::new();
        writer.tuple(|all| {
            all.list(|list| {
                for integer in integers {
                    list.integer(integer);
                }
            });
            all.float(-2.5).none().boolean(true).boolean(false);
            all.text(&long).text("short").text(&long);
            all.bytes(&[7; 300]).bytes(b"few");
            all.dict(|dict| {
                dict.text("short").integer(1);
            });
        });
        let bytes = writer.finish();
        let graph = read(&bytes, Limits::for_size(bytes.len())).unwrap();
        let all = graph.sequence(graph.root()).unwrap();
        let listed = graph.sequence(all[0]).unwrap();
        assert!(listed.iter().map(|&value| graph.integer(value).unwrap()).eq(integers));
        assert_eq!(all[1], Value::Float(-2.5));
        assert_eq!(all[2..5], [Value::None, Value::Boolean(true), Value::Boolean(false)]);
        assert_eq!(graph.text(all[5]), Some(&*long));
        // The same text is written once.
        assert_eq!(all[7], all[5]);
        assert_eq!(graph.text(all[6]), Some("short"));
        assert_eq!(graph.bytes(all[8]), Some(&[7; 300][..]));
        assert_eq!(graph.bytes(all[9]), Some(&b"few"[..]));
        assert_eq!(graph.get(all[10], "short"), Some(Value::Integer(1)));
    }

    #[test]
    fn beyond_255_values_are_named_with_four_bytes() {
        let mut writer = Writer::new();
        writer.list(|list| {
            for number in 0..300 {
                list.text(&number.to_string());
            }
            list.text("299").text("3");
        });
        let bytes = writer.finish();
        let graph = read(&bytes, Limits::for_size(bytes.len())).unwrap();
        let listed = graph.sequence(graph.root()).unwrap();
        assert_eq!((listed[300], listed[301]), (listed[299], listed[3]));
    }
}
