use wide::u8x16;

const LANES: usize = 16;

/// Where a string ends: the index after its closing quote, `at` being the index after the opening one.
/// An error is the index of the byte that may not stand there.
#[inline]
pub(crate) fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape_end(bytes, at)?,
            _ => return Err(at),
        }
    }
}

/// Index of the next quote, backslash or control character, or the length.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(lanes) = bytes.get(at..at + LANES).and_then(|slice| <[u8; LANES]>::try_from(slice).ok()) {
        let hits = special(u8x16::new(lanes));
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += LANES;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
        at += 1;
    }
    at
}

#[inline]
fn special(lanes: u8x16) -> u32 {
    let control = lanes.min(u8x16::splat(0x1f)).simd_eq(lanes);
    (control | lanes.simd_eq(u8x16::splat(b'"')) | lanes.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

/// Index after the escape that starts at `at`. A lone surrogate is no character, so it is refused.
fn escape_end(bytes: &[u8], at: usize) -> Result<usize, usize> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex4(bytes, at + 2).ok_or(at)? {
            0xd800..=0xdbff => match (bytes.get(at + 6..at + 8), hex4(bytes, at + 8)) {
                (Some(b"\\u"), Some(0xdc00..=0xdfff)) => Ok(at + 12),
                _ => Err(at),
            },
            0xdc00..=0xdfff => Err(at),
            _ => Ok(at + 6),
        },
        _ => Err(at),
    }
}

/// The four hexadecimal digits at `at` as a number.
fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}
