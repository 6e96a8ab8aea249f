use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use stella_detectors::Detectors;
use stella_projection::Projection;

use crate::error::WriteError;
use crate::frame::{Frame, FrameCompressor};
use crate::inspect::{Inspector, Rules, Withheld};
use crate::mismatches::Mismatches;
use crate::output::Output;
use crate::range_end::RangeEnds;
use crate::records::{RangeReader, Ranges, Turns};
use crate::reorder::{Item, Reorder};

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
    let rules = Rules { projection: options.projection, detectors: Detectors::new(), max_withheld: options.max_withheld };
    let mut writer = Writer::new(Output::create(&options.path)?, options.max_withheld);
    let readers = options.readers.clamp(1, ranges.count().max(1));
    let reorder = Reorder::new(Arc::clone(stop), readers);
    let plant =
        Plant { ranges, rules: &rules, reorder: &reorder, turns: Turns::default(), level: options.level, frame_bytes: options.frame_bytes };
    thread::scope(|scope| {
        for _ in 0..readers {
            scope.spawn(|| plant.work());
        }
        let outcome = writer.drain(&plant, monitor);
        if let Err(error) = &outcome {
            reorder.fail(error.clone());
        }
        outcome
    })?;
    writer.finish(options.level)
}

/// What the reader threads share.
struct Plant<'a, R> {
    ranges: &'a R,
    rules: &'a Rules,
    reorder: &'a Reorder,
    turns: Turns,
    level: i32,
    frame_bytes: usize,
}

impl<R: Ranges> Plant<'_, R> {
    /// One thread: takes the next range until none is left. A panic in it fails the whole, as the writer would wait for ever.
    fn work(&self) {
        let alarm = Alarm { reorder: self.reorder };
        if let Err(error) = self.read_ranges() {
            self.reorder.fail(error);
        }
        std::mem::forget(alarm);
    }

    fn read_ranges(&self) -> Result<(), WriteError> {
        let mut bench = Bench { compressor: FrameCompressor::new(self.level)?, plain: Vec::with_capacity(self.room()), records: 0 };
        self.turns.take(self.ranges, |range, reader| self.read_range(range, reader, &mut bench))
    }

    fn read_range(&self, range: usize, reader: &mut R::Reader, bench: &mut Bench) -> Result<(), WriteError> {
        let mut inspector = Inspector::new(self.rules);
        let mut mismatches = Mismatches::default();
        reader.read(range, |record| {
            match inspector.take(record, &mut bench.plain) {
                Ok(true) => bench.records += 1,
                Ok(false) => {}
                Err(error) => mismatches.keep(error)?,
            }
            if bench.plain.len() >= self.frame_bytes { self.close_frame(range, bench) } else { Ok(()) }
        })?;
        mismatches.none()?;
        if !bench.plain.is_empty() {
            self.close_frame(range, bench)?;
        }
        self.reorder.push(range, Item::End(inspector.end()))
    }

    /// Plain bytes of a frame that ends in a record of ordinary size.
    fn room(&self) -> usize {
        self.frame_bytes + self.frame_bytes / 8
    }

    fn close_frame(&self, range: usize, bench: &mut Bench) -> Result<(), WriteError> {
        let bytes = bench.compressor.compress(&bench.plain, self.reorder.spare())?;
        let frame = Frame { bytes, plain_bytes: bench.plain.len() as u64, records: std::mem::take(&mut bench.records) };
        bench.plain.clear();
        bench.plain.shrink_to(self.room());
        self.reorder.push(range, Item::Frame(frame))
    }
}

/// What one thread uses again from frame to frame.
struct Bench {
    compressor: FrameCompressor,
    plain: Vec<u8>,
    records: u64,
}

/// Dropped only by a panic.
struct Alarm<'a> {
    reorder: &'a Reorder,
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.reorder.fail(WriteError::new("internal", "a reader of the native writer panicked"));
    }
}

/// The thread that writes.
struct Writer {
    output: Output,
    written: Written,
    ends: RangeEnds,
}

impl Writer {
    fn new(output: Output, max_withheld: usize) -> Self {
        let written = Written { records: 0, plain_bytes: 0, size_bytes: 0, sha256: String::new(), withheld: Vec::new() };
        Self { output, written, ends: RangeEnds::new(max_withheld) }
    }

    fn drain<R: Ranges>(&mut self, plant: &Plant<'_, R>, monitor: &Monitor) -> Result<(), WriteError> {
        let mut left = plant.ranges.count();
        while left > 0 {
            match plant.reorder.pop(&monitor.cancel)? {
                Item::Frame(frame) => {
                    self.output.write(&frame.bytes)?;
                    self.written.records += frame.records;
                    self.written.plain_bytes += frame.plain_bytes;
                    monitor.records.store(self.written.records, Ordering::Relaxed);
                    plant.reorder.give_back(frame.bytes, plant.frame_bytes);
                }
                Item::End(end) => {
                    self.ends.join(end)?;
                    left -= 1;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, level: i32) -> Result<Written, WriteError> {
        if self.output.size_bytes() == 0 {
            self.output.write(&FrameCompressor::new(level)?.compress(&[], Vec::new())?)?;
        }
        let stored = self.output.finish()?;
        Ok(Written { size_bytes: stored.size_bytes, sha256: stored.sha256, withheld: self.ends.withheld(), ..self.written })
    }
}
