//! Reading a document, and what came of it, in the form that tests compare.

use stella_canonical::JsonLimits;
use stella_evidence::{Evidence, EvidenceLimits, Form, read_document};

const LIMITS: EvidenceLimits =
    EvidenceLimits { json: JsonLimits { max_depth: 64, max_values: 100_000 }, max_records_bytes: 65_536, max_body_bytes: 32_768 };

pub fn read(document: &str) -> Evidence {
    read_document(document.as_bytes(), Form::File, &LIMITS).unwrap_or_else(|refusal| panic!("{document}: {refusal:?}"))
}

/// Place and reason.
pub fn refused(document: &str) -> String {
    let refusal = read_document(document.as_bytes(), Form::File, &LIMITS).expect_err("must be refused");
    format!("{}: {}", refusal.place, refusal.reason)
}

/// `document` with its first `from` replaced.
pub fn with(document: &str, from: &str, to: &str) -> String {
    assert!(document.contains(from), "{from}");
    document.replacen(from, to, 1)
}

/// The one record that holds `text`.
pub fn body_with<'e>(evidence: &'e Evidence, text: &str) -> &'e str {
    let mut found = evidence.records.iter().filter(|record| record.body.contains(text));
    let record = found.next().unwrap_or_else(|| panic!("no record holds {text}: {:#?}", evidence.records));
    assert!(found.next().is_none(), "several records hold {text}");
    &record.body
}

pub fn selectors_of(evidence: &Evidence, text: &str) -> Vec<String> {
    let record = evidence.records.iter().find(|record| record.body.contains(text)).expect(text);
    record.selectors.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

pub fn not_held(evidence: &Evidence) -> Vec<&str> {
    evidence.not_held.iter().map(String::as_str).collect()
}
