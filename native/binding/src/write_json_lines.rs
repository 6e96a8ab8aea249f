use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{Monitor, PostgresRanges, WriteError, WriteOptions, Written, write_json_lines as write};
use stella_pgcopy::{Server, SslMode};
use stella_projection::Projection;

use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};

/// A PostgreSQL server and a login.
#[napi(object, use_nullable = true)]
pub struct ConnectionOptions {
    /// Host name, address, or the directory of a unix socket (begins with `/`).
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<String>,
    pub database: String,
    /// As in libpq; what requires TLS is refused. Null: `prefer`.
    pub sslmode: Option<String>,
}

/// What to write as JSON lines, and how.
#[napi(object, use_nullable = true)]
pub struct JsonLinesOptions {
    pub connection: ConnectionOptions,
    /// Set as `app.tenant_id` in each session.
    pub tenant_id: String,
    /// One SELECT a range, in order of key: record key (text), body (text), SHA-256 of the body (bytea).
    pub queries: Vec<String>,
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

/// A credential that was kept from an export.
#[napi(object, use_nullable = true)]
pub struct WithheldCredential {
    pub record_key: String,
    pub detector: String,
    /// JSON pointer of the member; null in a document.
    pub pointer: Option<String>,
    /// `redact`: the text was replaced. `withhold`: the record or document was left out.
    #[napi(ts_type = "'redact' | 'withhold'")]
    pub action: String,
}

/// A file of JSON lines that is complete and on the disk.
#[napi(object)]
pub struct WrittenJsonLines {
    pub records: f64,
    pub plain_bytes: f64,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    pub withheld: Vec<WithheldCredential>,
}

/// Counts what a write has done so far; may be read at any time.
#[napi]
pub struct WriteProgress {
    records: Arc<AtomicU64>,
}

#[napi]
impl WriteProgress {
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { records: Arc::default() }
    }

    /// Records (or documents) written so far.
    #[napi(catch_unwind)]
    pub fn records(&self) -> f64 {
        self.records.load(Ordering::Relaxed) as f64
    }
}

pub struct WriteJsonLines {
    options: JsonLinesOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteJsonLines {
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

/// Writes record ranges from PostgreSQL as canonical JSON lines in zstd frames.
///
/// Each record must have its stored SHA-256, follow the one before in bytewise key order, and hold mapped members only;
/// credentials in it are redacted. Frames are cut at `frameBytes` and at the end of each range; with no record the file is one
/// empty frame. The bytes depend on the rows, the level and `frameBytes`, never on `readers`.
///
/// @param options - the database, the queries, the allow-list and the file
/// @param cancel - raise it to stop
/// @param progress - counts the records written
/// @returns counts, sizes, digest of the file, and what was withheld, in order of record
/// @throws `record/schema-mismatch` (with `recordKey`, `field`), `record/digest-mismatch`, `record/order`, `record/too-many-credentials`,
/// `config/invalid`, `db/unavailable`, `native/postgres`, `blob/full`, `native/io`, `native/cancelled`
///
/// Memory: some buffers a reader, however many records there are. Source: RFC 8785, RFC 8878.
#[napi]
pub fn write_json_lines(options: JsonLinesOptions, cancel: &CancelFlag, progress: Option<&WriteProgress>) -> AsyncTask<WriteJsonLines> {
    AsyncTask::new(WriteJsonLines { options, monitor: monitor(cancel, progress), fault: Fault::default() })
}

fn run(options: &JsonLinesOptions, monitor: &Monitor) -> std::result::Result<WrittenJsonLines, NativeError> {
    let stop = Arc::new(AtomicBool::new(false));
    let ranges = PostgresRanges {
        server: server(&options.connection)?,
        tenant_id: options.tenant_id.clone(),
        queries: options.queries.clone(),
        with_documents: false,
        stop: Arc::clone(&stop),
    };
    let JsonLinesOptions { mapping, level, frame_bytes, readers, max_withheld, path, .. } = options;
    let rules = Rules { mapping, level: *level, frame_bytes: *frame_bytes, readers: *readers, max_withheld: *max_withheld, path };
    Ok(write(&ranges, rules.options()?, monitor, &stop)?.into())
}

/// How JSON lines are written, wherever they come from.
pub(crate) struct Rules<'a> {
    pub(crate) mapping: &'a str,
    pub(crate) level: i32,
    pub(crate) frame_bytes: u32,
    pub(crate) readers: u32,
    pub(crate) max_withheld: u32,
    pub(crate) path: &'a str,
}

impl Rules<'_> {
    pub(crate) fn options(&self) -> std::result::Result<WriteOptions, NativeError> {
        let within = (1..=22).contains(&self.level) && (1..=64).contains(&self.readers) && (1..=1 << 28).contains(&self.frame_bytes);
        if !within {
            return Err(invalid("level must be 1 to 22, readers 1 to 64, frameBytes 1 to 268435456"));
        }
        Ok(WriteOptions {
            projection: Projection::compile(self.mapping).map_err(|error| invalid(error.to_string()))?,
            level: self.level,
            frame_bytes: self.frame_bytes as usize,
            readers: self.readers as usize,
            max_withheld: self.max_withheld as usize,
            path: self.path.into(),
        })
    }
}

impl From<Written> for WrittenJsonLines {
    fn from(written: Written) -> Self {
        Self {
            records: written.records as f64,
            plain_bytes: written.plain_bytes as f64,
            size_bytes: written.size_bytes as f64,
            sha256: written.sha256,
            withheld: written.withheld.into_iter().map(WithheldCredential::from).collect(),
        }
    }
}

pub(crate) fn monitor(cancel: &CancelFlag, progress: Option<&WriteProgress>) -> Monitor {
    Monitor { cancel: cancel.shared(), records: progress.map(|progress| Arc::clone(&progress.records)).unwrap_or_default() }
}

pub(crate) fn server(options: &ConnectionOptions) -> std::result::Result<Server, NativeError> {
    let mode = options.sslmode.as_deref().unwrap_or_default();
    let ssl_mode = SslMode::parse(mode).ok_or_else(|| invalid(format!("sslmode {mode:?} is unknown")))?;
    let ConnectionOptions { host, port, user, password, database, .. } = options;
    Ok(Server { host: host.clone(), port: *port, user: user.clone(), password: password.clone(), database: database.clone(), ssl_mode })
}

pub(crate) fn invalid(message: impl Into<String>) -> NativeError {
    NativeError::new("config/invalid", message)
}

impl From<WriteError> for NativeError {
    fn from(error: WriteError) -> Self {
        Self { code: error.code, message: error.message, record_key: error.record_key, field: error.field }
    }
}

impl From<stella_jsonl::Withheld> for WithheldCredential {
    fn from(withheld: stella_jsonl::Withheld) -> Self {
        let stella_jsonl::Withheld { record_key, detector, pointer, action } = withheld;
        Self { record_key, detector: detector.into(), pointer, action: action.into() }
    }
}
