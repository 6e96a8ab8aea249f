//! The seek table of the zstd seekable format (`contrib/seekable_format/zstd_seekable_compression_format.md`, version 0.1.1): a
//! skippable frame with the packed and plain size of every frame before it, without the optional checksums.
//! The digest index has an entry too, of plain size 0, so that the packed sizes add up to the place of the table.

use crate::layout::Frame;
use crate::zstd_frame::{self, SKIPPABLE_HEADER};

const MAGIC: u32 = 0x184D_2A5E;
const FOOTER_MAGIC: [u8; 4] = 0x8F92_EAB1_u32.to_le_bytes();
const ENTRY_BYTES: u64 = 8;
/// Number of frames, descriptor byte, magic.
pub const FOOTER_BYTES: u64 = 9;
/// More frames than this are not read: 128 MiB of table.
pub const MAX_FRAMES: u64 = 1 << 24;

/// The whole skippable frame for these frames, in order.
pub fn encode(frames: &[Frame]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(frames.len() * ENTRY_BYTES as usize + FOOTER_BYTES as usize);
    for frame in frames {
        payload.extend_from_slice(&frame.packed_bytes.to_le_bytes());
        payload.extend_from_slice(&frame.plain_bytes.to_le_bytes());
    }
    payload.extend_from_slice(&u32::try_from(frames.len()).unwrap_or(u32::MAX).to_le_bytes());
    payload.push(0);
    payload.extend_from_slice(&FOOTER_MAGIC);
    zstd_frame::skippable(MAGIC, &payload)
}

/// Length of the whole table, from the last bytes of the file; `None` when they are no footer that [`encode`] writes.
pub fn length(footer: &[u8]) -> Option<u64> {
    let (count, rest) = footer.split_first_chunk::<4>()?;
    let count = u64::from(u32::from_le_bytes(*count));
    (rest == [&[0], &FOOTER_MAGIC[..]].concat() && count <= MAX_FRAMES)
        .then_some(SKIPPABLE_HEADER as u64 + count * ENTRY_BYTES + FOOTER_BYTES)
}

/// Frames that a table lists, when it is exactly what [`encode`] writes for them and they end where the table begins.
pub fn decode(table: &[u8], offset: u64) -> Option<Vec<Frame>> {
    let payload = zstd_frame::skippable_payload(table, MAGIC)?;
    let entries = payload.get(..payload.len().checked_sub(FOOTER_BYTES as usize)?)?;
    let mut frames = Vec::with_capacity(entries.len() / ENTRY_BYTES as usize);
    let mut end = 0;
    for entry in entries.chunks(ENTRY_BYTES as usize) {
        let (packed, plain) = entry.split_first_chunk::<4>()?;
        let frame =
            Frame { offset: end, packed_bytes: u32::from_le_bytes(*packed), plain_bytes: u32::from_le_bytes(plain.try_into().ok()?) };
        end += u64::from(frame.packed_bytes);
        frames.push(frame);
    }
    (end == offset && encode(&frames) == table).then_some(frames)
}
