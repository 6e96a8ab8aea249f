use memchr::{memchr, memchr2, memmem};

/// Longest name or number of a reference with its `;`, but for zeros before a number, which XML allows without end: `1114111;`.
const MAX_NAME_BYTES: usize = 8;

/// Writes an XML document as its readers see it: references in text and attributes become the characters that they stand for (XML 1.0,
/// §4.1, §4.6), sections of CDATA their text, and comments and processing instructions nothing, so that none of them parts what belongs
/// together. None where there is nothing of the kind, so that nothing is copied.
///
/// The result is no longer than the document, and its elements stand as they are.
#[must_use]
pub fn resolve_markup(xml: &[u8]) -> Option<Vec<u8>> {
    if memchr(b'&', xml).is_none() && memmem::find(xml, b"<!").is_none() && memmem::find(xml, b"<?").is_none() {
        return None;
    }
    let mut text = Vec::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = memchr2(b'&', b'<', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[write_markup(rest, &mut text)..];
    }
    text.extend_from_slice(rest);
    Some(text)
}

/// Writes what the markup at the start of `rest` stands for, and returns its length.
fn write_markup(rest: &[u8], out: &mut Vec<u8>) -> usize {
    if let Some((length, character)) = reference(rest) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return length;
    }
    for (begin, end, is_text) in [(&b"<!--"[..], &b"-->"[..], false), (b"<?", b"?>", false), (b"<![CDATA[", b"]]>", true)] {
        if let Some(content) = rest.strip_prefix(begin) {
            // What does not end is no markup; it stands as it is, and the reader refuses it.
            let Some(length) = memmem::find(content, end) else { break };
            if is_text {
                out.extend_from_slice(&content[..length]);
            }
            return begin.len() + length + end.len();
        }
    }
    out.push(rest[0]);
    1
}

/// Length of the reference that `rest` starts with, and the character that it names, by its number or as one of the five.
fn reference(rest: &[u8]) -> Option<(usize, char)> {
    let (begin, radix) = match rest {
        [b'&', b'#', b'x', ..] => (3, Some(16)),
        [b'&', b'#', ..] => (2, Some(10)),
        [b'&', ..] => (1, None),
        _ => return None,
    };
    let zeros = if radix.is_some() { rest[begin..].iter().take_while(|byte| **byte == b'0').count() } else { 0 };
    let name = &rest[begin + zeros..];
    let end = memchr(b';', &name[..name.len().min(MAX_NAME_BYTES)])?;
    let character = match (radix, &name[..end]) {
        (Some(radix), number) => char::from_u32(u32::from_str_radix(std::str::from_utf8(number).ok()?, radix).ok()?)?,
        (None, b"amp") => '&',
        (None, b"lt") => '<',
        (None, b"gt") => '>',
        (None, b"apos") => '\'',
        (None, b"quot") => '"',
        (None, _) => return None,
    };
    Some((begin + zeros + end + 1, character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(xml: &str) -> String {
        resolve_markup(xml.as_bytes()).map_or_else(|| xml.to_owned(), |text| String::from_utf8(text).expect("text"))
    }

    #[test]
    fn resolve_markup_leaves_plain_documents_alone() {
        assert_eq!(resolve_markup(b"<bom><name a='b'>text</name></bom>"), None);
    }

    #[test]
    fn resolve_markup_joins_what_markup_parts() {
        for xml in [
            "t&#111;ken",
            "t&#x6F;ken",
            "t&#x000000006f;ken",
            "to<!-- x -->ken",
            "to<?x y?>ken",
            "to<![CDATA[ken]]>",
            "<![CDATA[to]]><!----><![CDATA[k]]>en",
        ] {
            assert_eq!(seen(xml), "token", "{xml}");
        }
        assert_eq!(seen(&format!("t&#x{}6f;k&#{}101;n", "0".repeat(1_000), "0".repeat(1_000))), "token");
        assert_eq!(seen("&#1114111;&#x10ffff;"), "\u{10ffff}\u{10ffff}");
        assert_eq!(seen("<a b='&quot;&lt;&gt;&apos;&amp;lt;'/>"), "<a b='\"<>'&lt;'/>");
    }

    #[test]
    fn resolve_markup_copies_what_is_no_markup() {
        for xml in ["a &none; b", "&#xd800;", "&", "&;", "&#;", "&#0;", "&#1114112;", "<!-- open", "<![CDATA[ open", "<?", "<!DOCTYPE a>"] {
            assert_eq!(seen(xml), xml);
        }
    }

    proptest! {
        #[test]
        fn resolve_markup_survives_any_bytes(bytes in prop::collection::vec(prop::sample::select(b"<!-[CDATA]>&#x41;?".to_vec()), 0..60)) {
            prop_assert!(resolve_markup(&bytes).is_none_or(|text| text.len() <= bytes.len()));
        }
    }
}
