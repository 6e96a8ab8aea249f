use std::ops::Range;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, FrameFile, Members, TAR_END, tar_header, tar_padding};

use crate::error::MirrorError;
use crate::group::MTIME;
use crate::stream::{HEADER_BYTES, MAX_FRAME_BYTES};

/// Largest file of a group: what a group and its last document may have, with room for what does not compress.
const MAX_GROUP_FILE_BYTES: u64 = 256 << 20;

/// Where something lies: group, frame, offset and length.
pub(crate) type At = [u32; 4];

/// The file and the frame that were read last. All that a file holds must be read, in its order: nothing may lie beside what the index names.
#[derive(Default)]
pub(crate) struct Frames {
    file: Option<FrameFile>,
    /// Group and frame.
    pub(crate) frame: Option<(u32, u32)>,
    pub(crate) plain: Vec<u8>,
    /// Bytes of the frame that were read.
    pub(crate) used: usize,
}

impl Frames {
    /// Goes on to the frame of a place. `tail`: what the last frame of each file holds, beside those that are named.
    pub(crate) fn load(
        &mut self,
        [group, frame, ..]: At,
        members: &mut Members,
        cancel: &AtomicBool,
        tail: &[u8],
        path_of: impl Fn(u32) -> String,
    ) -> Result<(), MirrorError> {
        if self.frame == Some((group, frame)) {
            return Ok(());
        }
        let path = path_of(group);
        let is_next = match self.frame {
            Some((of, before)) if of == group => {
                self.end_frame(&path)?;
                frame == before + 1
            }
            Some((of, _)) => {
                self.end(&path_of(of), tail)?;
                require_absent(of + 1..group, members, cancel, &path_of)?;
                frame == 0
            }
            None => {
                require_absent(0..group, members, cancel, &path_of)?;
                frame == 0
            }
        };
        if !is_next {
            return Err(MirrorError::unsound(path, "the index leaves out what lies in it"));
        }
        let file = match self.file.take().filter(|_| self.frame.is_some_and(|(of, _)| of == group)) {
            Some(file) => file,
            None => FrameFile::open(members.read(&path, MAX_GROUP_FILE_BYTES, cancel)?)
                .ok_or_else(|| MirrorError::unsound(&path, "it has no seek table"))?,
        };
        self.plain = file.read(frame as usize, MAX_FRAME_BYTES).map_err(|reason| MirrorError::unsound(path, reason))?;
        (self.file, self.frame, self.used) = (Some(file), Some((group, frame)), 0);
        Ok(())
    }

    fn end_frame(&self, path: &str) -> Result<(), MirrorError> {
        if self.used == self.plain.len() { Ok(()) } else { Err(MirrorError::unsound(path, "it holds what the index does not name")) }
    }

    /// Ends the file at hand, which must hold nothing else but its tail.
    pub(crate) fn end(&self, path: &str, tail: &[u8]) -> Result<(), MirrorError> {
        let (Some(file), Some((_, frame))) = (&self.file, self.frame) else { return Ok(()) };
        self.end_frame(path)?;
        let next = frame as usize + 1;
        let is_tail = tail.is_empty() || file.read(next, tail.len()).is_ok_and(|plain| plain == tail);
        if is_tail && file.count() == next + usize::from(!tail.is_empty()) {
            return Ok(());
        }
        Err(MirrorError::unsound(path, "it holds what the index does not name"))
    }

    /// Ends the documents of a kind that has so many groups.
    pub(crate) fn end_group(
        &self,
        groups: u32,
        members: &mut Members,
        cancel: &AtomicBool,
        path_of: impl Fn(u32) -> String,
    ) -> Result<(), MirrorError> {
        let next = self.frame.map_or(0, |(group, _)| group + 1);
        self.end(&path_of(next.saturating_sub(1)), &TAR_END)?;
        require_absent(next..groups, members, cancel, &path_of)
    }

    /// The digest that the archive names what lies at a place by, where that is the digest of what lies there and the entry is the next.
    pub(crate) fn entry(&mut self, at: At) -> Option<[u8; 32]> {
        let (offset, content) = (at[2] as usize, self.slice(&at)?);
        let begin = offset.checked_sub(HEADER_BYTES).filter(|begin| *begin == self.used)?;
        let digest: [u8; 32] = Sha256::digest(content).into();
        let end = offset + content.len();
        let padded = self.plain.get(end..end + tar_padding(content.len() as u64))?;
        let header = tar_header(&stella_digest::hex(&digest), content.len() as u64, MTIME);
        if self.plain[begin..offset] != header[..] || padded.iter().any(|byte| *byte != 0) {
            return None;
        }
        self.used = end + padded.len();
        Some(digest)
    }

    pub(crate) fn slice(&self, [_, _, offset, length]: &At) -> Option<&[u8]> {
        self.plain.get(*offset as usize..(*offset as usize).checked_add(*length as usize)?)
    }
}

/// Groups without documents have no file of documents.
fn require_absent(
    mut groups: Range<u32>,
    members: &mut Members,
    cancel: &AtomicBool,
    path_of: impl Fn(u32) -> String,
) -> Result<(), MirrorError> {
    groups.try_for_each(|group| match members.each_piece(&path_of(group), 0, cancel, &mut |_| Ok(())) {
        Err(BundleError::Absent { .. }) => Ok(()),
        _ => Err(MirrorError::unsound(path_of(group), "the index names nothing in it")),
    })
}
