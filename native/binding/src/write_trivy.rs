use std::path::Path;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_artifact::GZIP;
use stella_bolt::BoltError;
use stella_jsonl::Monitor;
use stella_trivy::{Export, ExportOptions, MAPPING_VERSION, Mapper, SCHEMA_VERSION, TrivyError, write_export};

use crate::cancel::CancelFlag;
use crate::database::{Built, DatabaseOptions, Maps, WrittenDatabase, artifact_options, io_code, or_cancelled, read, told};
use crate::fault::{Fault, NativeError};
use crate::write_json_lines::{invalid, monitor};

pub struct WriteTrivy {
    options: DatabaseOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteTrivy {
    type Output = WrittenDatabase;
    type JsValue = WrittenDatabase;

    fn compute(&mut self) -> Result<WrittenDatabase> {
        let Self { options, monitor, fault } = self;
        fault.guard(|| run(options, monitor).map_err(or_cancelled(monitor)))
    }

    fn resolve(&mut self, _env: Env, written: WrittenDatabase) -> Result<WrittenDatabase> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<WrittenDatabase> {
        Err(self.fault.reject(env, error))
    }
}

/// Writes a Trivy database of advisories: `trivy/db.bundle` and `trivy/omitted.jsonl.zst`, one behind the other in one file.
///
/// Each record must have its stored SHA-256, follow the one before in bytewise key order, and hold mapped members only; credentials in
/// it are redacted. The bytes depend on the records, the metadata, the time and the level.
///
/// @param options - where advisories are read, how they are judged, and the file
/// @param cancel - raise it to stop
/// @returns counts, the files with their digests, and what was withheld, in order of record
/// @throws `trivy/empty`, `trivy/unsound`, `record/schema-mismatch` (with `recordKey`, `field`), `record/digest-mismatch`,
/// `record/order`, `record/too-many-credentials`, `evidence/invalid`, `config/invalid`, `db/unavailable`, `native/postgres`, `blob/full`,
/// `native/io`, `native/cancelled`
///
/// Memory: `memoryBytes` and some buffers, however many advisories there are. Source: docs/export-center/trivy-adapter.md.
#[napi]
pub fn write_trivy(options: DatabaseOptions, cancel: &CancelFlag) -> AsyncTask<WriteTrivy> {
    AsyncTask::new(WriteTrivy { options, monitor: monitor(cancel, None), fault: Fault::default() })
}

/// What a Trivy database is made by.
#[napi(object)]
pub struct TrivyVersions {
    /// Trivy's schema.
    pub schema: u32,
    /// Version of the mapping of advisories.
    pub mapping: u32,
    /// Library and level of gzip.
    pub gzip: String,
}

/// The versions of what `writeTrivy` writes.
///
/// @returns Trivy's schema and the version of the mapping
#[napi(catch_unwind)]
pub fn trivy_versions() -> TrivyVersions {
    TrivyVersions { schema: SCHEMA_VERSION, mapping: MAPPING_VERSION, gzip: GZIP.into() }
}

fn run(options: &DatabaseOptions, monitor: &Monitor) -> std::result::Result<WrittenDatabase, NativeError> {
    let scratch = Path::new(&options.scratch);
    let mut read = read(options, monitor, |memory_bytes| Mapper::new(scratch, memory_bytes))?;
    let (allow_empty, level, artifact) = (options.allow_empty, options.level, artifact_options(options, monitor)?);
    let export = ExportOptions { scratch: scratch.into(), allow_empty, level, artifact };
    let Export { written, contents, database_bytes, database_time } = write_export(std::mem::take(&mut read.mappers), &export)?;
    let database = Built {
        written: contents.written.values().sum(),
        omitted: contents.omitted.values().sum(),
        bytes: database_bytes,
        seconds: database_time.as_secs_f64(),
    };
    Ok(told(read, &database, written))
}

impl Maps for Mapper {
    fn take(&mut self, kind: &str, _key: &str, body: &[u8]) -> std::result::Result<(), NativeError> {
        if kind != "advisory" {
            return Err(invalid(format!("a Trivy database is made of advisory, not of {kind}")));
        }
        Ok(Mapper::take(self, body)?)
    }
}

impl From<TrivyError> for NativeError {
    fn from(error: TrivyError) -> Self {
        let code = match &error {
            TrivyError::Document(_) => "record/schema-mismatch",
            TrivyError::Empty { .. } => "trivy/empty",
            TrivyError::TooManyBuckets(_) | TrivyError::TooManyProducts(_) | TrivyError::TooManyEntries { .. } => "plan/too-large",
            TrivyError::Bolt(BoltError::Io(error)) | TrivyError::Io(error) => io_code(error),
            TrivyError::Unsound(_) | TrivyError::Bolt(_) => "trivy/unsound",
        };
        Self::new(code, error.to_string())
    }
}
