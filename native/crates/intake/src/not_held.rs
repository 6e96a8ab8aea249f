use std::collections::BTreeMap;

/// What documents say and their records do not carry: by format and path, how many documents say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotHeld {
    paths: BTreeMap<(&'static str, String), u64>,
    more: bool,
}

impl NotHeld {
    /// Counts some documents that say something at a path.
    pub(crate) fn add(&mut self, format: &'static str, path: String, documents: u64) {
        *self.paths.entry((format, path)).or_default() += documents;
    }

    /// Takes in what later documents say; of paths that are new, as many as `most` leaves room for.
    pub(crate) fn merge(&mut self, later: Self, most: usize) {
        for ((format, path), documents) in later.paths {
            let key = (format, path);
            if self.paths.len() < most || self.paths.contains_key(&key) {
                *self.paths.entry(key).or_default() += documents;
            } else {
                self.more = true;
            }
        }
    }

    /// Format, path and number of documents, in order of format and path.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.paths.iter().map(|((format, path), documents)| (*format, path.as_str(), *documents))
    }

    /// Whether there were more paths than were wanted.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.more
    }
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
        assert_eq!(all.iter().collect::<Vec<_>>(), [("CSAF", "/a", 1), ("CSAF", "/c", 2)]);
    }
}
