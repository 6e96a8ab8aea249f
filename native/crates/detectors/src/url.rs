//! User and password in the authority of a URL. Source: RFC 3986, section 3.2.1.

use std::ops::Range;

use memchr::memchr_iter;

use crate::scan::Scan;

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
    let start = at - bytes[..at].iter().rev().take_while(|byte| is_userinfo(**byte)).count();
    if !bytes[..start].ends_with(b"://") || !start.checked_sub(4).is_some_and(|scheme| bytes[scheme].is_ascii_alphanumeric()) {
        return None;
    }
    // A password with an at sign of its own: the last one in the authority that a host follows ends it.
    let end = (start..authority_end(bytes, start)).rev().find(|end| bytes[*end] == b'@' && begins_host(bytes.get(end + 1)))?;
    let colon = start + bytes[start..end].iter().position(|byte| *byte == b':')?;
    if is_placeholder(&bytes[colon + 1..end]) {
        return None;
    }
    scan.report("url-credentials", start..end);
    Some(end + 1)
}

/// Where the authority from `start` ends. Parentheses may stand in a password; but where text has the URL in them, as Markdown does, one
/// that closes none of its own ends it.
fn authority_end(bytes: &[u8], start: usize) -> usize {
    let mut scheme = bytes[..start - "://".len()].iter().rev().copied();
    let before = scheme.find(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.'));
    // Parentheses that are open, the one around the URL among them.
    let (is_enclosed, mut open) = (before == Some(b'('), 1_i64);
    let belongs = |byte: &&u8| {
        match byte {
            b'(' => open += 1,
            b')' => open -= 1,
            byte => return **byte == b'@' || is_userinfo(**byte),
        }
        !is_enclosed || open > 0
    };
    start + bytes[start..].iter().take_while(belongs).count()
}

fn begins_host(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b'_'))
}

fn is_userinfo(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\\' | b'<' | b'>' | b'[' | b']' | b'@' | b'`')
}

/// What documentation puts in place of a password: nothing, `***`, `xxxx`, `$PASSWORD`, `${…}`, `{…}`, `%s`.
fn is_placeholder(password: &[u8]) -> bool {
    let Some((first, rest)) = password.split_first() else { return true };
    let same = matches!(first, b'*' | b'x' | b'X' | b'.') && rest.iter().all(|byte| byte == first);
    let variable = *first == b'$' && rest.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let braced = (*first == b'{' || password.starts_with(b"${")) && rest.ends_with(b"}");
    same || variable || braced || password == b"%s"
}
