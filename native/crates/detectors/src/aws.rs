//! AWS access key ids, and the secret that belongs to one. Source: AWS IAM user guide, "IAM identifiers", unique ID prefixes.

use std::ops::Range;

use crate::bounds::{is_base64, is_word, run_end, starts_fresh};
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
        // The letter of an escape before the secret is counted with it: `\nwJalr…`.
        let escaped = run.len() == SECRET_BYTES + 1 && run.start > 0 && bytes[run.start - 1] == b'\\';
        let secret = if escaped { run.start + 1..run.end } else { run };
        let fresh = secret.start == 0 || escaped || !is_base64(bytes[secret.start - 1]);
        if secret.len() == SECRET_BYTES && fresh && is_mixed(&bytes[secret.clone()]) {
            found.push(Finding { detector: "aws-secret-access-key", span: secret });
        }
    }
}

fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_digit)
}
