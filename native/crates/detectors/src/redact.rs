use crate::find::Finding;

/// Copies a text with every finding replaced by `[redacted:<detector>]`. Inside a JSON string the result is a JSON string.
#[must_use]
pub fn redact(text: &[u8], findings: &[Finding]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(text.len() + findings.len() * 32);
    let mut kept = 0;
    for Finding { detector, span } in findings {
        redacted.extend_from_slice(&text[kept..span.start]);
        redacted.extend_from_slice(format!("[redacted:{detector}]").as_bytes());
        kept = span.end;
    }
    redacted.extend_from_slice(&text[kept..]);
    redacted
}
