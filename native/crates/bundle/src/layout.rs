//! Where the members of a bundle lie: a function of their paths and sizes, the frame size, and the packed size of each frame.

use std::ops::Range;

use crate::tar_entry;

/// One zstd frame in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where it begins.
    pub offset: u64,
    /// Its length in the file.
    pub packed_bytes: u32,
    /// Length of what it holds.
    pub plain_bytes: u32,
}

/// One member, and the frames that hold its header, content and padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub path: String,
    pub size_bytes: u64,
    pub frames: Range<usize>,
}

/// What a bundle holds, and where.
#[derive(Debug, Default)]
pub struct Layout {
    /// Data frames and the end frame, in order.
    pub frames: Vec<Frame>,
    /// SHA-256 of each frame; `None` when the digest index is damaged or absent.
    pub digests: Option<Vec<[u8; 32]>>,
    /// Members in order.
    pub slots: Vec<Slot>,
    /// The one time of all members, in seconds; `None` when nothing says it.
    pub mtime: Option<u64>,
    /// Place of the end frame in `frames`, where there is one.
    pub end: Option<usize>,
}

/// Plain sizes of the frames of one member: all `frame_bytes`, but the last.
pub fn frame_sizes(entry_bytes: u64, frame_bytes: u32) -> impl Iterator<Item = u32> {
    let whole = entry_bytes / u64::from(frame_bytes);
    let rest = (entry_bytes % u64::from(frame_bytes)) as u32;
    (0..whole).map(move |_| frame_bytes).chain((rest > 0).then_some(rest))
}

/// Slots of these members and the plain size of every frame, the end frame last; `None` when there would be more than `most` frames.
pub fn place(members: Vec<(String, u64)>, frame_bytes: u32, most: usize) -> Option<(Vec<Slot>, Vec<u32>)> {
    let mut plain_sizes: Vec<u32> = Vec::new();
    let mut slots = Vec::with_capacity(members.len());
    for (path, size_bytes) in members {
        let entry_bytes = tar_entry::entry_bytes(&path, size_bytes)?;
        let first = plain_sizes.len();
        if entry_bytes.div_ceil(u64::from(frame_bytes)) > (most - first) as u64 {
            return None;
        }
        plain_sizes.extend(frame_sizes(entry_bytes, frame_bytes));
        slots.push(Slot { path, size_bytes, frames: first..plain_sizes.len() });
    }
    plain_sizes.push(tar_entry::END.len() as u32);
    (plain_sizes.len() <= most).then_some((slots, plain_sizes))
}
