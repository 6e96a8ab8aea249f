/// Longest folder name, which leaves room for a suffix that tells equal names apart.
const MAX_BYTES: usize = 100;

/// A path segment for the subject of a bill of materials, safe on every file system: `name` or `name_version` in lower case, with
/// letters, digits, `.`, `_` and `-` alone, no dot in front, 1 to 100 bytes. `sbom` where there is no subject.
pub(crate) fn subject_folder(name: &str, version: Option<&str>) -> String {
    let named = version.filter(|version| !version.is_empty()).map_or_else(|| name.to_owned(), |version| format!("{name}_{version}"));
    let safe = |char: char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-') { char.to_ascii_lowercase() } else { '_' };
    let mut folder: String = named.chars().map(safe).take(MAX_BYTES).collect();
    if folder.starts_with('.') {
        folder.replace_range(..1, "_");
    }
    if name.is_empty() { "sbom".into() } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn subject_folder_keeps_what_is_safe() {
        assert_eq!(subject_folder("Acme App", Some("1.0")), "acme_app_1.0");
        assert_eq!(subject_folder("../../etc/passwd", None), "_._.._etc_passwd");
        assert_eq!(subject_folder("", Some("1")), "sbom");
        assert_eq!(subject_folder("é\u{0}~", Some("")), "___");
    }

    proptest! {
        #[test]
        fn subject_folder_is_always_a_safe_segment(name in any::<String>(), version in proptest::option::of(any::<String>())) {
            let folder = subject_folder(&name, version.as_deref());
            prop_assert!((1..=MAX_BYTES).contains(&folder.len()) && !folder.starts_with('.'));
            prop_assert!(folder.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-')));
        }
    }
}
