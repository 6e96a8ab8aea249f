use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use stella_evidence::{Form, Refusal};

use crate::budget::Budget;
use crate::error::IntakeError;

/// A batch is handed on when it holds this many bytes of documents …
const BATCH_BYTES: usize = 256 * 1024;
/// … or this many documents.
const BATCH_DOCUMENTS: usize = 512;
/// About what an entry takes beside its text.
const ENTRY_BYTES: usize = 256;

/// A reason that is longer is cut.
const MAX_REASON_CHARS: usize = 1_000;

/// A document that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Name of the file, with `:line` in JSON lines.
    pub source: String,
    /// `line:column`, a JSON pointer (empty: the whole document), or `byte N` in an archive.
    pub position: String,
    /// What is wrong, in plain words.
    pub reason: String,
}

impl Refused {
    /// Reasons may quote a document: what is invisible is replaced, since PostgreSQL refuses some of it, and what is long is cut.
    pub(crate) fn new(source: &str, refusal: &Refusal) -> Self {
        let visible = |char: char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char };
        let reason = refusal.reason.chars().map(visible).take(MAX_REASON_CHARS).collect();
        Self { source: source.to_owned(), position: refusal.place.to_string(), reason }
    }
}

/// Documents that travel together, in order.
pub(crate) struct Batch {
    pub(crate) index: u64,
    /// Number of the first entry, from 1.
    pub(crate) first_seq: i64,
    pub(crate) text: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
}

impl Batch {
    /// What the batch counts for in the budget.
    pub(crate) fn held_bytes(&self) -> usize {
        self.text.len() + self.entries.len() * ENTRY_BYTES
    }
}

/// A document, or what the splitter could already refuse.
pub(crate) enum Entry {
    Document { source: String, form: Form, first_line: u64, text: Range<usize> },
    Refused(Refused),
}

/// Why splitting stops early.
pub(crate) enum Stop {
    /// Cancelled, or nobody takes batches any more.
    Cancelled,
    Failed(IntakeError),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Collects entries into batches and hands them on when there is room for them.
pub(crate) struct Batches {
    budget: Arc<Budget>,
    out: SyncSender<Batch>,
    open: Batch,
}

impl Batches {
    pub(crate) fn new(budget: Arc<Budget>, out: SyncSender<Batch>) -> Self {
        Self { budget, out, open: Batch { index: 0, first_seq: 1, text: Vec::new(), entries: Vec::new() } }
    }

    pub(crate) fn document(&mut self, source: String, form: Form, first_line: u64, text: &[u8]) -> Result<(), Stop> {
        let start = self.open.text.len();
        self.open.text.extend_from_slice(text);
        self.open.entries.push(Entry::Document { source, form, first_line, text: start..start + text.len() });
        self.flush_if_full()
    }

    pub(crate) fn refuse(&mut self, source: &str, refusal: &Refusal) -> Result<(), Stop> {
        self.open.entries.push(Entry::Refused(Refused::new(source, refusal)));
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> Result<(), Stop> {
        if self.open.text.len() < BATCH_BYTES && self.open.entries.len() < BATCH_DOCUMENTS { Ok(()) } else { self.flush() }
    }

    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        if self.open.entries.is_empty() {
            return Ok(());
        }
        let next = Batch {
            index: self.open.index + 1,
            first_seq: self.open.first_seq + self.open.entries.len() as i64,
            text: Vec::new(),
            entries: Vec::new(),
        };
        let full = std::mem::replace(&mut self.open, next);
        if !self.budget.acquire(full.held_bytes()) {
            return Err(Stop::Cancelled);
        }
        self.out.send(full).map_err(|_| Stop::Cancelled)
    }
}
