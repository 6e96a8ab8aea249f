use quick_xml::events::{BytesStart, Event};

/// How many bytes after the beginning of the markup something is wrong, and what.
pub(crate) type Fault = (usize, String);

/// Refuses what the XML reader lets pass although no XML document has it (XML 1.0); tags by [`check_tag`]. `at` is the byte of the document
/// at which the event begins.
pub(crate) fn check(event: &Event<'_>, at: u64, is_in_root: bool) -> Result<(), Fault> {
    let fault = match event {
        Event::Text(text) => text.find("]]>").map(|at| (at, "\"]]>\" in text".into())),
        Event::CData(_) | Event::GeneralRef(_) if !is_in_root => Some((0, "text outside of the root element".into())),
        Event::Comment(text) => {
            let hyphens = text.find("--").or_else(|| text.ends_with('-').then(|| text.len() - 1));
            hyphens.map(|at| ("<!--".len() + at, "\"--\" in a comment".into()))
        }
        Event::Decl(_) if at > 0 => Some((0, "an XML declaration that is not the beginning of the document".into())),
        Event::Decl(declared) => {
            let is_good = declared.strip_prefix("xml").and_then(declared_encoding).is_some();
            let asked = "an XML declaration has a version 1.x, then perhaps an encoding, then perhaps standalone, and nothing else";
            (!is_good).then(|| (0, asked.into()))
        }
        Event::PI(instruction) => {
            let target = instruction.target();
            let is_good = is_name(target) && !target.contains(':') && !target.eq_ignore_ascii_case("xml");
            (!is_good).then(|| (0, format!("a processing instruction cannot be named {target:?}")))
        }
        _ => None,
    };
    fault.map_or(Ok(()), Err)
}

/// The encoding that an XML declaration names, or the one of documents without; none where the declaration is malformed. Given is what
/// stands in it after `<?xml`.
pub(crate) fn declared_encoding(declaration: &str) -> Option<&str> {
    let (mut rest, mut given) = (declaration, Vec::new());
    while let Some((name, value, after)) = attribute(rest).ok()? {
        given.push((name, value));
        rest = after;
    }
    let [("version", version), given @ ..] = given.as_slice() else { return None };
    let (encoding, given) = if let [("encoding", encoding), given @ ..] = given { (*encoding, given) } else { ("UTF-8", given) };
    let is_good = is_version(version) && is_encoding(encoding) && matches!(given, [] | [("standalone", "yes" | "no")]);
    is_good.then_some(encoding)
}

fn is_version(number: &str) -> bool {
    number.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_encoding(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(is_inner)
}

/// The same for the beginning of an element, with Namespaces in XML 1.0.
pub(crate) fn check_tag(start: &BytesStart<'_>) -> Result<(), Fault> {
    let name = start.name();
    if !is_qualified_name(name.as_ref()) {
        return Err((0, format!("an element cannot be named {:?}", name.as_ref())));
    }
    let attributes = start.attributes_raw();
    let mut rest = attributes;
    let placed = |at: usize| "<".len() + name.as_ref().len() + at;
    while let Some((name, _, after)) = attribute(rest).map_err(|reason| (placed(attributes.len() - rest.len()), reason))? {
        if !is_qualified_name(name) {
            return Err((placed(attributes.len() - rest.len()), format!("an attribute cannot be named {name:?}")));
        }
        rest = after;
    }
    Ok(())
}

/// Name and value of the first attribute, and what follows it; none where nothing but white space is left.
fn attribute(text: &str) -> Result<Option<(&str, &str, &str)>, String> {
    let trimmed = text.trim_start_matches(is_space);
    if trimmed.is_empty() {
        return Ok(None);
    }
    if trimmed.len() == text.len() {
        return Err("white space is needed before an attribute".into());
    }
    let (name, value) = trimmed.split_once('=').ok_or("an attribute without a value")?;
    let value = value.trim_start_matches(is_space);
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or("an attribute whose value is not in quotes")?;
    let (value, after) = value[1..].split_once(quote).ok_or("an attribute whose value does not end")?;
    Ok(Some((name.trim_end_matches(is_space), value, after)))
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

/// A name, or a prefix, a colon and a name (Namespaces in XML 1.0, production 7).
fn is_qualified_name(text: &str) -> bool {
    let (prefix, local) = text.split_once(':').unwrap_or((text, text));
    [prefix, local].into_iter().all(|part| is_name(part) && !part.contains(':'))
}

/// XML 1.0, productions 4 to 5.
fn is_name(text: &str) -> bool {
    text.starts_with(starts_name) && text.chars().all(continues_name)
}

fn starts_name(char: char) -> bool {
    matches!(char, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn continues_name(char: char) -> bool {
    let others = matches!(char, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}');
    others || starts_name(char)
}
