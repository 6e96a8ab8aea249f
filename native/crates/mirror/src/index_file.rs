use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use lru::LruCache;
use memchr::memchr;
use serde::Deserialize;

use crate::entry_names::{compared, first_names, is_named};
use crate::error::MirrorError;
use crate::kind::Kind;

/// Bytes that are read at a time while a line is looked for.
const STEP_BYTES: u64 = 2 << 10;
/// What is left of a bisection is read at once.
const WINDOW_BYTES: u64 = 2 << 10;
/// Entries that are kept: each bisection looks at those in the middle.
const MAX_PROBES: NonZeroUsize = NonZeroUsize::new(32_768).unwrap();
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
        let end = memchr(b'\n', &head).unwrap_or(head.len());
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
        let (mut at, window) = self.lower_bound((begin, end), names)?;
        while at < end {
            let line = self.line_in(&window, at, end)?;
            at += line.len() as u64 + 1;
            let entry = line.strip_suffix(b",").unwrap_or(&line);
            if !is_named(entry, names, is_prefix).ok_or_else(|| self.unsound(entry))? || !each(entry)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Where the first entry begins that is not before these names, and what was read there.
    fn lower_bound(&mut self, (begin, end): (u64, u64), names: &[&str]) -> Result<(u64, Window), MirrorError> {
        let (mut low, mut high) = (begin, end);
        while high.saturating_sub(low) > WINDOW_BYTES {
            let middle = low + (high - low) / 2;
            let Probe { start, next, names: found } = &*self.probe(middle, end, names.len())?;
            if *start >= high {
                high = middle;
            } else if found.iter().map(String::as_str).lt(names.iter().copied()) {
                low = *next;
            } else {
                high = *start;
            }
        }
        // With the entry that begins before its end.
        let window = self.window(low, end, 2 * WINDOW_BYTES)?;
        let mut at = low;
        while at < high {
            let line = self.line_in(&window, at, end)?;
            let entry = line.strip_suffix(b",").unwrap_or(&line);
            if compared(entry, names).ok_or_else(|| self.unsound(entry))?.is_ge() {
                break;
            }
            at += line.len() as u64 + 1;
        }
        Ok((at, window))
    }

    /// The first entry that begins at `middle` or behind it; at `end` where there is none before it. Those that were looked at last are kept.
    fn probe(&mut self, middle: u64, end: u64, count: usize) -> Result<Arc<Probe>, MirrorError> {
        if let Some(probe) = self.probes.get(&(middle, count)) {
            return Ok(Arc::clone(probe));
        }
        let window = self.window(middle - 1, end, STEP_BYTES)?;
        let start = match memchr(b'\n', &window.bytes) {
            Some(length) => middle + length as u64,
            None => self.next_line(middle - 1 + window.bytes.len() as u64, end)?,
        };
        let line = if start < end { self.line_in(&window, start, end)? } else { Cow::default() };
        let entry = line.strip_suffix(b",").unwrap_or(&line);
        let names = if start < end { first_names(entry, count).ok_or_else(|| self.unsound(entry))? } else { Vec::new() };
        let probe = Arc::new(Probe { start, next: start + line.len() as u64 + 1, names });
        self.probes.put((middle, count), Arc::clone(&probe));
        Ok(probe)
    }

    /// Where the line begins that follows the first line feed from `at` on; `end` where there is none before it.
    fn next_line(&self, mut at: u64, end: u64) -> Result<u64, MirrorError> {
        while at < end {
            let bytes = self.bytes(at, end, STEP_BYTES)?;
            match memchr(b'\n', &bytes) {
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
            let bytes = self.bytes(at + line.len() as u64, end, STEP_BYTES.max(line.len() as u64))?;
            if let Some(found) = memchr(b'\n', &bytes) {
                line.extend_from_slice(&bytes[..found]);
                return Ok(line);
            }
            line.extend_from_slice(&bytes);
            if bytes.is_empty() || line.len() > MAX_LINE_BYTES {
                return Err(MirrorError::unsound(self.name, format!("it has no whole line at {at}")));
            }
        }
    }

    /// The line that begins at `at`, without its line feed: out of what was read, where that has it whole.
    fn line_in<'w>(&self, window: &'w Window, at: u64, end: u64) -> Result<Cow<'w, [u8]>, MirrorError> {
        let read = at.checked_sub(window.at).and_then(|skip| window.bytes.get(usize::try_from(skip).ok()?..));
        match read.and_then(|rest| rest.split_at_checked(memchr(b'\n', rest)?)) {
            Some((line, _)) => Ok(Cow::Borrowed(line)),
            None => self.line(at, end).map(Cow::Owned),
        }
    }

    fn window(&self, at: u64, end: u64, most: u64) -> Result<Window, MirrorError> {
        Ok(Window { at, bytes: self.bytes(at, end, most)? })
    }

    /// Bytes of the file from `at` on, fewer than `most` where they end before.
    fn bytes(&self, at: u64, end: u64, most: u64) -> Result<Vec<u8>, MirrorError> {
        let mut bytes = vec![0; end.saturating_sub(at).min(most) as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    fn unsound(&self, entry: &[u8]) -> MirrorError {
        MirrorError::unsound(self.name, format!("{:.200} is no entry", String::from_utf8_lossy(entry)))
    }
}

/// Bytes of the index that were read at once.
struct Window {
    /// Where they begin.
    at: u64,
    bytes: Vec<u8>,
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
            names.extend(first_names(entry, 1).expect("it is an entry"));
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
