use memchr::{memchr, memchr2, memchr3, memmem};

/// Longest name or number of a reference with its `;`, but for zeros before a number, which XML allows without end: `1114111;`.
const MAX_NAME_BYTES: usize = 8;

/// Writes an XML document as its readers see it: references in text and attributes become the characters that they stand for (XML 1.0,
/// §4.1, §4.6), sections of CDATA their text, and comments and processing instructions nothing, so that none of them parts what belongs
/// together. No text where there is nothing of the kind, so that nothing is copied.
///
/// Nothing that a reader could see is lost: what comments and processing instructions hold follows at the end, and where quotes or tags
/// are not those of well-formed XML, a second text is the document as it reads to whoever does not look at quotes. No text is longer than
/// the document.
#[must_use]
pub fn resolve_markup(xml: &[u8]) -> Vec<Vec<u8>> {
    if memchr(b'&', xml).is_none() && memmem::find(xml, b"<!").is_none() && memmem::find(xml, b"<?").is_none() {
        return Vec::new();
    }
    let (seen, in_doubt) = Reading::new(xml, true).finish();
    if in_doubt { vec![seen, Reading::new(xml, false).finish().0] } else { vec![seen] }
}

/// Where in a document a reading stands.
#[derive(Clone, Copy)]
enum Place {
    Text,
    Tag,
    /// In an attribute value that this quote ends.
    Quoted(u8),
}

/// One way to read a document.
struct Reading<'a> {
    rest: &'a [u8],
    /// Whether tags have quotes, within which nothing is markup; else all of the document is read as text.
    heeds_quotes: bool,
    place: Place,
    /// Met what well-formed XML has not.
    in_doubt: bool,
    seen: Vec<u8>,
    /// What comments and processing instructions hold, each behind a line end.
    aside: Vec<u8>,
    markup: [Markup; 3],
}

/// A kind of markup that has a begin and an end of its own.
struct Markup {
    begin: &'static [u8],
    end: &'static [u8],
    is_text: bool,
    /// Its end comes nowhere in what is left: it is not looked for again.
    is_endless: bool,
}

impl<'a> Reading<'a> {
    fn new(xml: &'a [u8], heeds_quotes: bool) -> Self {
        let markup = [(&b"<!--"[..], &b"-->"[..], false), (b"<?", b"?>", false), (b"<![CDATA[", b"]]>", true)];
        let markup = markup.map(|(begin, end, is_text)| Markup { begin, end, is_text, is_endless: false });
        let (seen, aside) = (Vec::with_capacity(xml.len()), Vec::new());
        Self { rest: xml, heeds_quotes, place: Place::Text, in_doubt: false, seen, aside, markup }
    }

    /// What is seen, and whether another reading may see something else.
    fn finish(mut self) -> (Vec<u8>, bool) {
        while let Some(at) = self.next_mark() {
            self.copy(at);
            self.step();
        }
        self.copy(self.rest.len());
        self.seen.append(&mut self.aside);
        (self.seen, self.in_doubt || !matches!(self.place, Place::Text))
    }

    fn next_mark(&self) -> Option<usize> {
        match self.place {
            Place::Text => memchr2(b'&', b'<', self.rest),
            Place::Tag => self.rest.iter().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')),
            Place::Quoted(quote) => memchr3(b'&', b'<', quote, self.rest),
        }
    }

    /// Goes past the mark at the start of what is left.
    fn step(&mut self) {
        match (self.rest[0], self.place) {
            (b'&', _) => self.rest = &self.rest[write_reference(self.rest, &mut self.seen)..],
            (b'<', Place::Quoted(_)) => {
                self.in_doubt = true;
                self.copy(1);
            }
            (b'<', place) => {
                self.in_doubt |= matches!(place, Place::Tag);
                self.begin();
            }
            (b'>', _) => self.turn(Place::Text),
            (_, Place::Quoted(_)) => self.turn(Place::Tag),
            (quote, _) => self.turn(Place::Quoted(quote)),
        }
    }

    /// Goes past the markup at the start of what is left, or into the tag that begins there.
    fn begin(&mut self) {
        let Some(markup) = self.markup.iter_mut().find(|markup| self.rest.starts_with(markup.begin)) else {
            return self.turn(if self.heeds_quotes { Place::Tag } else { Place::Text });
        };
        let content = &self.rest[markup.begin.len()..];
        let length = if markup.is_endless { None } else { memmem::find(content, markup.end) };
        let Some(length) = length else {
            // What does not end is no markup; it stands as it is, and the reader refuses it.
            markup.is_endless = true;
            return self.copy(1);
        };
        self.rest = &content[length + markup.end.len()..];
        if markup.is_text {
            self.seen.extend_from_slice(&content[..length]);
        } else {
            self.aside.push(b'\n');
            write_references(&content[..length], &mut self.aside);
        }
    }

    fn turn(&mut self, place: Place) {
        self.copy(1);
        self.place = place;
    }

    fn copy(&mut self, length: usize) {
        self.seen.extend_from_slice(&self.rest[..length]);
        self.rest = &self.rest[length..];
    }
}

fn write_references(mut rest: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[write_reference(rest, out)..];
    }
    out.extend_from_slice(rest);
}

/// Writes what the reference at the start of `rest` stands for, or the `&` of none, and returns the length of it.
fn write_reference(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let (length, character) = reference(rest).unwrap_or((1, '&'));
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    length
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

    fn texts(xml: &str) -> Vec<String> {
        resolve_markup(xml.as_bytes()).into_iter().map(|text| String::from_utf8(text).expect("text")).collect()
    }

    fn seen(xml: &str) -> String {
        let [seen] = &texts(xml)[..] else { panic!("one way to read it: {xml}") };
        seen.clone()
    }

    #[test]
    fn resolve_markup_leaves_plain_documents_alone() {
        assert!(resolve_markup(b"<bom><name a='b'>text</name></bom>").is_empty());
    }

    #[test]
    fn resolve_markup_joins_what_markup_parts() {
        for xml in ["t&#111;ken", "t&#x6F;ken", "t&#x000000006f;ken", "to<![CDATA[ken]]>"] {
            assert_eq!(seen(xml), "token", "{xml}");
        }
        for (xml, aside) in
            [("to<!-- x&amp; -->ken", "\n x& "), ("to<?x y?>ken", "\nx y"), ("<![CDATA[to]]><!----><![CDATA[k]]>e<!--1-->n", "\n\n1")]
        {
            assert_eq!(seen(xml), format!("token{aside}"), "{xml}");
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

    #[test]
    fn resolve_markup_takes_nothing_in_quotes_for_markup() {
        for (open, close) in [("<!--", "-->"), ("<?b", "?>"), ("<![CDATA[", "]]>")] {
            for quote in ['"', '\''] {
                let other = if quote == '"' { '\'' } else { '"' };
                let xml = format!("<a b={quote}{other}{open}{quote} c='t&#111;ken'>to<!-- x -->ken{close}</a>");
                let [seen, _] = &texts(&xml)[..] else { panic!("two ways to read it: {xml}") };
                assert_eq!(*seen, format!("<a b={quote}{other}{open}{quote} c='token'>token{close}</a>\n x "));
            }
        }
        assert_eq!(seen("<a b='>'>'<!-- ' -->\"</a>"), "<a b='>'>'\"</a>\n ' ", "quotes in text are text");
    }

    #[test]
    fn resolve_markup_reads_in_both_ways_what_is_not_well_formed() {
        for xml in ["<a '>to<!-- x -->ken", "<a <!-- ' -->>to<!-- x -->ken", "it's <b \"to<!-- x -->ken", "<a b='<!--'>to<!-- x -->ken-->"]
        {
            assert!(texts(xml).iter().any(|text| text.contains("token")), "{xml}: {:?}", texts(xml));
        }
    }

    proptest! {
        #[test]
        fn resolve_markup_loses_nothing(pieces in prop::collection::vec(prop::sample::select(vec![
            "<!--", "-->", "<?", "?>", "<![CDATA[", "]]>", "<a ", ">", "'", "\"", "<", "t&#111;ken", "&", "=",
        ]), 0..20)) {
            let xml = pieces.concat();
            let (texts, written) = (texts(&xml), xml.matches("t&#111;ken").count());
            // A section of CDATA may hold a reference that is none.
            let whole = |text: &String| text.matches("token").count() + text.matches("t&#111;ken").count() >= written;
            prop_assert!(texts.iter().all(whole), "{}: {:?}", xml, texts);
        }

        #[test]
        fn resolve_markup_survives_any_bytes(bytes in prop::collection::vec(prop::sample::select(b"<!-[CDATA]>&#x41;?'\"".to_vec()), 0..60)) {
            prop_assert!(resolve_markup(&bytes).iter().all(|text| text.len() <= bytes.len()));
        }
    }
}
