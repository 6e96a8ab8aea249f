use std::cmp::Ordering;

use crate::runs::{by_value, first_difference, is_digits, take, take_digits};

/// A version of deb-version(7): `[epoch:]upstream-version[-debian-revision]`.
struct Version<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

/// Compares epochs, then upstream versions, then revisions (deb-version(7), "Sorting algorithm").
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Version::read(left)?, Version::read(right)?);
    let revisions = || part(left.revision, right.revision);
    Some(by_value(left.epoch, right.epoch).then_with(|| part(left.upstream, right.upstream)).then_with(revisions))
}

impl<'a> Version<'a> {
    /// As deb-version(7) has it, but for an upstream version that begins with a letter, and `_`: dpkg warns of them and compares them.
    fn read(text: &'a str) -> Option<Self> {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let (upstream, revision) = rest.rsplit_once('-').map_or((rest, None), |(upstream, revision)| (upstream, Some(revision)));
        let is = |text: &str, others: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte));
        let readable = is_digits(epoch)
            && upstream.starts_with(|first: char| first.is_ascii_alphanumeric())
            && is(upstream, b".-+~:_")
            && revision.is_none_or(|revision| !revision.is_empty() && is(revision, b".+~_"));
        readable.then_some(Self { epoch, upstream, revision: revision.unwrap_or_default() })
    }
}

/// Compares what is no digit, then digits, in turn.
fn part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let order = texts(take_text(&mut left), take_text(&mut right));
        let order = order.then_with(|| by_value(take_digits(&mut left), take_digits(&mut right)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn take_text<'a>(text: &mut &'a str) -> &'a [u8] {
    take(text, |character| !character.is_ascii_digit()).as_bytes()
}

/// `~` before the end, the end before letters, letters before all else.
fn texts(left: &[u8], right: &[u8]) -> Ordering {
    let rank = |byte: Option<&u8>| match byte {
        Some(b'~') => (0, 0),
        None => (1, 0),
        Some(byte) if byte.is_ascii_alphabetic() => (2, *byte),
        Some(byte) => (3, *byte),
    };
    first_difference(left, right, |left, right| rank(left).cmp(&rank(right)))
}
