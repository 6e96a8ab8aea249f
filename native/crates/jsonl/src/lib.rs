//! Writes the data files of an export from the ledger, or from what another installation streamed of its own: compressed JSON lines of records, and packs of documents as received.
//!
//! Records are read by several threads, range by range, and written in the order of their keys; the bytes do not depend
//! on the number of threads. Memory does not depend on the number of records.

mod collect;
mod document_credentials;
mod document_files;
mod documents;
mod error;
mod frame;
mod inspect;
mod line_files;
mod mismatches;
mod ordered;
mod output;
mod postgres;
mod range_end;
mod records;
mod reorder;
mod write;

pub use collect::{Collected, Taker, collect};
pub use document_credentials::DocumentDetectors;
pub use document_files::{DocumentFile, DocumentFiles};
pub use documents::{Document, DocumentReader, DocumentRules, Member, WrittenDocuments, write_documents};
pub use error::WriteError;
pub use inspect::{Rules, Withheld, check_digest};
pub use line_files::LineFiles;
pub use ordered::{Maker, Ordered};
pub use postgres::{PostgresDocuments, PostgresRanges};
pub use records::{RangeReader, Ranges, Record, Source};
pub use reorder::Piece;
pub use write::{Monitor, WriteOptions, Written, write_json_lines};
