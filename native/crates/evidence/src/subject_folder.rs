/// Longest folder name, which leaves room for a suffix that tells equal names apart.
const MAX_BYTES: usize = 100;

/// Names that Windows takes for devices, with any extension too (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// Devices when a digit follows: `com1`.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// A path segment for the subject of a bill of materials, safe on every file system: `name` or `name_version` in lower case, with
/// letters, digits, `.`, `_` and `-` alone, no dot in front or at the end, no device of Windows (`nul.txt` is `_nul.txt`), 1 to 100
/// bytes. `sbom` where there is no subject.
pub(crate) fn subject_folder(name: &str, version: Option<&str>) -> String {
    let named = version.filter(|version| !version.is_empty()).map_or_else(|| name.to_owned(), |version| format!("{name}_{version}"));
    let safe = |char: char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-') { char.to_ascii_lowercase() } else { '_' };
    let mut folder: String = named.chars().map(safe).take(MAX_BYTES).collect();
    if folder.starts_with('.') {
        folder.replace_range(..1, "_");
    }
    if is_device(&folder) {
        folder.insert(0, '_');
        folder.truncate(MAX_BYTES);
    }
    if folder.ends_with('.') {
        folder.replace_range(folder.len() - 1.., "_");
    }
    if name.is_empty() { "sbom".into() } else { folder }
}

fn is_device(folder: &str) -> bool {
    let stem = folder.split('.').next().unwrap_or_default();
    let numbered = stem.strip_suffix(|last: char| last.is_ascii_digit());
    DEVICES.contains(&stem) || numbered.is_some_and(|word| NUMBERED_DEVICES.contains(&word))
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

    #[test]
    fn subject_folder_avoids_what_windows_does_not_take() {
        for (name, version, folder) in [
            ("con", None, "_con"),
            ("NUL", None, "_nul"),
            ("Aux.txt", None, "_aux.txt"),
            ("prn.tar.gz", Some("1"), "_prn.tar.gz_1"),
            ("com1", None, "_com1"),
            ("LPT9.log", None, "_lpt9.log"),
            ("nul.", None, "_nul_"),
            ("console", None, "console"),
            ("com", None, "com"),
            ("com10", None, "com10"),
            ("com1", Some("2"), "com1_2"),
            ("a.", None, "a_"),
            ("a...", None, "a.._"),
            (".", None, "_"),
            ("app", Some("1."), "app_1_"),
        ] {
            assert_eq!(subject_folder(name, version), folder, "{name} {version:?}");
        }
        let cut = subject_folder(&format!("{}.b", "a".repeat(MAX_BYTES - 1)), None);
        assert_eq!(cut, format!("{}_", "a".repeat(MAX_BYTES - 1)), "a dot that the cut leaves at the end");
        let device = subject_folder(&format!("nul.{}", "a".repeat(MAX_BYTES)), None);
        assert_eq!(device, format!("_nul.{}", "a".repeat(MAX_BYTES - 5)));
    }

    proptest! {
        #[test]
        fn subject_folder_is_always_a_safe_segment(
            name in prop_oneof![any::<String>(), "(?i)(con|nul|com[0-9])?[a.]{0,120}"], version in proptest::option::of(any::<String>()),
        ) {
            let folder = subject_folder(&name, version.as_deref());
            prop_assert!((1..=MAX_BYTES).contains(&folder.len()) && !folder.starts_with('.') && !folder.ends_with('.'));
            prop_assert!(!is_device(&folder));
            prop_assert!(folder.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-')));
        }
    }
}
