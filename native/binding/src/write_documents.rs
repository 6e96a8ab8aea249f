use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{DocumentRules, Member, Monitor, PostgresDocuments, WrittenDocuments, write_documents as write};

use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};
use crate::write_json_lines::{ConnectionOptions, WithheldCredential, WriteProgress, monitor, server};

/// Which documents to pack.
#[napi(object)]
pub struct DocumentsOptions {
    pub connection: ConnectionOptions,
    /// Set as `app.tenant_id` in the session.
    pub tenant_id: String,
    /// A SELECT in order of key: record key, folder, file name (text), content, SHA-256 of the content (bytea).
    pub query: String,
    /// Most credentials that may be found.
    pub max_withheld: u32,
    /// Absolute path of the pack, created or emptied.
    pub path: String,
}

/// A document in a pack.
#[napi(object)]
pub struct PackMember {
    /// `sboms/<folder>/<file name>`.
    pub path: String,
    /// Where it begins in the pack.
    pub offset: f64,
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// A pack that is complete and on the disk.
#[napi(object)]
pub struct WrittenPack {
    pub size_bytes: f64,
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    pub members: Vec<PackMember>,
    pub withheld: Vec<WithheldCredential>,
}

pub struct WriteDocuments {
    options: DocumentsOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteDocuments {
    type Output = WrittenPack;
    type JsValue = WrittenPack;

    fn compute(&mut self) -> Result<WrittenPack> {
        let Self { options, monitor, fault } = self;
        fault.guard(|| run(options, monitor))
    }

    fn resolve(&mut self, _env: Env, written: WrittenPack) -> Result<WrittenPack> {
        Ok(written)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<WrittenPack> {
        Err(self.fault.reject(env, error))
    }
}

/// Writes documents byte for byte, end to end, into one pack. A document that holds a credential is left out whole.
///
/// @param options - the database, the query and the pack
/// @param cancel - raise it to stop
/// @param progress - counts the documents written
/// @returns size and digest of the pack, its members in order of offset, and what was withheld
/// @throws `record/digest-mismatch`, `record/order`, `record/schema-mismatch` (a folder or name that is no safe path segment, or a path
/// that comes twice), `record/too-many-credentials`, `config/invalid`, `db/unavailable`, `native/postgres`, `blob/full`, `native/io`, `native/cancelled`
///
/// Memory: one document at a time.
#[napi]
pub fn write_documents(options: DocumentsOptions, cancel: &CancelFlag, progress: Option<&WriteProgress>) -> AsyncTask<WriteDocuments> {
    AsyncTask::new(WriteDocuments { options, monitor: monitor(cancel, progress), fault: Fault::default() })
}

fn run(options: &DocumentsOptions, monitor: &Monitor) -> std::result::Result<WrittenPack, NativeError> {
    let mut source = PostgresDocuments {
        server: server(&options.connection)?,
        tenant_id: options.tenant_id.clone(),
        query: options.query.clone(),
        stop: Arc::clone(&monitor.cancel),
    };
    let rules = DocumentRules { max_withheld: options.max_withheld as usize, path: options.path.clone().into() };
    Ok(write(&mut source, &rules, monitor)?.into())
}

impl From<WrittenDocuments> for WrittenPack {
    fn from(written: WrittenDocuments) -> Self {
        Self {
            size_bytes: written.size_bytes as f64,
            sha256: written.sha256,
            members: written.members.into_iter().map(PackMember::from).collect(),
            withheld: written.withheld.into_iter().map(WithheldCredential::from).collect(),
        }
    }
}

impl From<Member> for PackMember {
    fn from(member: Member) -> Self {
        let Member { path, offset, size_bytes, sha256 } = member;
        Self { path, offset: offset as f64, size_bytes: size_bytes as f64, sha256 }
    }
}
