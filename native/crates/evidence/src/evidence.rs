use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use stella_canonical::{Refusal, Value};

use crate::selectors::Selectors;
use crate::shape::Path;

/// Longest document key or statement identifier, so that keys fit a database index page whatever they are made of.
pub(crate) const MAX_KEY_BYTES: usize = 512;

/// Bytes of its digest that name a record within its document: 32 hexadecimal characters.
pub(crate) const NAME_BYTES: usize = 16;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An OSV advisory.
    Advisory,
    /// One OpenVEX statement.
    Vex,
    /// The graph of one bill of materials, CycloneDX or SPDX.
    Sbom,
    /// What an index of a Maven repository states of one file.
    Jar,
}

impl Kind {
    /// The name of this kind in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Vex => "vex",
            Self::Sbom => "sbom",
            Self::Jar => "jar",
        }
    }
}

/// What one document says: its identity, by which versions of it are told apart, and its records.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Name of its format.
    pub format: &'static str,
    /// Media type of the document as received.
    pub media_type: &'static str,
    /// What names the document across its versions.
    pub document_key: String,
    /// Version number that the document gives itself; 0 where its format has none.
    pub document_version: i64,
    /// When the document says it was last modified, in microseconds since 1970.
    pub modified_at: Option<i64>,
    /// SHA-256 of the document's bytes.
    pub artifact_sha256: [u8; 32],
    /// SHA-256 that tells contents apart: over the canonical form, or over the bytes for a bill of materials.
    pub content_sha256: [u8; 32],
    /// At least one record. A bill of materials that also states exploitability yields its graph first, then VEX records.
    pub records: Vec<Record>,
    /// Paths of what the document says and no record carries: JSON pointers with `*` for every index.
    pub not_held: BTreeSet<String>,
}

impl Evidence {
    /// A document that is one record: its key and content are the record's.
    pub(crate) fn of_record(format: &'static str, media_type: &'static str, artifact_sha256: [u8; 32], record: Record) -> Self {
        Self {
            format,
            media_type,
            document_key: record.record_key.clone(),
            document_version: 0,
            modified_at: record.modified_at,
            artifact_sha256,
            content_sha256: record.body_sha256,
            records: vec![record],
            not_held: BTreeSet::new(),
        }
    }
}

/// One normalized record.
#[derive(Debug, Clone)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Key within its kind, unique in the document.
    pub record_key: String,
    /// When the record says it was last modified, in microseconds since 1970.
    pub modified_at: Option<i64>,
    /// Canonical JSON.
    pub body: String,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
    /// Safe path segment of a bill of materials' subject.
    pub subject_folder: Option<String>,
    /// What a filter may select the record by.
    pub selectors: Selectors,
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A string that may serve as a key: not empty, not long, nothing invisible in it.
pub(crate) fn key<'v>(value: &'v Value<'_>, at: &Path<'_>) -> Result<&'v str, Refusal> {
    let text = value.as_text().unwrap_or_default();
    if text.is_empty() {
        return Err(at.refusal("must be a string that is not empty"));
    }
    if text.len() > MAX_KEY_BYTES {
        return Err(at.refusal(format!("an identifier of {} bytes; at most {MAX_KEY_BYTES} are allowed", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(at.refusal("an identifier with a control character"));
    }
    Ok(text)
}
