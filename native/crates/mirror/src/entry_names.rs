//! The names that an entry of an index begins with, read without the rest of it.

use std::borrow::Cow;
use std::cmp::Ordering;

use memchr::memchr2;
use serde::Deserialize;

/// A string of JSON, copied only where it has escapes.
#[derive(Deserialize)]
struct Name<'l>(#[serde(borrow)] Cow<'l, str>);

/// The name that a part of an entry begins with, and what follows.
fn name(rest: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let text = rest.strip_prefix(b"\"")?;
    let end = memchr2(b'"', b'\\', text)?;
    // Most names have no escapes: they are taken as they stand.
    if text[end] == b'"' {
        return Some((Cow::Borrowed(std::str::from_utf8(&text[..end]).ok()?), &text[end + 1..]));
    }
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Name<'_>>();
    let Name(name) = values.next()?.ok()?;
    Some((name, &rest[values.byte_offset()..]))
}

/// How the first members of an entry, which are names, compare with these.
pub(crate) fn compared(entry: &[u8], names: &[&str]) -> Option<Ordering> {
    let mut rest = entry.strip_prefix(b"[")?;
    for (number, wanted) in names.iter().enumerate() {
        let (found, behind) = name(if number > 0 { rest.strip_prefix(b",")? } else { rest })?;
        match (*found).cmp(wanted) {
            Ordering::Equal => rest = behind,
            other => return Some(other),
        }
    }
    Some(Ordering::Equal)
}

/// Whether the first members of an entry are these names; the last may be but the begin of one where `is_prefix`.
pub(crate) fn is_named(entry: &[u8], names: &[&str], is_prefix: bool) -> Option<bool> {
    let found = first_names(entry, names.len())?;
    Some(
        found
            .iter()
            .zip(names)
            .enumerate()
            .all(|(number, (found, name))| if is_prefix && number + 1 == names.len() { found.starts_with(name) } else { found == name }),
    )
}

/// The first so many members of an entry, which are names.
pub(crate) fn first_names(entry: &[u8], count: usize) -> Option<Vec<String>> {
    let mut rest = entry.strip_prefix(b"[")?;
    let mut names = Vec::with_capacity(count);
    for number in 0..count {
        let (found, behind) = name(if number > 0 { rest.strip_prefix(b",")? } else { rest })?;
        names.push(found.into_owned());
        rest = behind;
    }
    Some(names)
}
