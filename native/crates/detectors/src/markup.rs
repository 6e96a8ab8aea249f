use memchr::{memchr, memchr2, memmem};

/// Longest reference that stands for a character: `&#x10FFFF;` with zeros before it, which XML allows without end, is cut off here.
const MAX_REFERENCE_BYTES: usize = 64;

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
    if rest[0] == b'&' {
        let end = memchr(b';', &rest[..rest.len().min(MAX_REFERENCE_BYTES)]);
        if let Some((end, character)) = end.and_then(|end| Some((end, character(&rest[1..end])?))) {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return end + 1;
        }
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

/// The character that a reference names, by its number or as one of the five.
fn character(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"apos" => Some('\''),
        b"quot" => Some('"'),
        _ => {
            let number = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
            let number = number.strip_prefix('x').map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16));
            number.ok().and_then(char::from_u32)
        }
    }
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
        assert_eq!(seen("<a b='&quot;&lt;&gt;&apos;&amp;lt;'/>"), "<a b='\"<>'&lt;'/>");
    }

    #[test]
    fn resolve_markup_copies_what_is_no_markup() {
        for xml in ["a &none; b", "&#xd800;", "&", "&;", "&#;", "<!-- open", "<![CDATA[ open", "<?", "<!DOCTYPE a>"] {
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
