//! The digest index: a skippable frame (0x184D2A50) that names every member and holds the SHA-256 of every frame before it.
//!
//! Payload, integers little-endian: tag `STELLAIX` · version u32 = 1 · frame_bytes u32 · mtime u64 · frame count u32 · member count u32 ·
//! frame count × SHA-256 of the packed frame · member count × (path length u16, path, size u64) · SHA-256 of this whole skippable frame
//! up to here, magic and length included.
//!
//! So damage in a frame is told from damage in the index, and a damaged frame is traced to its member even when its own header is lost.

use sha2::{Digest, Sha256};

use crate::layout::{self, Slot};
use crate::member_path;
use crate::tar_entry::OCTAL_LIMIT;
use crate::zstd_frame::{self, MAX_FRAME_BYTES, MIN_FRAME_BYTES};

/// Magic of the skippable frame.
pub const MAGIC: u32 = 0x184D_2A50;
/// A larger index is not read: room for some three million members.
pub const MAX_BYTES: u64 = 512 * 1024 * 1024;

const TAG: &[u8; 8] = b"STELLAIX";
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;

/// What the index says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestIndex {
    pub frame_bytes: u32,
    pub mtime: u64,
    pub digests: Vec<[u8; DIGEST_BYTES]>,
    pub slots: Vec<Slot>,
    /// Plain size of each frame, which follows from the members.
    pub plain_sizes: Vec<u32>,
}

/// The whole skippable frame. `members` are (path, size), sorted.
pub fn encode(frame_bytes: u32, mtime: u64, digests: &[[u8; DIGEST_BYTES]], members: &[(&str, u64)]) -> Vec<u8> {
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut payload = Vec::new();
    payload.extend_from_slice(TAG);
    payload.extend_from_slice(&VERSION.to_le_bytes());
    payload.extend_from_slice(&frame_bytes.to_le_bytes());
    payload.extend_from_slice(&mtime.to_le_bytes());
    payload.extend_from_slice(&count(digests.len()));
    payload.extend_from_slice(&count(members.len()));
    payload.extend_from_slice(digests.as_flattened());
    for (path, size_bytes) in members {
        payload.extend_from_slice(&u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
        payload.extend_from_slice(path.as_bytes());
        payload.extend_from_slice(&size_bytes.to_le_bytes());
    }
    let unsigned_bytes = payload.len();
    payload.resize(unsigned_bytes + DIGEST_BYTES, 0);
    let mut frame = zstd_frame::skippable(MAGIC, &payload);
    let body_bytes = frame.len() - DIGEST_BYTES;
    let own_digest = Sha256::digest(&frame[..body_bytes]);
    frame[body_bytes..].copy_from_slice(&own_digest);
    frame
}

/// Reads an index; the error says what is wrong with it, for people.
///
/// `max_members` bounds what is allocated for it.
pub fn decode(frame: &[u8], max_members: u64) -> Result<DigestIndex, String> {
    let damaged = || "it is damaged".to_owned();
    let body_bytes = frame.len().checked_sub(DIGEST_BYTES).ok_or_else(damaged)?;
    let (body, own_digest) = frame.split_at(body_bytes);
    if Sha256::digest(body)[..] != *own_digest {
        return Err(damaged());
    }
    let payload = zstd_frame::skippable_payload(frame, MAGIC).ok_or_else(damaged)?;
    let mut fields = Fields(&payload[..payload.len().saturating_sub(DIGEST_BYTES)]);
    if fields.take(TAG.len()).ok_or_else(damaged)? != TAG || fields.u32() != Some(VERSION) {
        return Err("it is of an unknown version".into());
    }
    parse(&mut fields, max_members)?.filter(|_| fields.0.is_empty()).ok_or_else(|| "its fields contradict each other".into())
}

fn parse(fields: &mut Fields, max_members: u64) -> Result<Option<DigestIndex>, String> {
    let Some((frame_bytes, mtime, frame_count, member_count)) = fields.counts() else { return Ok(None) };
    if !(MIN_FRAME_BYTES..=MAX_FRAME_BYTES).contains(&frame_bytes) || !frame_bytes.is_multiple_of(512) || mtime >= OCTAL_LIMIT {
        return Ok(None);
    }
    if u64::from(member_count) > max_members {
        return Err(format!("it lists {member_count} members, the limit is {max_members}"));
    }
    let Some(digests) = (frame_count as usize).checked_mul(DIGEST_BYTES).and_then(|bytes| fields.take(bytes)) else { return Ok(None) };
    let Ok(digests) = digests.chunks_exact(DIGEST_BYTES).map(TryInto::try_into).collect::<Result<Vec<_>, _>>() else { return Ok(None) };
    let Some(members) = (0..member_count).map(|_| fields.member()).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let paths: Vec<_> = members.iter().map(|(path, _)| path).collect();
    if let Err((at, reason)) = member_path::check_list(&paths) {
        return Err(format!("its path {:?} cannot be used: {reason}", paths[at]));
    }
    Ok(layout::place(members, frame_bytes, digests.len())
        .filter(|(_, plain_sizes)| plain_sizes.len() == digests.len())
        .map(|(slots, plain_sizes)| DigestIndex { frame_bytes, mtime, digests, slots, plain_sizes }))
}

/// What is left of the payload to read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.number().map(u32::from_le_bytes)
    }

    fn counts(&mut self) -> Option<(u32, u64, u32, u32)> {
        Some((self.u32()?, self.number().map(u64::from_le_bytes)?, self.u32()?, self.u32()?))
    }

    fn member(&mut self) -> Option<(String, u64)> {
        let length = self.number().map(u16::from_le_bytes)?;
        let path = std::str::from_utf8(self.take(length.into())?).ok()?.to_owned();
        Some((path, self.number().map(u64::from_le_bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame with its own digest made right again.
    fn signed(mut frame: Vec<u8>) -> Vec<u8> {
        let body_bytes = frame.len() - DIGEST_BYTES;
        let own_digest = Sha256::digest(&frame[..body_bytes]);
        frame[body_bytes..].copy_from_slice(&own_digest);
        frame
    }

    #[test]
    fn decode_accepts_only_what_encode_writes_even_when_the_own_digest_is_right() {
        let members = [("a/b.json", 9000), ("c", 0), ("d/ü", 8192 - 512)];
        let frame = encode(8192, 1_700_000_000, &[[7; DIGEST_BYTES]; 6], &members);
        let mut accepted = 0;
        for at in 0..frame.len() - DIGEST_BYTES {
            for mask in [1, 2, 16, 128, 255] {
                let mut changed = frame.clone();
                changed[at] ^= mask;
                let changed = signed(changed);
                let Ok(index) = decode(&changed, 10) else { continue };
                let members: Vec<_> = index.slots.iter().map(|slot| (slot.path.as_str(), slot.size_bytes)).collect();
                assert_eq!(encode(index.frame_bytes, index.mtime, &index.digests, &members), changed);
                accepted += 1;
            }
        }
        assert!(accepted >= 5 * 6 * DIGEST_BYTES, "the digests of frames are free");
    }

    #[test]
    fn decode_refuses_more_members_than_allowed_and_any_truncation() {
        let frame = encode(8192, 0, &[[7; DIGEST_BYTES]; 3], &[("a", 0), ("b", 0)]);
        assert!(decode(&frame, 2).is_ok());
        assert_eq!(decode(&frame, 1), Err("it lists 2 members, the limit is 1".into()));
        for length in 0..frame.len() {
            assert!(decode(&frame[..length], 2).is_err());
            if length >= DIGEST_BYTES {
                assert!(decode(&signed(frame[..length].to_vec()), 2).is_err(), "cut to {length}");
            }
        }
    }
}
