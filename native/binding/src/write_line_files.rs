use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{LineFiles, Monitor, write_json_lines as write};

use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};
use crate::write_json_lines::{Rules, WriteProgress, WrittenJsonLines, monitor};

/// What to write as JSON lines out of fetched ledger streams, and how.
#[napi(object)]
pub struct LineFilesOptions {
    /// The kind that every record must have: `advisory` or `vex`.
    pub kind: String,
    /// Absolute path of one file a range: lines of a ledger stream, without the line that ends it.
    pub files: Vec<String>,
    /// Text of the mapping document.
    pub mapping: String,
    /// zstd level, 1 to 22.
    pub level: i32,
    /// Plain bytes after which a zstd frame is closed.
    pub frame_bytes: u32,
    /// Threads, 1 to 64. They do not change the bytes.
    pub readers: u32,
    /// Most credentials that may be withheld.
    pub max_withheld: u32,
    /// Absolute path of the file, created or emptied.
    pub path: String,
}

pub struct WriteLineFiles {
    options: LineFilesOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteLineFiles {
    type Output = WrittenJsonLines;
    type JsValue = WrittenJsonLines;

    fn compute(&mut self) -> Result<WrittenJsonLines> {
        let Self { options, monitor, fault } = self;
        fault.guard(|| run(options, monitor))
    }

    fn resolve(&mut self, _env: Env, written: WrittenJsonLines) -> Result<WrittenJsonLines> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<WrittenJsonLines> {
        Err(self.fault.reject(env, error))
    }
}

/// Writes fetched ledger streams as canonical JSON lines in zstd frames: the same bytes as `writeJsonLines` of the ledger that they are of.
///
/// Nothing in the files is believed: each record must be of the kind, have its SHA-256, follow the one before in bytewise key order, be
/// canonical, and hold mapped members only; credentials in it are redacted.
///
/// @param options - the files, the allow-list and the file to write
/// @param cancel - raise it to stop
/// @param progress - counts the records written
/// @returns counts, sizes, digest of the file, and what was withheld, in order of record
/// @throws `evidence/invalid`, `record/schema-mismatch` (with `recordKey`, `field`), `record/digest-mismatch`, `record/order`,
/// `record/too-many-credentials`, `config/invalid`, `blob/full`, `native/io`, `native/cancelled`
///
/// Memory: some buffers and one record a reader. Source: docs/formats/ledger-stream.md.
#[napi]
pub fn write_line_files(options: LineFilesOptions, cancel: &CancelFlag, progress: Option<&WriteProgress>) -> AsyncTask<WriteLineFiles> {
    AsyncTask::new(WriteLineFiles { options, monitor: monitor(cancel, progress), fault: Fault::default() })
}

fn run(options: &LineFilesOptions, monitor: &Monitor) -> std::result::Result<WrittenJsonLines, NativeError> {
    let LineFilesOptions { kind, files, mapping, level, frame_bytes, readers, max_withheld, path } = options;
    let stop = Arc::new(AtomicBool::new(false));
    let ranges = LineFiles { kind: kind.clone(), paths: files.iter().map(Into::into).collect(), stop: Arc::clone(&stop) };
    let rules = Rules { mapping, level: *level, frame_bytes: *frame_bytes, readers: *readers, max_withheld: *max_withheld, path };
    Ok(write(&ranges, rules.options()?, monitor, &stop)?.into())
}
