use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, FrameFile, Members, tar_header, tar_padding};

use crate::error::MirrorError;
use crate::group::MTIME;
use crate::stream::{HEADER_BYTES, MAX_FRAME_BYTES};

/// Largest file of a group: what a group and its last document may have, with room for what does not compress.
const MAX_GROUP_FILE_BYTES: u64 = 256 << 20;

/// Where something lies: group, frame, offset and length.
pub(crate) type At = [u32; 4];

/// The file and the frame that were read last. All that a file holds must be read, in its order: nothing may lie beside what the index names.
pub(crate) struct Frames {
    path_of: Box<dyn Fn(u32) -> String + Send>,
    /// What the last frame of each file holds, beside those that are named.
    tail: &'static [u8],
    file: Option<FrameFile>,
    /// Group and frame.
    frame: Option<(u32, u32)>,
    pub(crate) plain: Vec<u8>,
    /// Bytes of the frame that were read.
    pub(crate) used: usize,
}

impl Frames {
    /// Files of these paths, each of which ends with a tail.
    pub(crate) fn new(path_of: impl Fn(u32) -> String + Send + 'static, tail: &'static [u8]) -> Self {
        Self { path_of: Box::new(path_of), tail, file: None, frame: None, plain: Vec::new(), used: 0 }
    }

    /// How many groups have been reached.
    pub(crate) fn groups(&self) -> u32 {
        self.frame.map_or(0, |(group, _)| group + 1)
    }

    /// Goes on to the frame of a place, whose group must be one of the first `groups`: what lies between is looked for.
    pub(crate) fn load(
        &mut self,
        [group, frame, ..]: At,
        groups: u32,
        members: &mut Members,
        cancel: &AtomicBool,
    ) -> Result<(), MirrorError> {
        if self.frame == Some((group, frame)) {
            return Ok(());
        }
        let path = (self.path_of)(group);
        if group >= groups {
            return Err(MirrorError::unsound(path, "the index leaves out a group before it"));
        }
        let is_next = match self.frame {
            Some((of, before)) if of == group => {
                self.end_frame(&path)?;
                frame == before + 1
            }
            _ => {
                self.end(group, members, cancel)?;
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

    /// Ends the file at hand, which must hold nothing else but its tail; there is no other file of the first `groups`.
    pub(crate) fn end(&self, groups: u32, members: &mut Members, cancel: &AtomicBool) -> Result<(), MirrorError> {
        if let (Some(file), Some((group, frame))) = (&self.file, self.frame) {
            let (path, next) = ((self.path_of)(group), frame as usize + 1);
            self.end_frame(&path)?;
            let is_tail = self.tail.is_empty() || file.read(next, self.tail.len()).is_ok_and(|plain| plain == self.tail);
            if !is_tail || file.count() != next + usize::from(!self.tail.is_empty()) {
                return Err(MirrorError::unsound(path, "it holds what the index does not name"));
            }
        }
        (self.groups()..groups).try_for_each(|group| {
            let path = (self.path_of)(group);
            match members.each_piece(&path, 0, cancel, &mut |_| Ok(())) {
                Err(BundleError::Absent { .. }) => Ok(()),
                _ => Err(MirrorError::unsound(path, "the index names nothing in it")),
            }
        })
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
