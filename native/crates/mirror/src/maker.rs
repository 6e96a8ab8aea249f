use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_jsonl::{DocumentDetectors, Maker, Record, WriteError, check_digest};

use crate::batch::{Batch, Document};
use crate::kind::Kind;

/// Bytes of records and documents after which a batch is handed on.
pub(crate) const BATCH_BYTES: usize = 1 << 20;

/// Makes batches of the records that one thread reads, with their documents. A document that holds a credential is left out whole.
pub struct MirrorMaker<'a> {
    kind: Kind,
    detectors: &'a DocumentDetectors,
    cancel: Arc<AtomicBool>,
    batch: Batch,
    /// The document of the record before, of this range: its digest, where it was not withheld.
    before: Option<[u8; 32]>,
}

impl<'a> MirrorMaker<'a> {
    /// A maker for records of one kind.
    #[must_use]
    pub fn new(kind: Kind, detectors: &'a DocumentDetectors, cancel: Arc<AtomicBool>) -> Self {
        Self { kind, detectors, cancel, batch: Batch::new(kind), before: None }
    }

    fn document<'r>(&mut self, record: &Record<'r>) -> Result<Document<'r>, WriteError> {
        let source = record.source.ok_or_else(|| WriteError::new("internal", "a mirror needs documents"))?;
        let Some(content) = source.content else { return Ok(self.before.map_or(Document::Withheld, Document::Same)) };
        check_digest(record.key, content, source.digest)?;
        let found = self.detectors.find(record.key, content, &self.cancel)?;
        let digest = source.digest.try_into().map_err(|_| WriteError::new("native/postgres", "a digest is no SHA-256"))?;
        if !found.is_empty() {
            self.batch.withheld.extend(found.into_iter().map(|entry| (digest, entry)));
            self.before = None;
            return Ok(Document::Withheld);
        }
        self.before = Some(digest);
        Ok(Document::Content { digest, content })
    }

    fn take(&mut self) -> Batch {
        std::mem::replace(&mut self.batch, Batch::new(self.kind))
    }
}

impl Maker for MirrorMaker<'_> {
    type Piece = Batch;

    fn lines(&mut self) -> &mut Vec<u8> {
        &mut self.batch.lines
    }

    fn taken(&mut self, record: Record<'_>, begin: usize) -> Result<Option<Batch>, WriteError> {
        let document = self.document(&record)?;
        let key = String::from_utf8(record.key.to_vec()).map_err(|_| WriteError::new("native/postgres", "a key is no UTF-8"))?;
        let line = self.batch.lines[begin..].strip_suffix(b"\n").unwrap_or_default();
        // Where nothing was redacted the ledger's own digest, which was checked, is that of the line.
        let of_ledger = <[u8; 32]>::try_from(record.digest).ok().filter(|_| line == record.body);
        let digest = of_ledger.unwrap_or_else(|| Sha256::digest(line).into());
        self.batch.add_appended(key, begin, digest, document);
        let is_full = self.batch.plain_bytes() >= BATCH_BYTES;
        Ok(is_full.then(|| self.take()))
    }

    fn left_out(&mut self, record: Record<'_>) -> Result<(), WriteError> {
        self.document(&record).map(|_| ())
    }

    fn end(&mut self) -> Result<Option<Batch>, WriteError> {
        self.before = None;
        let batch = self.take();
        Ok((!batch.is_empty() || !batch.withheld.is_empty()).then_some(batch))
    }
}
