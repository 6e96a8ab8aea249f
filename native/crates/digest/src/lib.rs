//! How digests are written, lower-case hexadecimal, and read.

/// Lower-case hexadecimal of any bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of a digest in hexadecimal of either case; none where the text is none of that length.
#[must_use]
pub fn bytes_of_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{bytes_of_hex, hex};

    #[test]
    fn hex_writes_two_digits_a_byte() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5, 0xff]), "000fa5ff");
    }

    #[test]
    fn bytes_of_hex_reads_what_hex_writes_and_nothing_else() {
        assert_eq!(bytes_of_hex("000FA5ff"), Some([0x00, 0x0f, 0xa5, 0xff]));
        for text in ["", "000fa5f", "000fa5fff", "000fa5fg", "+00fa5ff", "é0fa5ff"] {
            assert_eq!(bytes_of_hex::<4>(text), None, "{text}");
        }
    }
}
