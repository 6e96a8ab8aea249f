use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use stella_canonical::{JsonLimits, Refusal, nfc};

use crate::detect::unsupported;
use crate::xml_syntax::{Fault, check, check_tag, declared_encoding};

/// Most attributes of one element, declarations of namespaces among them: they are compared with each other.
const MAX_ATTRIBUTES: usize = 64;

/// An XML element without comments and processing instructions; its text is what a reader of the XML sees.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// Its local name, or with its prefix where it is of another namespace than the root.
    pub(crate) name: String,
    /// Of another namespace than the root.
    pub(crate) is_foreign: bool,
    /// Without declarations of namespaces. Those of another namespace have their prefix in their name.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// All of its own text, in NFC.
    pub(crate) text: String,
}

impl Element {
    /// Whether this is an element of the root's namespace with this name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name && !self.is_foreign
    }
}

/// The root element of a document.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) namespace: String,
    pub(crate) element: Element,
}

/// Reads one XML 1.0 document with namespaces, in UTF-8 and without a document type declaration, so that nothing grows.
///
/// `is_read` tells by namespace and name of the root whether the document is worth reading.
///
/// # Errors
/// What is malformed, or beyond the limits (elements and attributes count as values), with line and column.
pub(crate) fn parse(document: &[u8], limits: &JsonLimits, is_read: impl Fn(&str, &str) -> bool) -> Result<Root, Refusal> {
    let whole = std::str::from_utf8(document).map_err(|error| not_utf8(document, error.valid_up_to()))?;
    if let Some(at) = whole.find(|char: char| !is_xml_char(char)) {
        return Err(Refusal::at_byte(document, at, "a character that XML does not allow"));
    }
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let reader = NsReader::from_str(text);
    let mut reading = Reading { reader, document, skipped: whole.len() - text.len(), limits: *limits, values: 0, open: Vec::new() };
    reading.root(is_read)
}

struct Reading<'a> {
    reader: NsReader<&'a [u8]>,
    document: &'a [u8],
    /// Bytes before what the reader reads.
    skipped: usize,
    limits: JsonLimits,
    values: usize,
    /// Elements that have begun and not ended, the innermost last.
    open: Vec<Element>,
}

impl Reading<'_> {
    fn root(&mut self, is_read: impl Fn(&str, &str) -> bool) -> Result<Root, Refusal> {
        let mut namespace = None;
        let mut root = None;
        loop {
            let began = self.reader.buffer_position();
            let (resolved, event) = match self.reader.read_resolved_event() {
                Ok(read) => read,
                Err(error) => return Err(self.refusal(self.reader.error_position(), format!("malformed XML: {error}"))),
            };
            let own = match resolved {
                ResolveResult::Bound(found) => Some(found.0.to_owned()),
                ResolveResult::Unbound => None,
                ResolveResult::Unknown(prefix) => {
                    return Err(self.refusal(began, format!("malformed XML: the prefix {prefix:?} is not declared")));
                }
            };
            check(&event, began, !self.open.is_empty()).map_err(|fault| self.malformed(began, fault))?;
            match event {
                Event::Start(_) | Event::Empty(_) if root.is_some() => {
                    return Err(self.refusal(began, "malformed XML: a second root element"));
                }
                Event::Start(start) => {
                    let element = self.begin(&start, own, &mut namespace, &is_read, began)?;
                    self.open.push(element);
                }
                Event::Empty(start) => {
                    let element = self.begin(&start, own, &mut namespace, &is_read, began)?;
                    self.end(element, &mut root);
                }
                Event::End(_) => {
                    if let Some(element) = self.open.pop() {
                        self.end(element, &mut root);
                    }
                }
                Event::Text(text) => self.add_text(&text.xml10_content(), began)?,
                Event::CData(text) => self.add_text(&text.xml10_content(), began)?,
                Event::GeneralRef(reference) => {
                    let character = self.character(&reference, began)?;
                    self.add_text(character.encode_utf8(&mut [0; 4]), began)?;
                }
                Event::DocType(named) if named.trim_start().to_ascii_lowercase().starts_with("html") => {
                    return Err(Refusal::whole(unsupported("HTML")));
                }
                Event::DocType(_) => return Err(self.refusal(began, "a document type declaration, which is not read")),
                Event::Decl(declared) => {
                    let encoding = declared.encoding().and_then(Result::ok).unwrap_or("UTF-8".into());
                    if !is_utf8(&encoding) {
                        return Err(self.refusal(began, other_encoding(&encoding)));
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if !self.open.is_empty() {
            return Err(self.refusal(self.reader.buffer_position(), "truncated XML"));
        }
        let element = root.ok_or_else(|| Refusal::whole(unsupported("XML or HTML")))?;
        Ok(Root { namespace: namespace.unwrap_or_default(), element })
    }

    fn begin(
        &mut self,
        start: &BytesStart<'_>,
        own: Option<String>,
        namespace: &mut Option<String>,
        is_read: &impl Fn(&str, &str) -> bool,
        began: u64,
    ) -> Result<Element, Refusal> {
        let (name, local) = (start.name(), start.local_name());
        let own = own.unwrap_or_default();
        let of_root = namespace.get_or_insert_with(|| own.clone());
        if self.open.is_empty() && !is_read(of_root, local.as_ref()) {
            return Err(Refusal::whole(unsupported("XML or HTML")));
        }
        check_tag(start).map_err(|fault| self.malformed(began, fault))?;
        self.check_namespaces(start, began)?;
        let is_foreign = *of_root != own;
        if self.open.len() >= self.limits.max_depth {
            return Err(self.refusal(began, format!("nested more than {} levels deep", self.limits.max_depth)));
        }
        let name = if is_foreign { name.as_ref() } else { local.as_ref() }.to_owned();
        let mut attributes = Vec::new();
        for (count, attribute) in start.attributes().enumerate() {
            if count == MAX_ATTRIBUTES {
                return Err(self.refusal(began, format!("more than {MAX_ATTRIBUTES} attributes of one element")));
            }
            let malformed = |error: &dyn std::fmt::Display| format!("malformed XML: {error}");
            let attribute = attribute.map_err(|error| self.refusal(began, malformed(&error)))?;
            // Production 10. The reader lets it pass, and `<!--` within quotes would be a comment to whoever does not look at quotes.
            if attribute.value.contains('<') {
                return Err(self.refusal(began, "malformed XML: \"<\" in the value of an attribute"));
            }
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| self.refusal(began, malformed(&error)))?;
            if !value.chars().all(is_xml_char) {
                return Err(self.refusal(began, "a character that XML does not allow"));
            }
            attributes.push((attribute.key.as_ref().to_owned(), nfc(value).into_owned()));
        }
        self.values += 1 + attributes.len();
        if self.values > self.limits.max_values {
            return Err(self.refusal(began, format!("more than {} values in one document", self.limits.max_values)));
        }
        Ok(Element { name, is_foreign, attributes, ..Element::default() })
    }

    /// Prefixes of attributes are declared, and declarations are good values.
    fn check_namespaces(&self, start: &BytesStart<'_>, began: u64) -> Result<(), Refusal> {
        for attribute in start.attributes().with_checks(false).take(MAX_ATTRIBUTES).flatten() {
            if attribute.key.as_namespace_binding().is_some() {
                let value = attribute.normalized_value(XmlVersion::Explicit1_0);
                value.map_err(|error| self.refusal(began, format!("malformed XML: {error}")))?;
            } else if let (ResolveResult::Unknown(prefix), _) = self.reader.resolver().resolve_attribute(attribute.key) {
                return Err(self.refusal(began, format!("malformed XML: the prefix {prefix:?} is not declared")));
            }
        }
        Ok(())
    }

    fn end(&mut self, mut element: Element, root: &mut Option<Element>) {
        element.text = nfc(std::mem::take(&mut element.text).into()).into_owned();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => *root = Some(element),
        }
    }

    fn add_text(&mut self, text: &str, began: u64) -> Result<(), Refusal> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err(self.refusal(began, "malformed XML: text outside of the root element")),
        }
        Ok(())
    }

    /// What a reference stands for: a character by its number, or one of the five that XML names (XML 1.0, §4.6).
    fn character(&self, reference: &BytesRef<'_>, began: u64) -> Result<char, Refusal> {
        let by_number = reference.resolve_char_ref().map_err(|error| self.refusal(began, format!("malformed XML: {error}")))?;
        let named = match &**reference {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => None,
        };
        let character = by_number.or(named).ok_or_else(|| {
            let told = format!("the entity {:?} is not declared: XML itself has amp, lt, gt, apos and quot alone", &**reference);
            self.refusal(began, told)
        })?;
        if is_xml_char(character) { Ok(character) } else { Err(self.refusal(began, "a reference to a character that XML does not allow")) }
    }

    fn malformed(&self, began: u64, (at, reason): Fault) -> Refusal {
        self.refusal(began + at as u64, format!("malformed XML: {reason}"))
    }

    fn refusal(&self, at: u64, reason: impl Into<String>) -> Refusal {
        let at = usize::try_from(at).unwrap_or(usize::MAX).saturating_add(self.skipped);
        Refusal::at_byte(self.document, at.min(self.document.len()), reason)
    }
}

/// XML 1.0, production 2, without the surrogates that text does not hold.
fn is_xml_char(char: char) -> bool {
    !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Of a document whose declaration says that it is in another encoding, that is what is wrong.
fn not_utf8(document: &[u8], valid_up_to: usize) -> Refusal {
    let text = std::str::from_utf8(&document[..valid_up_to]).unwrap_or_default();
    let declaration = text.trim_start_matches('\u{feff}').strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    match declaration.and_then(|(declaration, _)| declared_encoding(declaration)) {
        Some(encoding) if !is_utf8(encoding) => Refusal::whole(other_encoding(encoding)),
        _ => Refusal::at_byte(document, valid_up_to, "invalid UTF-8"),
    }
}

fn is_utf8(encoding: &str) -> bool {
    encoding.eq_ignore_ascii_case("UTF-8") || encoding.eq_ignore_ascii_case("US-ASCII")
}

fn other_encoding(encoding: &str) -> String {
    format!("XML in {encoding:?}; only UTF-8 is read")
}
