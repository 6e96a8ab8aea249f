use std::collections::BTreeMap;

use stella_evidence::Record;
use stella_projection::Mismatch;

/// A path that is longer is cut: its names are what a document has in them.
const MAX_PATH_CHARS: usize = 256;

/// What documents say and no export carries: by format and path, how many documents say it. What their records leave out is left out;
/// what records carry and exports do not know fails the runs that take them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotHeld {
    failing: BTreeMap<Place, Failing>,
    paths: BTreeMap<Place, u64>,
    more: bool,
}

type Place = (&'static str, String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Failing {
    documents: u64,
    record: String,
    reason: String,
}

/// One path of what no export carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotHeldPath<'a> {
    /// Name of the format.
    pub format: &'static str,
    /// JSON pointer with `*` for every index.
    pub path: &'a str,
    /// How many documents have it.
    pub documents: u64,
    /// Where runs fail of it: the key of the first record that has it, and what is wrong.
    pub fails: Option<(&'a str, &'a str)>,
}

impl NotHeld {
    /// Counts some documents that say something at a path.
    pub(crate) fn add(&mut self, format: &'static str, path: String, documents: u64) {
        *self.paths.entry((format, path)).or_default() += documents;
    }

    /// Counts what is wrong with the records of one document, by path, each once.
    pub(crate) fn add_failing<'r>(&mut self, format: &'static str, mismatches: impl Iterator<Item = (&'r Record, Mismatch)>) {
        let mut of_document = BTreeMap::new();
        for (record, mismatch) in mismatches {
            let failing = Failing { documents: 1, record: record.record_key.clone(), reason: mismatch.reason };
            of_document.entry((format, pattern(&mismatch.field))).or_insert(failing);
        }
        self.merge(Self { failing: of_document, ..Self::default() }, usize::MAX);
    }

    /// Takes in what later documents say; of paths that are new, as many as `most` leaves room for, and of those that fail runs as many.
    pub(crate) fn merge(&mut self, later: Self, most: usize) {
        for (place, new) in later.failing {
            if let Some(known) = self.failing.get_mut(&place) {
                known.documents += new.documents;
            } else if self.failing.len() < most {
                self.failing.insert(place, new);
            } else {
                self.more = true;
            }
        }
        for (place, documents) in later.paths {
            if self.paths.len() < most || self.paths.contains_key(&place) {
                *self.paths.entry(place).or_default() += documents;
            } else {
                self.more = true;
            }
        }
        self.more |= later.more;
    }

    /// Every path, in order of format and path; those first that fail runs.
    pub fn iter(&self) -> impl Iterator<Item = NotHeldPath<'_>> {
        let failing = self.failing.iter().map(|((format, path), Failing { documents, record, reason })| NotHeldPath {
            format,
            path,
            documents: *documents,
            fails: Some((record, reason)),
        });
        let left_out =
            self.paths.iter().map(|((format, path), documents)| NotHeldPath { format, path, documents: *documents, fails: None });
        failing.chain(left_out)
    }

    /// Whether there were more paths than were wanted.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.more
    }
}

/// A JSON pointer with `*` for every index, and no character that could be taken for another.
fn pattern(pointer: &str) -> String {
    let is_index = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let segments: Vec<_> = pointer.split('/').map(|segment| if is_index(segment) { "*" } else { segment }).collect();
    let shown = segments.join("/");
    shown.chars().take(MAX_PATH_CHARS).map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_counts_what_is_known_and_takes_as_many_new_paths_as_are_wanted() {
        let of = |paths: &[&str]| {
            let mut not_held = NotHeld::default();
            paths.iter().for_each(|path| not_held.add("CSAF", (*path).to_owned(), 1));
            not_held
        };
        let mut all = NotHeld::default();
        all.merge(of(&["/a", "/c"]), 2);
        assert!(!all.has_more());
        all.merge(of(&["/b", "/c"]), 2);
        assert!(all.has_more());
        let found: Vec<_> = all.iter().map(|NotHeldPath { path, documents, .. }| (path, documents)).collect();
        assert_eq!(found, [("/a", 1), ("/c", 2)]);
    }
}
