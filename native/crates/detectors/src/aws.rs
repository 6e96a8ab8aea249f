//! AWS access key ids, and the secret that belongs to one. Source: AWS IAM user guide, "IAM identifiers", unique ID prefixes.

use std::ops::Range;

use crate::bounds::{backslashes_before, is_base64, is_word, run_end, starts_fresh};
use crate::scan::Scan;

const KEY_ID_BYTES: usize = 20;
const SECRET_BYTES: usize = 40;
/// How far from a key id or a label its secret is looked for.
const NEAR_BYTES: usize = 256;

pub(crate) fn check_key_id(scan: &mut Scan<'_>, at: usize) {
    let bytes = scan.bytes;
    let window = &bytes[..bytes.len().min(at + KEY_ID_BYTES + 1)];
    let end = run_end(window, at, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let whole = end == at + KEY_ID_BYTES && !bytes.get(end).is_some_and(|byte| is_word(*byte));
    if whole && starts_fresh(bytes, at) {
        scan.report("aws-access-key-id", at..end);
        secrets(scan, at.saturating_sub(NEAR_BYTES)..bytes.len().min(end + NEAR_BYTES));
    }
}

/// `at` is within `secret_access_key` or `SecretAccessKey`, in any case of letters.
pub(crate) fn check_secret(scan: &mut Scan<'_>, at: usize) {
    let label = &scan.bytes[at.saturating_sub("secret_ac".len())..at];
    if label.to_ascii_lowercase().windows(6).any(|word| word == b"secret") {
        secrets(scan, at..scan.bytes.len().min(at + NEAR_BYTES));
    }
}

/// Runs of exactly 40 base64 characters of mixed case: a commit hash or a path is none.
/// What another window held is not looked at again.
fn secrets(scan: &mut Scan<'_>, window: Range<usize>) {
    let (bytes, before) = (scan.bytes, scan.ahead.aws_secrets.clone());
    let begin = if before.contains(&window.start) { before.start } else { window.start };
    let mut at = if before.contains(&window.start) { before.end } else { window.start };
    while at < window.end {
        let run = at..run_end(bytes, at, is_base64);
        at = run.end + 1;
        let fresh = run.start == 0 || !is_base64(bytes[run.start - 1]);
        if fresh && run.len() >= SECRET_BYTES {
            let secret = without_escape(bytes, run);
            if secret.len() == SECRET_BYTES && is_mixed(&bytes[secret.clone()]) {
                scan.report("aws-secret-access-key", secret);
            }
        }
    }
    scan.ahead.aws_secrets = begin..at.max(before.end);
}

/// A run of base64 may begin with the rest of an escape, `n` or `u000a`, which does not belong to it. Behind a written backslash (`\\`) a
/// letter too many is taken for the line end of JSON within JSON.
fn without_escape(bytes: &[u8], run: Range<usize>) -> Range<usize> {
    let rest = match backslashes_before(bytes, run.start) {
        0 => 0,
        odd if odd % 2 == 1 && bytes.get(run.start) == Some(&b'u') => 5,
        odd if odd % 2 == 1 => 1,
        _ => usize::from(run.len() == SECRET_BYTES + 1),
    };
    (run.start + rest).min(run.end)..run.end
}

fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_digit)
}
