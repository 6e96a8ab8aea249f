//! Which paths may stand in a bundle. Paths are hostile until checked here: they become file names where a bundle is unpacked.

/// Longest path segment that common file systems store.
const SEGMENT_BYTES: usize = 255;
/// Longest path: PATH_MAX of Linux.
const PATH_BYTES: usize = 4096;

/// Checks one path: relative, `/` between segments, none of them empty, `.`, `..` or over 255 bytes, no backslash, no control character.
///
/// # Errors
/// What is wrong with it
pub fn check(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("it is empty");
    }
    if path.len() > PATH_BYTES {
        return Err("it is longer than 4096 bytes");
    }
    if path.starts_with('/') {
        return Err("it is absolute");
    }
    if path.contains('\\') {
        return Err("it has a backslash");
    }
    if path.chars().any(char::is_control) {
        return Err("it has a control character");
    }
    path.split('/').try_for_each(check_segment)
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    match segment {
        "" => Err("it has an empty segment"),
        "." | ".." => Err("it has a segment . or .."),
        long if long.len() > SEGMENT_BYTES => Err("it has a segment longer than 255 bytes"),
        _ => Ok(()),
    }
}

/// Checks a whole list: every path by [`check`], strictly ascending by bytes, no file that is also the folder of another.
///
/// Returns the place of the first offender and what is wrong with it.
pub fn check_list<S: AsRef<str>>(paths: &[S]) -> Result<(), (usize, &'static str)> {
    for (at, path) in paths.iter().map(AsRef::as_ref).enumerate() {
        check(path).map_err(|reason| (at, reason))?;
        if at > 0 && paths[at - 1].as_ref() >= path {
            return Err((at, if paths[at - 1].as_ref() == path { "it is there twice" } else { "it is not in the order of bytes" }));
        }
        let is_file = |folder: &str| paths[..at].binary_search_by(|other| other.as_ref().cmp(folder)).is_ok();
        if path.match_indices('/').any(|(slash, _)| is_file(&path[..slash])) {
            return Err((at, "its folder is a file of the same bundle"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_refuses_each_kind_of_unsafe_path() {
        let long = "x".repeat(256);
        let very_long = "x/".repeat(2100) + "x";
        for path in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\nb", "a\u{7f}", "a\u{85}", "a\0", &long, &very_long] {
            assert!(check(path).is_err(), "{path:?} was accepted");
        }
    }

    #[test]
    fn check_accepts_names_that_only_look_odd() {
        for path in ["a", "a/b.c", "..a/b..", "a b/ü/漢", "~x", &"x".repeat(255)] {
            assert_eq!(check(path), Ok(()), "{path:?}");
        }
    }

    #[test]
    fn check_list_wants_order_uniqueness_and_files_that_are_no_folders() {
        assert_eq!(check_list(&["a", "a-b", "b/c"]), Ok(()));
        assert_eq!(check_list(&["b", "a"]), Err((1, "it is not in the order of bytes")));
        assert_eq!(check_list(&["a", "a"]), Err((1, "it is there twice")));
        assert_eq!(check_list(&["a", "a-b", "a/b"]), Err((2, "its folder is a file of the same bundle")));
    }
}
