use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use stella_artifact::GZIP;
use stella_bolt::BoltError;
use stella_jsonl::Monitor;
use stella_trivy::{MAPPING_VERSION, Mapper, SCHEMA_VERSION, TrivyError, write_export};

use crate::cancel::CancelFlag;
use crate::database::{DatabaseOptions, Maps, WriteDatabase, WrittenDatabase, io_code, write};
use crate::fault::NativeError;
use crate::write_json_lines::invalid;

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
pub fn write_trivy(options: DatabaseOptions, cancel: &CancelFlag) -> AsyncTask<WriteDatabase> {
    WriteDatabase::task(options, cancel, run)
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

fn run(options: &DatabaseOptions, monitor: &Monitor) -> Result<WrittenDatabase, NativeError> {
    write(options, monitor, Mapper::new, write_export, |contents| (contents.written.values().sum(), contents.omitted.values().sum()))
}

impl Maps for Mapper {
    fn take(&mut self, kind: &str, _key: &str, body: &[u8]) -> Result<(), NativeError> {
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
