use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{DocumentDetectors, Monitor, Ordered, PostgresRanges, Rules, Withheld, WriteError};
use stella_mirror::{Batch, Counts, Kind, MirrorError, MirrorMaker, MirrorWriter, WriterOptions, Written};
use stella_projection::Projection;

use crate::bundle_problem::whole;
use crate::cancel::CancelFlag;
use crate::database::{DatabasePart, io_code};
use crate::fault::{Fault, NativeError};
use crate::write_json_lines::{ConnectionOptions, WithheldCredential, invalid, monitor, server};

/// Bytes that wait for the disk.
pub(crate) const WRITE_BYTES: usize = 1 << 20;

/// Records of one kind that go into a mirror.
#[napi(object)]
pub struct MirrorSource {
    /// `advisory`, `vex` or `sbom`; sources come in this order.
    pub kind: String,
    /// Text of the mapping document that every record must pass.
    pub mapping: String,
    /// One SELECT a range, in order of key: record key (text), body (text), SHA-256 of the body, SHA-256 and content of its document (bytea),
    /// the content null where the row before has the same document.
    pub queries: Vec<String>,
}

/// What a mirror is made of, and how.
#[napi(object)]
pub struct MirrorOptions {
    pub connection: ConnectionOptions,
    /// Set as `app.tenant_id` in each session.
    pub tenant_id: String,
    pub sources: Vec<MirrorSource>,
    /// Threads that read, and threads that compress, 1 to 64. They do not change the bytes.
    pub readers: u32,
    /// Most credentials that may be withheld of one source.
    pub max_withheld: u32,
    /// Memory for sorting.
    pub memory_bytes: f64,
    /// Absolute path of a folder for what is sorted.
    pub scratch: String,
    /// zstd level, 1 to 22.
    pub level: i32,
    /// Files besides.
    pub texts: Vec<MirrorText>,
    /// Absolute path of the file, created or emptied.
    pub path: String,
}

/// A file of a mirror that is given.
#[napi(object)]
pub struct MirrorText {
    /// Its path in the bundle.
    pub path: String,
    pub content: String,
}

/// What was written of one kind.
#[napi(object)]
pub struct MirroredSource {
    pub records: f64,
    pub documents: f64,
    /// In order of record.
    pub withheld: Vec<WithheldCredential>,
}

/// The files of a mirror, one behind the other in a file that is complete and on the disk.
#[napi(object)]
pub struct WrittenMirror {
    /// In the order of the options.
    pub sources: Vec<MirroredSource>,
    pub parts: Vec<DatabasePart>,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// What stands for all that the mirror holds, in base64, and its digest.
    pub state: String,
    pub state_root: String,
}

pub struct WriteMirror {
    options: MirrorOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteMirror {
    type Output = WrittenMirror;
    type JsValue = WrittenMirror;

    fn compute(&mut self) -> Result<WrittenMirror> {
        let Self { options, monitor, fault } = self;
        fault.guard(|| {
            run(options, monitor)
                .map_err(|error| if monitor.cancel.load(Ordering::Relaxed) { WriteError::cancelled().into() } else { error })
        })
    }

    fn resolve(&mut self, _env: Env, written: WrittenMirror) -> Result<WrittenMirror> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<WrittenMirror> {
        Err(self.fault.reject(env, error))
    }
}

/// Writes the data files of a mirror, one behind the other in one file: for each kind its records and documents in groups, and an index.
///
/// Each record must have its stored SHA-256, follow the one before in bytewise key order, and hold mapped members only; credentials in
/// it are redacted, and a document that holds one is left out whole. The bytes depend on the rows and the level.
///
/// @param options - the database, what is read, and the file
/// @param cancel - raise it to stop
/// @returns counts, the files with their digests, what was withheld, and the state
/// @throws `record/schema-mismatch` (with `recordKey`, `field`), `record/digest-mismatch`, `record/order`, `record/too-many-credentials`,
/// `config/invalid`, `db/unavailable`, `native/postgres`, `blob/full`, `native/io`, `native/cancelled`
///
/// Memory: `memoryBytes` and some groups, however many records there are. Source: docs/formats/mirror.md.
#[napi]
pub fn write_mirror(options: MirrorOptions, cancel: &CancelFlag) -> AsyncTask<WriteMirror> {
    AsyncTask::new(WriteMirror { options, monitor: monitor(cancel, None), fault: Fault::default() })
}

fn run(options: &MirrorOptions, monitor: &Monitor) -> std::result::Result<WrittenMirror, NativeError> {
    if !(1..=64).contains(&options.readers) || !(1..=22).contains(&options.level) {
        return Err(invalid("readers must be 1 to 64, level 1 to 22"));
    }
    let writer_options = WriterOptions {
        level: Some(options.level),
        threads: options.readers as usize,
        scratch: options.scratch.as_str().into(),
        memory_bytes: usize::try_from(whole(options.memory_bytes, "memoryBytes")?).unwrap_or(usize::MAX),
    };
    let file = File::create(Path::new(&options.path)).map_err(MirrorError::from)?;
    let mut writer = MirrorWriter::new(BufWriter::with_capacity(WRITE_BYTES, &file), writer_options);
    for MirrorText { path, content } in &options.texts {
        writer.file(path, content.as_bytes())?;
    }
    let mut sources = Vec::new();
    for source in &options.sources {
        let kind = Kind::of_name(&source.kind).ok_or_else(|| invalid(format!("a mirror holds no {}", source.kind)))?;
        let counts;
        let ledger = ledger(options)?;
        let reading = Reading { kind, ledger: &ledger, mapping: &source.mapping, queries: &source.queries };
        (writer, (), counts) = writer.kind(kind, |each| Ok(((), reading.read(monitor, each)?)))?;
        sources.push(counts.into());
    }
    let (_, written) = writer.finish()?;
    file.sync_all().map_err(MirrorError::from)?;
    let Written { parts, size_bytes, sha256, state } = written;
    Ok(WrittenMirror {
        sources,
        parts: parts.into_iter().map(DatabasePart::from).collect(),
        size_bytes: size_bytes as f64,
        sha256,
        state: state.encode(),
        state_root: state.root(),
    })
}

/// How the ledger is read, whatever of it.
pub(crate) struct Ledger {
    pub(crate) server: stella_pgcopy::Server,
    pub(crate) tenant_id: String,
    pub(crate) readers: usize,
    pub(crate) max_withheld: usize,
}

fn ledger(options: &MirrorOptions) -> std::result::Result<Ledger, NativeError> {
    Ok(Ledger {
        server: server(&options.connection)?,
        tenant_id: options.tenant_id.clone(),
        readers: options.readers as usize,
        max_withheld: options.max_withheld as usize,
    })
}

/// Records of one kind that are read.
pub(crate) struct Reading<'a> {
    pub(crate) kind: Kind,
    pub(crate) ledger: &'a Ledger,
    pub(crate) mapping: &'a str,
    pub(crate) queries: &'a [String],
}

impl Reading<'_> {
    /// Gives all batches in the order of keys, and answers what was withheld of records.
    pub(crate) fn read<E: From<WriteError> + std::fmt::Display>(
        &self,
        monitor: &Monitor,
        each: &mut dyn FnMut(Batch) -> std::result::Result<(), E>,
    ) -> std::result::Result<Vec<Withheld>, E> {
        let Ledger { server, tenant_id, readers, max_withheld } = self.ledger;
        let stop = Arc::new(AtomicBool::new(false));
        let (server, tenant_id, queries) = (server.clone(), tenant_id.clone(), self.queries.to_vec());
        let ranges = PostgresRanges { server, tenant_id, queries, with_documents: true, stop: Arc::clone(&stop) };
        let projection = Projection::compile(self.mapping).map_err(|error| WriteError::new("config/invalid", error.to_string()))?;
        let rules = Rules::new(projection, *max_withheld);
        let documents = DocumentDetectors::default();
        let maker = || Ok(MirrorMaker::new(self.kind, &documents, Arc::clone(&monitor.cancel)));
        let mut failure = None;
        let read = Ordered { ranges: &ranges, rules: &rules, readers: *readers, monitor, stop: &stop }.read(maker, |batch: Batch| {
            each(batch).map_err(|error| {
                let told = WriteError::new("native/io", error.to_string());
                failure = Some(error);
                told
            })
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(read?),
        }
    }
}

impl From<Counts> for MirroredSource {
    fn from(Counts { records, documents, withheld }: Counts) -> Self {
        let withheld = withheld.into_iter().map(WithheldCredential::from).collect();
        Self { records: records as f64, documents: documents as f64, withheld }
    }
}

impl From<stella_mirror::Part> for DatabasePart {
    fn from(stella_mirror::Part { path, offset, size_bytes, sha256 }: stella_mirror::Part) -> Self {
        Self { path, offset: offset as f64, size_bytes: size_bytes as f64, sha256 }
    }
}

impl From<MirrorError> for NativeError {
    fn from(error: MirrorError) -> Self {
        let code = match error {
            MirrorError::Write(error) => return error.into(),
            MirrorError::Bundle(error) => return error.into(),
            MirrorError::Io(ref error) => io_code(error),
            _ => "bundle/invalid",
        };
        Self::new(code, error.to_string())
    }
}
