use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::delta::Lists;
use crate::error::MirrorError;
use crate::key_list::KeyList;
use crate::kind::Kind;
use crate::merge::{Change, Merge};
use crate::writer::{MirrorWriter, WriterOptions, Written};

/// Memory for sorting what an index must hold.
const CHECK_MEMORY_BYTES: usize = 64 << 20;

/// What is made of mirrors and deltas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// A mirror: the first place is one, the others are deltas.
    Mirror,
    /// A delta: all places are deltas.
    Delta,
}

/// What was written of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// The kind.
    pub kind: Kind,
    /// Its records.
    pub records: u64,
    /// Those of them that a delta says are new.
    pub added: u64,
    /// Keys that it takes away.
    pub removed: u64,
}

/// Merges the data files of mirrors and deltas, the oldest first: what a run of the same plan writes, byte for byte. `items` stand in the state
/// for what was withheld. A joined delta has no changelog: nobody has signed one. Bundles must have been verified. Gives back the sink.
///
/// # Errors
/// Of the bundles, where an index lies too; of files.
pub fn merge_mirrors<W: Write + Send>(
    mut writer: MirrorWriter<W>,
    places: &[PathBuf],
    making: Making,
    items: &[String],
    scratch: &Path,
    cancel: &Arc<AtomicBool>,
) -> Result<(W, Written, Vec<Merged>), MirrorError> {
    let mut merged = Vec::new();
    for kind in Kind::ALL {
        let merge = Merge::open(places, kind, scratch, cancel)?;
        if merge.is_absent() {
            continue;
        }
        let mut lists = Lists { added: KeyList::new(scratch)?, removed: KeyList::new(scratch)? };
        let ((), counts);
        (writer, (), counts) = writer.kind(kind, |each| {
            let mut note = |key: &str, change| match (making, change) {
                (Making::Delta, Change::Added) => lists.added.add(key),
                (Making::Delta, Change::Removed) => lists.removed.add(key),
                _ => Ok(()),
            };
            merge.give(each, &mut note).map(|()| ((), Vec::new()))
        })?;
        merged.push(Merged { kind, records: counts.records, added: lists.added.count(), removed: lists.removed.count() });
        if making == Making::Delta {
            lists.finish(&mut writer, kind)?;
        }
    }
    items.iter().for_each(|item| writer.add_item(item.as_bytes()));
    let (sink, written) = writer.finish()?;
    Ok((sink, written, merged))
}

/// Reads all records of a mirror or delta as its indexes name them, and tells what the indexes over them must be, byte for byte, and the state. A
/// lying index is another than this, or names what is not there.
///
/// # Errors
/// Of the bundle, where an index names what is not there too; of the scratch folder.
pub fn check_mirror(
    place: &Path,
    items: &[String],
    scratch: &Path,
    cancel: &Arc<AtomicBool>,
) -> Result<(Written, Vec<Merged>), MirrorError> {
    let options = WriterOptions { level: None, threads: 1, scratch: scratch.to_owned(), memory_bytes: CHECK_MEMORY_BYTES };
    let mut writer = MirrorWriter::new(std::io::sink(), options);
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let merge = Merge::open(&[place.to_owned()], kind, scratch, cancel)?;
        if merge.is_absent() {
            continue;
        }
        let (mut added, mut removed) = (0, 0);
        let ((), counts);
        (writer, (), counts) = writer.kind(kind, |each| {
            let mut count = |_: &str, change| {
                added += u64::from(change == Change::Added);
                removed += u64::from(change == Change::Removed);
                Ok(())
            };
            merge.give(each, &mut count).map(|()| ((), Vec::new()))
        })?;
        found.push(Merged { kind, records: counts.records, added, removed });
    }
    items.iter().for_each(|item| writer.add_item(item.as_bytes()));
    Ok((writer.finish()?.1, found))
}
