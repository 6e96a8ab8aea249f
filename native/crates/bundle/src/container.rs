//! Opens a bundle: finds its frames twice over (seek table, else walking), reads the digest index, works out where members lie.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use zstd::zstd_safe::compress_bound;

use crate::digest_index::{self, DigestIndex};
use crate::discover::discover;
use crate::error::{BundleError, poll};
use crate::layout::{Frame, Layout};
use crate::report::FaultList;
use crate::seek_table;
use crate::zstd_frame::{self, MAX_FRAME_BYTES, SKIPPABLE_HEADER};

const NO_SEEK_TABLE: &str = "the seek table at the end of the bundle is missing, damaged, cut short or followed by other bytes";
const NO_INDEX: &str = "not a bundle written by Export Center, or cut short: no digest index";

/// A bundle that is open for reading.
pub struct Container {
    file: File,
    path: PathBuf,
}

/// Frames as they follow each other, and the digest index behind them.
struct Sections {
    frames: Vec<Frame>,
    index: Option<Frame>,
}

impl Container {
    /// # Errors
    /// [`BundleError::Io`] when the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let file = File::open(path).map_err(BundleError::reading(path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Where everything lies. Damage to the container is added to `faults`; what can be found in spite of it is found.
    ///
    /// # Errors
    /// [`BundleError::Io`], [`BundleError::Cancelled`]
    pub fn layout(&mut self, max_members: u64, faults: &mut FaultList, cancel: &AtomicBool) -> Result<Layout, BundleError> {
        let file_bytes = self.file.seek(SeekFrom::End(0)).map_err(BundleError::reading(&self.path))?;
        let listed = self.by_seek_table(file_bytes)?;
        let by_table = listed.is_some();
        let sections = match listed {
            Some(sections) => sections,
            None => self.by_walking(file_bytes, cancel)?,
        };
        let Some(index) = sections.index else {
            faults.add(None, NO_INDEX);
            return discover(self, sections.frames, max_members, faults, cancel);
        };
        if !by_table {
            faults.add(None, NO_SEEK_TABLE);
        }
        match self.index(index, max_members)? {
            Ok(index) if index.plain_sizes.len() == sections.frames.len() => Ok(combined(sections.frames, index, faults)),
            Ok(_) => {
                faults.add(None, "the seek table or the frames do not agree with the digest index on how many frames there are");
                discover(self, sections.frames, max_members, faults, cancel)
            }
            Err(reason) => {
                faults.add(None, format!("the digest index cannot be used: {reason}"));
                discover(self, sections.frames, max_members, faults, cancel)
            }
        }
    }

    /// The packed bytes of one frame, or why they are not read: their number is checked before anything is allocated.
    ///
    /// # Errors
    /// [`BundleError::Io`]
    pub fn packed(&mut self, frame: &Frame) -> Result<Result<Vec<u8>, String>, BundleError> {
        if frame.plain_bytes > MAX_FRAME_BYTES || frame.packed_bytes as usize > compress_bound(frame.plain_bytes as usize) {
            return Ok(Err("its zstd frame is larger than any that a bundle has".into()));
        }
        self.bytes(frame.offset, u64::from(frame.packed_bytes)).map(Ok)
    }

    fn bytes(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, BundleError> {
        let mut bytes = vec![0; length as usize];
        let read = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(BundleError::reading(&self.path))?;
        Ok(bytes)
    }

    fn by_seek_table(&mut self, file_bytes: u64) -> Result<Option<Sections>, BundleError> {
        let Some(footer_offset) = file_bytes.checked_sub(seek_table::FOOTER_BYTES) else { return Ok(None) };
        let footer = self.bytes(footer_offset, seek_table::FOOTER_BYTES)?;
        let Some(length) = seek_table::length(&footer).filter(|length| *length <= file_bytes) else { return Ok(None) };
        let table = self.bytes(file_bytes - length, length)?;
        Ok(seek_table::decode(&table, file_bytes - length).and_then(|mut frames| {
            let index = frames.pop().filter(|index| index.plain_bytes == 0)?;
            Some(Sections { frames, index: Some(index) })
        }))
    }

    /// Goes from frame to frame. Where one is damaged, all that is left is taken for that frame, so that its member can be named.
    fn by_walking(&mut self, file_bytes: u64, cancel: &AtomicBool) -> Result<Sections, BundleError> {
        let mut source = BufReader::new(&self.file);
        let mut frames = Vec::new();
        let mut offset = 0;
        while offset < file_bytes && (frames.len() as u64) < seek_table::MAX_FRAMES {
            poll(cancel)?;
            let step = step(&mut source, offset, file_bytes - offset).map_err(BundleError::reading(&self.path))?;
            match step {
                Step::Frame(frame) => {
                    frames.push(frame);
                    offset += u64::from(frame.packed_bytes);
                }
                Step::Torn(frame) => {
                    frames.push(frame);
                    break;
                }
                Step::Index(index) => return Ok(Sections { frames, index: Some(index) }),
                Step::Other => break,
            }
        }
        Ok(Sections { frames, index: None })
    }

    fn index(&mut self, index: Frame, max_members: u64) -> Result<Result<DigestIndex, String>, BundleError> {
        if u64::from(index.packed_bytes) > digest_index::MAX_BYTES {
            return Ok(Err(format!("it has {} bytes, the limit is {}", index.packed_bytes, digest_index::MAX_BYTES)));
        }
        let bytes = self.bytes(index.offset, u64::from(index.packed_bytes))?;
        Ok(digest_index::decode(&bytes, max_members))
    }
}

/// The index is checked by its own digest, so that what it says of sizes holds where the seek table differs.
fn combined(mut frames: Vec<Frame>, index: DigestIndex, faults: &mut FaultList) -> Layout {
    if !frames.iter().map(|frame| frame.plain_bytes).eq(index.plain_sizes.iter().copied()) {
        faults.add(None, "the seek table does not agree with the digest index on the size of a frame");
    }
    for (frame, plain_bytes) in frames.iter_mut().zip(&index.plain_sizes) {
        frame.plain_bytes = *plain_bytes;
    }
    let end = frames.len().checked_sub(1);
    Layout { frames, digests: Some(index.digests), slots: index.slots, mtime: Some(index.mtime), end }
}

enum Step {
    Frame(Frame),
    Torn(Frame),
    Index(Frame),
    Other,
}

fn step(source: &mut (impl Read + Seek), offset: u64, available: u64) -> io::Result<Step> {
    source.seek(SeekFrom::Start(offset))?;
    let mut start = Vec::with_capacity(SKIPPABLE_HEADER);
    source.by_ref().take(SKIPPABLE_HEADER as u64).read_to_end(&mut start)?;
    if let Some(header) = start.strip_prefix(&digest_index::MAGIC.to_le_bytes()) {
        let length = header.try_into().map(u32::from_le_bytes).ok().and_then(|length| length.checked_add(SKIPPABLE_HEADER as u32));
        let length = length.filter(|length| u64::from(*length) <= available);
        return Ok(length.map_or(Step::Other, |packed_bytes| Step::Index(Frame { offset, packed_bytes, plain_bytes: 0 })));
    }
    if !start.starts_with(&zstd_frame::MAGIC) {
        return Ok(Step::Other);
    }
    source.seek(SeekFrom::Start(offset))?;
    let extent = zstd_frame::measure(source, available)?;
    let sizes = extent.and_then(|extent| Some((u32::try_from(extent.packed_bytes).ok()?, u32::try_from(extent.plain_bytes).ok()?)));
    let torn_bytes = available.min(compress_bound(MAX_FRAME_BYTES as usize) as u64) as u32;
    Ok(match sizes {
        Some((packed_bytes, plain_bytes)) => Step::Frame(Frame { offset, packed_bytes, plain_bytes }),
        None => Step::Torn(Frame { offset, packed_bytes: torn_bytes, plain_bytes: MAX_FRAME_BYTES }),
    })
}
