use std::cmp::Ordering;

/// How versions of a distribution's packages are ordered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Deb,
    Rpm,
    Apk,
}

impl Order {
    /// Whether Trivy's comparer reads a version.
    pub(crate) fn reads(self, version: &str) -> bool {
        match self {
            Self::Deb => is_deb(version),
            Self::Rpm => !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_graphic()),
            Self::Apk => is_apk(version),
        }
    }

    /// Compares two versions that are read.
    pub(crate) fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self::Deb => by_parts(left, right, deb_part),
            Self::Rpm => by_parts(left, right, rpm_part),
            Self::Apk => apk(left, right),
        }
    }
}

/// Epoch, then upstream version, then revision (deb-version(7); rpm's EVR alike). No epoch is 0.
fn by_parts(left: &str, right: &str, part: fn(&str, &str) -> Ordering) -> Ordering {
    let (left_epoch, left_version, left_revision) = parts(left);
    let (right_epoch, right_version, right_revision) = parts(right);
    left_epoch.cmp(&right_epoch).then_with(|| part(left_version, right_version)).then_with(|| part(left_revision, right_revision))
}

fn parts(version: &str) -> (u64, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch.parse().unwrap_or(0), upstream, revision)
}

/// deb-version(7), "Sorting algorithm": non-digits and digits in turn; `~` before the end, letters before other characters.
fn deb_part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (left_text, right_text) = (take(&mut left, |byte| !byte.is_ascii_digit()), take(&mut right, |byte| !byte.is_ascii_digit()));
        let weight = |byte: Option<&u8>| match byte {
            Some(b'~') => -1,
            None => 0,
            Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
            Some(byte) => i32::from(*byte) + 256,
        };
        for at in 0..left_text.len().max(right_text.len()) {
            let order = weight(left_text.get(at)).cmp(&weight(right_text.get(at)));
            if order != Ordering::Equal {
                return order;
            }
        }
        let order = numbers(take(&mut left, u8::is_ascii_digit), take(&mut right, u8::is_ascii_digit));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// rpm-version(7): runs of digits and of letters, whatever stands between; `~` before the end, `^` after it and before all else.
fn rpm_part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    let separator = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'~' | b'^');
    loop {
        take(&mut left, separator);
        take(&mut right, separator);
        match (left.first(), right.first()) {
            (None, None) => return Ordering::Equal,
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (left, right) = (&left[1..], &right[1..]);
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(left_byte), Some(right_byte)) => {
                let order = match (left_byte.is_ascii_digit(), right_byte.is_ascii_digit()) {
                    (true, true) => numbers(take(&mut left, u8::is_ascii_digit), take(&mut right, u8::is_ascii_digit)),
                    (false, false) => take(&mut left, u8::is_ascii_alphabetic).cmp(take(&mut right, u8::is_ascii_alphabetic)),
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

/// Numbers by value, however long.
fn numbers(left: &[u8], right: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().position(|digit| *digit != b'0').map_or(Vec::new(), |at| digits[at..].to_vec());
    let (left, right) = (significant(left), significant(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(&right))
}

fn take<'a>(bytes: &mut &'a [u8], belongs: impl Fn(&u8) -> bool) -> &'a [u8] {
    let end = bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len());
    let (taken, rest) = bytes.split_at(end);
    *bytes = rest;
    taken
}

/// As knqyf263/go-deb-version reads it: a number as epoch, an upstream version that begins with a digit, and the characters of
/// deb-version(7).
fn is_deb(version: &str) -> bool {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let is = |text: &str, others: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte));
    let numeric = !epoch.is_empty() && epoch.len() < 10 && epoch.bytes().all(|byte| byte.is_ascii_digit());
    numeric && upstream.starts_with(|first: char| first.is_ascii_digit()) && is(upstream, b".-+~:_") && is(revision, b"+.~_")
}

/// apk-tools `version.c`: digits with dots, a letter, suffixes, a revision.
fn is_apk(version: &str) -> bool {
    let mut rest = version.as_bytes();
    if take(&mut rest, u8::is_ascii_digit).is_empty() {
        return false;
    }
    while rest.first() == Some(&b'.') {
        rest = &rest[1..];
        if take(&mut rest, u8::is_ascii_digit).is_empty() {
            return false;
        }
    }
    if rest.first().is_some_and(u8::is_ascii_lowercase) {
        rest = &rest[1..];
    }
    while rest.first() == Some(&b'_') {
        rest = &rest[1..];
        let name = take(&mut rest, u8::is_ascii_lowercase);
        if suffix_weight(name).is_none() {
            return false;
        }
        take(&mut rest, u8::is_ascii_digit);
    }
    if rest.starts_with(b"-r") {
        rest = &rest[2..];
        return !take(&mut rest, u8::is_ascii_digit).is_empty() && rest.is_empty();
    }
    rest.is_empty()
}

/// Before a version without suffix, or after it.
fn suffix_weight(name: &[u8]) -> Option<i32> {
    const BEFORE: [&[u8]; 4] = [b"alpha", b"beta", b"pre", b"rc"];
    const AFTER: [&[u8]; 5] = [b"cvs", b"svn", b"git", b"hg", b"p"];
    let before = BEFORE.iter().position(|known| *known == name).map(|at| at as i32 - 4);
    before.or_else(|| AFTER.iter().position(|known| *known == name).map(|at| at as i32 + 1))
}

/// apk-tools `version.c`: numbers by value, but behind the first dot those with a leading zero as text; then letter, suffixes and revision.
fn apk(left: &str, right: &str) -> Ordering {
    let (left, right) = (Apk::read(left), Apk::read(right));
    for at in 0..left.numbers.len().max(right.numbers.len()) {
        let order = match (left.numbers.get(at), right.numbers.get(at)) {
            (Some(left), Some(right)) if at > 0 && (left.starts_with(b"0") || right.starts_with(b"0")) => left.cmp(right),
            (Some(left), Some(right)) => numbers(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.letter
        .cmp(&right.letter)
        .then_with(|| apk_suffixes(&left.suffixes, &right.suffixes))
        .then_with(|| numbers(left.revision, right.revision))
}

fn apk_suffixes(left: &[(i32, &[u8])], right: &[(i32, &[u8])]) -> Ordering {
    const NONE: (i32, &[u8]) = (0, b"");
    for at in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(at).unwrap_or(&NONE), right.get(at).unwrap_or(&NONE));
        let order = left.0.cmp(&right.0).then_with(|| numbers(left.1, right.1));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// The parts of a version that is read.
struct Apk<'a> {
    numbers: Vec<&'a [u8]>,
    letter: Option<u8>,
    suffixes: Vec<(i32, &'a [u8])>,
    revision: &'a [u8],
}

impl<'a> Apk<'a> {
    fn read(version: &'a str) -> Self {
        let (version, revision) = version.rsplit_once("-r").unwrap_or((version, ""));
        let mut parts = version.split('_');
        let main = parts.next().unwrap_or_default();
        let letter = main.bytes().last().filter(u8::is_ascii_lowercase);
        let digits = main.trim_end_matches(|last: char| last.is_ascii_lowercase());
        let suffix = |part: &'a str| {
            let mut rest = part.as_bytes();
            let weight = suffix_weight(take(&mut rest, u8::is_ascii_lowercase)).unwrap_or_default();
            (weight, rest)
        };
        Self {
            numbers: digits.split('.').map(str::as_bytes).collect(),
            letter,
            suffixes: parts.map(suffix).collect(),
            revision: revision.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each list ascends.
    #[test]
    fn versions_are_in_the_order_of_their_package_managers() {
        let lists: [(Order, &[&str]); 3] = [
            (
                Order::Deb,
                &[
                    "1.0~~",
                    "1.0~rc1-1",
                    "1.0-1",
                    "1.0-1ubuntu0.1~esm1",
                    "1.0-1ubuntu0.1",
                    "1.0a-1",
                    "1.0+b1-1",
                    "1.0.1-1",
                    "1.9-1",
                    "1.10-1",
                    "1:0.1-1",
                    "2:0.1",
                ],
            ),
            (
                Order::Rpm,
                &[
                    "1.0~rc1-1",
                    "1.0-1.el9",
                    "1.0^git1-1",
                    "1.0a-1",
                    "1.0.1-1.el9",
                    "1.0.1-1.el9_2",
                    "1.0.1-2.el9",
                    "1.0.1-10.el9",
                    "1:0.5-1",
                ],
            ),
            (
                Order::Apk,
                &[
                    "1.0_alpha2-r0",
                    "1.0_beta-r0",
                    "1.0_rc1-r0",
                    "1.0-r0",
                    "1.0-r1",
                    "1.0-r10",
                    "1.0_p1-r0",
                    "1.0a-r0",
                    "1.0.01-r0",
                    "1.0.1-r0",
                    "1.9-r0",
                    "1.10-r0",
                ],
            ),
        ];
        for (order, versions) in lists {
            for (at, left) in versions.iter().enumerate() {
                assert!(order.reads(left), "{order:?} {left}");
                for (other, right) in versions.iter().enumerate() {
                    assert_eq!(order.compare(left, right), at.cmp(&other), "{order:?}: {left} and {right}");
                }
            }
        }
        assert_eq!(Order::Deb.compare("1.01", "1.1"), Ordering::Equal);
        assert_eq!(Order::Rpm.compare("0:1.0-1", "1.0-1"), Ordering::Equal);
    }

    #[test]
    fn what_trivys_comparers_do_not_read_is_known() {
        for (order, versions) in [
            (Order::Deb, &["", "a1", ":1", "x:1", "1 2", "1é"][..]),
            (Order::Rpm, &["", "1 2", "1\n"]),
            (Order::Apk, &["", "a", "1..2", "1.2-r", "1.2_unknown1", "1.2-r1x", "1.2ab"]),
        ] {
            versions.iter().for_each(|version| assert!(!order.reads(version), "{order:?} {version:?}"));
        }
    }
}
