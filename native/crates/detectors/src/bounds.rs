//! Where a token begins and ends in text that may be the inside of a JSON string.

/// True when no token character stands before `at`. The letter of an escape (`\n`) is none, though it looks like one.
pub(crate) fn starts_fresh(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    if !is_word(bytes[before]) {
        return true;
    }
    let after_backslash = before.checked_sub(1).is_some_and(|index| bytes[index] == b'\\');
    let after_unicode_escape = before.checked_sub(5).is_some_and(|index| bytes[index..].starts_with(b"\\u"));
    (after_backslash && matches!(bytes[before], b'b' | b'f' | b'n' | b'r' | b't')) || after_unicode_escape
}

/// Index after the run of bytes from `at` that the class takes, `limit` of them at most.
pub(crate) fn run_end(bytes: &[u8], at: usize, limit: usize, class: impl Fn(u8) -> bool) -> usize {
    let window = &bytes[at.min(bytes.len())..bytes.len().min(at.saturating_add(limit))];
    at + window.iter().take_while(|byte| class(**byte)).count()
}

pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The alphabet of base64url, which is that of most tokens.
pub(crate) fn is_url_safe(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

pub(crate) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}
