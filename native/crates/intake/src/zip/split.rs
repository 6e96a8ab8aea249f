use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use stella_canonical::{Place, Refusal};

use crate::archive::{shown, unsafe_name};
use crate::batch::Stop;
use crate::decoded::{Counted, DataFault};
use crate::error::IntakeError;
use crate::splitter::{Content, Member, Splitter};
use crate::upload::Upload;
use crate::zip::directory::{self, Directory};
use crate::zip::entry::{Entry, Fields, LOCAL_BYTES, Method, method};
use crate::zip::spans::Spans;

/// Blocks in which the archive is read, by two readers: one of the directory, one of the content.
const READ_BYTES: usize = 256 * 1024;
/// Blocks in which an entry is unpacked.
const DECODED_BYTES: usize = 64 * 1024;

/// Splits every file of the zip archive that lies at `start` in the upload and has `length` bytes. Directories are passed over; links,
/// devices, encrypted files, names that lead outside or come twice, and entries that overlap are refused one by one; where the directory
/// is damaged, the rest of the archive is refused once, under its own name.
pub(crate) fn split_zip((start, length): (u64, u64), member: Member<'_>, splitter: &mut Splitter<'_>) -> Result<(), Stop> {
    let split = Zip::open(start, length, splitter).and_then(|mut zip| zip.split(member, splitter));
    splitter.told(split, member.name, Some(0))
}

struct Zip {
    start: u64,
    directory: Directory,
    /// Stands at the next entry of the directory.
    entries: io::Take<BufReader<Upload>>,
    content: BufReader<Upload>,
    /// Where `content` stands in the archive.
    at: u64,
    names: HashSet<u64>,
    spans: Spans,
}

impl Zip {
    fn open(start: u64, length: u64, splitter: &Splitter<'_>) -> Result<Self, Stop> {
        let open = || Upload::open(&splitter.options.path, Arc::clone(&splitter.budget));
        let mut upload = open()?;
        let directory = directory::find(&mut upload, start, length)?;
        upload.seek(SeekFrom::Start(start + directory.offset))?;
        let mut content = BufReader::with_capacity(READ_BYTES, open()?);
        content.seek(SeekFrom::Start(start))?;
        Ok(Self {
            start,
            directory,
            entries: BufReader::with_capacity(READ_BYTES, upload).take(directory.size),
            content,
            at: 0,
            names: HashSet::new(),
            spans: Spans::default(),
        })
    }

    fn split(&mut self, member: Member<'_>, splitter: &mut Splitter<'_>) -> Result<(), Stop> {
        for _ in 0..self.directory.entries {
            splitter.count_entry().map_err(DataFault::error)?;
            let entry = Entry::read(&mut self.entries)?;
            let name = member.name_of(&shown(&entry.name));
            if let Some(reason) = self.refusal(&entry) {
                splitter.out.refuse(&name, &Refusal::new(Place::Byte(entry.offset), reason))?;
            } else if !entry.is_directory() {
                let split = self.entry(&entry, &name, member, splitter);
                splitter.told(split, &name, Some(entry.offset))?;
            }
        }
        Ok(())
    }

    fn refusal(&mut self, entry: &Entry) -> Option<&'static str> {
        let mut name = DefaultHasher::new();
        entry.name.hash(&mut name);
        let reason = unsafe_name(&entry.name).or_else(|| entry.refusal());
        match self.names.insert(name.finish()) {
            false => Some("a name that the archive had before"),
            true => reason,
        }
    }

    fn entry(&mut self, entry: &Entry, name: &str, member: Member<'_>, splitter: &mut Splitter<'_>) -> Result<(), Stop> {
        self.seek_content(entry)?;
        let inner = Member { name, archives: member.archives + 1, is_decompressed: false, at: None };
        let mut content = Content { reader: &mut self.content, left: entry.compressed_bytes };
        let (counted, taken) = Counted::new(&mut content);
        let window = splitter.options.archives.max_window_log;
        let split = match entry.method {
            Method::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
                decoder.window_log_max(window)?;
                unpack(Verified::new(splitter.limited(decoder, taken), entry), inner, splitter)
            }
            Method::Deflated => unpack(Verified::new(splitter.limited(DeflateDecoder::new(counted), taken), entry), inner, splitter),
            Method::Stored | Method::Other(_) => unpack(Verified::new(counted, entry), inner, splitter),
        };
        self.at += entry.compressed_bytes - content.left;
        split.map_err(|stop| cut_off(stop, "cut off: the archive ends within this file"))
    }

    /// Goes to the first byte of an entry's content, past its local header.
    fn seek_content(&mut self, entry: &Entry) -> io::Result<()> {
        let outside = || DataFault::error("an entry that lies outside the archive");
        if entry.offset > self.directory.offset {
            return Err(outside());
        }
        self.content.seek_relative(entry.offset.wrapping_sub(self.at).cast_signed())?;
        self.at = entry.offset;
        let mut local = [0; LOCAL_BYTES];
        self.read(&mut local)?;
        let (name_bytes, extra_bytes) = (local.u16(26), local.u16(28));
        let mut text = vec![0; usize::from(name_bytes) + usize::from(extra_bytes)];
        self.read(&mut text)?;
        if !local.starts_with(b"PK\x03\x04") || text[..usize::from(name_bytes)] != entry.name || method(local.u16(8)) != entry.method {
            return Err(DataFault::error("a header of its own that is damaged, or says other than the directory"));
        }
        let end = self.at.checked_add(entry.compressed_bytes).filter(|end| *end <= self.directory.offset).ok_or_else(outside)?;
        if !self.spans.take(entry.offset, end) {
            return Err(DataFault::error("an entry that overlaps another"));
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        match self.content.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // How much was read is not known then.
                self.at = 0;
                self.content.seek(SeekFrom::Start(self.start))?;
                Err(DataFault::error("an entry that lies outside the archive"))
            }
            read => {
                self.at += bytes.len() as u64;
                read
            }
        }
    }
}

fn unpack(content: impl Read, member: Member<'_>, splitter: &mut Splitter<'_>) -> Result<(), Stop> {
    splitter.content(&mut BufReader::with_capacity(DECODED_BYTES, content) as &mut dyn BufRead, member)
}

fn cut_off(stop: Stop, reason: &str) -> Stop {
    match stop {
        Stop::Failed(IntakeError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => DataFault::error(reason).into(),
        stop => stop,
    }
}

/// Content whose end comes only after its size and checksum are found to be those stated.
struct Verified<'e, R> {
    content: R,
    entry: &'e Entry,
    crc: Crc,
    given: u64,
}

impl<'e, R> Verified<'e, R> {
    fn new(content: R, entry: &'e Entry) -> Self {
        Self { content, entry, crc: Crc::new(), given: 0 }
    }
}

impl<R: Read> Read for Verified<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.given += read as u64;
        let Entry { bytes, crc32, .. } = self.entry;
        match read {
            _ if self.given > *bytes => Err(DataFault::error(format!("more than the {bytes} bytes that its header states"))),
            0 if buffer.is_empty() => Ok(0),
            0 if self.given < *bytes => Err(DataFault::error(format!("{} bytes, but its header states {bytes}", self.given))),
            0 if self.crc.sum() != *crc32 => Err(DataFault::error("content that does not have the checksum that its header states")),
            _ => Ok(read),
        }
    }
}
