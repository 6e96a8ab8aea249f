use std::collections::BTreeSet;

use stella_canonical::Value;

/// Paths that one document may name; further ones are left out, since a crafted document could make any number of them.
const MAX_PATHS: usize = 256;
/// A member name that is longer is cut in its path.
const MAX_NAME_CHARS: usize = 64;

/// Which members of a document its records carry.
pub(crate) enum Held {
    /// Whatever is there.
    All,
    /// These members, and no others. Of an array, these members of each item.
    Members(&'static [(&'static str, &'static Held)]),
}

pub(crate) static ALL: Held = Held::All;

/// Paths of what a document says and its records do not carry: a JSON pointer with `*` for every index. What may contain itself
/// (components of components) has the path of the outermost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NotHeld {
    paths: BTreeSet<String>,
}

impl NotHeld {
    /// What `held` leaves out of a document.
    pub(crate) fn of(document: &Value<'_>, held: &'static Held) -> Self {
        let mut not_held = Self::default();
        not_held.compare(document, held, &mut String::new());
        not_held
    }

    pub(crate) fn add(&mut self, path: &str) {
        if self.paths.len() < MAX_PATHS {
            self.paths.insert(path.to_owned());
        }
    }

    /// A member of what has this path.
    pub(crate) fn add_member(&mut self, path: &str, name: &str) {
        self.within(name, &mut path.to_owned(), |not_held, path| not_held.add(path));
    }

    pub(crate) fn into_paths(self) -> BTreeSet<String> {
        self.paths
    }

    fn compare(&mut self, value: &Value<'_>, held: &'static Held, path: &mut String) {
        let Held::Members(members) = held else { return };
        match value {
            Value::List(items) => {
                let length = path.len();
                path.push_str("/*");
                items.iter().for_each(|item| self.compare(item, held, path));
                path.truncate(length);
            }
            Value::Object(object) => {
                for (name, value) in object.iter().filter(|(_, value)| **value != Value::Null) {
                    let inner = members.iter().find(|(known, _)| *known == name).map(|(_, inner)| *inner);
                    match inner {
                        Some(inner) if std::ptr::eq(inner, held) => self.compare_inner(value, held, path),
                        Some(inner) => self.within(name, path, |not_held, path| not_held.compare(value, inner, path)),
                        None => self.within(name, path, |not_held, path| not_held.add(path)),
                    }
                }
            }
            _ => {}
        }
    }

    /// What contains itself: its items have the path that is open.
    fn compare_inner(&mut self, value: &Value<'_>, held: &'static Held, path: &mut String) {
        match value {
            Value::List(items) => items.iter().for_each(|item| self.compare(item, held, path)),
            value => self.compare(value, held, path),
        }
    }

    fn within(&mut self, name: &str, path: &mut String, work: impl FnOnce(&mut Self, &mut String)) {
        let length = path.len();
        path.push('/');
        let shown = name.chars().take(MAX_NAME_CHARS).map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char });
        path.push_str(&shown.collect::<String>().replace('~', "~0").replace('/', "~1"));
        work(self, path);
        path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stella_canonical::{JsonLimits, parse};

    static TREE: Held = Held::Members(&[("name", &ALL), ("parts", &TREE)]);
    static ROOT: Held = Held::Members(&[("parts", &TREE), ("kept", &ALL)]);

    fn paths(text: &str) -> Vec<String> {
        let document = parse(text.as_bytes(), &JsonLimits { max_depth: 16, max_values: 10_000 }).expect("JSON");
        NotHeld::of(&document, &ROOT).into_paths().into_iter().collect()
    }

    #[test]
    fn not_held_names_each_path_once_whatever_its_depth() {
        let text =
            r#"{"a/b":1,"none":null,"kept":{"x":[1]},"parts":[{"name":"n","size":1},{"parts":[{"size":2,"parts":[{"weight":{"g":1}}]}]}]}"#;
        assert_eq!(paths(text), ["/a~1b", "/parts/*/size", "/parts/*/weight"]);
    }

    #[test]
    fn not_held_is_bounded() {
        let members: Vec<String> = (0..1000).map(|number| format!("\"{number}{}\":1", "x".repeat(100))).collect();
        let found = paths(&format!("{{{}}}", members.join(",")));
        assert_eq!(found.len(), MAX_PATHS);
        assert!(found.iter().all(|path| path.len() == MAX_NAME_CHARS + 1));
    }
}
