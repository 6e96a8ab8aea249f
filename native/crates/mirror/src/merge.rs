use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::batch::{Batch, Document};
use crate::error::MirrorError;
use crate::key_list::KeyStream;
use crate::kind::Kind;
use crate::maker::BATCH_BYTES;
use crate::stream::RecordStream;

/// What deltas together do to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Its record was not there before.
    Added,
    /// Its record was there before, and is still.
    Changed,
    /// Its record is there no more.
    Removed,
    /// Its record came and went.
    Passed,
}

impl Change {
    /// Its word in a changelog.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed | Self::Passed => "changed",
        }
    }
}

/// A mirror or a delta of one kind.
struct Place {
    records: Option<RecordStream>,
    added: Option<KeyStream>,
    removed: Option<KeyStream>,
}

impl Place {
    fn open(place: &Path, kind: Kind, scratch: &Path, cancel: &Arc<AtomicBool>) -> Result<Self, MirrorError> {
        Ok(Self {
            records: RecordStream::open(place, kind, scratch, cancel)?,
            added: KeyStream::open(place, &kind.added_path(), scratch, cancel)?,
            removed: KeyStream::open(place, &kind.removed_path(), scratch, cancel)?,
        })
    }

    fn record_key(&self) -> Option<&str> {
        self.records.as_ref().and_then(RecordStream::key)
    }

    fn removed_key(&self) -> Option<&str> {
        self.removed.as_ref().and_then(KeyStream::key)
    }

    /// What it does to a key; nothing where it does not speak of it.
    fn change(&self, key: &str) -> Option<Change> {
        let is_added = self.added.as_ref().and_then(KeyStream::key) == Some(key);
        if self.record_key() == Some(key) {
            return Some(if is_added { Change::Added } else { Change::Changed });
        }
        (self.removed_key() == Some(key)).then_some(Change::Removed)
    }

    fn pass(&mut self, key: &str) -> Result<(), MirrorError> {
        if self.record_key() == Some(key)
            && let Some(records) = &mut self.records
        {
            records.advance()?;
        }
        for list in [&mut self.added, &mut self.removed].into_iter().flatten().filter(|list| list.key() == Some(key)) {
            list.advance()?;
        }
        Ok(())
    }
}

/// Mirrors and deltas of one kind side by side, the oldest first: of a key the last that speaks of it is believed.
pub(crate) struct Merge {
    kind: Kind,
    places: Vec<Place>,
}

impl Merge {
    pub(crate) fn open(places: &[PathBuf], kind: Kind, scratch: &Path, cancel: &Arc<AtomicBool>) -> Result<Self, MirrorError> {
        let places = places.iter().map(|place| Place::open(place, kind, scratch, cancel)).collect::<Result<_, _>>()?;
        Ok(Self { kind, places })
    }

    /// Whether none of them has this kind.
    pub(crate) fn is_absent(&self) -> bool {
        self.places.iter().all(|place| place.records.is_none())
    }

    /// Gives all records that are left, in batches, and what becomes of each key to `changed`.
    pub(crate) fn give(
        mut self,
        each: &mut dyn FnMut(Batch) -> Result<(), MirrorError>,
        changed: &mut dyn FnMut(&str, Change) -> Result<(), MirrorError>,
    ) -> Result<(), MirrorError> {
        let mut batch = Batch::new(self.kind);
        let mut before: Option<[u8; 32]> = None;
        while let Some(key) = self.next_key() {
            let (change, last) = self.change(&key)?;
            changed(&key, change)?;
            if let Some(records) = last {
                let Some(record) = records.record() else { return Err(MirrorError::unsound(&key, "its bytes are gone")) };
                let document = match record.document {
                    None => Document::Withheld,
                    Some((digest, _)) if before == Some(digest) => Document::Same(digest),
                    Some((digest, content)) => Document::Content { digest, content },
                };
                before = record.document.map(|(digest, _)| digest).or(before);
                batch.add(key.clone(), record.line, document);
                if batch.plain_bytes() >= BATCH_BYTES {
                    each(std::mem::replace(&mut batch, Batch::new(self.kind)))?;
                }
            }
            for place in &mut self.places {
                place.pass(&key)?;
            }
        }
        if batch.is_empty() { Ok(()) } else { each(batch) }
    }

    /// The least key at hand.
    fn next_key(&self) -> Option<String> {
        let keys = self.places.iter().flat_map(|place| {
            let added = place.added.as_ref().and_then(KeyStream::key);
            [place.record_key(), place.removed_key(), added].into_iter().flatten()
        });
        keys.min().map(str::to_owned)
    }

    /// What all together do to a key, and where its record is at hand if there is still one.
    fn change(&self, key: &str) -> Result<(Change, Option<&RecordStream>), MirrorError> {
        let mut changes = self.places.iter().filter_map(|place| Some((place, place.change(key)?)));
        let Some((place, first)) = changes.next() else {
            return Err(MirrorError::unsound(self.kind.added_path(), format!("it names {key}, and there is no such record")));
        };
        let (place, last) = changes.next_back().unwrap_or((place, first));
        let change = match (first, last) {
            (Change::Added, Change::Removed) => Change::Passed,
            (_, Change::Removed) => Change::Removed,
            (Change::Added, _) => Change::Added,
            _ => Change::Changed,
        };
        Ok((change, place.records.as_ref().filter(|_| last != Change::Removed)))
    }
}
