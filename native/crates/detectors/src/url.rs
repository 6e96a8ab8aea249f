//! User and password in the authority of a URL. Source: RFC 3986, section 3.2.1.

use std::ops::Range;

use memchr::memchr_iter;

use crate::scan::Scan;

const LIMIT: usize = 512;

/// Looks at every `@` of a piece: URLs are many in advisories, those with an at sign in the authority are few.
#[inline]
pub(crate) fn find(scan: &mut Scan<'_>, piece: Range<usize>) {
    for at in memchr_iter(b'@', &scan.bytes[piece.clone()]).map(|at| piece.start + at) {
        if at >= scan.url_end {
            scan.url_end = check(scan, at).unwrap_or(scan.url_end);
        }
    }
}

/// Returns the end of what was found.
fn check(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let bytes = scan.bytes;
    let window = &bytes[at.saturating_sub(LIMIT)..at];
    let start = at - window.iter().rev().take_while(|byte| is_userinfo(**byte)).count();
    if !bytes[..start].ends_with(b"://") || !start.checked_sub(4).is_some_and(|scheme| bytes[scheme].is_ascii_alphanumeric()) {
        return None;
    }
    // A password with an at sign of its own: the last one in the authority ends it.
    let authority = bytes[at..].iter().take(LIMIT).take_while(|byte| **byte == b'@' || is_userinfo(**byte)).count();
    let end = at + bytes[at..at + authority].iter().rposition(|byte| *byte == b'@')?;
    let colon = start + bytes[start..end].iter().position(|byte| *byte == b':')?;
    let host = bytes.get(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b'_'));
    if !host || is_placeholder(&bytes[colon + 1..end]) {
        return None;
    }
    scan.report("url-credentials", start..end);
    Some(end + 1)
}

fn is_userinfo(byte: u8) -> bool {
    byte > b' '
        && byte != 0x7f
        && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\\' | b'<' | b'>' | b'[' | b']' | b'@' | b'`' | b'(' | b')')
}

/// What documentation puts in place of a password: nothing, `***`, `xxxx`, `$PASSWORD`, `${…}`, `{…}`, `%s`.
fn is_placeholder(password: &[u8]) -> bool {
    let Some((first, rest)) = password.split_first() else { return true };
    let same = matches!(first, b'*' | b'x' | b'X' | b'.') && rest.iter().all(|byte| byte == first);
    let variable = *first == b'$' && rest.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let braced = (*first == b'{' || password.starts_with(b"${")) && rest.ends_with(b"}");
    same || variable || braced || password == b"%s"
}
