use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use zstd::bulk::Decompressor;

use crate::container::Container;
use crate::entry_check::EntryCheck;
use crate::error::{BundleError, poll};
use crate::layout::Layout;
use crate::member_path;
use crate::report::FaultList;
use crate::scan::read_frame;

/// Pieces in which a file of a folder is read.
const PIECE_BYTES: usize = 1 << 20;

/// Content of one member of a bundle file, or of a folder that a bundle was unpacked into.
///
/// Of a bundle only the member's own frames are read, and checked as [`scan_bundle`](crate::scan_bundle) checks them; damage
/// elsewhere does not matter. An index of more than `max_members` is not used.
///
/// # Errors
/// [`BundleError::Path`] for an unsafe path, [`BundleError::Absent`], [`BundleError::TooLarge`] over `max_bytes`,
/// [`BundleError::Altered`] for damaged frames, [`BundleError::Io`], [`BundleError::Cancelled`]
pub fn read_member(place: &Path, member: &str, max_bytes: u64, max_members: u64, cancel: &AtomicBool) -> Result<Vec<u8>, BundleError> {
    Members::open(place, max_members, cancel)?.read(member, max_bytes, cancel)
}

/// As [`read_member`], into a file, created or emptied, which is synced then. Memory: one frame.
///
/// # Errors
/// As [`read_member`]; [`BundleError::Full`] or [`BundleError::Io`] of the file, which is left incomplete after any
pub fn copy_member(
    place: &Path,
    member: &str,
    (max_bytes, max_members): (u64, u64),
    out: &Path,
    cancel: &AtomicBool,
) -> Result<(), BundleError> {
    let mut file = File::create(out).map_err(BundleError::writing(out))?;
    let mut write = |piece: &[u8]| file.write_all(piece).map_err(BundleError::writing(out));
    Members::open(place, max_members, cancel)?.each_piece(member, max_bytes, cancel, &mut write)?;
    file.sync_all().map_err(BundleError::writing(out))
}

type Take<'t> = &'t mut dyn FnMut(&[u8]) -> Result<(), BundleError>;

/// A bundle file, or a folder that a bundle was unpacked into, whose members are read one by one.
pub struct Members {
    place: PathBuf,
    /// None of a folder.
    bundle: Option<(Container, Layout)>,
}

impl Members {
    /// Opens it; an index of more than `max_members` is not used.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::Cancelled`]
    pub fn open(place: &Path, max_members: u64, cancel: &AtomicBool) -> Result<Self, BundleError> {
        let is_folder = fs::metadata(place).map_err(BundleError::reading(place))?.is_dir();
        let bundle = if is_folder {
            None
        } else {
            let mut container = Container::open(place)?;
            let layout = container.layout(max_members, &mut FaultList::new(1), cancel)?;
            Some((container, layout))
        };
        Ok(Self { place: place.to_owned(), bundle })
    }

    /// Content of a member.
    ///
    /// # Errors
    /// As [`read_member`].
    pub fn read(&mut self, member: &str, max_bytes: u64, cancel: &AtomicBool) -> Result<Vec<u8>, BundleError> {
        let mut content = Vec::new();
        self.each_piece(member, max_bytes, cancel, &mut |piece| {
            content.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(content)
    }

    /// Gives the content of a member to `take`, piece by piece. Memory: one frame.
    ///
    /// # Errors
    /// As [`read_member`], and those of `take`.
    pub fn each_piece(&mut self, member: &str, max_bytes: u64, cancel: &AtomicBool, take: Take<'_>) -> Result<(), BundleError> {
        member_path::check(member).map_err(|reason| BundleError::Path { path: member.to_owned(), reason })?;
        match &mut self.bundle {
            Some((container, layout)) => from_bundle((container, layout, &self.place), member, max_bytes, cancel, take),
            None => from_folder(&self.place, member, max_bytes, cancel, take),
        }
    }
}

fn from_bundle(
    (container, layout, place): (&mut Container, &Layout, &Path),
    member: &str,
    max_bytes: u64,
    cancel: &AtomicBool,
    take: Take<'_>,
) -> Result<(), BundleError> {
    let altered = |reason: String| BundleError::Altered { path: member.to_owned(), reason };
    let at = layout.slots.binary_search_by(|slot| slot.path.as_str().cmp(member));
    let slot = &layout.slots[at.map_err(|_| BundleError::Absent { path: member.to_owned() })?];
    refuse_larger(member, slot.size_bytes, max_bytes)?;

    let mut decompressor = Decompressor::new().map_err(BundleError::reading(place))?;
    let mut check = EntryCheck::new(slot, layout.mtime);
    for frame in slot.frames.clone() {
        poll(cancel)?;
        let (plain, is_altered) = read_frame(container, layout, frame, &mut decompressor)?;
        if is_altered {
            return Err(altered("a frame has another SHA-256 than the digest index says".into()));
        }
        let plain = plain.map_err(altered)?;
        let (range, flaw) = check.feed(&plain);
        if let Some(flaw) = flaw {
            return Err(altered(flaw.into()));
        }
        take(&plain[range])?;
    }
    if check.finished().is_none() {
        return Err(altered("its content ends early".into()));
    }
    Ok(())
}

fn from_folder(place: &Path, member: &str, max_bytes: u64, cancel: &AtomicBool, take: Take<'_>) -> Result<(), BundleError> {
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
    let mut file = File::open(&path).map_err(BundleError::reading(&path))?.take(max_bytes.saturating_add(1));
    let mut piece = vec![0; PIECE_BYTES];
    let mut given = 0;
    loop {
        poll(cancel)?;
        let read = file.read(&mut piece).map_err(BundleError::reading(&path))?;
        given += read as u64;
        refuse_larger(member, given, max_bytes)?;
        if read == 0 {
            return Ok(());
        }
        take(&piece[..read])?;
    }
}

fn refuse_larger(member: &str, size_bytes: u64, max_bytes: u64) -> Result<(), BundleError> {
    if size_bytes > max_bytes { Err(BundleError::TooLarge { path: member.to_owned(), size_bytes, max_bytes }) } else { Ok(()) }
}
