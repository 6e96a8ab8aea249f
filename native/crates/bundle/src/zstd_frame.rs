//! The zstd frames of a bundle (RFC 8878): how they are made, how far one reaches, what its header says, what it holds.

use std::io::{self, Cursor, Read, Seek};

use zstd::bulk::{Compressor, Decompressor};
use zstd::stream::raw::{CParameter, Decoder, InBuffer, Operation, OutBuffer};

/// First four bytes of a data frame (RFC 8878, 3.1.1).
pub const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Magic and length before the payload of a skippable frame (RFC 8878, 3.1.2).
pub const SKIPPABLE_HEADER: usize = 8;
/// Smallest frame that a data frame's plaintext is cut into; holds any tar header.
pub const MIN_FRAME_BYTES: u32 = 8 * 1024;
/// Largest: what a reader must have room for.
pub const MAX_FRAME_BYTES: u32 = 16 * 1024 * 1024;

const LONGEST_FRAME_HEADER: usize = 14;
const CHECKSUM_FLAG: u8 = 0b0000_0100;
const SINGLE_SEGMENT_FLAG: u8 = 0b0010_0000;
const DICTIONARY_OR_RESERVED: u8 = 0b0000_1011;
const CHECKSUM_BYTES: u64 = 4;
const BLOCK_HEADER_BYTES: usize = 3;
const RLE_BLOCK: u32 = 1;
const RESERVED_BLOCK: u32 = 3;

/// A compressor whose frames state their content size and end with a checksum.
///
/// # Errors
/// What zstd answers, for instance when it gets no memory.
pub fn compressor(level: i32) -> io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(level)?;
    compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    Ok(compressor)
}

/// A skippable frame with this magic and payload.
pub fn skippable(magic: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    [&magic.to_le_bytes()[..], &length.to_le_bytes(), payload].concat()
}

/// Payload of `frame`, when it is exactly one skippable frame with this magic.
pub fn skippable_payload(frame: &[u8], magic: u32) -> Option<&[u8]> {
    let (header, payload) = frame.split_at_checked(SKIPPABLE_HEADER)?;
    let length = u32::try_from(payload.len()).ok()?;
    (header == [magic.to_le_bytes(), length.to_le_bytes()].concat()).then_some(payload)
}

/// Content of one frame that must hold exactly `plain_bytes`: nothing larger is ever allocated.
///
/// # Errors
/// What is wrong with the frame, for people.
pub fn decode(decompressor: &mut Decompressor<'_>, frame: &[u8], plain_bytes: u32) -> Result<Vec<u8>, String> {
    match measure(Cursor::new(frame), frame.len() as u64).ok().flatten() {
        Some(extent) if extent.packed_bytes != frame.len() as u64 => return Err("its zstd frame has another length than stated".into()),
        Some(extent) if extent.plain_bytes != u64::from(plain_bytes) => return Err("its zstd frame holds another size than stated".into()),
        Some(_) => {}
        None => return Err("its zstd frame has a header or block that no bundle has".into()),
    }
    let mut plain = Vec::with_capacity(plain_bytes as usize);
    match decompressor.decompress_to_buffer(frame, &mut plain) {
        Ok(length) if length == plain_bytes as usize => Ok(plain),
        Ok(_) => Err("its zstd frame ends early".into()),
        Err(error) => Err(format!("its zstd frame cannot be read: {error}")),
    }
}

/// The first bytes of a frame that may be damaged further on: as many as can be had, `most` at most.
pub fn decode_start(frame: &[u8], most: usize) -> Vec<u8> {
    let mut start = vec![0; most];
    let mut filled = 0;
    if let Ok(mut decoder) = Decoder::new() {
        let mut input = InBuffer::around(frame);
        while filled < most {
            let before = (input.pos(), filled);
            let mut output = OutBuffer::around(&mut start[filled..]);
            let ended = decoder.run(&mut input, &mut output).map_or(true, |hint| hint == 0);
            filled += output.pos();
            if ended || (input.pos(), filled) == before {
                break;
            }
        }
    }
    start.truncate(filled);
    start
}

/// How long a frame is, and how much it says to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub packed_bytes: u64,
    pub plain_bytes: u64,
}

/// Walks over the blocks of the frame that begins where `source` stands, `available` bytes before its end; `None` when it is not a
/// frame as [`compressor`] makes them, or is cut short.
///
/// # Errors
/// What the source answers.
pub fn measure(mut source: impl Read + Seek, available: u64) -> io::Result<Option<Extent>> {
    let mut header = [0; LONGEST_FRAME_HEADER];
    if !filled(&mut source, &mut header[..5])? || !header.starts_with(&MAGIC) {
        return Ok(None);
    }
    let Some(rest) = rest_of_header(header[4]) else { return Ok(None) };
    if !filled(&mut source, &mut header[..rest.window_bytes + rest.size_bytes])? {
        return Ok(None);
    }
    let plain_bytes = content_size(&header[rest.window_bytes..rest.window_bytes + rest.size_bytes]);
    let mut packed_bytes = 5 + (rest.window_bytes + rest.size_bytes) as u64;
    loop {
        let mut block = [0; 4];
        if !filled(&mut source, &mut block[..BLOCK_HEADER_BYTES])? {
            return Ok(None);
        }
        let block = u32::from_le_bytes(block);
        let content = match block >> 1 & 3 {
            RESERVED_BLOCK => return Ok(None),
            RLE_BLOCK => 1,
            _ => u64::from(block >> 3),
        };
        let tail = if block & 1 == 1 { CHECKSUM_BYTES } else { 0 };
        packed_bytes += BLOCK_HEADER_BYTES as u64 + content + tail;
        if packed_bytes > available {
            return Ok(None);
        }
        source.seek_relative((content + tail) as i64)?;
        if tail > 0 {
            return Ok(Some(Extent { packed_bytes, plain_bytes }));
        }
    }
}

struct HeaderRest {
    window_bytes: usize,
    size_bytes: usize,
}

/// Widths of the fields after the descriptor (RFC 8878, 3.1.1.1.1); `None` unless checksum and content size are there and a dictionary is not.
fn rest_of_header(descriptor: u8) -> Option<HeaderRest> {
    if descriptor & CHECKSUM_FLAG == 0 || descriptor & DICTIONARY_OR_RESERVED != 0 {
        return None;
    }
    let window_bytes = usize::from(descriptor & SINGLE_SEGMENT_FLAG == 0);
    let size_bytes = match descriptor >> 6 {
        0 if window_bytes == 1 => return None,
        exponent => 1 << exponent,
    };
    Some(HeaderRest { window_bytes, size_bytes })
}

fn content_size(field: &[u8]) -> u64 {
    let value = field.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    if field.len() == 2 { value + 256 } else { value }
}

/// Whether the source had bytes enough for the whole buffer.
fn filled(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match source.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measure_agrees_with_the_compressor_for_all_widths_of_content_size() {
        for size in [0, 1, 255, 256, 65_791, 65_792, 3_000_000] {
            for level in [-5, 1, 3, 19] {
                let plain: Vec<u8> = (0..size).map(|at: u32| (at.wrapping_mul(at) >> 7) as u8).collect();
                let frame = compressor(level).and_then(|mut made| made.compress(&plain)).expect("memory suffices");
                let extent = Extent { packed_bytes: frame.len() as u64, plain_bytes: u64::from(size) };
                let followed = [&frame[..], b"next"].concat();
                let measured = measure(Cursor::new(&followed), followed.len() as u64).expect("memory reads");
                assert_eq!(measured, Some(extent), "{size} at {level}");
                let mut decompressor = Decompressor::new().expect("memory suffices");
                assert_eq!(decode(&mut decompressor, &frame, size), Ok(plain));
                assert!(decode(&mut decompressor, &[&frame[..], &frame[..]].concat(), size).is_err());
            }
        }
    }

    #[test]
    fn measure_refuses_frames_that_a_bundle_never_has() {
        let bare = zstd::encode_all(&b"no content size"[..], 3).expect("memory suffices");
        for frame in [bare, skippable(0x184D_2A50, b"")] {
            assert_eq!(measure(Cursor::new(&frame), frame.len() as u64).expect("memory reads"), None);
        }
    }
}
