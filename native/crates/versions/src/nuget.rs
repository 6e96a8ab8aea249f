use std::cmp::Ordering;

use crate::semver::SemVer;

/// Compares versions of NuGet packages (learn.microsoft.com, "NuGet package versioning reference", "Version basics" and "Normalized version
/// numbers"): up to four numbers, then pre-releases as semver.org has them, in letters of either case.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    Some(read(&left)?.precedence(&read(&right)?))
}

fn read(text: &str) -> Option<SemVer<'_>> {
    SemVer::read(text).filter(|version| version.numbers.len() <= 4)
}
