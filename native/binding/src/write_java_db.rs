use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use stella_artifact::GZIP;
use stella_java_db::{JavaDbError, MAPPING_VERSION, Mapper, SCHEMA_VERSION, sqlite, write_export};
use stella_jsonl::Monitor;

use crate::cancel::CancelFlag;
use crate::database::{DatabaseOptions, Maps, WriteDatabase, WrittenDatabase, io_code, write};
use crate::fault::NativeError;
use crate::write_json_lines::invalid;

/// Writes Trivy's Java DB of bills of materials and JARs: `trivy/java-db.bundle` and `trivy/omitted.jsonl.zst`, one behind the other in one
/// file. Records are judged as by `writeTrivy`.
///
/// @param options - where records of kind `sbom` and `jar` are read, how they are judged, and the file
/// @param cancel - raise it to stop
/// @returns counts, the files with their digests, and what was withheld, in order of kind and record
/// @throws as `writeTrivy`
///
/// Memory: `memoryBytes` and some buffers, however many JARs there are; SQLite sorts besides in files of `SQLITE_TMPDIR`, else `TMPDIR`.
/// Source: docs/export-center/trivy-adapter.md.
#[napi]
pub fn write_java_db(options: DatabaseOptions, cancel: &CancelFlag) -> AsyncTask<WriteDatabase> {
    WriteDatabase::task(options, cancel, run)
}

/// What a Java DB is made by.
#[napi(object)]
pub struct JavaDbVersions {
    /// Trivy's schema.
    pub schema: u32,
    /// Version of the mapping of components and JARs.
    pub mapping: u32,
    /// Version of SQLite, which writes the file.
    pub sqlite: String,
    /// Library and level of gzip.
    pub gzip: String,
}

/// The versions of what `writeJavaDb` writes.
///
/// @returns Trivy's schema, the version of the mapping, and the libraries
#[napi(catch_unwind)]
pub fn java_db_versions() -> JavaDbVersions {
    JavaDbVersions { schema: SCHEMA_VERSION, mapping: MAPPING_VERSION, sqlite: sqlite().into(), gzip: GZIP.into() }
}

fn run(options: &DatabaseOptions, monitor: &Monitor) -> Result<WrittenDatabase, NativeError> {
    write(options, monitor, Mapper::new, write_export, |contents| (contents.written, contents.omitted.values().sum()))
}

impl Maps for Mapper {
    fn take(&mut self, kind: &str, key: &str, body: &[u8]) -> Result<(), NativeError> {
        match kind {
            "sbom" => Ok(self.take_sbom(key, body)?),
            "jar" => Ok(self.take_jar(key, body)?),
            other => Err(invalid(format!("a Java DB is made of sbom and jar, not of {other}"))),
        }
    }
}

impl From<JavaDbError> for NativeError {
    fn from(error: JavaDbError) -> Self {
        let code = match &error {
            JavaDbError::Record(_) => "record/schema-mismatch",
            JavaDbError::Empty { .. } => "trivy/empty",
            JavaDbError::Io(error) => io_code(error),
            JavaDbError::Full => "blob/full",
            JavaDbError::Unsound(_) => "trivy/unsound",
            JavaDbError::Sqlite(_) => "native/io",
        };
        Self::new(code, error.to_string())
    }
}
