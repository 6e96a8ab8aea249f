//! Turns members into the plaintext of frames, and checks on the way that each source is what was stated.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};

use crate::error::{BundleError, poll};
use crate::pack::{Member, PackOptions, Part, PlainPiece, Turns};
use crate::tar_entry;

/// Ends of the paths of members that do not get smaller.
const COMPRESSED: [&str; 3] = [".zst", ".age", ".enc"];

/// Sends the frames of all members, and of the end, in order.
///
/// # Errors
/// [`BundleError::Short`], [`BundleError::Long`], [`BundleError::Altered`], [`BundleError::Io`], [`BundleError::Cancelled`], also when
/// nobody takes the frames any more
pub fn assemble(members: &[Member], options: PackOptions, cancel: &AtomicBool, pieces: &Turns) -> Result<(), BundleError> {
    for member in members {
        let mut entry = Entry::new(member, options, cancel, pieces);
        for part in &member.parts {
            entry.read(part)?;
        }
        entry.finish()?;
    }
    pieces.send(PlainPiece { plain: tar_entry::END.to_vec(), is_compressed: false }).map_err(|_| BundleError::Cancelled)
}

/// The tar entry of one member, as far as it has been read.
struct Entry<'a> {
    member: &'a Member,
    frame_bytes: usize,
    cancel: &'a AtomicBool,
    pieces: &'a Turns,
    plain: Vec<u8>,
    read_bytes: u64,
    content: Sha256,
}

impl<'a> Entry<'a> {
    fn new(member: &'a Member, options: PackOptions, cancel: &'a AtomicBool, pieces: &'a Turns) -> Self {
        let mut plain = tar_entry::header(&member.path, member.size_bytes, options.mtime);
        plain.reserve_exact(options.frame_bytes.min(u32::try_from(member.size_bytes).unwrap_or(u32::MAX)) as usize);
        Self { member, frame_bytes: options.frame_bytes as usize, cancel, pieces, plain, read_bytes: 0, content: Sha256::new() }
    }

    fn read(&mut self, part: &Part) -> Result<(), BundleError> {
        let mut file = File::open(&part.file).map_err(BundleError::reading(&part.file))?;
        file.seek(SeekFrom::Start(part.offset)).map_err(BundleError::reading(&part.file))?;
        let mut left = part.size_bytes.unwrap_or(u64::MAX);
        while left > 0 {
            poll(self.cancel)?;
            if self.plain.len() == self.frame_bytes {
                self.send()?;
            }
            let room = (self.frame_bytes - self.plain.len()) as u64;
            // One byte beyond the stated size is enough to know that there are more.
            let wanted = left.min(room).min(self.member.size_bytes - self.read_bytes + 1);
            let before = self.plain.len();
            let read = (&file).take(wanted).read_to_end(&mut self.plain).map_err(BundleError::reading(&part.file))?;
            self.content.update(&self.plain[before..]);
            self.read_bytes += read as u64;
            left -= read as u64;
            if self.read_bytes > self.member.size_bytes {
                return Err(BundleError::Long { path: self.member.path.clone(), size_bytes: self.member.size_bytes });
            }
            if (read as u64) < wanted {
                break;
            }
        }
        if part.size_bytes.is_some() && left > 0 { Err(self.short()) } else { Ok(()) }
    }

    fn finish(mut self) -> Result<(), BundleError> {
        let Member { path, size_bytes, sha256, .. } = self.member;
        if self.read_bytes < *size_bytes {
            return Err(self.short());
        }
        let found = stella_digest::hex(&self.content.clone().finalize());
        if found != *sha256 {
            return Err(BundleError::Altered { path: path.clone(), reason: format!("its SHA-256 is {found}, stated was {sha256}") });
        }
        // Frames are whole blocks, so that padding always fits into the last one.
        self.plain.resize(self.plain.len().next_multiple_of(tar_entry::BLOCK), 0);
        if self.plain.is_empty() { Ok(()) } else { self.send() }
    }

    fn short(&self) -> BundleError {
        let Member { path, size_bytes, .. } = self.member;
        BundleError::Short { path: path.clone(), read_bytes: self.read_bytes, size_bytes: *size_bytes }
    }

    /// Hands the frame on. Nobody takes it any more only when a later stage failed, and that failure is the one that is told.
    fn send(&mut self) -> Result<(), BundleError> {
        let next = Vec::with_capacity(self.frame_bytes.min(self.plain.capacity()));
        let plain = std::mem::replace(&mut self.plain, next);
        let piece = PlainPiece { plain, is_compressed: COMPRESSED.iter().any(|end| self.member.path.ends_with(end)) };
        self.pieces.send(piece).map_err(|_| BundleError::Cancelled)
    }
}
