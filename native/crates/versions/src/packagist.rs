use std::cmp::Ordering;

use crate::runs::{by_value, first_difference, is_digits, skip, take_digits};

/// Spellings of stabilities in lower case, of which none begins one that stands after it.
const STABILITIES: [(&str, Stability); 9] = [
    ("stable", Stability::Stable),
    ("beta", Stability::Beta),
    ("b", Stability::Beta),
    ("rc", Stability::Candidate),
    ("alpha", Stability::Alpha),
    ("a", Stability::Alpha),
    ("patch", Stability::Patch),
    ("pl", Stability::Patch),
    ("p", Stability::Patch),
];

/// What Composer puts for the `x` of a branch like `1.x-dev`, which is behind all of `1`.
const BRANCH_NUMBER: &str = "9999999";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stability {
    Dev,
    Alpha,
    Beta,
    Candidate,
    Stable,
    Patch,
}

/// What a normalized version is made of.
enum Part<'a> {
    Number(&'a str),
    Stability(Stability),
}

/// Compares versions of Composer packages (getcomposer.org, "Versions and constraints", and `composer/semver`, `VersionParser::normalize`),
/// normalized to four numbers or a date, a stability and its numbers, as PHP's `version_compare` does. Branches like `dev-main` have no
/// order.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    Some(first_difference(&parts(&left)?, &parts(&right)?, |left, right| match (left, right) {
        (Some(Part::Number(left)), Some(Part::Number(right))) => by_value(left, right),
        (left, right) => rank(left).cmp(&rank(right)),
    }))
}

/// A version that ends is behind what comes before a release, and before numbers and patches.
fn rank(part: Option<&Part<'_>>) -> (u8, Option<Stability>) {
    match part {
        Some(Part::Stability(stability)) if *stability < Stability::Stable => (0, Some(*stability)),
        None => (1, None),
        Some(Part::Number(_)) => (2, None),
        Some(Part::Stability(stability)) => (3, Some(*stability)),
    }
}

/// The parts of a version in lower case.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let text = text.trim();
    let text = text.split_once('+').map_or(text, |(text, _build)| text);
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    if let Some(parts) = branch(rest) {
        return Some(parts);
    }
    let mut parts = numbers(&mut rest)?;
    stability(&mut rest, &mut parts);
    let behind = rest.strip_prefix(['.', '-']).unwrap_or(rest);
    let dev = (behind == "dev").then_some(Part::Stability(Stability::Dev));
    let readable = dev.is_some() || rest.is_empty();
    // What is stable is so without numbers and development.
    match parts.iter().position(|part| matches!(part, Part::Stability(Stability::Stable))) {
        Some(at) => parts.truncate(at),
        None => parts.extend(dev),
    }
    readable.then_some(parts)
}

/// `1.x-dev`: numbers that are missing are those of the `x`.
fn branch(text: &str) -> Option<Vec<Part<'_>>> {
    let name = text.strip_suffix("dev")?;
    let numbers: Vec<&str> = name.strip_suffix(['.', '-']).unwrap_or(name).split('.').collect();
    let is_wild = |number: &&str| matches!(*number, "x" | "*");
    let is_branch = numbers.len() <= 4
        && numbers.first().copied().is_some_and(is_digits)
        && numbers.iter().any(&is_wild)
        && numbers.iter().all(|number| is_wild(number) || is_digits(number));
    let filled = numbers.into_iter().chain(std::iter::repeat("x")).take(4);
    let parts = filled.map(|number| Part::Number(if is_wild(&number) { BRANCH_NUMBER } else { number }));
    is_branch.then(|| parts.chain([Part::Stability(Stability::Dev)]).collect())
}

/// One to four numbers, which are filled up to four; or a date, which stays as it is.
fn numbers<'a>(rest: &mut &'a str) -> Option<Vec<Part<'a>>> {
    let first = Some(take_digits(rest)).filter(|first| !first.is_empty())?;
    let may_be_date = first.len() >= 4;
    let (mut numbers, mut is_date) = (vec![first], first.len() > 5);
    while let Some(separator @ ('.' | '-' | ':')) = rest.chars().next() {
        let mut behind = &rest[1..];
        let number = take_digits(&mut behind);
        if number.is_empty() || (separator != '.' && !may_be_date) {
            break;
        }
        is_date |= separator != '.' || numbers.len() == 4;
        numbers.push(number);
        *rest = behind;
    }
    if is_date && !may_be_date {
        return None;
    }
    let missing = if is_date { 0 } else { 4 - numbers.len() };
    Some(numbers.into_iter().chain(std::iter::repeat_n("0", missing)).map(Part::Number).collect())
}

/// A separator, and a stability with its numbers if one follows.
fn stability<'a>(rest: &mut &'a str, parts: &mut Vec<Part<'a>>) {
    skip(rest, &['.', '_', '-']);
    let found = STABILITIES.iter().find_map(|(spelling, stability)| Some((*stability, rest.strip_prefix(spelling)?)));
    let Some((stability, behind)) = found else { return };
    parts.push(Part::Stability(stability));
    *rest = behind;
    loop {
        let mut behind = *rest;
        skip(&mut behind, &['.', '-']);
        let number = take_digits(&mut behind);
        if number.is_empty() {
            return;
        }
        parts.push(Part::Number(number));
        *rest = behind;
    }
}
