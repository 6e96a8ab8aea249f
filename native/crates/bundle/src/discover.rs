//! Works out a layout without a digest index, from the tar headers alone: only to say more about a bundle that is damaged anyway.

use std::sync::atomic::AtomicBool;

use crate::container::Container;
use crate::error::{BundleError, poll};
use crate::layout::{Frame, Layout, Slot};
use crate::report::FaultList;
use crate::tar_entry::{self, Entry, LONGEST_HEADER};
use crate::{member_path, zstd_frame};

/// The members that begin in these frames. Frames whose member cannot be told become faults without a path.
///
/// # Errors
/// [`BundleError::Io`], [`BundleError::Cancelled`]
pub fn discover(
    container: &mut Container,
    frames: Vec<Frame>,
    max_members: u64,
    faults: &mut FaultList,
    cancel: &AtomicBool,
) -> Result<Layout, BundleError> {
    let mut layout = Layout { frames, ..Layout::default() };
    let mut at = 0;
    while at < layout.frames.len() && (layout.slots.len() as u64) < max_members {
        poll(cancel)?;
        let start = start_of(container, &layout.frames[at])?;
        if let Some(entry) = tar_entry::parse(&start).filter(|entry| follows(&layout, entry)) {
            let frames = at..last_frame(&layout.frames, at, &entry);
            at = frames.end;
            layout.mtime = layout.mtime.or(Some(entry.mtime));
            layout.slots.push(Slot { path: entry.path, size_bytes: entry.size_bytes, frames });
            continue;
        }
        if at + 1 == layout.frames.len() && start == tar_entry::END {
            layout.end = Some(at);
        } else if !layout.slots.is_empty() || at + 1 < layout.frames.len() {
            faults.add(None, format!("frame {at} cannot be read; which member it holds is not known"));
        }
        at += 1;
    }
    Ok(layout)
}

fn start_of(container: &mut Container, frame: &Frame) -> Result<Vec<u8>, BundleError> {
    let packed = container.packed(frame)?.unwrap_or_default();
    Ok(zstd_frame::decode_start(&packed, LONGEST_HEADER.min(frame.plain_bytes as usize)))
}

fn follows(layout: &Layout, entry: &Entry) -> bool {
    member_path::check(&entry.path).is_ok() && layout.slots.last().is_none_or(|last| last.path < entry.path)
}

/// One past the last frame of the member that begins in frame `first`.
fn last_frame(frames: &[Frame], first: usize, entry: &Entry) -> usize {
    let entry_bytes = tar_entry::entry_bytes(&entry.path, entry.size_bytes).unwrap_or(u64::MAX);
    let mut sum = 0;
    let held = frames[first..].iter().take_while(|frame| {
        let needed = sum < entry_bytes;
        sum += u64::from(frame.plain_bytes);
        needed
    });
    first + held.count()
}
