use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};
use std::rc::Rc;

use crate::archive_limits::ArchiveLimits;
use crate::upload::UploadFault;

/// Why content cannot be read: it is damaged, or grows beyond a limit. An upload that cannot be read is no such fault.
#[derive(Debug)]
pub(crate) struct DataFault(pub(crate) String);

impl fmt::Display for DataFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for DataFault {}

impl DataFault {
    pub(crate) fn error(reason: impl Into<String>) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, Self(reason.into()))
    }

    /// The reason that an error carries, if it is a fault of data.
    pub(crate) fn reason(error: &io::Error) -> Option<&str> {
        error.get_ref()?.downcast_ref::<Self>().map(|fault| fault.0.as_str())
    }
}

/// Counts the bytes that a decoder takes from its source.
pub(crate) struct Counted<R> {
    source: R,
    taken: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    pub(crate) fn new(source: R) -> (Self, Rc<Cell<u64>>) {
        let taken = Rc::new(Cell::new(0));
        (Self { source, taken: Rc::clone(&taken) }, taken)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.taken.set(self.taken.get() + bytes as u64);
        self.source.consume(bytes);
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// What a decoder gives, within the limits of an upload.
pub(crate) struct Decoded<'l, D> {
    pub(crate) decoder: D,
    /// Bytes that the decoder took.
    pub(crate) taken: Rc<Cell<u64>>,
    /// Bytes that it gave.
    pub(crate) given: u64,
    /// Bytes that all decoders of the upload gave.
    pub(crate) total: Rc<Cell<u64>>,
    pub(crate) limits: &'l ArchiveLimits,
}

impl<D: Read> Read for Decoded<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer).map_err(|error| damaged(error, self.limits))?;
        self.given += read as u64;
        self.total.set(self.total.get() + read as u64);
        let ArchiveLimits { max_decompressed_bytes, max_ratio, ratio_free_bytes, .. } = self.limits;
        if self.total.get() > *max_decompressed_bytes {
            return Err(DataFault::error(format!("the upload decompresses to more than the limit of {max_decompressed_bytes} bytes")));
        }
        if self.given > *ratio_free_bytes && self.given > self.taken.get().saturating_mul(*max_ratio) {
            return Err(DataFault::error(format!("decompresses to more than {max_ratio} times its size, the limit")));
        }
        Ok(read)
    }
}

/// Whatever a decoder complains of is a fault of the data, unless the upload itself could not be read.
fn damaged(error: io::Error, limits: &ArchiveLimits) -> io::Error {
    let inner = error.get_ref();
    if inner.is_some_and(|inner| inner.is::<UploadFault>() || inner.is::<DataFault>()) || error.kind() == ErrorKind::Interrupted {
        return error;
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => DataFault::error("cut off: the compressed data ends early"),
        // The words of ZSTD_error_frameParameter_windowTooLarge: the library gives no code.
        _ if error.to_string().contains("requires too much memory") => DataFault::error(format!(
            "a zstd frame with a window over the limit of {} bytes: compress it with a smaller one (zstd --long={})",
            1_u64 << limits.max_window_log,
            limits.max_window_log
        )),
        _ => DataFault::error(format!("damaged compressed data: {error}")),
    }
}
