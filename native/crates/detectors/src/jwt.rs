//! JSON Web Tokens in compact form. Source: RFC 7515, section 3.1.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bounds::{is_url_safe, run_end, starts_fresh};
use crate::find::Finding;

const PART_LIMIT: usize = 16 * 1024;

/// Three parts of base64url, the first being a JSON object with the member `alg`.
pub(crate) fn check(bytes: &[u8], at: usize, found: &mut Vec<Finding>) {
    if !starts_fresh(bytes, at) || at.checked_sub(1).is_some_and(|before| bytes[before] == b'-') {
        return;
    }
    let header = at..run_end(bytes, at, PART_LIMIT, is_url_safe);
    let Some(payload) = part_after(bytes, header.end, 8) else { return };
    let Some(signature) = part_after(bytes, payload, 16) else { return };
    if names_algorithm(&bytes[header]) {
        found.push(Finding { detector: "jwt", span: at..signature });
    }
}

/// End of the part behind the dot at `dot`, if it has `least` characters.
fn part_after(bytes: &[u8], dot: usize, least: usize) -> Option<usize> {
    let end = run_end(bytes, dot + 1, PART_LIMIT, is_url_safe);
    (bytes.get(dot) == Some(&b'.') && end > dot + least).then_some(end)
}

fn names_algorithm(header: &[u8]) -> bool {
    let Ok(text) = URL_SAFE_NO_PAD.decode(header) else { return false };
    let parsed: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
    parsed.and_then(|value| value.get("alg").map(serde_json::Value::is_string)).unwrap_or(false)
}
