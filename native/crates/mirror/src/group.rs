//! Groups: runs of records, in the order of their keys, that are cut by content.
//!
//! A group ends with a record for which the first eight bytes of the SHA-256 of its key, as a fraction of 2^64, are below its bytes as a
//! fraction of [`GROUP_BYTES`]: groups hold that much on average, and a record that comes or goes changes the group that it is in, or
//! makes two of one, and no other. A group that is over [`MAX_GROUP_BYTES`] ends whatever its keys are.

use sha2::{Digest, Sha256};
use stella_bundle::{TAR_END, tar_header, tar_padding};

/// What a group holds on average, before compression: records and documents. Part of the output format.
pub(crate) const GROUP_BYTES: u64 = 4 << 20;
/// Where a group ends at the latest: with the record that reaches it. Part of the output format.
pub(crate) const MAX_GROUP_BYTES: u64 = 16 << 20;
/// Where a frame of records ends: with the record that reaches it. Whoever looks a record up reads its frame. Part of the output format.
pub(crate) const RECORD_FRAME_BYTES: usize = 32 << 10;
/// Where a frame of documents ends: with the document that reaches it. Part of the output format.
pub(crate) const DOCUMENT_FRAME_BYTES: usize = 64 << 10;
/// Time of the documents within an archive: none, so that equal documents are equal bytes in every mirror.
pub(crate) const MTIME: u64 = 0;

/// Where in a group something lies: its frame, and where in what the frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) frame: u32,
    pub(crate) offset: u32,
    pub(crate) length: u32,
}

/// Where a document or a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) group: u32,
    pub(crate) spot: Spot,
}

impl Place {
    /// `group,frame,offset,length`, as an index has it.
    pub(crate) fn text(&self) -> String {
        let Self { group, spot: Spot { frame, offset, length } } = self;
        format!("{group},{frame},{offset},{length}")
    }
}

/// How a record decides where its group ends: a number that depends on its key alone.
pub(crate) fn lot(key: &[u8]) -> u64 {
    let digest = Sha256::digest(key);
    u64::from_be_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]])
}

/// A group that is filled: what will be its frames.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) documents: Vec<Vec<u8>>,
    plain_bytes: u64,
}

impl Group {
    /// Adds a record: its line, the line feed with it. The line feed is no part of what the spot names.
    pub(crate) fn add_record(&mut self, line: &[u8]) -> Spot {
        self.plain_bytes += line.len() as u64;
        let frame = frame_of(&mut self.records, RECORD_FRAME_BYTES);
        let spot = add(frame, line);
        Spot { length: spot.length - 1, ..spot }
    }

    /// Adds a document, named by its digest.
    pub(crate) fn add_document(&mut self, digest: &[u8; 32], content: &[u8]) -> Spot {
        self.plain_bytes += content.len() as u64;
        let header = tar_header(&stella_digest::hex(digest), content.len() as u64, MTIME);
        let (number, frame) = frame_of(&mut self.documents, DOCUMENT_FRAME_BYTES);
        frame.extend_from_slice(&header);
        let spot = add((number, frame), content);
        frame.resize(frame.len() + tar_padding(content.len() as u64), 0);
        spot
    }

    /// Whether the group ends with the record that was added last, which brought so many bytes.
    pub(crate) fn ends(&self, lot: u64, added_bytes: u64) -> bool {
        let drawn = ((u128::from(lot) * u128::from(GROUP_BYTES)) >> 64) as u64;
        drawn < added_bytes || self.plain_bytes >= MAX_GROUP_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Ends the archive of documents.
    pub(crate) fn end(&mut self) {
        if !self.documents.is_empty() {
            self.documents.push(TAR_END.to_vec());
        }
    }
}

/// The frame that is filled, and its number: another one where the last has so many bytes.
fn frame_of(frames: &mut Vec<Vec<u8>>, frame_bytes: usize) -> (usize, &mut Vec<u8>) {
    if frames.last().is_none_or(|frame| frame.len() >= frame_bytes) {
        frames.push(Vec::with_capacity(frame_bytes + frame_bytes / 4));
    }
    let number = frames.len() - 1;
    (number, &mut frames[number])
}

fn add((number, frame): (usize, &mut Vec<u8>), content: &[u8]) -> Spot {
    let offset = frame.len();
    frame.extend_from_slice(content);
    Spot { frame: number as u32, offset: offset as u32, length: content.len() as u32 }
}
