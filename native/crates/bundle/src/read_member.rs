use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use zstd::bulk::Decompressor;

use crate::container::Container;
use crate::entry_check::EntryCheck;
use crate::error::{BundleError, poll};
use crate::member_path;
use crate::report::FaultList;
use crate::scan::read_frame;

/// Content of one member of a bundle file, or of a folder that a bundle was unpacked into.
///
/// Of a bundle only the member's own frames are read, and checked as [`scan_bundle`](crate::scan_bundle) checks them; damage
/// elsewhere does not matter. An index of more than `max_members` is not used.
///
/// # Errors
/// [`BundleError::Path`] for an unsafe path, [`BundleError::Absent`], [`BundleError::TooLarge`] over `max_bytes`,
/// [`BundleError::Altered`] for damaged frames, [`BundleError::Io`], [`BundleError::Cancelled`]
pub fn read_member(place: &Path, member: &str, max_bytes: u64, max_members: u64, cancel: &AtomicBool) -> Result<Vec<u8>, BundleError> {
    member_path::check(member).map_err(|reason| BundleError::Path { path: member.to_owned(), reason })?;
    let is_folder = fs::metadata(place).map_err(BundleError::reading(place))?.is_dir();
    if is_folder { from_folder(place, member, max_bytes) } else { from_bundle(place, member, max_bytes, max_members, cancel) }
}

fn from_bundle(place: &Path, member: &str, max_bytes: u64, max_members: u64, cancel: &AtomicBool) -> Result<Vec<u8>, BundleError> {
    let altered = |reason: String| BundleError::Altered { path: member.to_owned(), reason };
    let mut container = Container::open(place)?;
    let layout = container.layout(max_members, &mut FaultList::new(1), cancel)?;
    let at = layout.slots.binary_search_by(|slot| slot.path.as_str().cmp(member));
    let slot = &layout.slots[at.map_err(|_| BundleError::Absent { path: member.to_owned() })?];
    refuse_larger(member, slot.size_bytes, max_bytes)?;

    let mut decompressor = Decompressor::new().map_err(BundleError::reading(place))?;
    let mut check = EntryCheck::new(slot, layout.mtime);
    let mut content = Vec::new();
    for frame in slot.frames.clone() {
        poll(cancel)?;
        let (plain, is_altered) = read_frame(&mut container, &layout, frame, &mut decompressor)?;
        if is_altered {
            return Err(altered("a frame has another SHA-256 than the digest index says".into()));
        }
        let plain = plain.map_err(altered)?;
        let (range, flaw) = check.feed(&plain);
        if let Some(flaw) = flaw {
            return Err(altered(flaw.into()));
        }
        content.extend_from_slice(&plain[range]);
    }
    if check.finished().is_none() {
        return Err(altered("its content ends early".into()));
    }
    Ok(content)
}

fn from_folder(place: &Path, member: &str, max_bytes: u64) -> Result<Vec<u8>, BundleError> {
    let absent = || BundleError::Absent { path: member.to_owned() };
    let mut path = place.to_owned();
    for segment in member.split('/') {
        path.push(segment);
        // A link could lead out of the folder.
        if fs::symlink_metadata(&path).map_err(|_| absent())?.is_symlink() {
            return Err(absent());
        }
    }
    let size_bytes = fs::metadata(&path).ok().filter(fs::Metadata::is_file).ok_or_else(absent)?.len();
    refuse_larger(member, size_bytes, max_bytes)?;
    let mut content = Vec::new();
    let file = File::open(&path).map_err(BundleError::reading(&path))?;
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut content).map_err(BundleError::reading(&path))?;
    refuse_larger(member, content.len() as u64, max_bytes)?;
    Ok(content)
}

fn refuse_larger(member: &str, size_bytes: u64, max_bytes: u64) -> Result<(), BundleError> {
    if size_bytes > max_bytes { Err(BundleError::TooLarge { path: member.to_owned(), size_bytes, max_bytes }) } else { Ok(()) }
}
