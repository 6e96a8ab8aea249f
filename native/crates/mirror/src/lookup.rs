use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lru::LruCache;
use serde::Deserialize;
use serde::de::IgnoredAny;
use stella_bundle::{FrameReader, FrameSource};

use crate::error::MirrorError;
use crate::index_file::IndexFile;
use crate::kind::Kind;
use crate::stream::{DIGEST_DIGITS, HEADER_BYTES, MAX_FRAME_BYTES};

/// Files of groups that are kept open.
const MAX_OPEN: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Frames that are kept, and the largest that is.
const MAX_FRAMES: NonZeroUsize = NonZeroUsize::new(256).unwrap();
const MAX_KEPT_BYTES: usize = 256 << 10;

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// Its line, without line feed.
    pub record: String,
    /// SHA-256 of its document; none where that was withheld.
    pub document: Option<String>,
}

/// Group, frame, offset, length.
type At = (u32, u32, u32, u32);

#[derive(Deserialize)]
struct RecordEntry(IgnoredAny, At, Option<At>);
#[derive(Deserialize)]
struct DocumentEntry(IgnoredAny, u32, u32, u32, u32);
#[derive(Deserialize)]
struct Named(String, IgnoredAny, IgnoredAny, IgnoredAny, IgnoredAny);
#[derive(Deserialize)]
struct ByName(IgnoredAny, Vec<Named>);
#[derive(Deserialize)]
struct ByTwoNames(IgnoredAny, IgnoredAny, Vec<Named>);

/// Finds records in the folder that a mirror was unpacked into: by bisection in its indexes, and by one frame of a group a record. Memory: some
/// frames, however large the mirror is. Nothing in the folder is believed: what lies is an error, never another record.
pub struct Lookup {
    folder: PathBuf,
    indexes: Vec<(Kind, IndexFile)>,
    reader: FrameReader,
    open: LruCache<String, FrameSource>,
    frames: LruCache<(String, u32), Arc<Vec<u8>>>,
}

impl Lookup {
    /// Opens the indexes.
    ///
    /// # Errors
    /// Where they cannot be read, or are none.
    pub fn open(folder: &Path) -> Result<Self, MirrorError> {
        let mut indexes = Vec::new();
        for kind in Kind::ALL {
            indexes.extend(IndexFile::open(folder, kind)?.map(|index| (kind, index)));
        }
        let (open, frames) = (LruCache::new(MAX_OPEN), LruCache::new(MAX_FRAMES));
        Ok(Self { folder: folder.to_owned(), indexes, reader: FrameReader::new()?, open, frames })
    }

    /// The record of this key.
    ///
    /// # Errors
    /// Where the mirror is damaged.
    pub fn by_key(&mut self, kind: Kind, key: &str) -> Result<Option<Found>, MirrorError> {
        let mut places = None;
        self.entries(kind, "records", &[key], false, &mut |entry| {
            let RecordEntry(_, at, document) = parsed(kind, entry)?;
            places = Some((at, document));
            Ok(false)
        })?;
        let Some((at, document)) = places else { return Ok(None) };
        let record = self.line(kind, key, at)?;
        let document = document.map(|at| self.document_at(kind, at).map(|(digest, _)| digest)).transpose()?;
        Ok(Some(Found { key: key.to_owned(), record, document }))
    }

    /// The records that a list of the index names by these names, in the order of names and keys, from the `skip`th on, `limit` at most.
    /// Of two names the second may be left out.
    ///
    /// # Errors
    /// Where the mirror is damaged.
    pub fn by_names(&mut self, kind: Kind, list: &str, names: &[&str], (skip, limit): (usize, usize)) -> Result<Vec<Found>, MirrorError> {
        let mut keys: Vec<String> = Vec::new();
        // A record may have several of the names; it is one record on one page.
        let mut seen = HashSet::new();
        self.entries(kind, list, names, false, &mut |entry| {
            let named = if list == "products" {
                parsed::<ByTwoNames>(kind, entry).map(|ByTwoNames(_, _, named)| named)
            } else {
                parsed::<ByName>(kind, entry).map(|ByName(_, named)| named)
            }?;
            for Named(key, ..) in named {
                if seen.insert(key.clone()) && seen.len() > skip && keys.len() < limit {
                    keys.push(key);
                }
            }
            Ok(keys.len() < limit)
        })?;
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let one = self.by_key(kind, &key)?;
            found.push(
                one.ok_or_else(|| MirrorError::unsound(kind.index_path(), format!("{list} names {key}, and there is no such record")))?,
            );
        }
        Ok(found)
    }

    /// Whether a list of the index has any name that begins so.
    ///
    /// # Errors
    /// Where the mirror is damaged.
    pub fn has_names(&mut self, kind: Kind, list: &str, begin: &str) -> Result<bool, MirrorError> {
        let mut has = false;
        self.entries(kind, list, &[begin], true, &mut |_| {
            has = true;
            Ok(false)
        })?;
        Ok(has)
    }

    /// The document of this SHA-256, in lower-case hexadecimal.
    ///
    /// # Errors
    /// Where the mirror is damaged.
    pub fn document(&mut self, digest: &str) -> Result<Option<Vec<u8>>, MirrorError> {
        for kind in Kind::ALL {
            let mut place = None;
            self.entries(kind, "documents", &[digest], false, &mut |entry| {
                let DocumentEntry(_, group, frame, offset, length) = parsed(kind, entry)?;
                place = Some((group, frame, offset, length));
                Ok(false)
            })?;
            if let Some(at) = place {
                let (named, content) = self.document_at(kind, at)?;
                if named != digest {
                    return Err(MirrorError::unsound(kind.documents_path(at.0), format!("where {digest} should lie is {named}")));
                }
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    fn entries(
        &mut self,
        kind: Kind,
        list: &str,
        names: &[&str],
        is_prefix: bool,
        each: &mut dyn FnMut(&[u8]) -> Result<bool, MirrorError>,
    ) -> Result<(), MirrorError> {
        match self.indexes.iter_mut().find(|(of, _)| *of == kind) {
            Some((_, index)) => index.find(list, names, is_prefix, each),
            None => Ok(()),
        }
    }

    fn line(&mut self, kind: Kind, key: &str, (group, frame, offset, length): At) -> Result<String, MirrorError> {
        let path = kind.records_path(group);
        let plain = self.frame(&path, frame)?;
        let (begin, end) = (offset as usize, offset as usize + length as usize);
        let is_begin = begin == 0 || plain.get(begin - 1) == Some(&b'\n');
        let line = plain.get(begin..end).filter(|_| is_begin && plain.get(end) == Some(&b'\n'));
        let text = line.and_then(|line| std::str::from_utf8(line).ok()).filter(|line| !line.contains('\n'));
        text.map(str::to_owned).ok_or_else(|| MirrorError::unsound(path, format!("where {key} should lie is no line")))
    }

    fn document_at(&mut self, kind: Kind, (group, frame, offset, length): At) -> Result<(String, Vec<u8>), MirrorError> {
        let path = kind.documents_path(group);
        let plain = self.frame(&path, frame)?;
        let begin = offset as usize;
        let name = begin.checked_sub(HEADER_BYTES).and_then(|header| plain.get(header..header + DIGEST_DIGITS));
        let content = plain.get(begin..begin + length as usize);
        match (name.and_then(|name| std::str::from_utf8(name).ok()), content) {
            (Some(name), Some(content)) => Ok((name.to_owned(), content.to_vec())),
            _ => Err(MirrorError::unsound(path, "where a document should lie is none")),
        }
    }

    /// What a frame of a file holds. Those used last are kept.
    fn frame(&mut self, path: &str, frame: u32) -> Result<Arc<Vec<u8>>, MirrorError> {
        let wanted = (path.to_owned(), frame);
        if let Some(plain) = self.frames.get(&wanted) {
            return Ok(Arc::clone(plain));
        }
        let source = self.open.try_get_or_insert_ref(path, || {
            let source = FrameSource::open(&self.folder.join(path))?;
            source.ok_or_else(|| MirrorError::unsound(path, "it has no seek table"))
        })?;
        let plain = source.read(&mut self.reader, frame as usize, MAX_FRAME_BYTES);
        let plain = Arc::new(plain.map_err(|reason| MirrorError::unsound(path, reason))?);
        if plain.len() <= MAX_KEPT_BYTES {
            self.frames.put(wanted, Arc::clone(&plain));
        }
        Ok(plain)
    }
}

fn parsed<'e, T: Deserialize<'e>>(kind: Kind, entry: &'e [u8]) -> Result<T, MirrorError> {
    let unsound = |_| MirrorError::unsound(kind.index_path(), format!("{:.200} is no entry", String::from_utf8_lossy(entry)));
    serde_json::from_slice(entry).map_err(unsound)
}
