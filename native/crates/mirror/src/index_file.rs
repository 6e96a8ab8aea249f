use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use lru::LruCache;
use serde::Deserialize;

use crate::error::MirrorError;
use crate::kind::Kind;

/// Bytes that are read at a time while a line is looked for.
const STEP_BYTES: usize = 4 << 10;
/// What is left of a bisection is read at once.
const WINDOW_BYTES: u64 = 4 << 10;
/// Entries that are kept: each bisection looks at those in the middle.
const MAX_PROBES: NonZeroUsize = NonZeroUsize::new(8192).unwrap();
/// Longest line that is read: an entry that names very many records.
const MAX_LINE_BYTES: usize = 64 << 20;
/// Longest first line.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An index on the disk, in which entries are found by bisection: of it some entries are held in memory, however large it is.
pub(crate) struct IndexFile {
    name: &'static str,
    file: File,
    /// Where the entries of each list begin and end.
    sections: BTreeMap<String, (u64, u64)>,
    /// By where they were looked for, and how many of their names were read.
    probes: LruCache<(u64, usize), Arc<Probe>>,
}

/// An entry that a bisection looks at.
struct Probe {
    start: u64,
    /// Where the next one begins.
    next: u64,
    names: Vec<String>,
}

#[derive(Deserialize)]
struct Head {
    sections: BTreeMap<String, (u64, u64)>,
}

impl IndexFile {
    /// Opens the index of one kind in the folder of a mirror; none where there is none.
    pub(crate) fn open(folder: &Path, kind: Kind) -> Result<Option<Self>, MirrorError> {
        let name = kind.index_path();
        let mut file = match File::open(folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let length = file.metadata()?.len();
        let mut head = Vec::new();
        file.by_ref().take(MAX_HEAD_BYTES as u64).read_to_end(&mut head)?;
        let end = head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len());
        // The first line is an object that goes on: closed, it is one.
        let closed = [&head[..end], b"}"].concat();
        let Ok(Head { sections }) = serde_json::from_slice(&closed) else {
            return Err(MirrorError::unsound(name, "its first line is none of an index"));
        };
        let base = end as u64 + 1;
        let placed = sections
            .into_iter()
            .map(|(list, (begin, bytes))| (list, (base.saturating_add(begin), base.saturating_add(begin).saturating_add(bytes))));
        let sections: BTreeMap<_, _> = placed.collect();
        if sections.values().any(|(begin, end)| begin > end || *end > length) {
            return Err(MirrorError::unsound(name, "it names lists that reach beyond its end"));
        }
        Ok(Some(Self { name, file, sections, probes: LruCache::new(MAX_PROBES) }))
    }

    /// Gives `each` the entries whose first names are these, in their order, until it answers false. The last name may be but the begin of one
    /// where `is_prefix`.
    pub(crate) fn find(
        &mut self,
        list: &str,
        names: &[&str],
        is_prefix: bool,
        each: &mut dyn FnMut(&[u8]) -> Result<bool, MirrorError>,
    ) -> Result<(), MirrorError> {
        let Some((begin, end)) = self.sections.get(list).copied() else { return Ok(()) };
        let mut at = self.lower_bound((begin, end), names)?;
        while at < end {
            let line = self.line(at, end)?;
            at += line.len() as u64 + 1;
            let entry = line.strip_suffix(b",").unwrap_or(&line);
            let found = self.names_of(&line, names.len())?;
            let is_found = found.iter().zip(names).enumerate().all(|(number, (found, name))| {
                if is_prefix && number + 1 == names.len() { found.starts_with(name) } else { found == name }
            });
            if !is_found || !each(entry)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Where the first entry begins that is not before these names.
    fn lower_bound(&mut self, (begin, end): (u64, u64), names: &[&str]) -> Result<u64, MirrorError> {
        let (mut low, mut high) = (begin, end);
        while high.saturating_sub(low) > WINDOW_BYTES {
            let middle = low + (high - low) / 2;
            let Probe { start, next, names: found } = &*self.probe(middle, end, names.len())?;
            if *start >= high {
                high = middle;
            } else if is_before(found, names) {
                low = *next;
            } else {
                high = *start;
            }
        }
        let window = self.bytes(low, high, WINDOW_BYTES)?;
        let mut at = low;
        while at < high {
            let rest = &window[(at - low) as usize..];
            let line = match rest.iter().position(|byte| *byte == b'\n') {
                Some(length) => Cow::Borrowed(&rest[..length]),
                None => Cow::Owned(self.line(at, end)?),
            };
            if !is_before(&self.names_of(&line, names.len())?, names) {
                return Ok(at);
            }
            at += line.len() as u64 + 1;
        }
        Ok(at)
    }

    /// The first entry that begins at `middle` or behind it; at `end` where there is none before it. Those that were looked at last are kept.
    fn probe(&mut self, middle: u64, end: u64, count: usize) -> Result<Arc<Probe>, MirrorError> {
        if let Some(probe) = self.probes.get(&(middle, count)) {
            return Ok(Arc::clone(probe));
        }
        let start = self.next_line(middle - 1, end)?;
        let line = if start < end { self.line(start, end)? } else { Vec::new() };
        let names = if start < end { self.names_of(&line, count)? } else { Vec::new() };
        let names = names.into_iter().map(Cow::into_owned).collect();
        let probe = Arc::new(Probe { start, next: start + line.len() as u64 + 1, names });
        self.probes.put((middle, count), Arc::clone(&probe));
        Ok(probe)
    }

    /// Where the line begins that follows the first line feed from `at` on; `end` where there is none before it.
    fn next_line(&self, mut at: u64, end: u64) -> Result<u64, MirrorError> {
        while at < end {
            let bytes = self.bytes(at, end, STEP_BYTES as u64)?;
            match bytes.iter().position(|byte| *byte == b'\n') {
                Some(found) => return Ok((at + found as u64 + 1).min(end)),
                None => at += bytes.len() as u64,
            }
        }
        Ok(end)
    }

    /// The line that begins at `at`, without its line feed.
    fn line(&self, at: u64, end: u64) -> Result<Vec<u8>, MirrorError> {
        let mut line = Vec::new();
        loop {
            let bytes = self.bytes(at + line.len() as u64, end, STEP_BYTES.max(line.len()) as u64)?;
            if let Some(found) = bytes.iter().position(|byte| *byte == b'\n') {
                line.extend_from_slice(&bytes[..found]);
                return Ok(line);
            }
            line.extend_from_slice(&bytes);
            if bytes.is_empty() || line.len() > MAX_LINE_BYTES {
                return Err(MirrorError::unsound(self.name, format!("it has no whole line at {at}")));
            }
        }
    }

    /// Bytes of the file from `at` on, fewer than `most` where they end before.
    fn bytes(&self, at: u64, end: u64, most: u64) -> Result<Vec<u8>, MirrorError> {
        let mut bytes = vec![0; end.saturating_sub(at).min(most) as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    fn names_of<'l>(&self, line: &'l [u8], count: usize) -> Result<Vec<Cow<'l, str>>, MirrorError> {
        let entry = line.strip_suffix(b",").unwrap_or(line);
        first_names(entry, count)
            .ok_or_else(|| MirrorError::unsound(self.name, format!("{:.200} is no entry", String::from_utf8_lossy(entry))))
    }
}

fn is_before(found: &[impl AsRef<str>], names: &[&str]) -> bool {
    found.iter().map(AsRef::as_ref).lt(names.iter().copied())
}

/// A string of JSON, copied only where it has escapes.
#[derive(Deserialize)]
struct Name<'l>(#[serde(borrow)] Cow<'l, str>);

/// The first so many members of an entry, which are names.
fn first_names(entry: &[u8], count: usize) -> Option<Vec<Cow<'_, str>>> {
    let mut rest = entry.strip_prefix(b"[")?;
    let mut names = Vec::with_capacity(count);
    for number in 0..count {
        if number > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Name>();
        names.push(values.next()?.ok()?.0);
        rest = &rest[values.byte_offset()..];
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of one list, whose entries are some bytes and some many kilobytes long.
    fn index_of(names: &[String]) -> (tempfile::TempDir, IndexFile) {
        let entry =
            |(number, name): (usize, &String)| format!("{},\n", serde_json::json!([name, "x".repeat(number % 97 * number % 20_011)]));
        let list: String = names.iter().enumerate().map(entry).collect();
        let head = format!("{{\"schema_version\":\"1\",\"kind\":\"advisory\",\"sections\":{{\"aliases\":[0,{}]}}\n", list.len());
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join(Kind::Advisory.index_path());
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder can be made");
        std::fs::write(path, head + &list + "}\n").expect("the index can be written");
        let index = IndexFile::open(folder.path(), Kind::Advisory).expect("the index is sound").expect("the index is there");
        (folder, index)
    }

    fn found(index: &mut IndexFile, name: &str, is_prefix: bool) -> Vec<String> {
        let mut names = Vec::new();
        let found = index.find("aliases", &[name], is_prefix, &mut |entry| {
            names.extend(first_names(entry, 1).expect("it is an entry").into_iter().map(Cow::into_owned));
            Ok(true)
        });
        found.expect("the index is sound");
        names
    }

    #[test]
    fn finds_each_name_and_no_other_among_entries_of_any_length() {
        let names: Vec<String> = (0..3000).map(|number| format!("{number:05}\"é")).collect();
        let (_folder, mut index) = index_of(&names);
        for round in 0..2 {
            for (number, name) in names.iter().enumerate().skip(round) {
                assert_eq!(found(&mut index, name, false), std::slice::from_ref(name));
                assert!(found(&mut index, &format!("{number:05}"), false).is_empty());
            }
        }
        assert_eq!(found(&mut index, "0123", true), names[1230..1240]);
        for absent in ["", "zzz", "02999\"é "] {
            assert!(found(&mut index, absent, false).is_empty());
        }
    }
}
