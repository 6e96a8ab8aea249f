//! AWS access key ids, and the secret that belongs to one. Source: AWS IAM user guide, "IAM identifiers", unique ID prefixes.

use std::ops::Range;

use crate::bounds::{backslashes_before, is_base64, is_word, run_end, starts_fresh};
use crate::find::Finding;

const KEY_ID_BYTES: usize = 20;
const SECRET_BYTES: usize = 40;
/// How far from a key id or a label its secret is looked for.
const NEAR_BYTES: usize = 256;

pub(crate) fn check_key_id(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    let end = run_end(bytes, at, KEY_ID_BYTES + 1, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let whole = end == at + KEY_ID_BYTES && !bytes.get(end).is_some_and(|byte| is_word(*byte));
    if whole && starts_fresh(bytes, at) {
        found.push(Finding { detector: "aws-access-key-id", span: at..end });
        secrets(bytes, at.saturating_sub(NEAR_BYTES)..bytes.len().min(end + NEAR_BYTES), found);
    }
}

/// `at` is within `secret_access_key` or `SecretAccessKey`, in any case of letters.
pub(crate) fn check_secret(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    let label = &bytes[at.saturating_sub("secret_ac".len())..at];
    if label.to_ascii_lowercase().windows(6).any(|word| word == b"secret") {
        secrets(bytes, at..bytes.len().min(at + NEAR_BYTES), found);
    }
}

/// Runs of exactly 40 base64 characters of mixed case: a commit hash or a path is none.
fn secrets(bytes: &[u8], window: Range<usize>, found: &mut Vec<Finding>) {
    let mut at = window.start;
    while at < window.end {
        let run = at..run_end(bytes, at, NEAR_BYTES, is_base64);
        at = run.end + 1;
        let secret = without_escape(bytes, run);
        let fresh = secret.start != window.start || secret.start == 0 || !is_base64(bytes[secret.start - 1]);
        if secret.len() == SECRET_BYTES && fresh && is_mixed(&bytes[secret.clone()]) {
            found.push(Finding { detector: "aws-secret-access-key", span: secret });
        }
    }
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
