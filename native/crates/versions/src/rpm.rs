use std::cmp::Ordering;

use crate::runs::{by_value, first_difference, is_digits, take, take_digits};

/// `[epoch:]version[-release]` (rpm-version(7)).
struct Version<'a> {
    epoch: &'a str,
    version: &'a str,
    release: &'a str,
}

/// What a version or release is made of (rpm-version(7), "Algorithm"), in their order; what ends stands between `~` and `^`.
enum Segment<'a> {
    Tilde,
    Caret,
    Letters(&'a str),
    Digits(&'a str),
}

/// Compares epochs, of which a missing one is 0, then versions, then releases, of which a missing one is before all others.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Version::read(left)?, Version::read(right)?);
    let releases = || part(left.release, right.release);
    Some(by_value(left.epoch, right.epoch).then_with(|| part(left.version, right.version)).then_with(releases))
}

impl<'a> Version<'a> {
    /// Any printable characters of ASCII with a letter or a digit among those of the version.
    fn read(text: &'a str) -> Option<Self> {
        let (epoch, rest) = text.split_once(':').filter(|(epoch, _)| is_digits(epoch)).unwrap_or(("", text));
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let readable = text.bytes().all(|byte| byte.is_ascii_graphic()) && version.bytes().any(|byte| byte.is_ascii_alphanumeric());
        readable.then_some(Self { epoch, version, release })
    }
}

fn part(left: &str, right: &str) -> Ordering {
    first_difference(&segments(left), &segments(right), |left, right| {
        let texts = || match (left, right) {
            (Some(Segment::Digits(left)), Some(Segment::Digits(right))) => by_value(left, right),
            (Some(Segment::Letters(left)), Some(Segment::Letters(right))) => left.cmp(right),
            _ => Ordering::Equal,
        };
        rank(left).cmp(&rank(right)).then_with(texts)
    })
}

fn rank(segment: Option<&Segment<'_>>) -> u8 {
    match segment {
        Some(Segment::Tilde) => 0,
        None => 1,
        Some(Segment::Caret) => 2,
        Some(Segment::Letters(_)) => 3,
        Some(Segment::Digits(_)) => 4,
    }
}

/// Runs of digits and of letters, `~` and `^`; whatever else stands between them only separates.
fn segments(mut text: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    loop {
        take(&mut text, |character| !character.is_ascii_alphanumeric() && !matches!(character, '~' | '^'));
        let mut characters = text.chars();
        segments.push(match characters.next() {
            None => return segments,
            Some('~') => Segment::Tilde,
            Some('^') => Segment::Caret,
            Some(first) if first.is_ascii_digit() => Segment::Digits(take_digits(&mut text)),
            Some(_) => Segment::Letters(take(&mut text, |character| character.is_ascii_alphabetic())),
        });
        if matches!(segments.last(), Some(Segment::Tilde | Segment::Caret)) {
            text = characters.as_str();
        }
    }
}
