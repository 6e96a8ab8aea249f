use std::cmp::Ordering;

use crate::runs::{by_value, by_values, first_difference, is_digits};

/// A version of semver.org 2.0.0 (sections 2, 9 and 10). More lenient than it: a `v` may stand before it, numbers may have leading zeros,
/// and there may be one, two, or more than three of them.
pub(crate) struct SemVer<'a> {
    pub(crate) numbers: Vec<&'a str>,
    prerelease: Vec<&'a str>,
    build: Vec<&'a str>,
}

/// Compares by precedence (semver.org 2.0.0, section 11).
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(SemVer::read(left)?.precedence(&SemVer::read(right)?))
}

/// Compares by precedence, then by build metadata: none before some, else as pre-releases are (pub.dev, `pub_semver`, "Semantics").
pub(crate) fn compare_with_build(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (SemVer::read(left)?, SemVer::read(right)?);
    Some(left.precedence(&right).then_with(|| identifiers(&left.build, &right.build)))
}

impl<'a> SemVer<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (numbers, prerelease) = text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
        let numbers: Vec<&str> = numbers.split('.').collect();
        let parts = |text: Option<&'a str>| text.map_or(Vec::new(), |text| text.split('.').collect());
        let (prerelease, build): (Vec<&str>, Vec<&str>) = (parts(prerelease), parts(build));
        let readable = numbers.iter().all(|number| is_digits(number)) && prerelease.iter().chain(&build).all(|part| is_identifier(part));
        readable.then_some(Self { numbers, prerelease, build })
    }

    /// Numbers, of which missing ones are zero; then pre-releases before releases. Build metadata does not count.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        let releases = || self.prerelease.is_empty().cmp(&other.prerelease.is_empty());
        by_values(&self.numbers, &other.numbers).then_with(releases).then_with(|| identifiers(&self.prerelease, &other.prerelease))
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Numbers by value and before others, others by their bytes; fewer before more.
fn identifiers(left: &[&str], right: &[&str]) -> Ordering {
    first_difference(left, right, |left, right| match (left, right) {
        (Some(left), Some(right)) => match (is_digits(left), is_digits(right)) {
            (true, true) => by_value(left, right),
            (false, false) => left.cmp(right),
            (left_is_number, _) => {
                if left_is_number {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        },
        (left, right) => left.is_some().cmp(&right.is_some()),
    })
}
