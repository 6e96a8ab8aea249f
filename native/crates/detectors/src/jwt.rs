//! JSON Web Tokens in compact form. Source: RFC 7515, section 3.1.

use std::io::{self, BufReader, Read};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bounds::{is_url_safe, run_end, starts_fresh};
use crate::scan::{Next, Scan};

/// Longest header that is read; the other parts may have any length.
const HEADER_BYTES: usize = 16 * 1024;

/// Three parts of base64url, the first being a JSON object with the member `alg`.
pub(crate) fn check(scan: &mut Scan<'_>, at: usize) {
    let bytes = scan.bytes;
    if !starts_fresh(bytes, at) || at.checked_sub(1).is_some_and(|before| bytes[before] == b'-') {
        return;
    }
    let header = at..scan.url_safe_end(at);
    let Some(payload) = part_after(bytes, header.end, 8, &mut scan.ahead.jwt_payload_end) else { return };
    let Some(signature) = part_after(bytes, payload, 16, &mut scan.ahead.jwt_signature_end) else { return };
    if header.len() <= HEADER_BYTES && names_algorithm(&bytes[header]) {
        scan.report("jwt", at..signature);
    }
}

/// End of the part behind the dot at `dot`, if it has `least` characters.
fn part_after(bytes: &[u8], dot: usize, least: usize, next: &mut Next) -> Option<usize> {
    let end = next.after(dot + 1, || run_end(bytes, dot + 1, is_url_safe));
    (bytes.get(dot) == Some(&b'.') && end > dot + least).then_some(end)
}

/// Reads no further than it must: text that is no JSON object ends it before the next header that may begin in the same run.
fn names_algorithm(header: &[u8]) -> bool {
    let text = BufReader::with_capacity(48, Decoded { rest: header });
    let parsed: Option<serde_json::Value> = serde_json::from_reader(text).ok();
    parsed.and_then(|value| value.get("alg").map(serde_json::Value::is_string)).unwrap_or(false)
}

/// Base64url without padding, decoded as it is read.
struct Decoded<'a> {
    rest: &'a [u8],
}

impl Read for Decoded<'_> {
    /// `buffer` has room for three bytes at least, or nothing is read.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (text, rest) = self.rest.split_at(self.rest.len().min(buffer.len() / 3 * 4));
        self.rest = rest;
        URL_SAFE_NO_PAD.decode_slice(text, buffer).map_err(io::Error::other)
    }
}
