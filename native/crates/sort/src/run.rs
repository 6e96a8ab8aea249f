use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes before a pair: the lengths of its key and its value, u32 each.
const HEADER_BYTES: usize = 8;
const WRITE_BUFFER_BYTES: usize = 1 << 20;

/// A file of sorted pairs, which vanishes when it is dropped.
#[derive(Debug)]
pub(crate) struct Run {
    file: File,
}

pub(crate) struct RunWriter {
    out: BufWriter<File>,
}

impl RunWriter {
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::with_capacity(WRITE_BUFFER_BYTES, tempfile::tempfile_in(folder)?) })
    }

    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        for length in [key.len(), value.len()] {
            self.out.write_all(&(length as u32).to_le_bytes())?;
        }
        self.out.write_all(key)?;
        self.out.write_all(value)
    }

    pub(crate) fn finish(self) -> io::Result<Run> {
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Run { file })
    }
}

/// Reads a run from its first pair to its last.
pub(crate) struct RunReader {
    input: BufReader<File>,
    /// Key and value of the pair at hand.
    pair: Vec<u8>,
    key_bytes: usize,
}

impl RunReader {
    pub(crate) fn new(run: Run, buffer_bytes: usize) -> Self {
        Self { input: BufReader::with_capacity(buffer_bytes, run.file), pair: Vec::new(), key_bytes: 0 }
    }

    /// Goes on to the next pair; false where there is none.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let mut header = [0; HEADER_BYTES];
        self.input.read_exact(&mut header)?;
        let length = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize;
        self.key_bytes = length(0);
        self.pair.resize(self.key_bytes + length(4), 0);
        self.input.read_exact(&mut self.pair)?;
        Ok(true)
    }

    pub(crate) fn pair(&self) -> (&[u8], &[u8]) {
        self.pair.split_at(self.key_bytes)
    }
}
