use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;

use crate::error::MirrorError;
use crate::kind::Kind;

/// Bytes that are read at a time while a line is looked for.
const STEP_BYTES: usize = 4 << 10;
/// Longest line that is read: an entry that names very many records.
const MAX_LINE_BYTES: usize = 64 << 20;
/// Longest first line.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An index on the disk, in which entries are found by bisection: nothing of it is held in memory.
pub(crate) struct IndexFile {
    name: &'static str,
    file: File,
    /// Where the entries of each list begin and end.
    sections: BTreeMap<String, (u64, u64)>,
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
        Ok(Some(Self { name, file, sections }))
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
            let found = first_names(entry, names.len()).ok_or_else(|| self.unsound(entry))?;
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
        while low < high {
            let middle = low + (high - low) / 2;
            let start = if middle == low { low } else { self.next_line(middle - 1, high)? };
            if start >= high {
                high = middle;
                continue;
            }
            let line = self.line(start, end)?;
            let entry = line.strip_suffix(b",").unwrap_or(&line);
            let found = first_names(entry, names.len()).ok_or_else(|| self.unsound(entry))?;
            if found.iter().map(String::as_str).lt(names.iter().copied()) {
                low = start + line.len() as u64 + 1;
            } else {
                high = start;
            }
        }
        Ok(low)
    }

    /// Where the line begins that follows the first line feed from `at` on; `end` where there is none before it.
    fn next_line(&mut self, mut at: u64, end: u64) -> Result<u64, MirrorError> {
        while at < end {
            let bytes = self.bytes(at, end, STEP_BYTES)?;
            match bytes.iter().position(|byte| *byte == b'\n') {
                Some(found) => return Ok((at + found as u64 + 1).min(end)),
                None => at += bytes.len() as u64,
            }
        }
        Ok(end)
    }

    /// The line that begins at `at`, without its line feed.
    fn line(&mut self, at: u64, end: u64) -> Result<Vec<u8>, MirrorError> {
        let mut line = Vec::new();
        loop {
            let bytes = self.bytes(at + line.len() as u64, end, STEP_BYTES.max(line.len()))?;
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

    fn bytes(&mut self, at: u64, end: u64, most: usize) -> Result<Vec<u8>, MirrorError> {
        let length = end.saturating_sub(at).min(most as u64);
        let mut bytes = Vec::with_capacity(length as usize);
        self.file.seek(SeekFrom::Start(at))?;
        self.file.by_ref().take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn unsound(&self, entry: &[u8]) -> MirrorError {
        MirrorError::unsound(self.name, format!("{:.200} is no entry", String::from_utf8_lossy(entry)))
    }
}

/// The first so many members of an entry, which are names.
fn first_names(entry: &[u8], count: usize) -> Option<Vec<String>> {
    let mut rest = entry.strip_prefix(b"[")?;
    let mut names = Vec::with_capacity(count);
    for number in 0..count {
        if number > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
        names.push(values.next()?.ok()?);
        rest = &rest[values.byte_offset()..];
    }
    Some(names)
}
