use serde_json::json;
use sha2::{Digest, Sha256};
use stella_jsonl::{Piece, Withheld};

use crate::group::lot;
use crate::index::quoted;
use crate::kind::Kind;
use crate::state::State;
use crate::terms::{Terms, terms_of};

/// What became of the document that a record was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document<'a> {
    /// It stands in the mirror.
    Content {
        /// Its SHA-256.
        digest: [u8; 32],
        /// The document.
        content: &'a [u8],
    },
    /// It is that of the record before, which has this digest.
    Same([u8; 32]),
    /// It was withheld.
    Withheld,
}

/// Some records that follow each other, with what was made of them for a mirror.
#[derive(Debug)]
pub struct Batch {
    kind: Kind,
    /// Lines, each with its line feed.
    pub(crate) lines: Vec<u8>,
    /// Documents, one behind the other.
    pub(crate) documents: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) state: State,
    /// What was found in documents that hold credentials, with the SHA-256 of the document.
    pub(crate) withheld: Vec<([u8; 32], Withheld)>,
}

/// One record of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line_bytes: usize,
    pub(crate) lot: u64,
    /// SHA-256 of the line, without line feed.
    pub(crate) record: [u8; 32],
    pub(crate) document: Stored,
    pub(crate) terms: Terms,
}

/// What of its document a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Bytes { digest: [u8; 32], length: usize },
    Same([u8; 32]),
    Withheld,
}

impl Entry {
    /// Whether it says the same of a key as another: the line, and the document.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.record == other.record && self.document.digest() == other.document.digest()
    }
}

impl Stored {
    fn digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Bytes { digest, .. } | Self::Same(digest) => Some(*digest),
            Self::Withheld => None,
        }
    }
}

impl Batch {
    /// A batch without records.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let (lines, documents, entries, withheld) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { kind, lines, documents, entries, state: State::default(), withheld }
    }

    /// Adds a record whose line was appended to the lines of the batch, from `begin` on. `record`: SHA-256 of the line without its line feed.
    pub(crate) fn add_appended(&mut self, key: String, begin: usize, record: [u8; 32], document: Document<'_>) {
        let line = &self.lines[begin..];
        let (line_bytes, terms) = (line.len(), terms_of(self.kind, line));
        let (document, digest) = match document {
            Document::Content { digest, content } => {
                self.documents.extend_from_slice(content);
                (Stored::Bytes { digest, length: content.len() }, Some(digest))
            }
            Document::Same(digest) => (Stored::Same(digest), Some(digest)),
            Document::Withheld => (Stored::Withheld, None),
        };
        self.state.add(&item(self.kind, &key, &record, digest.as_ref()));
        self.entries.push(Entry { lot: lot(key.as_bytes()), record, key, line_bytes, document, terms });
    }

    /// Adds a record: its line without a line feed, and its document.
    pub fn add(&mut self, key: String, line: &[u8], document: Document<'_>) {
        let begin = self.lines.len();
        self.lines.extend_from_slice(line);
        self.lines.push(b'\n');
        self.add_appended(key, begin, Sha256::digest(line).into(), document);
    }

    /// Bytes of its records and documents.
    pub(crate) fn plain_bytes(&self) -> usize {
        self.lines.len() + self.documents.len()
    }

    /// Whether it holds no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Piece for Batch {
    fn bytes(&self) -> usize {
        self.plain_bytes()
    }
}

/// What a record adds to the state: canonical JSON (RFC 8785) of the SHA-256 of its line and of its document, which is null where it was withheld.
pub(crate) fn item(kind: Kind, key: &str, record: &[u8], document: Option<&[u8; 32]>) -> Vec<u8> {
    let document = document.map_or_else(|| "null".to_owned(), |digest| format!("\"{}\"", stella_digest::hex(digest)));
    let (kind, record) = (kind.name(), stella_digest::hex(record));
    format!(r#"{{"document":{document},"key":{},"kind":"{kind}","record":"{record}"}}"#, quoted(key)).into_bytes()
}

/// What a credential that was kept from a mirror adds to its state: canonical JSON of its entry in the manifest.
pub(crate) fn withheld_item(kind: Kind, withheld: &Withheld) -> Vec<u8> {
    let Withheld { record_key, detector, pointer, action } = withheld;
    json!({ "action": action, "detector": detector, "kind": kind.name(), "pointer": pointer, "record": record_key })
        .to_string()
        .into_bytes()
}
