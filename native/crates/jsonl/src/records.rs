use crate::error::WriteError;

/// One record as the ledger keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its key; records come in ascending order of these bytes.
    pub key: &'a [u8],
    /// Canonical JSON.
    pub body: &'a [u8],
    /// SHA-256 of the body, as stored beside it.
    pub digest: &'a [u8],
}

/// Records in consecutive ranges of keys, which may be read side by side.
pub trait Ranges: Sync {
    /// What one thread reads with.
    type Reader: RangeReader;

    /// How many ranges there are.
    fn count(&self) -> usize;

    /// A reader for the use of one thread.
    ///
    /// # Errors
    /// When the source cannot be opened.
    fn open(&self) -> Result<Self::Reader, WriteError>;
}

/// Reads ranges one after the other.
pub trait RangeReader {
    /// Gives every record of a range to `each`, in order of key, and stops at its first error.
    ///
    /// # Errors
    /// That of `each`, or that of the source.
    fn read(&mut self, range: usize, each: impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError>;
}
