/// Largest part of a version that has its own bits.
const MAX_MINOR: u64 = (1 << 20) - 1;
const MAX_MAJOR: u64 = (1 << 21) - 1;

/// A version of CSAF (2.0, 3.1.11 "Version Type") as a number that grows as versions do: a whole number, or `major.minor.patch` of Semantic
/// Versioning, where a version with a pre-release comes before the one without. None for what is neither, or too large.
pub(crate) fn ordinal(version: &str) -> Option<i64> {
    let (core, _build) = version.split_once('+').unwrap_or((version, ""));
    let (core, prerelease) = core.split_once('-').map_or((core, false), |(core, _)| (core, true));
    let mut parts = core.split('.').map(number);
    let major = parts.next()??;
    let (minor, patch) = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) if !prerelease => (0, 0),
        (Some(minor), Some(patch), None) => (minor?, patch?),
        _ => return None,
    };
    if major > MAX_MAJOR || minor > MAX_MINOR || patch > MAX_MINOR {
        return None;
    }
    let packed = major << 41 | minor << 21 | patch << 1 | u64::from(!prerelease);
    i64::try_from(packed).ok()
}

fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinal_grows_as_versions_do() {
        let ordered = ["0", "0.0.1", "0.1.0", "1.0.0-alpha", "1", "1.0.1", "1.2.0", "1.10.0", "2", "10", "2097151.1048575.1048575"];
        let numbers: Vec<i64> = ordered.iter().map(|version| ordinal(version).expect(version)).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        assert_eq!(ordinal("1"), ordinal("1.0.0+build.7"));
    }

    #[test]
    fn ordinal_gives_nothing_for_what_is_no_version() {
        for text in ["", "1.0", "01", "1.0.0.0", "v1", "-1", "1-rc", "1.0.x", "2097152", "9999999999"] {
            assert_eq!(ordinal(text), None, "{text}");
        }
    }
}
