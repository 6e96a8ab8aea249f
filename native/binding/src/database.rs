use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Task};
use napi_derive::napi;
use stella_artifact::{Export, ExportOptions, OciOptions};
use stella_jsonl::{LineFiles, Monitor, PostgresRanges, Taker, WriteError, collect};
use stella_projection::Projection;

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};
use crate::write_json_lines::{ConnectionOptions, WithheldCredential, invalid, monitor, server};

/// Where records of one kind are read: ranges of a ledger in PostgreSQL, or ledger streams that were fetched.
#[napi(object)]
pub struct DatabaseSource {
    /// `advisory`, `sbom` or `jar`.
    pub kind: String,
    /// Text of the mapping document that every record must pass.
    pub mapping: String,
    /// One SELECT a range, in order of key: record key (text), body (text), SHA-256 of the body (bytea).
    pub queries: Vec<String>,
    /// Absolute path of one file a range: lines of a ledger stream, without the line that ends it.
    pub files: Vec<String>,
}

/// What an OCI artifact of a database has of its own.
#[napi(object)]
pub struct DatabaseArtifact {
    /// Content of `metadata.json` within it.
    pub metadata: String,
    /// Its annotation `org.opencontainers.image.created`: RFC 3339.
    pub created: String,
}

/// What a database for a scanner is made of, and how.
#[napi(object, use_nullable = true)]
pub struct DatabaseOptions {
    /// Null: files are read.
    pub connection: Option<ConnectionOptions>,
    /// Set as `app.tenant_id` in each session.
    pub tenant_id: String,
    pub sources: Vec<DatabaseSource>,
    /// Threads, 1 to 64. They do not change the bytes.
    pub readers: u32,
    /// Most credentials that may be withheld of one source.
    pub max_withheld: u32,
    /// Memory for sorting, all threads together.
    pub memory_bytes: f64,
    /// Absolute path of a folder for what is sorted and built.
    pub scratch: String,
    /// Content of `metadata.json`.
    pub metadata: String,
    /// Time of the members of the archive, seconds since 1970.
    pub mtime: f64,
    /// Whether a database that holds nothing is wanted.
    pub allow_empty: bool,
    /// The database as an OCI artifact besides; null for none.
    pub oci: Option<DatabaseArtifact>,
    /// zstd level of the list of what was left out, 1 to 22.
    pub level: i32,
    /// Absolute path of the file, created or emptied.
    pub path: String,
}

/// A file within the file that was written.
#[napi(object)]
pub struct DatabasePart {
    /// Its path in the export.
    pub path: String,
    pub offset: f64,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// What was read of one source.
#[napi(object)]
pub struct ReadSource {
    pub records: f64,
    /// In order of record.
    pub withheld: Vec<WithheldCredential>,
}

/// The files of a database's export, one behind the other in a file that is complete and on the disk.
#[napi(object)]
pub struct WrittenDatabase {
    /// In the order of the options.
    pub sources: Vec<ReadSource>,
    /// Statements that have a place in the database: affected packages of advisories, or JARs.
    pub written: f64,
    /// Statements that have none, each with its reason in the list.
    pub omitted: f64,
    pub parts: Vec<DatabasePart>,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// Length of the database itself.
    pub database_bytes: f64,
    /// How long reading and mapping took, then writing the database, in seconds.
    pub read_seconds: f64,
    pub database_seconds: f64,
}

/// Keeps what a database will hold of records.
pub(crate) trait Maps: Send {
    /// Takes one record.
    fn take(&mut self, kind: &str, key: &str, body: &[u8]) -> Result<(), NativeError>;
}

/// Writes a database: what `run` does with the options, off the JavaScript thread.
pub struct WriteDatabase {
    options: DatabaseOptions,
    monitor: Monitor,
    fault: Fault,
    run: fn(&DatabaseOptions, &Monitor) -> Result<WrittenDatabase, NativeError>,
}

#[napi] // Above the exports: declared below them, the generated type is Promise<unknown>.
impl Task for WriteDatabase {
    type Output = WrittenDatabase;
    type JsValue = WrittenDatabase;

    fn compute(&mut self) -> napi::Result<WrittenDatabase> {
        let Self { options, monitor, fault, run } = self;
        fault.guard_cancelled(&monitor.cancel, || run(options, monitor))
    }

    fn resolve(&mut self, _env: Env, written: WrittenDatabase) -> napi::Result<WrittenDatabase> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> napi::Result<WrittenDatabase> {
        Err(self.fault.reject(env, error))
    }
}

impl WriteDatabase {
    pub(crate) fn task(
        options: DatabaseOptions,
        cancel: &CancelFlag,
        run: fn(&DatabaseOptions, &Monitor) -> Result<WrittenDatabase, NativeError>,
    ) -> AsyncTask<Self> {
        AsyncTask::new(Self { options, monitor: monitor(cancel, None), fault: Fault::default(), run })
    }
}

/// Gives every record to one of some mappers, one a thread, which `start` makes in a folder for so much memory, and lets `export` write what
/// they kept. `counts`: the statements that have a place in the database, and those that have none.
pub(crate) fn write<M: Maps, C, E: Into<NativeError>>(
    options: &DatabaseOptions,
    monitor: &Monitor,
    start: fn(&Path, usize) -> M,
    export: fn(Vec<M>, &ExportOptions) -> Result<Export<C>, E>,
    counts: fn(&C) -> (u64, u64),
) -> Result<WrittenDatabase, NativeError> {
    let began = Instant::now();
    let (mappers, sources) = read(options, monitor, start)?;
    let read_seconds = began.elapsed().as_secs_f64();
    let Export { written: files, contents, database_bytes, database_time } =
        export(mappers, &export_options(options, monitor)?).map_err(Into::into)?;
    let (written, omitted) = counts(&contents);
    let parts = files.parts.into_iter().map(|part| DatabasePart {
        path: part.path,
        offset: part.offset as f64,
        size_bytes: part.size_bytes as f64,
        sha256: part.sha256,
    });
    Ok(WrittenDatabase {
        sources,
        written: written as f64,
        omitted: omitted as f64,
        parts: parts.collect(),
        size_bytes: files.size_bytes as f64,
        sha256: files.sha256,
        database_bytes: database_bytes as f64,
        read_seconds,
        database_seconds: database_time.as_secs_f64(),
    })
}

fn read<M: Maps>(
    options: &DatabaseOptions,
    monitor: &Monitor,
    start: fn(&Path, usize) -> M,
) -> Result<(Vec<M>, Vec<ReadSource>), NativeError> {
    if !(1..=64).contains(&options.readers) || !(1..=22).contains(&options.level) {
        return Err(invalid("readers must be 1 to 64, level 1 to 22"));
    }
    let most = options.sources.iter().map(|source| source.queries.len() + source.files.len()).max().unwrap_or_default();
    let threads = (options.readers as usize).clamp(1, most.max(1));
    let memory_bytes = usize::try_from(whole(options.memory_bytes, "memoryBytes")?).unwrap_or(usize::MAX) / threads;
    let mut mappers: Vec<M> = (0..threads).map(|_| start(Path::new(&options.scratch), memory_bytes)).collect();
    let mut sources = Vec::new();
    for DatabaseSource { kind, mapping, queries, files } in &options.sources {
        let projection = Projection::compile(mapping).map_err(|error| invalid(error.to_string()))?;
        let rules = (projection, options.max_withheld as usize);
        let takers = mappers.into_iter().map(|mapper| OfKind { mapper, kind }).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let (takers, collected) = match &options.connection {
            Some(connection) => {
                let (server, tenant_id, queries) = (server(connection)?, options.tenant_id.clone(), queries.clone());
                let ranges = PostgresRanges { server, tenant_id, queries, with_documents: false, stop: Arc::clone(&stop) };
                collect(&ranges, rules, takers, monitor, &stop)?
            }
            None => {
                let paths = files.iter().map(PathBuf::from).collect();
                collect(&LineFiles { kind: kind.clone(), paths, stop: Arc::clone(&stop) }, rules, takers, monitor, &stop)?
            }
        };
        mappers = takers.into_iter().map(|taker| taker.mapper).collect();
        let withheld = collected.withheld.into_iter().map(WithheldCredential::from).collect();
        sources.push(ReadSource { records: collected.records as f64, withheld });
    }
    Ok((mappers, sources))
}

struct OfKind<'k, M> {
    mapper: M,
    kind: &'k str,
}

impl<M: Maps> Taker for OfKind<'_, M> {
    fn take(&mut self, key: &[u8], body: &[u8]) -> Result<(), WriteError> {
        let key = String::from_utf8_lossy(key);
        self.mapper.take(self.kind, &key, body).map_err(|NativeError { code, message, .. }| WriteError {
            record_key: Some(key.into_owned()),
            ..WriteError::new(code, message)
        })
    }
}

fn export_options(options: &DatabaseOptions, monitor: &Monitor) -> Result<ExportOptions, NativeError> {
    Ok(ExportOptions {
        scratch: options.scratch.as_str().into(),
        allow_empty: options.allow_empty,
        level: options.level,
        path: options.path.as_str().into(),
        metadata: options.metadata.clone(),
        mtime: whole(options.mtime, "mtime")?,
        threads: options.readers as usize,
        oci: options.oci.as_ref().map(|oci| OciOptions { metadata: oci.metadata.clone(), created: oci.created.clone() }),
        stop: Arc::clone(&monitor.cancel),
    })
}

/// The code of a failure of files.
pub(crate) fn io_code(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "blob/full",
        _ => "native/io",
    }
}
