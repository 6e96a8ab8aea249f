use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// The document that it was made of, where documents are read too.
    pub source: Option<Source<'a>>,
}

/// The document that a record was made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// SHA-256 of the document.
    pub digest: &'a [u8],
    /// The document as it was received; none where the record before was made of it too.
    pub content: Option<&'a [u8]>,
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

/// Gives out ranges to threads, each range once.
#[derive(Default)]
pub(crate) struct Turns {
    next: AtomicUsize,
}

impl Turns {
    /// One thread's share: gives `read` the next range, and a reader of this thread, until none is left.
    pub(crate) fn take<R: Ranges>(
        &self,
        ranges: &R,
        mut read: impl FnMut(usize, &mut R::Reader) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let mut reader = None;
        loop {
            let range = self.next.fetch_add(1, Ordering::Relaxed);
            if range >= ranges.count() {
                return Ok(());
            }
            let reader = match &mut reader {
                Some(reader) => reader,
                none => none.insert(ranges.open()?),
            };
            read(range, reader)?;
        }
    }
}
