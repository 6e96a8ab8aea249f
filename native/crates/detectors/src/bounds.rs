//! Where a token begins and ends in text that may be the inside of a JSON string.

/// True when a token may begin at `at`: no token character stands before it, and it is not itself the letter of an escape.
/// The letter of an escape before it (`\n`) is no token character, though it looks like one.
pub(crate) fn starts_fresh(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    if bytes[before] == b'\\' {
        return backslashes_before(bytes, at) % 2 != 1;
    }
    // `_` joins words, and often a name to its secret.
    if bytes[before] == b'_' || !is_word(bytes[before]) {
        return true;
    }
    let after_backslash = before.checked_sub(1).is_some_and(|index| bytes[index] == b'\\');
    let after_unicode_escape = before.checked_sub(5).is_some_and(|index| bytes[index..].starts_with(b"\\u"));
    (after_backslash && matches!(bytes[before], b'b' | b'f' | b'n' | b'r' | b't')) || after_unicode_escape
}

/// How many backslashes stand right before `at`: after an odd number the byte there belongs to an escape.
pub(crate) fn backslashes_before(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Index after the run of bytes from `at` that the class takes.
pub(crate) fn run_end(bytes: &[u8], at: usize, class: impl Fn(u8) -> bool) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| class(**byte)).count()
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
