use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use zstd::stream::write::Encoder;

const BUFFER_BYTES: usize = 1 << 20;

/// `trivy/omitted.jsonl.zst`: a line of JSON (RFC 8785) for each statement that has no place in a database, in zstd (RFC 8878).
pub struct OmittedLines {
    out: Encoder<'static, BufWriter<File>>,
}

impl OmittedLines {
    /// The file, created or emptied.
    ///
    /// # Errors
    /// Of the file, or of the level.
    pub(crate) fn create(path: &Path, level: i32) -> io::Result<Self> {
        Ok(Self { out: Encoder::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?), level)? })
    }

    /// Writes one line.
    ///
    /// # Errors
    /// Of writing.
    pub fn push(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Of writing.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(())
    }
}
