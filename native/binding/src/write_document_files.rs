use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use stella_jsonl::{DocumentFile, DocumentFiles, DocumentRules, Monitor, write_documents as write};

use crate::cancel::CancelFlag;
use crate::fault::{Fault, NativeError};
use crate::write_documents::WrittenPack;
use crate::write_json_lines::{WriteProgress, monitor};

/// A document that was fetched.
#[napi(object)]
pub struct FetchedDocument {
    pub record_key: String,
    pub folder: String,
    pub file_name: String,
    /// Absolute path of its bytes.
    pub file: String,
    /// SHA-256 that they must have, 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// Which documents to pack.
#[napi(object)]
pub struct DocumentFilesOptions {
    /// In order of key.
    pub documents: Vec<FetchedDocument>,
    /// Most credentials that may be found.
    pub max_withheld: u32,
    /// Absolute path of the pack, created or emptied.
    pub path: String,
}

pub struct WriteDocumentFiles {
    options: DocumentFilesOptions,
    monitor: Monitor,
    fault: Fault,
}

#[napi]
impl Task for WriteDocumentFiles {
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

/// Writes fetched documents byte for byte, end to end, into one pack: the same bytes as `writeDocuments` of the ledger that they are of.
///
/// @param options - the documents and the pack
/// @param cancel - raise it to stop
/// @param progress - counts the documents written
/// @returns size and digest of the pack, its members in order of offset, and what was withheld
/// @throws `evidence/invalid`, `record/digest-mismatch`, `record/order`, `record/schema-mismatch` (a folder or name that is no safe path
/// segment, or a path that comes twice), `record/too-many-credentials`, `blob/full`, `native/io`, `native/cancelled`
///
/// Memory: one document at a time.
#[napi]
pub fn write_document_files(
    options: DocumentFilesOptions,
    cancel: &CancelFlag,
    progress: Option<&WriteProgress>,
) -> AsyncTask<WriteDocumentFiles> {
    AsyncTask::new(WriteDocumentFiles { options, monitor: monitor(cancel, progress), fault: Fault::default() })
}

fn run(options: &DocumentFilesOptions, monitor: &Monitor) -> std::result::Result<WrittenPack, NativeError> {
    let documents = options.documents.iter().map(DocumentFile::from).collect();
    let mut source = DocumentFiles { documents, stop: Arc::clone(&monitor.cancel) };
    let rules = DocumentRules { max_withheld: options.max_withheld as usize, path: options.path.clone().into() };
    Ok(write(&mut source, &rules, monitor)?.into())
}

impl From<&FetchedDocument> for DocumentFile {
    fn from(document: &FetchedDocument) -> Self {
        let FetchedDocument { record_key, folder, file_name, file, sha256 } = document;
        Self { key: record_key.clone(), folder: folder.clone(), file_name: file_name.clone(), path: file.into(), sha256: sha256.clone() }
    }
}
