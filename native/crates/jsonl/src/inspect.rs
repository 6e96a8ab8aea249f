use sha2::{Digest, Sha256};
use stella_detectors::{Detectors, Finding, redact};
use stella_projection::{Locator, Mismatch, Projection};

use crate::error::WriteError;
use crate::range_end::RangeEnd;
use crate::records::Record;

/// A credential that was kept from the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The record or document that held it; a credential in the key itself is redacted.
    pub record_key: String,
    /// Which detector knew it.
    pub detector: &'static str,
    /// JSON pointer of the member that held it; none in a document.
    pub pointer: Option<String>,
    /// `redact`: the text was replaced. `withhold`: the record or document was left out.
    pub action: &'static str,
}

/// Longest line that a verifier reads: `MAX_DOCUMENT_BYTES` of `contracts/src/limits.ts`.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// What all threads share.
pub struct Rules {
    pub(crate) projection: Projection,
    pub(crate) detectors: Detectors,
    pub(crate) max_withheld: usize,
}

impl Rules {
    /// An allow-list, and how much may be withheld.
    #[must_use]
    pub fn new(projection: Projection, max_withheld: usize) -> Self {
        Self { projection, detectors: Detectors::new(), max_withheld }
    }
}

/// Checks the records of one range, in order.
pub(crate) struct Inspector<'a> {
    rules: &'a Rules,
    findings: Vec<Finding>,
    last_key: Vec<u8>,
    max_line_bytes: usize,
    first_key: Option<Vec<u8>>,
    withheld: Vec<Withheld>,
}

impl<'a> Inspector<'a> {
    pub(crate) fn new(rules: &'a Rules) -> Self {
        let (findings, last_key, withheld) = (Vec::new(), Vec::new(), Vec::new());
        Self { rules, findings, last_key, max_line_bytes: MAX_LINE_BYTES, first_key: None, withheld }
    }

    /// What is known of the range when its last record was taken.
    pub(crate) fn end(self) -> RangeEnd {
        RangeEnd { keys: self.first_key.map(|first| (first, self.last_key)), withheld: self.withheld }
    }

    /// Checks one record and appends it, with a line feed, to the plain text of a frame. False when it was withheld.
    ///
    /// Bodies are canonical: RFC 8785 §3.2.2.2 escapes quotes, backslashes and control characters alone, which no credential that is
    /// looked for holds. So the search of the bytes misses nothing that a reader of the JSON would see.
    #[inline]
    pub(crate) fn take(&mut self, record: Record<'_>, plain: &mut Vec<u8>) -> Result<bool, WriteError> {
        self.check_order(record.key)?;
        check_digest(record.key, record.body, record.digest)?;
        self.rules.projection.check(record.body).map_err(|mismatch| self.refused(record, mismatch))?;
        self.findings.clear();
        self.rules.detectors.find(record.body, &mut self.findings);
        if self.findings.is_empty() {
            plain.extend_from_slice(record.body);
        } else if !self.take_redacted(record, plain)? {
            return Ok(false);
        }
        plain.push(b'\n');
        Ok(true)
    }

    #[cold]
    fn refused(&self, record: Record<'_>, mismatch: Mismatch) -> WriteError {
        let field = Some(without_credentials(&self.rules.detectors, &mismatch.field));
        WriteError { field, ..WriteError::of_record("record/schema-mismatch", record.key, mismatch.reason) }
    }

    fn check_order(&mut self, key: &[u8]) -> Result<(), WriteError> {
        if self.first_key.is_none() {
            self.first_key = Some(key.to_vec());
        } else if key <= self.last_key.as_slice() {
            return Err(out_of_order(key, &self.last_key));
        }
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        Ok(())
    }

    /// A credential in the name of a member takes the whole record out: another name could break the order of members. So does a line
    /// that redacting would make too long.
    #[cold]
    fn take_redacted(&mut self, record: Record<'_>, plain: &mut Vec<u8>) -> Result<bool, WriteError> {
        check_withheld(self.withheld.len().saturating_add(self.findings.len()), self.rules.max_withheld)?;
        let mut locator = Locator::new(record.body);
        let places: Vec<_> = self.findings.iter().map(|finding| locator.locate(finding.span.start)).collect();
        let redacted = redact(record.body, &self.findings);
        let fits = redacted.len() <= self.max_line_bytes;
        let keep = fits && places.iter().all(|place| !place.in_name) && self.rules.projection.check(&redacted).is_ok();
        for (finding, place) in self.findings.iter().zip(places) {
            let action = if keep { "redact" } else { "withhold" };
            let record_key = without_credentials(&self.rules.detectors, &String::from_utf8_lossy(record.key));
            let pointer = Some(without_credentials(&self.rules.detectors, &place.pointer));
            self.withheld.push(Withheld { record_key, detector: finding.detector, pointer, action });
        }
        if keep {
            plain.extend_from_slice(&redacted);
        }
        Ok(keep)
    }
}

/// A report must not repeat what it reports: a key or a pointer may hold the text that is the credential.
pub(crate) fn without_credentials(detectors: &Detectors, text: &str) -> String {
    let mut findings = Vec::new();
    detectors.find(text.as_bytes(), &mut findings);
    String::from_utf8_lossy(&redact(text.as_bytes(), &findings)).into_owned()
}

/// That content has the SHA-256 that is stored beside it.
///
/// # Errors
/// `record/digest-mismatch`
pub fn check_digest(key: &[u8], content: &[u8], digest: &[u8]) -> Result<(), WriteError> {
    if Sha256::digest(content).as_slice() == digest {
        return Ok(());
    }
    Err(WriteError::of_record("record/digest-mismatch", key, "the content in the ledger does not have the SHA-256 stored beside it"))
}

pub(crate) fn out_of_order(key: &[u8], last: &[u8]) -> WriteError {
    let (this, before) = (String::from_utf8_lossy(key), String::from_utf8_lossy(last));
    WriteError::of_record("record/order", key, format!("record {this} came after {before}: keys must ascend"))
}

pub(crate) fn check_withheld(count: usize, limit: usize) -> Result<(), WriteError> {
    if count <= limit {
        return Ok(());
    }
    Err(WriteError::new(
        "record/too-many-credentials",
        format!("more than {limit} credentials were found: clean the evidence or exclude it"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_credentials_than_allowed_are_not_even_located() {
        let mapping = r#"{"id":"t-1","version":1,"root":{"kind":"object","others":"refuse","fields":{"id":{"kind":"string"}}}}"#;
        let projection = Projection::compile(mapping).expect("the mapping is good");
        let rules = Rules::new(projection, 1);
        let body = br#"{"id":"AKIAABCDEFGH23456777 AKIAABCDEFGH23456778"}"#;
        let (mut inspector, mut plain) = (Inspector::new(&rules), Vec::new());
        let refused = inspector.take(Record { key: b"A", body, digest: &Sha256::digest(body), source: None }, &mut plain).expect_err("two");
        assert_eq!((refused.code, inspector.withheld.len(), plain.len()), ("record/too-many-credentials", 0, 0));
    }

    #[test]
    fn a_record_whose_line_redacting_makes_too_long_is_withheld() {
        let mapping = r#"{"id":"t-1","version":1,"root":{"kind":"object","others":"refuse","fields":{"id":{"kind":"string"}}}}"#;
        let projection = Projection::compile(mapping).expect("the mapping is good");
        let rules = Rules::new(projection, 1);
        let (body, line) = (br#"{"id":"AKIAABCDEFGH23456777"}"#, br#"{"id":"[redacted:aws-access-key-id]"}"#);
        for (max_line_bytes, kept) in [(line.len(), true), (line.len() - 1, false)] {
            let mut inspector = Inspector { max_line_bytes, ..Inspector::new(&rules) };
            let (mut plain, record) = (Vec::new(), Record { key: b"A", body, digest: &Sha256::digest(body), source: None });
            assert_eq!(inspector.take(record, &mut plain), Ok(kept));
            assert_eq!(plain, if kept { [&line[..], b"\n"].concat() } else { Vec::new() });
            assert_eq!(inspector.withheld[0].action, if kept { "redact" } else { "withhold" });
        }
    }
}
