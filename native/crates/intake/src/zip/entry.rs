use std::io::{self, ErrorKind, Read};

use crate::decoded::DataFault;

/// A directory entry and a local header without their names (APPNOTE 4.3.12, 4.3.7).
const ENTRY_BYTES: usize = 46;
pub(super) const LOCAL_BYTES: usize = 30;
/// Extra field that holds sizes over 4 GiB (4.5.3).
const ZIP64_FIELD: u16 = 1;
/// Systems whose attributes have a Unix mode (4.4.2.2): Unix, OS X.
const UNIX: [u8; 2] = [3, 19];
const FILE_TYPE: u32 = 0o170_000;

/// How an entry is packed (4.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
    Zstd,
    Other(u16),
}

/// What the directory says of one entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) method: Method,
    pub(super) is_encrypted: bool,
    pub(super) crc32: u32,
    pub(super) compressed_bytes: u64,
    pub(super) bytes: u64,
    /// Of its local header, from the beginning of the archive.
    pub(super) offset: u64,
    /// Type bits of its Unix mode; 0 where there are none.
    pub(super) file_type: u32,
}

impl Entry {
    /// The next entry of a directory.
    pub(super) fn read(directory: &mut impl Read) -> io::Result<Self> {
        let mut fixed = [0; ENTRY_BYTES];
        directory.read_exact(&mut fixed).map_err(ends_early)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return Err(DataFault::error("a zip archive with a damaged directory; the rest of it is not read"));
        }
        let (name_bytes, extra_bytes, comment_bytes) = (fixed.u16(28), fixed.u16(30), fixed.u16(32));
        let mut text = vec![0; usize::from(name_bytes) + usize::from(extra_bytes) + usize::from(comment_bytes)];
        directory.read_exact(&mut text).map_err(ends_early)?;
        let extra = text[usize::from(name_bytes)..][..usize::from(extra_bytes)].to_vec();
        text.truncate(usize::from(name_bytes));
        let mut entry = Self {
            name: text,
            method: method(fixed.u16(10)),
            is_encrypted: fixed.u16(8) & 1 != 0,
            crc32: fixed.u32(16),
            compressed_bytes: fixed.u32(20).into(),
            bytes: fixed.u32(24).into(),
            offset: fixed.u32(42).into(),
            file_type: if UNIX.contains(&fixed[5]) { fixed.u32(38) >> 16 & FILE_TYPE } else { 0 },
        };
        entry.widen(&extra);
        Ok(entry)
    }

    /// Sizes and offset that the zip64 field holds where the fixed ones are full.
    fn widen(&mut self, extra: &[u8]) {
        let mut rest = extra;
        while let [a, b, c, d, tail @ ..] = rest {
            let (id, length) = (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
            let field = &tail[..length.min(tail.len())];
            if id == ZIP64_FIELD {
                let mut values = field.chunks_exact(8).map(|value| value.u64(0));
                for wide in [&mut self.bytes, &mut self.compressed_bytes, &mut self.offset] {
                    if *wide == u64::from(u32::MAX) {
                        *wide = values.next().unwrap_or(*wide);
                    }
                }
            }
            rest = &tail[length.min(tail.len())..];
        }
    }

    /// Why an entry that is no file is not read.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        match (self.file_type, self.method) {
            (0o120_000, _) => Some("a link; archives hold files and directories alone"),
            (0 | 0o100_000 | 0o040_000, _) if self.is_encrypted => Some("an encrypted file, which is not read"),
            (0 | 0o100_000 | 0o040_000, Method::Other(_)) => Some("packed by a method that is not read; stored, deflated and zstd are"),
            (0 | 0o100_000 | 0o040_000, _) => None,
            _ => Some("a device or pipe; archives hold files and directories alone"),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.file_type == 0o040_000 || self.name.ends_with(b"/")
    }
}

pub(super) fn method(code: u16) -> Method {
    match code {
        0 => Method::Stored,
        8 => Method::Deflated,
        93 => Method::Zstd,
        other => Method::Other(other),
    }
}

fn ends_early(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => DataFault::error("a zip archive whose directory ends early; the rest of it is not read"),
        _ => error,
    }
}

/// Little-endian numbers within bytes; 0 where there are too few.
pub(super) trait Fields {
    fn u16(&self, at: usize) -> u16;
    fn u32(&self, at: usize) -> u32;
    fn u64(&self, at: usize) -> u64;
}

impl Fields for [u8] {
    fn u16(&self, at: usize) -> u16 {
        self.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    fn u32(&self, at: usize) -> u32 {
        self.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&self, at: usize) -> u64 {
        self.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
