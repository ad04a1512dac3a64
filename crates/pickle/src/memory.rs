use crate::ErrorKind;

/// What a pickle may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory for everything that is built, beside the input itself.
    pub memory_bytes: usize,
}

impl Limits {
    /// Enough for any pickle of this size that a program wrote on purpose. Silent spike trains, of
    /// which each repeats the one before it but for a number, are the densest known: their graph
    /// takes 15 times the size of the pickle. Large pickles consist of data, not of objects, so
    /// that beyond some size the graph may not take more than a fixed amount on top of it.
    pub fn for_size(bytes: usize) -> Self {
        let dense = bytes.saturating_mul(20).saturating_add(64 << 10);
        Self { memory_bytes: dense.min(bytes.saturating_add(1 << 30)) }
    }
}

/// Counts memory against the limit before it is taken.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: usize,
    taken: usize,
    input: usize,
}

impl Memory {
    pub(crate) fn new(limits: Limits, input: usize) -> Self {
        Self { limit: limits.memory_bytes, taken: 0, input }
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), ErrorKind> {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken > self.limit { Err(self.too_much()) } else { Ok(()) }
    }

    fn too_much(&self) -> ErrorKind {
        ErrorKind::TooMuchMemory { limit: self.limit, input: self.input }
    }

    /// Makes room for more elements.
    pub(crate) fn reserve<T>(&mut self, into: &mut Vec<T>, more: usize) -> Result<(), ErrorKind> {
        let free = into.capacity() - into.len();
        if more > free {
            // Growing by halves bounds both the copying and what is taken in vain.
            let grown = (more - free).max(into.capacity() / 2).max(4);
            self.take(grown.saturating_mul(size_of::<T>()))?;
            into.try_reserve_exact(free.saturating_add(grown)).map_err(|_| self.too_much())?;
        }
        Ok(())
    }

    pub(crate) fn push<T>(&mut self, into: &mut Vec<T>, item: T) -> Result<(), ErrorKind> {
        if into.len() == into.capacity() {
            self.reserve(into, 1)?;
        }
        into.push(item);
        Ok(())
    }
}
