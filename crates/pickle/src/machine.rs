//! The stack machine that a pickle is a program for.

mod calls;
mod objects;

use std::borrow::Cow;

use crate::graph::{Graph, Object, StringId, Value, object};
use crate::input::Input;
use crate::memory::{Limits, Memory};
use crate::{Error, ErrorKind, opcode, text};

const HIGHEST_PROTOCOL: u8 = 5;

pub(crate) struct Machine<'a> {
    input: Input<'a>,
    stack: Vec<Value>,
    /// The heights of the stack at which groups were opened.
    marks: Vec<usize>,
    memo: Vec<Option<Value>>,
    objects: Vec<Object>,
    elements: Vec<Value>,
    strings: Vec<Cow<'a, [u8]>>,
    protocol: u8,
    memory: Memory,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(input: &'a [u8], limits: Limits) -> Self {
        Self {
            input: Input::new(input),
            stack: vec![],
            marks: vec![],
            memo: vec![],
            objects: vec![],
            elements: vec![],
            strings: vec![],
            protocol: 0,
            memory: Memory::new(limits, input.len()),
        }
    }

    pub(crate) fn run(mut self) -> Result<Graph<'a>, Error> {
        loop {
            let offset = self.input.position();
            match self.step() {
                Ok(None) => {}
                Ok(Some(root)) => {
                    return Ok(Graph {
                        root,
                        objects: self.objects,
                        elements: self.elements,
                        strings: self.strings,
                        protocol: self.protocol,
                        memory_bytes: self.memory.taken(),
                    });
                }
                Err(kind) => return Err(Error { offset, kind }),
            }
        }
    }

    /// Follows one instruction; the last one gives the pickled value.
    #[allow(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn step(&mut self) -> Result<Option<Value>, ErrorKind> {
        match self.input.byte()? {
            opcode::STOP => return self.pop().map(Some),
            opcode::PROTO => {
                self.protocol = self.input.byte()?;
                if self.protocol > HIGHEST_PROTOCOL {
                    return Err(ErrorKind::Protocol(self.protocol));
                }
            }
            opcode::FRAME => {
                // Frames only tell a reader how much to fetch at once.
                let length = self.input.length_8()?;
                if length > self.input.remaining() {
                    return Err(ErrorKind::Truncated);
                }
            }

            opcode::NONE => self.push(Value::None)?,
            opcode::NEWTRUE => self.push(Value::Boolean(true))?,
            opcode::NEWFALSE => self.push(Value::Boolean(false))?,
            opcode::BININT => {
                let integer = i32::from_le_bytes(self.input.array()?);
                self.push(Value::Integer(integer.into()))?;
            }
            opcode::BININT1 => {
                let integer = self.input.byte()?;
                self.push(Value::Integer(integer.into()))?;
            }
            opcode::BININT2 => {
                let integer = u16::from_le_bytes(self.input.array()?);
                self.push(Value::Integer(integer.into()))?;
            }
            opcode::BINFLOAT => {
                let float = f64::from_be_bytes(self.input.array()?);
                self.push(Value::Float(float))?;
            }
            opcode::INT => self.textual_integer()?,
            opcode::LONG => self.textual_long()?,
            opcode::LONG1 => {
                let length = self.input.byte()?;
                self.binary_long(length.into())?;
            }
            opcode::LONG4 => {
                let length = self.input.length_4()?;
                self.binary_long(length)?;
            }
            opcode::FLOAT => {
                let float = text::number(self.input.line()?)?;
                self.push(Value::Float(float))?;
            }

            opcode::SHORT_BINUNICODE => {
                let length = self.input.byte()?;
                self.push_text(length.into())?;
            }
            opcode::BINUNICODE => {
                let length = self.input.length_4()?;
                self.push_text(length)?;
            }
            opcode::BINUNICODE8 => {
                let length = self.input.length_8()?;
                self.push_text(length)?;
            }
            opcode::SHORT_BINBYTES | opcode::SHORT_BINSTRING => {
                let length = self.input.byte()?;
                self.push_bytes(length.into())?;
            }
            opcode::BINBYTES | opcode::BINSTRING => {
                let length = self.input.length_4()?;
                self.push_bytes(length)?;
            }
            opcode::BINBYTES8 | opcode::BYTEARRAY8 => {
                let length = self.input.length_8()?;
                self.push_bytes(length)?;
            }
            opcode::STRING => {
                let string = text::quoted(self.input.line()?, &mut self.memory)?;
                let id = self.string(string)?;
                self.push(Value::Bytes(id))?;
            }
            opcode::UNICODE => {
                let string = text::raw_unicode(self.input.line()?, &mut self.memory)?;
                let id = self.string(string)?;
                self.push(Value::Text(id))?;
            }

            opcode::MARK => self.memory.push(&mut self.marks, self.stack.len())?,
            opcode::POP => {
                // A mark lies on the stack like a value.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            opcode::POP_MARK => {
                let mark = self.mark()?;
                self.stack.truncate(mark);
            }
            opcode::DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            opcode::GET => {
                let number = text::number(self.input.line()?)?;
                self.recall(number)?;
            }
            opcode::BINGET => {
                let number = self.input.byte()?;
                self.recall(number.into())?;
            }
            opcode::LONG_BINGET => {
                let number = self.input.length_4()?;
                self.recall(number as u64)?;
            }
            opcode::PUT => {
                let number = text::number(self.input.line()?)?;
                self.remember(number)?;
            }
            opcode::BINPUT => {
                let number = self.input.byte()?;
                self.remember(number.into())?;
            }
            opcode::LONG_BINPUT => {
                let number = self.input.length_4()?;
                self.remember(number)?;
            }
            opcode::MEMOIZE => self.remember(self.memo.len())?,

            opcode::EMPTY_TUPLE => self.tuple(self.stack.len())?,
            opcode::TUPLE1 => self.tuple_of(1)?,
            opcode::TUPLE2 => self.tuple_of(2)?,
            opcode::TUPLE3 => self.tuple_of(3)?,
            opcode::TUPLE => {
                let mark = self.mark()?;
                self.tuple(mark)?;
            }
            opcode::EMPTY_LIST => self.push_object(Object::List(vec![]))?,
            opcode::LIST => {
                let values = self.group()?;
                self.push_object(Object::List(values))?;
            }
            opcode::EMPTY_SET => self.push_object(Object::Set(vec![]))?,
            opcode::FROZENSET => {
                let values = self.group()?;
                self.push_object(Object::Set(values))?;
            }
            opcode::EMPTY_DICT => self.push_object(Object::Dict(vec![]))?,
            opcode::DICT => {
                let mark = self.mark()?;
                self.push_object(Object::Dict(vec![]))?;
                let dict = self.pop()?;
                self.set_items(dict, mark)?;
                self.push(dict)?;
            }
            opcode::APPEND => {
                let height = self.stack.len();
                self.append(height.checked_sub(1).ok_or(ErrorKind::StackUnderflow)?)?;
            }
            opcode::APPENDS | opcode::ADDITEMS => {
                let mark = self.mark()?;
                self.append(mark)?;
            }
            opcode::SETITEM => {
                let below = self.stack.len().checked_sub(2).ok_or(ErrorKind::StackUnderflow)?;
                let dict = self.below(below)?;
                self.set_items(dict, below)?;
            }
            opcode::SETITEMS => {
                let mark = self.mark()?;
                let dict = self.below(mark)?;
                self.set_items(dict, mark)?;
            }

            opcode::GLOBAL => {
                let module = self.input.line()?;
                let name = self.input.line()?;
                self.push_global(module, name)?;
            }
            opcode::STACK_GLOBAL => match (self.pop()?, self.pop()?) {
                (
                    Value::Text(name) | Value::Bytes(name),
                    Value::Text(module) | Value::Bytes(module),
                ) => self.push_object(Object::Global { module, name })?,
                _ => return Err(ErrorKind::Misapplied("the name of a class is not text")),
            },
            opcode::REDUCE => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.call(callable, arguments)?;
            }
            opcode::NEWOBJ => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.push_instance(callable, arguments)?;
            }
            opcode::NEWOBJ_EX => {
                let keywords = self.pop()?;
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.push_instance(callable, arguments)?;
                let top = self.top()?;
                if let Some(Object::Instance(instance)) = object(&mut self.objects, top) {
                    instance.additions(&mut self.memory)?.keywords = keywords;
                }
            }
            opcode::INST => {
                let module = self.input.line()?;
                let name = self.input.line()?;
                let mark = self.mark()?;
                self.tuple(mark)?;
                let arguments = self.pop()?;
                self.push_global(module, name)?;
                let callable = self.pop()?;
                self.push_instance(callable, arguments)?;
            }
            opcode::OBJ => {
                let mark = self.mark()?;
                if mark == self.stack.len() {
                    return Err(ErrorKind::StackUnderflow);
                }
                self.tuple(mark + 1)?;
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.push_instance(callable, arguments)?;
            }
            opcode::BUILD => {
                let state = self.pop()?;
                let top = self.top()?;
                match object(&mut self.objects, top) {
                    Some(Object::Instance(instance)) => instance.state = state,
                    _ => return Err(ErrorKind::Misapplied("a state is set on what has none")),
                }
            }

            opcode::PERSID => {
                let id = self.input.line()?;
                let id = self.string(Cow::Borrowed(id))?;
                self.push_object(Object::Persistent(Value::Text(id)))?;
            }
            opcode::BINPERSID => {
                let id = self.pop()?;
                self.push_object(Object::Persistent(id))?;
            }
            opcode::EXT1 | opcode::EXT2 | opcode::EXT4 => {
                return Err(ErrorKind::Unsupported("a class of the extension registry"));
            }
            opcode::NEXT_BUFFER => {
                return Err(ErrorKind::Unsupported("a buffer that lies outside of the pickle"));
            }
            // In-band buffers are never written to here.
            opcode::READONLY_BUFFER => {}
            unknown => return Err(ErrorKind::UnknownOpcode(unknown)),
        }
        Ok(None)
    }

    // The stack.

    fn push(&mut self, value: Value) -> Result<(), ErrorKind> {
        self.memory.push(&mut self.stack, value)
    }

    /// Values below the last mark belong to another group.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value, ErrorKind> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn top(&self) -> Result<Value, ErrorKind> {
        match self.stack.last() {
            Some(&top) if self.stack.len() > self.floor() => Ok(top),
            _ => Err(ErrorKind::StackUnderflow),
        }
    }

    /// The value under those from this height on.
    fn below(&self, height: usize) -> Result<Value, ErrorKind> {
        let under = height.checked_sub(1).filter(|&under| under >= self.floor());
        under.map(|under| self.stack[under]).ok_or(ErrorKind::StackUnderflow)
    }

    fn mark(&mut self) -> Result<usize, ErrorKind> {
        self.marks.pop().ok_or(ErrorKind::NoMark)
    }

    /// Takes the values since the last mark.
    fn group(&mut self) -> Result<Vec<Value>, ErrorKind> {
        let mark = self.mark()?;
        let mut values = vec![];
        self.memory.reserve(&mut values, self.stack.len() - mark)?;
        values.extend(self.stack.drain(mark..));
        Ok(values)
    }

    // The memo.

    fn recall(&mut self, number: u64) -> Result<(), ErrorKind> {
        let remembered = usize::try_from(number).ok().and_then(|i| *self.memo.get(i)?);
        self.push(remembered.ok_or(ErrorKind::NotRemembered(number))?)
    }

    fn remember(&mut self, number: usize) -> Result<(), ErrorKind> {
        let top = self.top()?;
        if number >= self.memo.len() {
            let missing = (number - self.memo.len()).saturating_add(1);
            self.memory.reserve(&mut self.memo, missing)?;
            self.memo.resize(number + 1, None);
        }
        self.memo[number] = Some(top);
        Ok(())
    }

    // Values.

    fn textual_integer(&mut self) -> Result<(), ErrorKind> {
        match self.input.line()? {
            b"00" => self.push(Value::Boolean(false)),
            b"01" => self.push(Value::Boolean(true)),
            digits => self.push_digits(digits),
        }
    }

    fn textual_long(&mut self) -> Result<(), ErrorKind> {
        let digits = self.input.line()?;
        self.push_digits(digits.strip_suffix(b"L").unwrap_or(digits))
    }

    fn push_digits(&mut self, digits: &'a [u8]) -> Result<(), ErrorKind> {
        if let Ok(integer) = text::number(digits) {
            return self.push(Value::Integer(integer));
        }
        let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
        if unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
            return Err(ErrorKind::Malformed("integer"));
        }
        let id = self.string(Cow::Borrowed(digits))?;
        self.push(Value::LongInteger(id))
    }

    /// A little-endian integer in two's complement.
    fn binary_long(&mut self, length: usize) -> Result<(), ErrorKind> {
        let bytes = self.input.bytes(length)?;
        if length > 8 {
            let id = self.string(Cow::Borrowed(bytes))?;
            return self.push(Value::LongInteger(id));
        }
        let is_negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut extended = if is_negative { [0xff; 8] } else { [0; 8] };
        extended[..length].copy_from_slice(bytes);
        self.push(Value::Integer(i64::from_le_bytes(extended)))
    }

    fn push_text(&mut self, length: usize) -> Result<(), ErrorKind> {
        let bytes = self.input.bytes(length)?;
        let id = self.string(Cow::Borrowed(bytes))?;
        self.push(Value::Text(id))
    }

    fn push_bytes(&mut self, length: usize) -> Result<(), ErrorKind> {
        let bytes = self.input.bytes(length)?;
        let id = self.string(Cow::Borrowed(bytes))?;
        self.push(Value::Bytes(id))
    }

    /// Keeps a string; what it takes of its own is counted already.
    fn string(&mut self, string: Cow<'a, [u8]>) -> Result<StringId, ErrorKind> {
        let id = number_of(&self.strings)?;
        self.memory.push(&mut self.strings, string)?;
        Ok(StringId(id))
    }

    fn bytes(&self, id: StringId) -> &[u8] {
        &self.strings[id.0 as usize]
    }
}

/// The number that the next element will have.
fn number_of<T>(elements: &[T]) -> Result<u32, ErrorKind> {
    u32::try_from(elements.len()).map_err(|_| ErrorKind::Unsupported("a pickle of this size"))
}
