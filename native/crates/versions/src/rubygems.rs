use std::cmp::Ordering;

use crate::runs::{by_value, first_difference, is_digits, take, take_digits};

/// Compares versions of gems as `Gem::Version` does (RubyGems API, `Gem::Version`, "How Software Changes" and `<=>`): numbers by value,
/// letters before numbers, and what the shorter version lacks is zero. Hence a version with letters is before the one without.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(first_difference(&segments(left)?, &segments(right)?, |left, right| {
        let (left, right) = (left.copied().unwrap_or("0"), right.copied().unwrap_or("0"));
        match (is_digits(left), is_digits(right)) {
            (true, true) => by_value(left, right),
            (false, false) => left.cmp(right),
            (left_is_number, right_is_number) => left_is_number.cmp(&right_is_number),
        }
    }))
}

/// Runs of digits and of letters. A `-` stands for `.pre.`; zeros right before the first letters do not count.
fn segments(text: &str) -> Option<Vec<&str>> {
    let mut rest = Some(text.trim()).filter(|text| is_version(text))?;
    let (mut segments, mut has_letters): (Vec<&str>, bool) = (Vec::new(), false);
    while let Some(first) = rest.chars().next() {
        let segment = match first {
            '0'..='9' => take_digits(&mut rest),
            'a'..='z' | 'A'..='Z' => take(&mut rest, |character| character.is_ascii_alphabetic()),
            _ => {
                rest = &rest[1..];
                if first == '-' { "pre" } else { continue }
            }
        };
        if !has_letters && !is_digits(segment) {
            has_letters = true;
            while segments.last().is_some_and(|last| by_value(last, "0").is_eq()) {
                segments.pop();
            }
        }
        segments.push(segment);
    }
    Some(segments)
}

/// `Gem::Version::VERSION_PATTERN`: a number, then parts with dots; behind a `-` parts may hold more of them.
fn is_version(text: &str) -> bool {
    let (main, behind) = text.split_once('-').map_or((text, None), |(main, behind)| (main, Some(behind)));
    let is_part =
        |part: &str, other: &[u8]| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || other.contains(&byte));
    main.split('.').next().is_some_and(is_digits)
        && main.split('.').all(|part| is_part(part, b""))
        && behind.is_none_or(|behind| behind.split('.').all(|part| is_part(part, b"-")))
}
