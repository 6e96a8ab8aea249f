use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use stella_canonical::{Place, Refusal};

use crate::archive::{is_tar, split_archive};
use crate::batch::{Batches, Stop};
use crate::budget::Budget;
use crate::decoded::{Counted, DataFault, Decoded};
use crate::error::IntakeError;
use crate::intake_options::IntakeOptions;
use crate::split_file::split_file;
use crate::zip::split_zip;

/// As much of a content tells what it is: a tar header.
const BEGINNING_BYTES: u64 = 512;
/// Decoders give their bytes in blocks of this size.
const DECODED_BYTES: usize = 256 * 1024;

/// Where a content stands in its upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'n> {
    /// What sources and refusals call it.
    pub(crate) name: &'n str,
    /// Archives that it lies in.
    pub(crate) archives: u32,
    /// Whether it comes out of compressed data, the archive it lies in left aside.
    pub(crate) is_decompressed: bool,
    /// Its first byte and its length in the upload, where it lies there as it is.
    pub(crate) at: Option<(u64, u64)>,
}

impl Member<'_> {
    /// A member of an archive within an archive has the name of that in front.
    pub(crate) fn name_of(&self, inner: &str) -> String {
        if self.archives == 0 { inner.to_owned() } else { format!("{}/{inner}", self.name) }
    }
}

enum Container {
    Tar,
    Zip,
    Zstd,
    Gzip,
}

/// Splits an upload into documents: files, JSON lines, archives, and what is compressed.
pub(crate) struct Splitter<'o> {
    pub(crate) options: &'o IntakeOptions,
    pub(crate) budget: Arc<Budget>,
    pub(crate) out: Batches,
    entries: u64,
    decompressed: Rc<Cell<u64>>,
}

impl<'o> Splitter<'o> {
    pub(crate) fn new(options: &'o IntakeOptions, budget: Arc<Budget>, out: Batches) -> Self {
        Self { options, budget, out, entries: 0, decompressed: Rc::default() }
    }

    /// Splits a content by what it begins with.
    pub(crate) fn content(&mut self, reader: &mut dyn BufRead, member: Member<'_>) -> Result<(), Stop> {
        let mut beginning = Vec::new();
        (&mut *reader).take(BEGINNING_BYTES).read_to_end(&mut beginning)?;
        let mut whole = Cursor::new(&beginning).chain(reader);
        let Some(container) = container(&beginning) else {
            return split_file(whole, member.name, self.options, &mut self.out);
        };
        match (container, member.at) {
            (Container::Zstd | Container::Gzip, _) if member.is_decompressed => {
                self.refuse(member.name, "compressed data within compressed data; decompress the outer one")
            }
            (Container::Zstd, _) => self.zstd(&mut whole, member),
            (Container::Gzip, _) => self.gzip(&mut whole, member),
            _ if member.archives >= self.options.archives.max_nesting => self.refuse(
                member.name,
                "an archive within two others, what is sent counting as one where it is an archive; unpack the outer ones",
            ),
            (Container::Tar, _) => split_archive(&mut whole, member, self),
            (Container::Zip, Some(at)) => split_zip(at, member, self),
            (Container::Zip, None) => self.refuse(member.name, "a zip archive within compressed data; unpack the outer one"),
        }
    }

    fn zstd(&mut self, source: &mut dyn BufRead, member: Member<'_>) -> Result<(), Stop> {
        let (counted, taken) = Counted::new(source);
        let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
        decoder.window_log_max(self.options.archives.max_window_log)?;
        self.decoded(decoder, taken, member)
    }

    fn gzip(&mut self, source: &mut dyn BufRead, member: Member<'_>) -> Result<(), Stop> {
        let (counted, taken) = Counted::new(source);
        self.decoded(MultiGzDecoder::new(counted), taken, member)
    }

    fn decoded(&mut self, decoder: impl Read, taken: Rc<Cell<u64>>, member: Member<'_>) -> Result<(), Stop> {
        let decoded = self.limited(decoder, taken);
        let mut reader = BufReader::with_capacity(DECODED_BYTES, decoded);
        let split = self.content(&mut reader, Member { is_decompressed: true, at: None, ..member });
        self.told(split, member.name, None)
    }

    /// A decoder within the limits of the upload.
    pub(crate) fn limited<D: Read>(&self, decoder: D, taken: Rc<Cell<u64>>) -> Decoded<'o, D> {
        Decoded { decoder, taken, given: 0, total: Rc::clone(&self.decompressed), limits: &self.options.archives }
    }

    /// Makes a fault of data the refusal of the content that has it; what lies outside goes on.
    pub(crate) fn told(&mut self, split: Result<(), Stop>, name: &str, at: Option<u64>) -> Result<(), Stop> {
        let reason = match &split {
            Err(Stop::Failed(IntakeError::Io(error))) => DataFault::reason(error).map(str::to_owned),
            _ => None,
        };
        match (reason, at) {
            (None, _) => split,
            (Some(reason), Some(at)) => self.out.refuse(name, &Refusal::new(Place::Byte(at), reason)),
            (Some(reason), None) => self.out.refuse(name, &Refusal::whole(reason)),
        }
    }

    /// Counts a member of an archive.
    ///
    /// # Errors
    /// The reason to read no further, where there were too many.
    pub(crate) fn count_entry(&mut self) -> Result<(), String> {
        self.entries += 1;
        let most = self.options.archives.max_entries;
        if self.entries <= most { Ok(()) } else { Err(format!("more than {most} members in the archives of one upload, the limit")) }
    }

    fn refuse(&mut self, name: &str, reason: &str) -> Result<(), Stop> {
        self.out.refuse(name, &Refusal::whole(reason))
    }
}

/// What archive or compressed data begins so: a zip archive (APPNOTE 4.3.7, 4.3.16), zstd frames or skippable ones (RFC 8878, 3.1), gzip
/// (RFC 1952, 2.3.1), tar.
fn container(beginning: &[u8]) -> Option<Container> {
    match beginning {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Container::Zip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Container::Zstd),
        [0x1f, 0x8b, 8, ..] => Some(Container::Gzip),
        _ if is_tar(beginning) => Some(Container::Tar),
        _ => None,
    }
}

/// What is left of a content: exactly `left` bytes, or an error where the archive ends before.
pub(crate) struct Content<R> {
    pub(crate) reader: R,
    pub(crate) left: u64,
}

impl<R: BufRead> BufRead for Content<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let buffer = self.reader.fill_buf()?;
        if buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(&buffer[..buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX))])
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.left -= bytes as u64;
    }
}

impl<R: BufRead> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
