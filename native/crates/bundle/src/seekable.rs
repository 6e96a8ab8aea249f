//! Files of zstd frames with a seek table at their end, as the zstd seekable format has it: each frame is read alone.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use zstd::bulk::{Compressor, Decompressor};

use crate::layout::Frame;
use crate::seek_table;
use crate::zstd_frame;

/// Room for a frame that is kept for the next one, at most.
const MAX_KEPT_BYTES: usize = 256 << 10;

/// Compresses frames; used for one file after the other.
pub struct FrameWriter {
    compressor: Compressor<'static>,
}

impl FrameWriter {
    /// # Errors
    /// What zstd answers, for a level that it does not have.
    pub fn new(level: i32) -> io::Result<Self> {
        zstd_frame::compressor(level).map(|compressor| Self { compressor })
    }

    /// A whole file of these frames.
    ///
    /// # Errors
    /// What zstd answers; a frame of over 4 GiB.
    pub fn file<'p>(&mut self, plain_frames: impl IntoIterator<Item = &'p [u8]>) -> io::Result<Vec<u8>> {
        let (mut bytes, mut frames) = (Vec::new(), Vec::new());
        for plain in plain_frames {
            let packed = self.compressor.compress(plain)?;
            let size = |length: usize| u32::try_from(length).map_err(|_| io::Error::other("a frame of over 4 GiB"));
            frames.push(Frame { offset: bytes.len() as u64, packed_bytes: size(packed.len())?, plain_bytes: size(plain.len())? });
            bytes.extend_from_slice(&packed);
        }
        bytes.extend_from_slice(&seek_table::encode(&frames));
        Ok(bytes)
    }
}

/// A file of frames in memory.
pub struct FrameFile {
    bytes: Vec<u8>,
    frames: Vec<Frame>,
}

impl FrameFile {
    /// The file that [`FrameWriter::file`] gave as these bytes; none where they are no such file.
    #[must_use]
    pub fn open(bytes: Vec<u8>) -> Option<Self> {
        let footer = bytes.len().checked_sub(seek_table::FOOTER_BYTES as usize)?;
        let table = bytes.len().checked_sub(usize::try_from(seek_table::length(&bytes[footer..])?).ok()?)?;
        let frames = seek_table::decode(&bytes[table..], table as u64)?;
        Some(Self { bytes, frames })
    }

    /// How many frames there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.frames.len()
    }

    /// What a frame holds, if that is no more than `max_bytes`.
    ///
    /// # Errors
    /// What is wrong with the frame, for people.
    pub fn read(&self, frame: usize, max_bytes: usize) -> Result<Vec<u8>, String> {
        let Frame { offset, packed_bytes, plain_bytes } = *self.frames.get(frame).ok_or("there is no such frame")?;
        if plain_bytes as usize > max_bytes {
            return Err(format!("a frame of {plain_bytes} bytes, the limit is {max_bytes}"));
        }
        let mut decompressor = Decompressor::new().map_err(|error| error.to_string())?;
        zstd_frame::decode(&mut decompressor, &self.bytes[offset as usize..][..packed_bytes as usize], plain_bytes)
    }
}

/// A file of frames on the disk, of which each read takes one frame alone.
pub struct FrameSource {
    file: File,
    frames: Vec<Frame>,
}

impl FrameSource {
    /// Opens the file that [`FrameWriter::file`] gave; none where it is no such file.
    ///
    /// # Errors
    /// Of reading it.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let size_bytes = file.metadata()?.len();
        let Some(footer_at) = size_bytes.checked_sub(seek_table::FOOTER_BYTES) else { return Ok(None) };
        let footer = read_at(&file, footer_at, seek_table::FOOTER_BYTES)?;
        let Some(table_at) = seek_table::length(&footer).and_then(|length| size_bytes.checked_sub(length)) else { return Ok(None) };
        let table = read_at(&file, table_at, size_bytes - table_at)?;
        Ok(seek_table::decode(&table, table_at).map(|frames| Self { file, frames }))
    }

    /// What a frame holds, if that is no more than `max_bytes`.
    ///
    /// # Errors
    /// What is wrong with the file or the frame, for people.
    pub fn read(&self, reader: &mut FrameReader, frame: usize, max_bytes: usize) -> Result<Vec<u8>, String> {
        let Frame { offset, packed_bytes, plain_bytes } = *self.frames.get(frame).ok_or("there is no such frame")?;
        if plain_bytes as usize > max_bytes {
            return Err(format!("a frame of {plain_bytes} bytes, the limit is {max_bytes}"));
        }
        // The frames reach to the table, so that no more is set aside than the file has had.
        reader.packed.resize(packed_bytes as usize, 0);
        self.file.read_exact_at(&mut reader.packed, offset).map_err(|error| error.to_string())?;
        let plain = zstd_frame::decode(&mut reader.decompressor, &reader.packed, plain_bytes);
        if reader.packed.len() > MAX_KEPT_BYTES {
            reader.packed = Vec::new();
        }
        plain
    }
}

/// What is used to read frames, one after the other, of any files.
pub struct FrameReader {
    decompressor: Decompressor<'static>,
    /// The frame that was read last.
    packed: Vec<u8>,
}

impl FrameReader {
    /// # Errors
    /// What zstd answers, where it gets no memory.
    pub fn new() -> io::Result<Self> {
        Decompressor::new().map(|decompressor| Self { decompressor, packed: Vec::new() })
    }
}

/// So many bytes of a file, which it must have: nothing is set aside for what it has not.
fn read_at(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let end = offset.checked_add(length).filter(|end| file.metadata().is_ok_and(|found| *end <= found.len()));
    let length = end.and_then(|_| usize::try_from(length).ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}
