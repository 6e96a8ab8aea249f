use std::cmp::Ordering;

use crate::runs::{by_value, by_values, first_difference, is_digits, skip, take, take_digits};

const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// Spellings of the phases before a release (PEP 440, "Pre-release spelling"), of which none begins one that stands after it.
const PHASES: [(&str, Phase); 8] = [
    ("alpha", Phase::Alpha),
    ("a", Phase::Alpha),
    ("beta", Phase::Beta),
    ("b", Phase::Beta),
    ("preview", Phase::Candidate),
    ("pre", Phase::Candidate),
    ("rc", Phase::Candidate),
    ("c", Phase::Candidate),
];
const POST: [(&str, ()); 3] = [("post", ()), ("rev", ()), ("r", ())];
const DEV: [(&str, ()); 1] = [("dev", ())];

/// In their order. `Development` is the development of the release itself, before its first pre-release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Development,
    Alpha,
    Beta,
    Candidate,
    Release,
}

/// A version of Python's version specifiers (packaging.python.org, "Version specifiers", appendix "Parsing version strings with regular
/// expressions"), in lower case.
struct Version<'a> {
    epoch: &'a str,
    release: Vec<&'a str>,
    phase: Phase,
    phase_number: &'a str,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: Vec<&'a str>,
}

/// Compares two versions ("Summary of permitted suffixes and relative ordering").
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    Some(Version::read(&left)?.order(&Version::read(&right)?))
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut rest = text.trim();
        skip(&mut rest, &['v']);
        let epoch = epoch(&mut rest);
        let release = release(&mut rest)?;
        let pre = suffix(&mut rest, &PHASES);
        let post = post(&mut rest);
        let dev = suffix(&mut rest, &DEV).map(|((), number)| number);
        let local = local(&mut rest)?;
        let development = dev.is_some() && post.is_none();
        let unmarked = if development { Phase::Development } else { Phase::Release };
        let (phase, phase_number) = pre.unwrap_or((unmarked, ""));
        rest.is_empty().then_some(Self { epoch, release, phase, phase_number, post, dev, local })
    }

    fn order(&self, other: &Self) -> Ordering {
        by_value(self.epoch, other.epoch)
            .then_with(|| by_values(&self.release, &other.release))
            .then_with(|| self.phase.cmp(&other.phase))
            .then_with(|| by_value(self.phase_number, other.phase_number))
            .then_with(|| optional(self.post, other.post))
            // What is no development release stands behind those.
            .then_with(|| self.dev.is_none().cmp(&other.dev.is_none()))
            .then_with(|| optional(self.dev, other.dev))
            .then_with(|| local_order(&self.local, &other.local))
    }
}

fn epoch<'a>(rest: &mut &'a str) -> &'a str {
    match rest.split_once('!') {
        Some((digits, behind)) if is_digits(digits) => {
            *rest = behind;
            digits
        }
        _ => "",
    }
}

fn release<'a>(rest: &mut &'a str) -> Option<Vec<&'a str>> {
    let first = take_digits(rest);
    let mut numbers = vec![first];
    while let Some(mut behind) = rest.strip_prefix('.').filter(|behind| behind.starts_with(|next: char| next.is_ascii_digit())) {
        numbers.push(take_digits(&mut behind));
        *rest = behind;
    }
    (!first.is_empty()).then_some(numbers)
}

/// A word with its number, separators before each; without a number it is 0 ("Implicit pre-release number").
fn suffix<'a, W: Copy>(rest: &mut &'a str, words: &[(&str, W)]) -> Option<(W, &'a str)> {
    let behind = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
    let (word, mut behind) = words.iter().find_map(|(spelling, word)| Some((*word, behind.strip_prefix(spelling)?)))?;
    skip(&mut behind, &SEPARATORS);
    let number = take_digits(&mut behind);
    *rest = behind;
    Some((word, number))
}

/// `-N` is a post-release as well ("Implicit post releases").
fn post<'a>(rest: &mut &'a str) -> Option<&'a str> {
    match rest.strip_prefix('-').filter(|behind| behind.starts_with(|next: char| next.is_ascii_digit())) {
        Some(mut behind) => {
            let number = take_digits(&mut behind);
            *rest = behind;
            Some(number)
        }
        None => suffix(rest, &POST).map(|((), number)| number),
    }
}

/// What a local version holds; nothing where there is none, None where it is no local version.
fn local<'a>(rest: &mut &'a str) -> Option<Vec<&'a str>> {
    if !skip(rest, &['+']) {
        return Some(Vec::new());
    }
    let parts: Vec<&str> = take(rest, |_| true).split(SEPARATORS).collect();
    let is_part = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.iter().all(is_part).then_some(parts)
}

fn optional(left: Option<&str>, right: Option<&str>) -> Ordering {
    left.is_some().cmp(&right.is_some()).then_with(|| by_value(left.unwrap_or_default(), right.unwrap_or_default()))
}

/// Numbers by value and behind texts; fewer before more ("Local version identifiers").
fn local_order(left: &[&str], right: &[&str]) -> Ordering {
    first_difference(left, right, |left, right| match (left, right) {
        (Some(left), Some(right)) => match (is_digits(left), is_digits(right)) {
            (true, true) => by_value(left, right),
            (false, false) => left.cmp(right),
            (left_is_number, right_is_number) => left_is_number.cmp(&right_is_number),
        },
        (left, right) => left.is_some().cmp(&right.is_some()),
    })
}
