//! Private keys in PEM. Source: RFC 7468; the older forms with headers, RFC 1421; OpenPGP, RFC 9580 section 6.2.

use std::ops::Range;

use memchr::memmem;

use crate::bounds::{is_base64, run_end};
use crate::scan::Scan;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Longest words between BEGIN and PRIVATE KEY, such as `ENCRYPTED` or `OPENSSH`.
const LABEL_BYTES: usize = 24;
const KEY_BYTES: usize = 64 * 1024;
/// Prose that names the header of a key has no such run of base64 behind it.
const LEAST_CHARACTERS: usize = 40;

/// `at` is that of the end of `PRIVATE KEY-----` or `PRIVATE KEY BLOCK-----`.
pub(crate) fn check(scan: &mut Scan<'_>, at: usize) {
    let bytes = scan.bytes;
    let Some(begin) = begin_before(bytes, at) else { return };
    let rest = &bytes[at + "TE KEY".len()..];
    let rest = rest.strip_prefix(b" BLOCK").unwrap_or(rest);
    let Some(body) = rest.strip_prefix(DASHES).map(|text| bytes.len() - text.len()) else { return };
    let line = scan.ahead.key_line.after(body, || key_line(bytes, body));
    let end_of_key = scan.ahead.key_end_line.after(body, || memmem::find(&bytes[body..], END).map_or(bytes.len(), |length| body + length));
    let limit = end_of_key.min(body + KEY_BYTES).min(bytes.len());
    let text_end = scan.ahead.key_text_end.after(body, || run_end(bytes, body, is_key_text)).min(limit);
    if line + LEAST_CHARACTERS > text_end {
        return;
    }
    let end = if text_end == limit { end_line(bytes, limit) } else { text_end };
    scan.report(detector(bytes, begin), trim(bytes, begin..end));
}

/// Where a line of a key begins, at or after `at`; the end of the text where none does.
fn key_line(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        let end = run_end(bytes, at, is_base64);
        if end - at >= LEAST_CHARACTERS {
            return at;
        }
        at = end + 1;
    }
    bytes.len()
}

fn begin_before(bytes: &[u8], at: usize) -> Option<usize> {
    let at = bytes[..at].ends_with(b"PRIVA").then(|| at - 5)?;
    let from = at.saturating_sub(LABEL_BYTES + BEGIN.len());
    let begin = from + memmem::rfind(&bytes[from..at], BEGIN)?;
    bytes[begin + BEGIN.len()..at].iter().all(|byte| byte.is_ascii_uppercase() || *byte == b' ').then_some(begin)
}

/// What stands between the lines: base64, line ends (written as escapes in JSON), the headers of old keys.
fn is_key_text(byte: u8) -> bool {
    is_base64(byte) || byte.is_ascii_whitespace() || matches!(byte, b'=' | b'\\' | b':' | b',' | b'-' | b'.' | b'(' | b')')
}

/// Index after the `-----END …-----` that starts at `at`; `at` itself when there is none.
fn end_line(bytes: &[u8], at: usize) -> usize {
    let Some(rest) = bytes.get(at + END.len()..).filter(|_| bytes[at..].starts_with(END)) else { return at.min(bytes.len()) };
    let label = rest.iter().take_while(|byte| byte.is_ascii_uppercase() || **byte == b' ').count();
    let dashes = rest[label..].iter().take(DASHES.len()).take_while(|byte| **byte == b'-').count();
    at + END.len() + label + dashes
}

/// A span must not cut an escape in two, so it does not end in a backslash.
fn trim(bytes: &[u8], mut span: Range<usize>) -> Range<usize> {
    while span.end > span.start && bytes[span.end - 1] == b'\\' {
        span.end -= 1;
    }
    span
}

/// The key file of a Google service account has the PEM in a member `private_key`.
fn detector(bytes: &[u8], begin: usize) -> &'static str {
    let before = &bytes[begin.saturating_sub(24)..begin];
    if memmem::find(before, b"private_key").is_some() { "gcp-service-account-key" } else { "private-key" }
}
