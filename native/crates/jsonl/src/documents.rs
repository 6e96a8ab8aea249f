use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::document_credentials::DocumentDetectors;
use crate::error::WriteError;
use crate::inspect::{Withheld, check_digest, check_withheld, out_of_order};
use crate::output::Output;
use crate::write::Monitor;

/// Where documents stand in an export.
const ROOT: &str = "sboms";

/// One document as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Key of its record; documents come in ascending order of these bytes.
    pub key: &'a [u8],
    /// Folder of its subject, unique within the export.
    pub folder: &'a [u8],
    /// Name within the folder.
    pub file_name: &'a [u8],
    /// The bytes received.
    pub content: &'a [u8],
    /// Their SHA-256, as stored beside them.
    pub digest: &'a [u8],
}

/// Gives documents one by one.
pub trait DocumentReader {
    /// Gives every document to `each`, in order of key, and stops at its first error.
    ///
    /// # Errors
    /// That of `each`, or that of the source.
    fn read(&mut self, each: impl FnMut(Document<'_>) -> Result<(), WriteError>) -> Result<(), WriteError>;
}

/// How a pack of documents is to be written.
pub struct DocumentRules {
    /// Most credentials that may be found.
    pub max_withheld: usize,
    /// The pack, created or emptied.
    pub path: PathBuf,
}

/// A document in a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// `sboms/<folder>/<file name>`.
    pub path: String,
    /// Where it begins in the pack.
    pub offset: u64,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// A pack that is complete and on the disk: the documents end to end, with nothing between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenDocuments {
    /// Size of the pack.
    pub size_bytes: u64,
    /// SHA-256 of the pack, lower-case hexadecimal.
    pub sha256: String,
    /// The documents in it, in order of offset.
    pub members: Vec<Member>,
    /// Documents left out whole: for each detector, in order of name, as many entries as it found credentials in the one reading of the
    /// document where it found most.
    pub withheld: Vec<Withheld>,
}

/// Writes documents byte for byte into one pack. Memory: one document at a time, and once more its size while one with escapes is searched,
/// twice where XML with them is not well-formed.
///
/// # Errors
/// `record/digest-mismatch`, `record/order`, `record/schema-mismatch` for a folder or name that is no safe path segment or a path that
/// comes twice, `record/too-many-credentials`, `blob/full`, `native/io`, `native/cancelled`, and those of the source.
pub fn write_documents(source: &mut impl DocumentReader, rules: &DocumentRules, monitor: &Monitor) -> Result<WrittenDocuments, WriteError> {
    let mut pack = Pack::new(Output::create(&rules.path)?, rules.max_withheld, &monitor.cancel);
    source.read(|document| {
        pack.take(document)?;
        monitor.records.store(pack.members.len() as u64, Ordering::Relaxed);
        Ok(())
    })?;
    let stored = pack.output.finish()?;
    Ok(WrittenDocuments { size_bytes: stored.size_bytes, sha256: stored.sha256, members: pack.members, withheld: pack.withheld })
}

struct Pack<'a> {
    output: Output,
    cancel: &'a AtomicBool,
    detectors: DocumentDetectors,
    max_withheld: usize,
    last_key: Vec<u8>,
    paths: HashSet<String>,
    members: Vec<Member>,
    withheld: Vec<Withheld>,
}

impl<'a> Pack<'a> {
    fn new(output: Output, max_withheld: usize, cancel: &'a AtomicBool) -> Self {
        let (members, withheld) = (Vec::new(), Vec::new());
        Self {
            output,
            cancel,
            detectors: DocumentDetectors::default(),
            max_withheld,
            last_key: Vec::new(),
            paths: HashSet::new(),
            members,
            withheld,
        }
    }

    fn take(&mut self, document: Document<'_>) -> Result<(), WriteError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(WriteError::cancelled());
        }
        if !self.last_key.is_empty() && document.key <= self.last_key.as_slice() {
            return Err(out_of_order(document.key, &self.last_key));
        }
        self.last_key = document.key.to_vec();
        check_digest(document.key, document.content, document.digest)?;
        let path = format!("{ROOT}/{}/{}", segment(&document, document.folder)?, segment(&document, document.file_name)?);
        let found = self.detectors.find(document.key, document.content, self.cancel)?;
        if !found.is_empty() {
            check_withheld(self.withheld.len().saturating_add(found.len()), self.max_withheld)?;
            self.withheld.extend(found);
            return Ok(());
        }
        if !self.paths.insert(path.clone()) {
            return Err(WriteError::of_record("record/schema-mismatch", document.key, format!("two documents would be stored as {path}")));
        }
        let (offset, size_bytes) = (self.output.size_bytes(), document.content.len() as u64);
        self.output.write(document.content)?;
        self.members.push(Member { path, offset, size_bytes, sha256: stella_digest::hex(document.digest) });
        Ok(())
    }
}

/// A name that can only be a name: the ledger makes it safe, and here nothing else is believed.
fn segment<'a>(document: &Document<'a>, bytes: &'a [u8]) -> Result<&'a str, WriteError> {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~');
    let text =
        std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty() && !text.starts_with('.') && text.bytes().all(|byte| safe(&byte)));
    text.ok_or_else(|| {
        let shown = String::from_utf8_lossy(bytes);
        WriteError::of_record("record/schema-mismatch", document.key, format!("{shown:?} is no safe name for a file or folder"))
    })
}
