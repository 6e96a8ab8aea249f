//! Tokens that a prefix and a length tell apart. Forms as their issuers document them.

use crate::aws;
use crate::bounds::{is_base64, is_url_safe, run_end, starts_fresh};
use crate::scan::Scan;

pub(crate) fn github(scan: &mut Scan<'_>, at: usize) {
    token(scan, at, Form { detector: "github-token", prefix: 4, least: 36, end: Scan::alphanumeric_end });
}

/// `github_pat_`, found by its end.
pub(crate) fn github_fine_grained(scan: &mut Scan<'_>, at: usize) {
    let Some(at) = scan.bytes[..at].ends_with(b"githu").then(|| at - 5) else { return };
    token(scan, at, Form { detector: "github-token", prefix: 11, least: 36, end: Scan::word_end });
}

pub(crate) fn gitlab(scan: &mut Scan<'_>, at: usize) {
    token(scan, at, Form { detector: "gitlab-token", prefix: 6, least: 20, end: Scan::url_safe_end });
}

pub(crate) fn npm(scan: &mut Scan<'_>, at: usize) {
    token(scan, at, Form { detector: "npm-token", prefix: 4, least: 36, end: Scan::alphanumeric_end });
}

/// `pypi-` and a macaroon, whose first bytes are always the same. Source: PyPI documentation, "Secret reporting API".
pub(crate) fn pypi(scan: &mut Scan<'_>, at: usize) {
    if !scan.bytes[at..].starts_with(b"pypi-AgEI") {
        return;
    }
    token(scan, at, Form { detector: "pypi-token", prefix: 9, least: 16, end: Scan::url_safe_end });
}

/// `sk_live_` and `rk_live_`, found by their common end.
pub(crate) fn stripe(scan: &mut Scan<'_>, at: usize) {
    let Some(at) = at.checked_sub(1).filter(|before| matches!(scan.bytes[*before], b's' | b'r')) else { return };
    token(scan, at, Form { detector: "stripe-key", prefix: 8, least: 16, end: Scan::alphanumeric_end });
}

/// `AIza` and 35 more, no fewer and no more.
pub(crate) fn google_api_key(scan: &mut Scan<'_>, at: usize) {
    if scan.url_safe_end(at) == at + 39 {
        token(scan, at, Form { detector: "google-api-key", prefix: 4, least: 35, end: Scan::url_safe_end });
    }
}

/// `xoxb-`, `xoxp-` and their kin; a token has digits, the word for it in prose has none.
pub(crate) fn slack(scan: &mut Scan<'_>, at: usize) {
    // `xoxe.xoxp-…`: the second prefix is found by itself.
    if scan.bytes.get(at + 4) != Some(&b'-') {
        return;
    }
    if scan.slack_digit(at + 5) < scan.slack_end(at + 5) {
        token(scan, at, Form { detector: "slack-token", prefix: 5, least: 10, end: Scan::slack_end });
    }
}

/// `hooks.slack.com/services/T…/B…/…`: the path is the secret.
pub(crate) fn slack_webhook(scan: &mut Scan<'_>, at: usize) {
    if !scan.bytes[..at].ends_with(b"hooks.") {
        return;
    }
    let path = at + "slack.com/".len();
    let Some(kind) = ["services/", "workflows/", "triggers/"].into_iter().find(|kind| scan.bytes[path..].starts_with(kind.as_bytes()))
    else {
        return;
    };
    let secret = path + kind.len();
    let end = run_end(scan.bytes, secret, |byte| is_url_safe(byte) || byte == b'/');
    if end - secret >= 24 && scan.bytes[secret..end].contains(&b'/') {
        scan.report("slack-webhook", secret..end);
    }
}

/// `SecretAccessKey` is of AWS, `SharedAccessKey=` of Azure.
pub(crate) fn access_key(scan: &mut Scan<'_>, at: usize) {
    if scan.bytes[..at].ends_with(b"SharedAc") {
        azure_key(scan, at);
    } else {
        aws::check_secret(scan, at);
    }
}

/// A shared key of an Azure connection string: base64 of 32 bytes or more, behind `AccountKey=` or `SharedAccessKey=`.
pub(crate) fn azure_key(scan: &mut Scan<'_>, at: usize) {
    let Some(sign) = scan.bytes[at..].iter().take(8).position(|byte| *byte == b'=') else { return };
    let key = at + sign + 1;
    let end = run_end(scan.bytes, key, is_base64);
    if end - key >= 40 {
        let padding = scan.bytes[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
        scan.report("azure-key", key..end + padding);
    }
}

struct Form<'a> {
    detector: &'static str,
    /// Length of the literal.
    prefix: usize,
    /// Fewest characters after it.
    least: usize,
    /// Where the run of its characters ends.
    end: fn(&mut Scan<'a>, usize) -> usize,
}

fn token<'a>(scan: &mut Scan<'a>, at: usize, form: Form<'a>) {
    let end = (form.end)(scan, at + form.prefix);
    if end >= at + form.prefix + form.least && starts_fresh(scan.bytes, at) {
        scan.report(form.detector, at..end);
    }
}
