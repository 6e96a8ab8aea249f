use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stella_bundle::{BundleError, Members, TAR_END};

use crate::error::MirrorError;
use crate::frames::{At, Frames};
use crate::kind::Kind;
use crate::record_entry::{DocumentOf, RecordEntry};

/// Most members of a bundle: `MAX_BUNDLE_MEMBERS` of `contracts/src/limits.ts`.
pub(crate) const MAX_MEMBERS: u64 = 1_000_000;
/// Largest index, in bytes.
pub(crate) const MAX_INDEX_BYTES: u64 = 1 << 36;
/// Largest frame: what it holds ends with a record or document of 64 MiB at most.
pub(crate) const MAX_FRAME_BYTES: usize = 80 << 20;
pub(crate) const HEADER_BYTES: usize = 512;

/// The records of one kind of a mirror, or of a delta, in the order of their keys. Nothing is believed: what an index says is checked against
/// the bytes it names.
pub struct RecordStream {
    kind: Kind,
    place: String,
    members: Members,
    index: BufReader<File>,
    line: String,
    records: Frames,
    documents: Frames,
    /// The document that was read last.
    document: Option<(At, [u8; 32])>,
    current: Option<Current>,
    cancel: Arc<AtomicBool>,
}

/// The record at hand.
struct Current {
    key: String,
    at: At,
    document: Option<(At, [u8; 32])>,
}

/// A record of a mirror.
#[derive(Debug, Clone, Copy)]
pub struct Mirrored<'s> {
    /// Its key.
    pub key: &'s str,
    /// Its line, without line feed.
    pub line: &'s [u8],
    /// Its document and the SHA-256 of that; none where it was withheld.
    pub document: Option<([u8; 32], &'s [u8])>,
}

impl RecordStream {
    /// Opens the records of one kind in a bundle, or in a folder that it was unpacked into; none where it has no such kind.
    ///
    /// # Errors
    /// Of the bundle; of the scratch folder.
    pub fn open(place: &Path, kind: Kind, scratch: &Path, cancel: &Arc<AtomicBool>) -> Result<Option<Self>, MirrorError> {
        let mut members = Members::open(place, MAX_MEMBERS, cancel)?;
        let index = match copied(&mut members, kind.index_path(), MAX_INDEX_BYTES, scratch, cancel) {
            Err(MirrorError::Bundle(BundleError::Absent { .. })) => return Ok(None),
            file => file?,
        };
        let mut stream = Self {
            kind,
            place: place.display().to_string(),
            members,
            index,
            line: String::new(),
            records: Frames::new(move |group| kind.records_path(group), &[]),
            documents: Frames::new(move |group| kind.documents_path(group), &TAR_END),
            document: None,
            current: None,
            cancel: Arc::clone(cancel),
        };
        for expected in [&b"{"[..], b",\"records\":["] {
            if !stream.index_line()?.is_some_and(|line| line.as_bytes().starts_with(expected)) {
                return Err(stream.unsound("it does not begin as an index does"));
            }
        }
        stream.advance()?;
        Ok(Some(stream))
    }

    /// Key of the record at hand; none after the last.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.current.as_ref().map(|current| current.key.as_str())
    }

    /// The record at hand.
    #[must_use]
    pub fn record(&self) -> Option<Mirrored<'_>> {
        let Current { key, at, document } = self.current.as_ref()?;
        let line = self.records.slice(at)?;
        let document = match document {
            Some((at, digest)) => Some((*digest, self.documents.slice(at)?)),
            None => None,
        };
        Some(Mirrored { key, line, document })
    }

    /// Goes on to the next record.
    ///
    /// # Errors
    /// Of the bundle; where the index is not in order, or names bytes that are not there, no line of JSON, or no document.
    pub fn advance(&mut self) -> Result<(), MirrorError> {
        let Some(line) = self.index_line()? else { return Err(self.unsound("it ends early")) };
        if line.starts_with(']') {
            self.current = None;
            return self.end();
        }
        let entry = line.strip_suffix(',').unwrap_or(&line).to_owned();
        let Ok(RecordEntry(key, at, document)) = serde_json::from_str(&entry) else {
            return Err(self.unsound(format!("{entry:.200} is no entry")));
        };
        if let Some(before) = &self.current
            && before.key.as_str() >= key.as_ref()
        {
            return Err(self.unsound(format!("{key} comes after {}", before.key)));
        }
        let key = key.into_owned();
        self.load_record(&key, at)?;
        let document = match document {
            Some(document) => Some(self.load_document(&key, &document)?),
            None => None,
        };
        self.current = Some(Current { key, at, document });
        Ok(())
    }

    /// Nothing may lie in the groups that no record names.
    fn end(&mut self) -> Result<(), MirrorError> {
        let groups = self.records.groups();
        self.records.end(groups, &mut self.members, &self.cancel)?;
        self.documents.end(groups, &mut self.members, &self.cancel)
    }

    /// The frame of a record: its place must be a whole line, and the one that follows what was read before.
    fn load_record(&mut self, key: &str, at: At) -> Result<(), MirrorError> {
        // A group of records follows the other.
        self.records.load(at, self.records.groups() + 1, &mut self.members, &self.cancel)?;
        let (offset, length) = (at[2] as usize, at[3] as usize);
        let frame = &self.records.plain;
        let line = frame.get(offset..offset + length);
        if offset == self.records.used
            && line.is_some_and(|line| line.starts_with(b"{") && !line.contains(&b'\n'))
            && frame.get(offset + length) == Some(&b'\n')
        {
            self.records.used = offset + length + 1;
            return Ok(());
        }
        Err(MirrorError::unsound(self.kind.records_path(at[0]), format!("where the index says that {key} lies is no line")))
    }

    /// The frame of a document, and its digest: index and archive must name it by that of its bytes.
    fn load_document(&mut self, key: &str, document: &DocumentOf<'_>) -> Result<(At, [u8; 32]), MirrorError> {
        let at = document.at();
        let found = match self.document.filter(|(before, _)| *before == at) {
            Some((_, digest)) => Some(digest),
            None => {
                // Those of some groups may all have been withheld; a document lies in no later group than its record.
                self.documents.load(at, self.records.groups(), &mut self.members, &self.cancel)?;
                self.documents.entry(at)
            }
        };
        let Some(digest) = found.filter(|digest| stella_digest::hex(digest) == document.digest()) else {
            let reason =
                format!("where the index says that the document of {key} lies is none of this digest, or something lies before it");
            return Err(MirrorError::unsound(self.kind.documents_path(at[0]), reason));
        };
        self.document = Some((at, digest));
        Ok((at, digest))
    }

    fn index_line(&mut self) -> Result<Option<String>, MirrorError> {
        self.line.clear();
        let read = self.index.read_line(&mut self.line)?;
        Ok((read > 0).then(|| self.line.trim_end_matches('\n').to_owned()))
    }

    fn unsound(&self, reason: impl Into<String>) -> MirrorError {
        MirrorError::unsound(format!("{}: {}", self.place, self.kind.index_path()), reason)
    }
}

/// A member in a file of its own, which vanishes when it is dropped.
pub(crate) fn copied(
    members: &mut Members,
    path: &str,
    max_bytes: u64,
    scratch: &Path,
    cancel: &AtomicBool,
) -> Result<BufReader<File>, MirrorError> {
    let mut file = tempfile::tempfile_in(scratch)?;
    let mut failed = None;
    members.each_piece(path, max_bytes, cancel, &mut |piece| {
        if failed.is_none() {
            failed = file.write_all(piece).err();
        }
        Ok(())
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(BufReader::with_capacity(1 << 16, file))
}
