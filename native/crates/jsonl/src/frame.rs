use std::io;

use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::error::WriteError;
use crate::reorder::Piece;

/// Waiting frames take memory in such steps, so that a buffer seldom has to grow when it is used again.
const WAITING_STEP_BYTES: usize = 1024 * 1024;

/// A finished zstd frame.
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) plain_bytes: u64,
    pub(crate) records: u64,
}

impl Piece for Frame {
    fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// Compresses frames one by one, each with a checksum and its content size. Source: RFC 8878.
pub(crate) struct FrameCompressor {
    compressor: Compressor<'static>,
    /// Room for a frame that does not compress; what waits in line takes only what it needs.
    room: Vec<u8>,
}

impl FrameCompressor {
    pub(crate) fn new(level: i32) -> Result<Self, WriteError> {
        let build = || -> io::Result<Compressor<'static>> {
            let mut compressor = Compressor::new(level)?;
            compressor.set_parameter(CParameter::ChecksumFlag(true))?;
            compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
            Ok(compressor)
        };
        build().map(|compressor| Self { compressor, room: Vec::new() }).map_err(|error| failed(&error))
    }

    /// One frame of `plain`, in a buffer that is used again.
    pub(crate) fn compress(&mut self, plain: &[u8], mut into: Vec<u8>) -> Result<Vec<u8>, WriteError> {
        self.room.clear();
        self.room.reserve(zstd::zstd_safe::compress_bound(plain.len()));
        self.compressor.compress_to_buffer(plain, &mut self.room).map_err(|error| failed(&error))?;
        into.clear();
        into.reserve_exact(self.room.len().next_multiple_of(WAITING_STEP_BYTES));
        into.extend_from_slice(&self.room);
        Ok(into)
    }
}

fn failed(error: &io::Error) -> WriteError {
    WriteError::new("internal", format!("cannot compress: {error}"))
}
