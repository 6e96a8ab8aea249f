use std::io::{self, Write};

use sha2::{Digest, Sha256};
use stella_digest::hex;

/// A file within the file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its path in the export.
    pub path: String,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// Hashes what is written: the whole, and each part of it.
pub(crate) struct Parts<W> {
    pub(crate) inner: W,
    pub(crate) whole: Sha256,
    part: Sha256,
    pub(crate) bytes: u64,
    pub(crate) ended: Vec<Part>,
}

impl<W: Write> Parts<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, whole: Sha256::new(), part: Sha256::new(), bytes: 0, ended: Vec::new() }
    }

    /// Ends a part, whose path may be made of its digest.
    pub(crate) fn end(&mut self, path: impl FnOnce(&str) -> String) -> &Part {
        let offset = self.ended.last().map_or(0, |last| last.offset + last.size_bytes);
        let sha256 = hex(&std::mem::take(&mut self.part).finalize());
        self.ended.push(Part { path: path(&sha256), offset, size_bytes: self.bytes - offset, sha256 });
        &self.ended[self.ended.len() - 1]
    }
}

impl<W: Write> Write for Parts<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write_all(bytes)?;
        self.whole.update(bytes);
        self.part.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
