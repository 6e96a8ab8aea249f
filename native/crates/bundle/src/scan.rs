//! Verifies a whole bundle: one thread reads, checks and unpacks frames, the caller's compares and hashes, a third counts lines.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest, Sha256};
use zstd::bulk::Decompressor;

use crate::container::Container;
use crate::entry_check::EntryCheck;
use crate::error::{BundleError, poll};
use crate::layout::{Layout, Slot};
use crate::line_thread::{self, LineCount, LineThread};
use crate::report::{FaultList, MemberDigest, ScanLimits, ScanReport};
use crate::{tar_entry, zstd_frame};

const QUEUED_FRAMES: usize = 2;

/// Reads every byte of a bundle and reports what it holds and all that is not as [`pack`](crate::pack()) writes it.
///
/// Damage is no error: it is a fault that names the member to which the damaged bytes belong, where that can be known.
/// Nothing is unpacked beyond `limits`; memory: some frames, and the index.
///
/// # Errors
/// [`BundleError::Io`], [`BundleError::Cancelled`]
pub fn scan_bundle(path: &Path, limits: &ScanLimits, cancel: &Arc<AtomicBool>) -> Result<ScanReport, BundleError> {
    let mut faults = FaultList::new(limits.max_faults);
    let mut container = Container::open(path)?;
    let layout = container.layout(limits.max_members, &mut faults, cancel)?;
    let lines = LineThread::start(*limits, Arc::clone(cancel));
    let mut members = thread::scope(|scope| {
        let (sender, pieces) = sync_channel(QUEUED_FRAMES);
        let (container, layout) = (&mut container, &layout);
        let reading = scope.spawn(move || read_pieces(container, layout, limits, cancel, &sender));
        let members = check_pieces(layout, &pieces, &lines, &mut faults);
        reading.join().unwrap_or_else(|panic| resume_unwind(panic)).map(|()| members)
    })?;
    let counts = lines.finish();
    poll(cancel)?;
    add_lines(&mut members, counts, &mut faults);
    let members = members.into_values().collect();
    Ok(ScanReport { mtime: layout.mtime, members, faults: faults.into_vec() })
}

/// A frame of one member, or of the end (`None`).
struct Piece {
    slot: Option<usize>,
    /// What the frame holds, or why that is not known.
    plain: Result<Vec<u8>, String>,
    /// Its bytes have another digest than the index says.
    altered: bool,
}

fn read_pieces(
    container: &mut Container,
    layout: &Layout,
    limits: &ScanLimits,
    cancel: &AtomicBool,
    pieces: &SyncSender<Piece>,
) -> Result<(), BundleError> {
    let mut decompressor = Decompressor::new().map_err(|source| BundleError::Io { action: "unpack", path: "a bundle".into(), source })?;
    let mut budget = limits.max_total_bytes;
    for (at, slot) in layout.slots.iter().enumerate() {
        let refused = refusal(slot, limits, &mut budget);
        if let Some(reason) = refused {
            let _gone = pieces.send(Piece { slot: Some(at), plain: Err(reason), altered: false });
            continue;
        }
        for frame in slot.frames.clone() {
            poll(cancel)?;
            let (plain, altered) = read_frame(container, layout, frame, &mut decompressor)?;
            let readable = plain.is_ok();
            if pieces.send(Piece { slot: Some(at), plain, altered }).is_err() {
                return Ok(());
            }
            if !readable {
                break;
            }
        }
    }
    if let Some(end) = layout.end {
        let (plain, altered) = read_frame(container, layout, end, &mut decompressor)?;
        let _gone = pieces.send(Piece { slot: None, plain, altered });
    }
    Ok(())
}

fn refusal(slot: &Slot, limits: &ScanLimits, budget: &mut u64) -> Option<String> {
    if slot.size_bytes > limits.max_member_bytes {
        return Some(format!("it holds {} bytes, the limit is {}", slot.size_bytes, limits.max_member_bytes));
    }
    match budget.checked_sub(slot.size_bytes) {
        Some(rest) => {
            *budget = rest;
            None
        }
        None => Some(format!("with it, the members hold more than {} bytes", limits.max_total_bytes)),
    }
}

/// What one frame holds, and whether its bytes differ from the digest index.
///
/// # Errors
/// [`BundleError::Io`]
pub fn read_frame(
    container: &mut Container,
    layout: &Layout,
    at: usize,
    decompressor: &mut Decompressor<'_>,
) -> Result<(Result<Vec<u8>, String>, bool), BundleError> {
    let frame = &layout.frames[at];
    let packed = match container.packed(frame)? {
        Ok(packed) => packed,
        Err(reason) => return Ok((Err(reason), false)),
    };
    let altered = layout.digests.as_ref().is_some_and(|digests| Sha256::digest(&packed)[..] != digests[at]);
    Ok((zstd_frame::decode(decompressor, &packed, frame.plain_bytes), altered))
}

fn check_pieces(layout: &Layout, pieces: &Receiver<Piece>, lines: &LineThread, faults: &mut FaultList) -> BTreeMap<usize, MemberDigest> {
    let mut members = BTreeMap::new();
    let mut current: Option<(usize, EntryCheck)> = None;
    for Piece { slot, plain, altered } in pieces {
        let path = slot.map(|at| layout.slots[at].path.as_str());
        if altered {
            faults.add(path, "its packed bytes are altered: a frame has another SHA-256 than the digest index says");
        }
        let plain = match plain {
            Ok(plain) => plain,
            // Altered bytes that cannot be unpacked are one fault, not two.
            Err(_) if altered => continue,
            Err(reason) => {
                faults.add(path, reason);
                continue;
            }
        };
        let Some(at) = slot else {
            if plain != tar_entry::END {
                faults.add(None, "the bundle does not end with two zero blocks");
            }
            continue;
        };
        let (_, mut check) =
            current.take().filter(|(begun, _)| *begun == at).unwrap_or_else(|| (at, EntryCheck::new(&layout.slots[at], layout.mtime)));
        check_piece(at, &mut check, plain, lines, faults);
        match check.finished() {
            Some(member) => {
                if member.path.ends_with(line_thread::SUFFIX) {
                    lines.end(at);
                }
                members.insert(at, member);
            }
            None => current = Some((at, check)),
        }
    }
    name_unfinished(layout, &members, faults);
    members
}

fn check_piece(at: usize, check: &mut EntryCheck, plain: Vec<u8>, lines: &LineThread, faults: &mut FaultList) {
    let (content, flaw) = check.feed(&plain);
    if let Some(flaw) = flaw {
        faults.add(Some(check.path()), flaw);
    }
    if !content.is_empty() && check.path().ends_with(line_thread::SUFFIX) {
        lines.piece(at, Arc::new(plain), content);
    }
}

/// A member that is neither complete nor named in a fault would be lost in silence: it gets a fault.
fn name_unfinished(layout: &Layout, members: &BTreeMap<usize, MemberDigest>, faults: &mut FaultList) {
    for (at, slot) in layout.slots.iter().enumerate() {
        if !members.contains_key(&at) && !faults.names(&slot.path) {
            faults.add(Some(&slot.path), "its content ends early");
        }
    }
}

/// Puts the lines of each member into its row, or what is wrong with them among the faults.
pub fn add_lines(members: &mut BTreeMap<usize, MemberDigest>, counts: Vec<LineCount>, faults: &mut FaultList) {
    for (at, count) in counts {
        let Some(member) = members.get_mut(&at) else { continue };
        match count {
            Ok(lines) => member.lines = Some(lines),
            Err(reason) => faults.add(Some(&member.path), reason),
        }
    }
}
