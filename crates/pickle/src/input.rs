use crate::ErrorKind;

/// The bytes of a pickle, and how far they were read.
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], ErrorKind> {
        let bytes = self.bytes[self.position..].get(..length).ok_or(ErrorKind::Truncated)?;
        self.position += length;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ErrorKind> {
        let array = self.bytes[self.position..].first_chunk::<N>().ok_or(ErrorKind::Truncated)?;
        self.position += N;
        Ok(*array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ErrorKind> {
        Ok(self.array::<1>()?[0])
    }

    /// A length in four bytes.
    pub(crate) fn length_4(&mut self) -> Result<usize, ErrorKind> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// A length in eight bytes.
    pub(crate) fn length_8(&mut self) -> Result<usize, ErrorKind> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| ErrorKind::Truncated)
    }

    /// The rest of the line, without its end.
    pub(crate) fn line(&mut self) -> Result<&'a [u8], ErrorKind> {
        let rest = &self.bytes[self.position..];
        let length = rest.iter().position(|&b| b == b'\n').ok_or(ErrorKind::Truncated)?;
        self.position += length + 1;
        Ok(&rest[..length])
    }
}
