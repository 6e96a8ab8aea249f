use memchr::{memchr, memmem};

/// Writes the strings of a JSON text as RFC 8785 §3.2.2.2 does: `\/` and `\u` become the characters they stand for, but for quotes,
/// backslashes and control characters. None where the text has no such escape, so that nothing is copied.
///
/// The result is no longer than the text, and a search of it sees what every reader of the JSON sees.
#[must_use]
pub fn unescape(json: &[u8]) -> Option<Vec<u8>> {
    memmem::find(json, b"\\u").or_else(|| memmem::find(json, b"\\/"))?;
    let mut text = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[write_escape(rest, &mut text)..];
    }
    text.extend_from_slice(rest);
    Some(text)
}

/// Writes what the escape at the start of `rest` stands for, and returns its length.
fn write_escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    match rest.get(1) {
        Some(b'/') => {
            out.push(b'/');
            2
        }
        Some(b'u') => match character(rest) {
            Some((character, length)) => {
                write_character(character, &rest[..length], out);
                length
            }
            None => copy(rest, 2, out),
        },
        _ => copy(rest, 2, out),
    }
}

fn copy(rest: &[u8], length: usize, out: &mut Vec<u8>) -> usize {
    let length = length.min(rest.len());
    out.extend_from_slice(&rest[..length]);
    length
}

fn write_character(character: char, escape: &[u8], out: &mut Vec<u8>) {
    let short = match character {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\t' => b't',
        '\n' => b'n',
        '\u{c}' => b'f',
        '\r' => b'r',
        '\0'..'\u{20}' => return out.extend_from_slice(escape),
        other => return out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// The character of `\uXXXX`, or of two of them that are a surrogate pair, and the length of the escape.
fn character(rest: &[u8]) -> Option<(char, usize)> {
    let first = unit(rest)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = unit(&rest[6..]).filter(|second| (0xdc00..0xe000).contains(second) && first < 0xdc00)?;
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).map(|character| (character, 12))
}

fn unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unescape_leaves_text_without_such_escapes_alone() {
        assert_eq!(unescape(br#"{"a":"\n\"\\","b":"https://x"}"#), None);
        assert_eq!(unescape(br#""https:\/\/x\n""#).as_deref(), Some(&br#""https://x\n""#[..]));
        assert_eq!(unescape(br#""\\u0067\\/""#).as_deref(), Some(&br#""\\u0067\\/""#[..]), "a backslash before a letter is no escape");
    }

    #[test]
    fn unescape_copies_what_is_no_character() {
        for text in [r#"\ud800"#, r#"\ud800\u0041"#, r#"\udc00\ud800"#, r#"\u12"#, r#"\u+123"#, r#"\u"#, r#"\/\"#] {
            let read = unescape(text.as_bytes()).expect("it has an escape");
            assert_eq!(String::from_utf8(read).expect("text"), text.replace("\\/", "/").replace("\\u0041", "A"));
        }
    }

    proptest! {
        #[test]
        fn unescape_gives_the_canonical_form_of_any_string(text in any::<String>(), upper in any::<bool>()) {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let escaped = if upper { escaped.to_uppercase().replace("\\U", "\\u") } else { escaped };
            let canonical = serde_json::to_string(&text).expect("a string");
            let read = unescape(format!("\"{escaped}\"").as_bytes()).unwrap_or_else(|| b"\"\"".to_vec());
            prop_assert_eq!(String::from_utf8(read).expect("text").to_lowercase(), canonical.to_lowercase());
        }

        #[test]
        fn unescape_survives_any_bytes(bytes in prop::collection::vec(prop::sample::select(b"\\u/d80cnx\"".to_vec()), 0..40)) {
            prop_assert!(unescape(&bytes).is_none_or(|text| text.len() <= bytes.len()));
        }
    }
}
