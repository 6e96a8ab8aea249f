use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{LineFiles, Monitor, PostgresRanges, Ranges, Taker, WriteError, collect};
use stella_projection::Projection;
use stella_trivy::{Export, ExportOptions, GZIP, MAPPING_VERSION, Mapper, OciOptions, SCHEMA_VERSION, TrivyError, write_export};

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};
use crate::write_json_lines::{ConnectionOptions, WithheldCredential, invalid, monitor, server};

/// Where advisories are read: ranges of a ledger in PostgreSQL, or ledger streams that were fetched.
#[napi(object, use_nullable = true)]
pub struct AdvisorySource {
    /// Null: `files` are read.
    pub connection: Option<ConnectionOptions>,
    /// Set as `app.tenant_id` in each session.
    pub tenant_id: String,
    /// One SELECT a range, in order of key: record key (text), body (text), SHA-256 of the body (bytea).
    pub queries: Vec<String>,
    /// Absolute path of one file a range: lines of a ledger stream, without the line that ends it.
    pub files: Vec<String>,
}

/// What an OCI artifact of a database has of its own.
#[napi(object)]
pub struct TrivyArtifact {
    /// Content of `metadata.json` within it.
    pub metadata: String,
    /// Its annotation `org.opencontainers.image.created`: RFC 3339.
    pub created: String,
}

/// What a Trivy database is made of, and how.
#[napi(object, use_nullable = true)]
pub struct TrivyOptions {
    pub source: AdvisorySource,
    /// Text of the mapping document that every advisory must pass.
    pub mapping: String,
    /// Threads, 1 to 64. They do not change the bytes.
    pub readers: u32,
    /// Most credentials that may be withheld.
    pub max_withheld: u32,
    /// Memory for sorting, all threads together.
    pub memory_bytes: f64,
    /// Absolute path of a folder for what is sorted and built.
    pub scratch: String,
    /// Content of `metadata.json`.
    pub metadata: String,
    /// Time of the members of the archive, seconds since 1970.
    pub mtime: f64,
    /// Whether a database without an advisory is wanted.
    pub allow_empty: bool,
    /// The database as an OCI artifact besides; null for none.
    pub oci: Option<TrivyArtifact>,
    /// zstd level of the list of what was left out, 1 to 22.
    pub level: i32,
    /// Absolute path of the file, created or emptied.
    pub path: String,
}

/// A file within the file that was written.
#[napi(object)]
pub struct TrivyPart {
    /// Its path in the export.
    pub path: String,
    pub offset: f64,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// The files of a Trivy export, one behind the other in a file that is complete and on the disk.
#[napi(object)]
pub struct WrittenTrivy {
    /// Advisories read.
    pub records: f64,
    /// Statements - affected packages of advisories - that have a place in the database.
    pub written: f64,
    /// Statements that have none, each with its reason in the list.
    pub omitted: f64,
    pub parts: Vec<TrivyPart>,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    pub withheld: Vec<WithheldCredential>,
    /// Length of `trivy.db`.
    pub database_bytes: f64,
    /// How long reading and mapping took, then writing and checking `trivy.db`, in seconds.
    pub read_seconds: f64,
    pub database_seconds: f64,
}

pub struct WriteTrivy {
    options: TrivyOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteTrivy {
    type Output = WrittenTrivy;
    type JsValue = WrittenTrivy;

    fn compute(&mut self) -> Result<WrittenTrivy> {
        let Self { options, monitor, fault } = self;
        fault.guard(|| run(options, monitor))
    }

    fn resolve(&mut self, _env: Env, written: WrittenTrivy) -> Result<WrittenTrivy> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<WrittenTrivy> {
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
pub fn write_trivy(options: TrivyOptions, cancel: &CancelFlag) -> AsyncTask<WriteTrivy> {
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

fn run(options: &TrivyOptions, monitor: &Monitor) -> std::result::Result<WrittenTrivy, NativeError> {
    let AdvisorySource { connection, tenant_id, queries, files } = &options.source;
    let stop = Arc::new(AtomicBool::new(false));
    match connection {
        Some(connection) => {
            let (server, tenant_id, queries) = (server(connection)?, tenant_id.clone(), queries.clone());
            write(&PostgresRanges { server, tenant_id, queries, stop: Arc::clone(&stop) }, options, monitor, &stop)
        }
        None => {
            let paths = files.iter().map(Into::into).collect();
            write(&LineFiles { kind: "advisory".into(), paths, stop: Arc::clone(&stop) }, options, monitor, &stop)
        }
    }
}

fn write(
    ranges: &impl Ranges,
    options: &TrivyOptions,
    monitor: &Monitor,
    stop: &Arc<AtomicBool>,
) -> std::result::Result<WrittenTrivy, NativeError> {
    if !(1..=64).contains(&options.readers) || !(1..=22).contains(&options.level) {
        return Err(invalid("readers must be 1 to 64, level 1 to 22"));
    }
    let began = std::time::Instant::now();
    let projection = Projection::compile(&options.mapping).map_err(|error| invalid(error.to_string()))?;
    let threads = (options.readers as usize).clamp(1, ranges.count().max(1));
    let memory_bytes = usize::try_from(whole(options.memory_bytes, "memoryBytes")?).unwrap_or(usize::MAX) / threads;
    let scratch = std::path::PathBuf::from(&options.scratch);
    let takers = (0..threads).map(|_| Advisories(Mapper::new(&scratch, memory_bytes))).collect();
    let (takers, collected) = collect(ranges, (projection, options.max_withheld as usize), takers, monitor, stop)?;
    let export = ExportOptions {
        scratch,
        path: options.path.as_str().into(),
        metadata: options.metadata.clone(),
        mtime: whole(options.mtime, "mtime")?,
        allow_empty: options.allow_empty,
        level: options.level,
        threads: options.readers as usize,
        oci: options.oci.as_ref().map(|oci| OciOptions { metadata: oci.metadata.clone(), created: oci.created.clone() }),
    };
    let mappers = takers.into_iter().map(|Advisories(mapper)| mapper).collect();
    let read_seconds = began.elapsed().as_secs_f64();
    let Export { parts, contents, size_bytes, sha256, database_bytes, database_time } = write_export(mappers, &export)?;
    let parts = parts.into_iter().map(|part| TrivyPart {
        path: part.path,
        offset: part.offset as f64,
        size_bytes: part.size_bytes as f64,
        sha256: part.sha256,
    });
    Ok(WrittenTrivy {
        records: collected.records as f64,
        written: contents.written.values().sum::<u64>() as f64,
        omitted: contents.omitted.values().sum::<u64>() as f64,
        parts: parts.collect(),
        size_bytes: size_bytes as f64,
        sha256,
        withheld: collected.withheld.into_iter().map(WithheldCredential::from).collect(),
        database_bytes: database_bytes as f64,
        read_seconds,
        database_seconds: database_time.as_secs_f64(),
    })
}

struct Advisories(Mapper);

impl Taker for Advisories {
    fn take(&mut self, key: &[u8], body: &[u8]) -> std::result::Result<(), WriteError> {
        self.0.take(body).map_err(|error| {
            let NativeError { code, message, .. } = error.into();
            WriteError { record_key: Some(String::from_utf8_lossy(key).into_owned()), ..WriteError::new(code, message) }
        })
    }
}

impl From<TrivyError> for NativeError {
    fn from(error: TrivyError) -> Self {
        let code = match &error {
            TrivyError::Document(_) => "record/schema-mismatch",
            TrivyError::Empty { .. } => "trivy/empty",
            TrivyError::TooManyBuckets(_) => "plan/too-large",
            TrivyError::Unsound(_) => "trivy/unsound",
            TrivyError::Bolt(stella_bolt::BoltError::Io(error)) | TrivyError::Io(error) => {
                if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
                    "blob/full"
                } else {
                    "native/io"
                }
            }
            TrivyError::Bolt(_) => "trivy/unsound",
        };
        Self::new(code, error.to_string())
    }
}
