//! How objects are made of the values on the stack, and filled with them.

use std::borrow::Cow;

use super::{Machine, number_of};
use crate::ErrorKind;
use crate::graph::{Instance, Object, ObjectId, Value, object};

impl<'a> Machine<'a> {
    pub(super) fn tuple_of(&mut self, length: usize) -> Result<(), ErrorKind> {
        let start = self.stack.len().checked_sub(length).filter(|&start| start >= self.floor());
        self.tuple(start.ok_or(ErrorKind::StackUnderflow)?)
    }

    /// Makes a tuple of the values from this height on.
    pub(super) fn tuple(&mut self, start: usize) -> Result<(), ErrorKind> {
        let from = number_of(&self.elements)?;
        self.memory.reserve(&mut self.elements, self.stack.len() - start)?;
        self.elements.extend(self.stack.drain(start..));
        let to = number_of(&self.elements)?;
        self.push_object(Object::Tuple(from..to))
    }

    pub(super) fn push_object(&mut self, object: Object) -> Result<(), ErrorKind> {
        let id = number_of(&self.objects)?;
        self.memory.push(&mut self.objects, object)?;
        self.push(Value::Object(ObjectId(id)))
    }

    pub(super) fn push_global(
        &mut self,
        module: &'a [u8],
        name: &'a [u8],
    ) -> Result<(), ErrorKind> {
        let module = self.string(Cow::Borrowed(module))?;
        let name = self.string(Cow::Borrowed(name))?;
        self.push_object(Object::Global { module, name })
    }

    pub(super) fn push_instance(
        &mut self,
        callable: Value,
        arguments: Value,
    ) -> Result<(), ErrorKind> {
        self.memory.take(size_of::<Instance>())?;
        let instance = Instance { callable, arguments, state: Value::None, additions: None };
        self.push_object(Object::Instance(Box::new(instance)))
    }

    /// Appends the values from this height on to the one below them.
    pub(super) fn append(&mut self, start: usize) -> Result<(), ErrorKind> {
        let list = self.below(start)?;
        let values = match object(&mut self.objects, list) {
            Some(Object::List(values) | Object::Set(values)) => values,
            Some(Object::Instance(instance)) => &mut instance.additions(&mut self.memory)?.items,
            _ => return Err(ErrorKind::Misapplied("something is appended to what is no list")),
        };
        self.memory.reserve(values, self.stack.len() - start)?;
        values.extend(self.stack.drain(start..));
        Ok(())
    }

    /// Puts the keys and values from this height on into a dict.
    pub(super) fn set_items(&mut self, dict: Value, start: usize) -> Result<(), ErrorKind> {
        let entries = match object(&mut self.objects, dict) {
            Some(Object::Dict(entries)) => entries,
            Some(Object::Instance(instance)) => &mut instance.additions(&mut self.memory)?.entries,
            _ => return Err(ErrorKind::Misapplied("an entry is put into what is no dict")),
        };
        let (pairs, rest) = self.stack[start..].as_chunks::<2>();
        if !rest.is_empty() {
            return Err(ErrorKind::Misapplied("a key of a dict has no value"));
        }
        self.memory.reserve(entries, pairs.len())?;
        entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
        self.stack.truncate(start);
        Ok(())
    }
}
