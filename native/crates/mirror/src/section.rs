use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

const BUFFER_BYTES: usize = 1 << 18;

/// Entries of a list of JSON on the disk, a line each, with a comma between them.
pub(crate) struct Section {
    out: BufWriter<File>,
    bytes: u64,
}

impl Section {
    pub(crate) fn new(scratch: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(scratch)?), bytes: 0 })
    }

    pub(crate) fn line(&mut self, entry: &str) -> io::Result<()> {
        self.begin_line()?;
        self.write_all(entry.as_bytes())
    }

    /// What is written next is a line of its own.
    pub(crate) fn begin_line(&mut self) -> io::Result<()> {
        if self.bytes > 0 { self.write_all(b",\n") } else { Ok(()) }
    }

    /// The lines, and how many bytes they are.
    pub(crate) fn finish(mut self) -> io::Result<(impl Read, u64)> {
        if self.bytes > 0 {
            self.write_all(b"\n")?;
        }
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, self.bytes))
    }
}

impl Write for Section {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
