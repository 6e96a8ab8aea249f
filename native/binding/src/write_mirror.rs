use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{DocumentDetectors, Monitor, Ordered, PostgresRanges, Rules, Withheld, WriteError};
use stella_mirror::{Batch, Counts, Kind, MirrorMaker, Written};
use stella_projection::Projection;

use crate::cancel::CancelFlag;
use crate::database::DatabasePart;
use crate::fault::{Fault, NativeError};
use crate::mirror_file::{MirrorFile, sync};
use crate::write_json_lines::{ConnectionOptions, WithheldCredential, invalid, monitor, server};

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
    /// Threads that read, 1 to 64. They do not change the bytes.
    pub readers: u32,
    /// Most credentials that may be withheld of one source.
    pub max_withheld: u32,
    pub file: MirrorFile,
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
        fault.guard_cancelled(&monitor.cancel, || run(options, monitor))
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
    if !(1..=64).contains(&options.readers) {
        return Err(invalid("readers must be 1 to 64"));
    }
    let ledger = Ledger::of(&options.connection, &options.tenant_id, options.readers as usize, options.max_withheld)?;
    let mut writer = options.file.create()?;
    let mut sources = Vec::new();
    for source in &options.sources {
        let kind = Kind::of_name(&source.kind).ok_or_else(|| invalid(format!("a mirror holds no {}", source.kind)))?;
        let counts;
        let reading = Reading { kind, ledger: &ledger, mapping: &source.mapping, queries: &source.queries };
        (writer, (), counts) = writer.kind(kind, |each| Ok(((), reading.read(monitor, each)?)))?;
        sources.push(counts.into());
    }
    let (file, written) = writer.finish()?;
    sync(&file)?;
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
    server: stella_pgcopy::Server,
    tenant_id: String,
    readers: usize,
    max_withheld: usize,
}

impl Ledger {
    pub(crate) fn of(
        connection: &ConnectionOptions,
        tenant_id: &str,
        readers: usize,
        max_withheld: u32,
    ) -> std::result::Result<Self, NativeError> {
        Ok(Self { server: server(connection)?, tenant_id: tenant_id.into(), readers, max_withheld: max_withheld as usize })
    }
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
