use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use stella_projection::Projection;

use crate::error::WriteError;
use crate::frame::{Frame, FrameCompressor};
use crate::inspect::{Rules, Withheld};
use crate::ordered::{Maker, Ordered};
use crate::output::Output;
use crate::records::{Ranges, Record};

/// How a file of JSON lines is to be written.
pub struct WriteOptions {
    /// The allow-list that every record must pass.
    pub projection: Projection,
    /// zstd level, 1 to 22.
    pub level: i32,
    /// Plain bytes after which a frame is closed; the record that reaches them is its last.
    pub frame_bytes: usize,
    /// Threads that read, check and compress.
    pub readers: usize,
    /// Most credentials that may be withheld.
    pub max_withheld: usize,
    /// The file, created or emptied.
    pub path: PathBuf,
}

/// What others may see and do while a file is written.
#[derive(Debug, Clone, Default)]
pub struct Monitor {
    /// Raise it to stop the work.
    pub cancel: Arc<AtomicBool>,
    /// Records written so far.
    pub records: Arc<AtomicU64>,
}

/// A file that is complete and on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Lines in it.
    pub records: u64,
    /// Size of the JSON lines.
    pub plain_bytes: u64,
    /// Size of the file.
    pub size_bytes: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Credentials kept from it, in order of record.
    pub withheld: Vec<Withheld>,
}

/// Writes all ranges as zstd-compressed JSON lines. Frames are cut at `frame_bytes` and at the end of each range; without any
/// record the file is one empty frame.
///
/// `stop` must be the flag that the readers of `ranges` poll: it is raised when any thread fails.
///
/// # Errors
/// `record/digest-mismatch`, `record/order`, `record/schema-mismatch`, `record/too-many-credentials`, `blob/full`, `native/io`,
/// `native/cancelled`, and those of the source.
pub fn write_json_lines<R: Ranges>(
    ranges: &R,
    options: WriteOptions,
    monitor: &Monitor,
    stop: &Arc<AtomicBool>,
) -> Result<Written, WriteError> {
    let WriteOptions { projection, level, frame_bytes, readers, max_withheld, path } = options;
    let rules = Rules::new(projection, max_withheld);
    let mut output = Output::create(&path)?;
    let mut written = Written { records: 0, plain_bytes: 0, size_bytes: 0, sha256: String::new(), withheld: Vec::new() };
    let spares = Spares::default();
    let frames = || FrameMaker::new(level, frame_bytes, &spares);
    written.withheld = Ordered { ranges, rules: &rules, readers, monitor, stop }.read(frames, |frame| {
        output.write(&frame.bytes)?;
        written.records += frame.records;
        written.plain_bytes += frame.plain_bytes;
        monitor.records.store(written.records, Ordering::Relaxed);
        spares.give_back(frame.bytes, frame_bytes);
        Ok(())
    })?;
    if output.size_bytes() == 0 {
        output.write(&FrameCompressor::new(level)?.compress(&[], Vec::new())?)?;
    }
    let stored = output.finish()?;
    Ok(Written { size_bytes: stored.size_bytes, sha256: stored.sha256, ..written })
}

/// Compresses the lines of one thread, frame by frame.
struct FrameMaker<'a> {
    compressor: FrameCompressor,
    plain: Vec<u8>,
    records: u64,
    frame_bytes: usize,
    spares: &'a Spares,
}

impl<'a> FrameMaker<'a> {
    fn new(level: i32, frame_bytes: usize, spares: &'a Spares) -> Result<Self, WriteError> {
        Ok(Self { compressor: FrameCompressor::new(level)?, plain: Vec::with_capacity(room(frame_bytes)), records: 0, frame_bytes, spares })
    }

    fn close(&mut self) -> Result<Frame, WriteError> {
        let bytes = self.compressor.compress(&self.plain, self.spares.take())?;
        let frame = Frame { bytes, plain_bytes: self.plain.len() as u64, records: std::mem::take(&mut self.records) };
        self.plain.clear();
        self.plain.shrink_to(room(self.frame_bytes));
        Ok(frame)
    }
}

impl Maker for FrameMaker<'_> {
    type Piece = Frame;

    fn lines(&mut self) -> &mut Vec<u8> {
        &mut self.plain
    }

    fn taken(&mut self, _record: Record<'_>, _begin: usize) -> Result<Option<Frame>, WriteError> {
        self.records += 1;
        if self.plain.len() >= self.frame_bytes { self.close().map(Some) } else { Ok(None) }
    }

    fn end(&mut self) -> Result<Option<Frame>, WriteError> {
        if self.plain.is_empty() { Ok(None) } else { self.close().map(Some) }
    }
}

/// Plain bytes of a frame that ends in a record of ordinary size.
fn room(frame_bytes: usize) -> usize {
    frame_bytes + frame_bytes / 8
}

/// Buffers that frames are used again in.
#[derive(Default)]
struct Spares {
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Spares {
    fn take(&self) -> Vec<u8> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// That of an oversized frame is not kept.
    fn give_back(&self, buffer: Vec<u8>, keep_bytes: usize) {
        if buffer.capacity() <= keep_bytes {
            self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}
