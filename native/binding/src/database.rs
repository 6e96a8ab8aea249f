use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi_derive::napi;
use stella_artifact::{ArtifactOptions, OciOptions, Written};
use stella_jsonl::{LineFiles, Monitor, PostgresRanges, Taker, Withheld, WriteError, collect};
use stella_projection::Projection;

use crate::bundle_problem::whole;
use crate::fault::NativeError;
use crate::write_json_lines::{ConnectionOptions, invalid, server};

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

/// A credential that was kept from a database.
#[napi(object, use_nullable = true)]
pub struct WithheldFromDatabase {
    /// Kind of the record.
    pub kind: String,
    pub record_key: String,
    pub detector: String,
    /// JSON pointer of the text that was replaced; null where the record was left out.
    pub pointer: Option<String>,
    pub action: String,
}

/// The files of a database's export, one behind the other in a file that is complete and on the disk.
#[napi(object)]
pub struct WrittenDatabase {
    /// Records read, of each source.
    pub records: Vec<f64>,
    /// Statements that have a place in the database: affected packages of advisories, or JARs.
    pub written: f64,
    /// Statements that have none, each with its reason in the list.
    pub omitted: f64,
    pub parts: Vec<DatabasePart>,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    pub withheld: Vec<WithheldFromDatabase>,
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

/// What was read of all sources.
pub(crate) struct Read<M> {
    pub(crate) mappers: Vec<M>,
    records: Vec<u64>,
    withheld: Vec<(String, Withheld)>,
    seconds: f64,
}

/// Gives every record to one of some mappers, one a thread, which `start` makes for so much memory.
pub(crate) fn read<M: Maps>(options: &DatabaseOptions, monitor: &Monitor, start: impl Fn(usize) -> M) -> Result<Read<M>, NativeError> {
    if !(1..=64).contains(&options.readers) || !(1..=22).contains(&options.level) {
        return Err(invalid("readers must be 1 to 64, level 1 to 22"));
    }
    let began = std::time::Instant::now();
    let most = options.sources.iter().map(|source| source.queries.len() + source.files.len()).max().unwrap_or_default();
    let threads = (options.readers as usize).clamp(1, most.max(1));
    let memory_bytes = usize::try_from(whole(options.memory_bytes, "memoryBytes")?).unwrap_or(usize::MAX) / threads;
    let mut all =
        Read { mappers: (0..threads).map(|_| start(memory_bytes)).collect(), records: Vec::new(), withheld: Vec::new(), seconds: 0.0 };
    for DatabaseSource { kind, mapping, queries, files } in &options.sources {
        let projection = Projection::compile(mapping).map_err(|error| invalid(error.to_string()))?;
        let rules = (projection, options.max_withheld as usize);
        let takers = all.mappers.into_iter().map(|mapper| OfKind { mapper, kind }).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let (takers, collected) = match &options.connection {
            Some(connection) => {
                let (server, tenant_id, queries) = (server(connection)?, options.tenant_id.clone(), queries.clone());
                collect(&PostgresRanges { server, tenant_id, queries, stop: Arc::clone(&stop) }, rules, takers, monitor, &stop)?
            }
            None => {
                let paths = files.iter().map(PathBuf::from).collect();
                collect(&LineFiles { kind: kind.clone(), paths, stop: Arc::clone(&stop) }, rules, takers, monitor, &stop)?
            }
        };
        all.mappers = takers.into_iter().map(|taker| taker.mapper).collect();
        all.records.push(collected.records);
        all.withheld.extend(collected.withheld.into_iter().map(|withheld| (kind.clone(), withheld)));
    }
    all.seconds = began.elapsed().as_secs_f64();
    Ok(all)
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

/// How the files of a database are made.
pub(crate) fn artifact_options(options: &DatabaseOptions, monitor: &Monitor) -> Result<ArtifactOptions, NativeError> {
    Ok(ArtifactOptions {
        path: options.path.as_str().into(),
        metadata: options.metadata.clone(),
        mtime: whole(options.mtime, "mtime")?,
        threads: options.readers as usize,
        oci: options.oci.as_ref().map(|oci| OciOptions { metadata: oci.metadata.clone(), created: oci.created.clone() }),
        stop: Arc::clone(&monitor.cancel),
    })
}

/// A database that was written: statements that have a place in it, those that have none, its length, and the seconds that it took.
pub(crate) struct Built {
    pub(crate) written: u64,
    pub(crate) omitted: u64,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
}

/// What JavaScript is told of a database that was written.
pub(crate) fn told<M>(read: Read<M>, database: &Built, files: Written) -> WrittenDatabase {
    let Written { parts, size_bytes, sha256 } = files;
    let parts = parts.into_iter().map(|part| DatabasePart {
        path: part.path,
        offset: part.offset as f64,
        size_bytes: part.size_bytes as f64,
        sha256: part.sha256,
    });
    let withheld = read.withheld.into_iter().map(|(kind, Withheld { record_key, detector, pointer, action })| WithheldFromDatabase {
        kind,
        record_key,
        detector: detector.into(),
        pointer,
        action: action.into(),
    });
    WrittenDatabase {
        records: read.records.into_iter().map(|records| records as f64).collect(),
        written: database.written as f64,
        omitted: database.omitted as f64,
        parts: parts.collect(),
        size_bytes: size_bytes as f64,
        sha256,
        withheld: withheld.collect(),
        database_bytes: database.bytes as f64,
        read_seconds: read.seconds,
        database_seconds: database.seconds,
    }
}

/// What a database failed with: that it was stopped, where it was.
pub(crate) fn or_cancelled(monitor: &Monitor) -> impl Fn(NativeError) -> NativeError {
    |error| if monitor.cancel.load(Ordering::Relaxed) { NativeError::new("native/cancelled", "the work was cancelled") } else { error }
}

/// The code of a failure of files.
pub(crate) fn io_code(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "blob/full",
        _ => "native/io",
    }
}
