//! Tokens that a prefix and a length tell apart. Forms as their issuers document them.

use crate::aws;
use crate::bounds::{is_base64, is_url_safe, is_word, run_end, starts_fresh};
use crate::find::Finding;

/// Longest token looked at; what is longer is cut there and taken out so far.
const LIMIT: usize = 1024;

pub(crate) fn github(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    token(bytes, at, Form { detector: "github-token", prefix: 4, least: 36, class: |byte| byte.is_ascii_alphanumeric() }, found);
}

/// `github_pat_`, found by its end.
pub(crate) fn github_fine_grained(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    let Some(at) = bytes[..at].ends_with(b"githu").then(|| at - 5) else { return };
    token(bytes, at, Form { detector: "github-token", prefix: 11, least: 36, class: is_word }, found);
}

pub(crate) fn gitlab(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    token(bytes, at, Form { detector: "gitlab-token", prefix: 6, least: 20, class: is_url_safe }, found);
}

pub(crate) fn npm(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    token(bytes, at, Form { detector: "npm-token", prefix: 4, least: 36, class: |byte| byte.is_ascii_alphanumeric() }, found);
}

/// `pypi-` and a macaroon, whose first bytes are always the same. Source: PyPI documentation, "Secret reporting API".
pub(crate) fn pypi(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    if !bytes[at..].starts_with(b"pypi-AgEI") {
        return;
    }
    token(bytes, at, Form { detector: "pypi-token", prefix: 9, least: 16, class: is_url_safe }, found);
}

/// `sk_live_` and `rk_live_`, found by their common end.
pub(crate) fn stripe(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    let Some(at) = at.checked_sub(1).filter(|before| matches!(bytes[*before], b's' | b'r')) else { return };
    token(bytes, at, Form { detector: "stripe-key", prefix: 8, least: 16, class: |byte| byte.is_ascii_alphanumeric() }, found);
}

/// `AIza` and 35 more, no fewer and no more.
pub(crate) fn google_api_key(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    if run_end(bytes, at, LIMIT, is_url_safe) == at + 39 {
        token(bytes, at, Form { detector: "google-api-key", prefix: 4, least: 35, class: is_url_safe }, found);
    }
}

/// `xoxb-`, `xoxp-` and their kin; a token has digits, the word for it in prose has none.
pub(crate) fn slack(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    let class = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    // `xoxe.xoxp-…`: the second prefix is found by itself.
    if bytes.get(at + 4) != Some(&b'-') {
        return;
    }
    let end = run_end(bytes, at + 5, LIMIT, class);
    if bytes[at + 5..end].iter().any(u8::is_ascii_digit) {
        token(bytes, at, Form { detector: "slack-token", prefix: 5, least: 10, class }, found);
    }
}

/// `hooks.slack.com/services/T…/B…/…`: the path is the secret.
pub(crate) fn slack_webhook(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    if !bytes[..at].ends_with(b"hooks.") {
        return;
    }
    let path = at + "slack.com/".len();
    let Some(kind) = ["services/", "workflows/", "triggers/"].into_iter().find(|kind| bytes[path..].starts_with(kind.as_bytes())) else {
        return;
    };
    let secret = path + kind.len();
    let end = run_end(bytes, secret, LIMIT, |byte| is_url_safe(byte) || byte == b'/');
    if end - secret >= 24 && bytes[secret..end].contains(&b'/') {
        found.push(Finding { detector: "slack-webhook", span: secret..end });
    }
}

/// `SecretAccessKey` is of AWS, `SharedAccessKey=` of Azure.
pub(crate) fn access_key(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    if bytes[..at].ends_with(b"SharedAc") {
        azure_key(bytes, at, found);
    } else {
        aws::check_secret(bytes, at, found);
    }
}

/// A shared key of an Azure connection string: base64 of 32 bytes or more, behind `AccountKey=` or `SharedAccessKey=`.
pub(crate) fn azure_key(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    let Some(sign) = bytes[at..].iter().take(8).position(|byte| *byte == b'=') else { return };
    let key = at + sign + 1;
    let end = run_end(bytes, key, LIMIT, is_base64);
    if end - key >= 40 {
        found.push(Finding { detector: "azure-key", span: key..run_end(bytes, end, 2, |byte| byte == b'=') });
    }
}

struct Form {
    detector: &'static str,
    /// Length of the literal.
    prefix: usize,
    /// Fewest characters after it.
    least: usize,
    class: fn(u8) -> bool,
}

fn token(bytes: &[u8], at: usize, form: Form, found: &mut Vec<Finding>) {
    let end = run_end(bytes, at + form.prefix, LIMIT, form.class);
    if end >= at + form.prefix + form.least && starts_fresh(bytes, at) {
        found.push(Finding { detector: form.detector, span: at..end });
    }
}
