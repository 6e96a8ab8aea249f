use std::borrow::Cow;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lru::LruCache;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use stella_bundle::{FrameReader, FrameSource};

use crate::error::MirrorError;
use crate::frames::At;
use crate::index::quoted;
use crate::index_file::IndexFile;
use crate::kind::Kind;
use crate::record_entry::RecordEntry;
use crate::stream::MAX_FRAME_BYTES;
use crate::terms::{asked_name, general_names};

/// Files of groups that are kept open: most of those of a million advisories, and fewer than the 1,024 that a system allows a process at least.
const MAX_OPEN: NonZeroUsize = NonZeroUsize::new(768).unwrap();
/// Frames that are kept, and the largest that is.
const MAX_FRAMES: NonZeroUsize = NonZeroUsize::new(512).unwrap();
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

impl Found {
    /// Appends JSON: key and document, what is `said` of the record by name, and the record as it lies.
    pub fn write_json(&self, said: &[(&str, &str)], out: &mut String) {
        let Self { key, record, document } = self;
        out.extend(["{\"key\":", &quoted(key).to_string(), ",\"document\":"]);
        match document {
            Some(digest) => out.extend(["\"", digest, "\""]),
            None => out.push_str("null"),
        }
        for (name, value) in said {
            out.extend([",\"", name, "\":", &quoted(value).to_string()]);
        }
        out.extend([",\"record\":", record, "}"]);
    }
}

/// Which of the records that were found: from the `skip`th on, `limit` at most, and one or more of `max_bytes` together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Records before the first.
    pub skip: usize,
    /// Most records.
    pub limit: usize,
    /// Most bytes that they have, where they are more than one.
    pub max_bytes: usize,
}

/// Records of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPage {
    /// They themselves.
    pub records: Vec<Found>,
    /// Whether none comes after them.
    pub is_last: bool,
}

/// A file of a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    Records(Kind, u32),
    Documents(Kind, u32),
}

impl Group {
    fn path(self) -> String {
        match self {
            Self::Records(kind, group) => kind.records_path(group),
            Self::Documents(kind, group) => kind.documents_path(group),
        }
    }
}

#[derive(Deserialize)]
struct DocumentEntry(IgnoredAny, u32, u32, u32, u32);
#[derive(Deserialize)]
struct Named<'e>(#[serde(borrow)] Cow<'e, str>, IgnoredAny, IgnoredAny, IgnoredAny, IgnoredAny, #[serde(default)] bool);
#[derive(Deserialize)]
struct ByName<'e>(IgnoredAny, #[serde(borrow)] Vec<Named<'e>>);
#[derive(Deserialize)]
struct ByTwoNames<'e>(IgnoredAny, IgnoredAny, #[serde(borrow)] Vec<Named<'e>>);

/// Finds records in the folder that a mirror was unpacked into: by bisection in its indexes, and by one frame of a group a record. Memory: some
/// frames, however large the mirror is. Nothing in the folder is believed: what lies is an error, never another record.
pub struct Lookup {
    folder: PathBuf,
    indexes: Vec<(Kind, IndexFile)>,
    reader: FrameReader,
    open: LruCache<Group, FrameSource>,
    frames: LruCache<(Group, u32), Arc<Vec<u8>>>,
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
        match self.places(kind, key)? {
            Some(places) => self.found(kind, key.to_owned(), places).map(Some),
            None => Ok(None),
        }
    }

    /// The records that a list of the index names by these names, in the order of names and keys. Of two names the second may be left out; the
    /// first may be a purl in any spelling. Behind them those that hold for a product, since they say less of which one.
    ///
    /// # Errors
    /// Where the mirror is damaged.
    pub fn by_names(&mut self, kind: Kind, list: &str, names: &[&str], page: Page) -> Result<FoundPage, MirrorError> {
        let (keys, mut is_last) = self.keys(kind, list, names, page)?;
        let (mut records, mut bytes) = (Vec::with_capacity(keys.len()), 0);
        for key in keys {
            let unknown = || MirrorError::unsound(kind.index_path(), format!("{list} names {key}, and there is no such record"));
            let places = self.places(kind, &key)?.ok_or_else(unknown)?;
            let ([.., length], _) = places;
            bytes += length as usize;
            if bytes > page.max_bytes && !records.is_empty() {
                is_last = false;
                break;
            }
            records.push(self.found(kind, key, places)?);
        }
        Ok(FoundPage { records, is_last })
    }

    /// The keys of a page, by the number of records alone, and whether none comes after them.
    fn keys(&mut self, kind: Kind, list: &str, names: &[&str], page: Page) -> Result<(Vec<String>, bool), MirrorError> {
        let (mut keys, mut is_last) = (Vec::new(), true);
        // A record may have several of the names; it is one record on one page.
        let mut seen = HashSet::new();
        let Some((first, rest)) = names.split_first() else { return Ok((keys, is_last)) };
        let asked = [(asked_name(list, first), false)];
        let general = general_names(list, first).into_iter().map(|name| (Cow::Owned(name), true));
        for (name, must_be_given) in asked.into_iter().chain(general) {
            let names: Vec<&str> = [&*name].into_iter().chain(rest.iter().copied()).collect();
            self.entries(kind, list, &names, false, &mut |entry| {
                let named = if list == "products" {
                    parsed::<ByTwoNames<'_>>(kind, entry).map(|ByTwoNames(_, _, named)| named)
                } else {
                    parsed::<ByName<'_>>(kind, entry).map(|ByName(_, named)| named)
                }?;
                for Named(key, .., is_given) in named {
                    let key = key.into_owned();
                    if (must_be_given && !is_given) || !seen.insert(key.clone()) || seen.len() <= page.skip {
                        continue;
                    }
                    if keys.len() == page.limit {
                        is_last = false;
                        break;
                    }
                    keys.push(key);
                }
                Ok(is_last)
            })?;
            if !is_last {
                break;
            }
        }
        Ok((keys, is_last))
    }

    /// Where the record of a key lies, and the SHA-256 of its document.
    fn places(&mut self, kind: Kind, key: &str) -> Result<Option<(At, Option<String>)>, MirrorError> {
        let mut places = None;
        self.entries(kind, "records", &[key], false, &mut |entry| {
            let RecordEntry(_, at, document) = parsed(kind, entry)?;
            if document.as_ref().is_some_and(|document| !is_digest(document.digest())) {
                return Err(MirrorError::unsound(kind.index_path(), format!("of {key} it names a document by no SHA-256")));
            }
            places = Some((at, document.map(|document| document.digest().to_owned())));
            Ok(false)
        })?;
        Ok(places)
    }

    fn found(&mut self, kind: Kind, key: String, (at, document): (At, Option<String>)) -> Result<Found, MirrorError> {
        let record = self.line(kind, &key, at)?;
        Ok(Found { key, record, document })
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
                place = Some([group, frame, offset, length]);
                Ok(false)
            })?;
            if let Some(at) = place {
                return self.document_at(kind, digest, at).map(Some);
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

    fn line(&mut self, kind: Kind, key: &str, [group, frame, offset, length]: At) -> Result<String, MirrorError> {
        let plain = self.frame(Group::Records(kind, group), frame)?;
        let (begin, end) = (offset as usize, offset as usize + length as usize);
        let is_begin = begin == 0 || plain.get(begin - 1) == Some(&b'\n');
        let line = plain.get(begin..end).filter(|_| is_begin && plain.get(end) == Some(&b'\n'));
        let text = line.and_then(|line| std::str::from_utf8(line).ok()).filter(|line| !line.contains('\n'));
        text.map(str::to_owned).ok_or_else(|| MirrorError::unsound(kind.records_path(group), format!("where {key} should lie is no line")))
    }

    fn document_at(&mut self, kind: Kind, digest: &str, [group, frame, offset, length]: At) -> Result<Vec<u8>, MirrorError> {
        let plain = self.frame(Group::Documents(kind, group), frame)?;
        let content = plain.get(offset as usize..offset as usize + length as usize);
        let content = content.filter(|content| stella_digest::hex(&Sha256::digest(content)) == digest);
        let unsound = || MirrorError::unsound(kind.documents_path(group), format!("where the document {digest} should lie it does not"));
        content.map(<[u8]>::to_vec).ok_or_else(unsound)
    }

    /// What a frame of a file holds. Those used last are kept.
    fn frame(&mut self, group: Group, frame: u32) -> Result<Arc<Vec<u8>>, MirrorError> {
        if let Some(plain) = self.frames.get(&(group, frame)) {
            return Ok(Arc::clone(plain));
        }
        let source = self.open.try_get_or_insert(group, || {
            let source = FrameSource::open(&self.folder.join(group.path()))?;
            source.ok_or_else(|| MirrorError::unsound(group.path(), "it has no seek table"))
        })?;
        let plain = source.read(&mut self.reader, frame as usize, MAX_FRAME_BYTES);
        let plain = Arc::new(plain.map_err(|reason| MirrorError::unsound(group.path(), reason))?);
        if plain.len() <= MAX_KEPT_BYTES {
            self.frames.put((group, frame), Arc::clone(&plain));
        }
        Ok(plain)
    }
}

fn parsed<'e, T: Deserialize<'e>>(kind: Kind, entry: &'e [u8]) -> Result<T, MirrorError> {
    let unsound = |_| MirrorError::unsound(kind.index_path(), format!("{:.200} is no entry", String::from_utf8_lossy(entry)));
    serde_json::from_slice(entry).map_err(unsound)
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
