use std::io::{self, Read, Seek, SeekFrom};

use crate::decoded::DataFault;
use crate::zip::entry::Fields;

/// The end record without its comment (APPNOTE 4.3.16), and how long that may be.
const END_BYTES: u64 = 22;
const MAX_COMMENT_BYTES: u64 = 65_535;
/// The locator of the zip64 end record (4.3.15), and that record as far as it is read (4.3.14).
const LOCATOR_BYTES: u64 = 20;
const END64_BYTES: usize = 56;

/// Where the directory of an archive lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory {
    /// Its first byte, from the beginning of the archive.
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) entries: u64,
}

/// Finds the directory of the archive that lies at `start` and has `length` bytes.
///
/// # Errors
/// A fault of data where there is no end record, where it speaks of several disks, or of a directory outside the archive.
pub(super) fn find(reader: &mut (impl Read + Seek), start: u64, length: u64) -> io::Result<Directory> {
    let tail_bytes = length.min(END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES);
    let tail_at = length - tail_bytes;
    let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or_default()];
    reader.seek(SeekFrom::Start(start + tail_at))?;
    reader.read_exact(&mut tail)?;
    let end_at = end_record(&tail).ok_or_else(|| DataFault::error("a zip archive without an end record, so it may be cut off"))?;
    let end = &tail[end_at..];
    let disks = [end.u16(4), end.u16(6)];
    let mut directory = Directory { offset: end.u32(16).into(), size: end.u32(12).into(), entries: end.u16(10).into() };
    let is_zip64 = end.u16(10) == u16::MAX || end.u32(12) == u32::MAX || end.u32(16) == u32::MAX;
    let mut ends_by = tail_at + end_at as u64;
    if is_zip64 && end_at >= LOCATOR_BYTES as usize && tail[end_at - LOCATOR_BYTES as usize..].starts_with(b"PK\x06\x07") {
        ends_by = tail[end_at - LOCATOR_BYTES as usize..].u64(8);
        directory = read_zip64(reader, start, ends_by.min(length))?;
    } else if disks != [0, 0] {
        return Err(DataFault::error("a zip archive over several disks, which is not read"));
    }
    if directory.offset.checked_add(directory.size).is_none_or(|end| end > ends_by) {
        return Err(DataFault::error("a zip archive whose directory lies outside of it"));
    }
    Ok(directory)
}

fn read_zip64(reader: &mut (impl Read + Seek), start: u64, at: u64) -> io::Result<Directory> {
    let mut end = [0; END64_BYTES];
    reader.seek(SeekFrom::Start(start + at))?;
    reader.read_exact(&mut end).map_err(|_| DataFault::error("a zip archive whose zip64 end record lies outside of it"))?;
    if !end.starts_with(b"PK\x06\x06") {
        return Err(DataFault::error("a zip archive with a damaged zip64 end record"));
    }
    Ok(Directory { entries: end.u64(32), size: end.u64(40), offset: end.u64(48) })
}

/// The last end record whose comment reaches to the end exactly: text that looks like one does not.
fn end_record(tail: &[u8]) -> Option<usize> {
    let ends_there =
        |at: &usize| tail[*at..].starts_with(b"PK\x05\x06") && at + END_BYTES as usize + usize::from(tail[*at..].u16(20)) == tail.len();
    (0..=tail.len().checked_sub(END_BYTES as usize)?).rev().find(ends_there)
}
