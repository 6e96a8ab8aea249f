use std::io::{self, BufRead, ErrorKind, Read};

use stella_canonical::{Place, Refusal};
use tar::{EntryType, Header, PaxExtensions};

use crate::batch::Stop;
use crate::splitter::{Content, Member, Splitter};

const BLOCK_BYTES: usize = 512;
/// Where a tar header says `ustar` (POSIX.1-1988, and GNU alike).
const MAGIC_AT: usize = 257;
/// Octal numbers of a header that no text has in this place.
const MODE_AND_OWNER: std::ops::Range<usize> = 100..124;
/// Largest extended header or long name that is read.
const MAX_EXTENSION_BYTES: u64 = 64 * 1024;
const MAX_NAME_BYTES: usize = 4096;
const CUT_OFF: &str = "cut off: the archive ends within this file";

/// Whether a file begins with a tar header, though it be damaged, or with the mark that ends a tar.
pub(crate) fn is_tar(beginning: &[u8]) -> bool {
    let Some(block) = beginning.get(..BLOCK_BYTES) else { return false };
    let is_number = |byte: &u8| matches!(byte, b'0'..=b'7' | b' ' | b'\0');
    let is_header = block[MAGIC_AT..].starts_with(b"ustar") && block[MODE_AND_OWNER].iter().all(is_number);
    is_header || block.iter().all(|byte| *byte == 0)
}

/// Splits every regular file of a tar. Directories are passed over; links, devices and names that lead outside are refused one by one;
/// where the archive itself is damaged or cut off, the rest of it is refused once, under the archive's own name.
pub(crate) fn split_archive(reader: &mut dyn BufRead, member: Member<'_>, splitter: &mut Splitter<'_>) -> Result<(), Stop> {
    let mut archive = Archive { reader, within: member, offset: 0, long_name: None, long_size: None };
    let name = member.name;
    loop {
        let header_at = archive.offset;
        let header = match archive.header() {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(()),
            Err(Damage::Archive(reason)) => return splitter.out.refuse(name, &Refusal::new(Place::Byte(header_at), reason)),
            Err(Damage::Io(error)) => return Err(error.into()),
        };
        match archive.member(&header, splitter) {
            Ok(()) => {}
            Err(MemberStop::Stop(stop)) => return Err(stop),
            Err(MemberStop::Damage(member, reason)) => {
                return splitter.out.refuse(member.as_deref().unwrap_or(name), &Refusal::new(Place::Byte(header_at), reason));
            }
        }
    }
}

enum Damage {
    Archive(&'static str),
    Io(io::Error),
}

enum MemberStop {
    Stop(Stop),
    Damage(Option<String>, String),
}

impl From<Stop> for MemberStop {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

struct Archive<'r> {
    reader: &'r mut dyn BufRead,
    within: Member<'r>,
    offset: u64,
    long_name: Option<Vec<u8>>,
    long_size: Option<u64>,
}

impl Archive<'_> {
    /// The next header; none at the end mark.
    fn header(&mut self) -> Result<Option<Header>, Damage> {
        let mut block = [0; BLOCK_BYTES];
        match self.reader.read_exact(&mut block) {
            Ok(()) => self.offset += BLOCK_BYTES as u64,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(Damage::Archive("the archive ends without its end mark, so it may be cut off"));
            }
            Err(error) => return Err(Damage::Io(error)),
        }
        let header = Header::from_byte_slice(&block);
        match block.iter().all(|byte| *byte == 0) {
            true => Ok(None),
            false if is_intact(header) => Ok(Some(header.clone())),
            false => Err(Damage::Archive("a damaged tar header; the rest of the archive is not read")),
        }
    }

    fn member(&mut self, header: &Header, splitter: &mut Splitter<'_>) -> Result<(), MemberStop> {
        let entry_type = header.entry_type();
        let size = header
            .entry_size()
            .map_err(|_| MemberStop::Damage(None, "a tar header without a readable size; the rest of the archive is not read".into()))?;
        splitter.count_entry().map_err(|reason| MemberStop::Damage(None, reason))?;
        match entry_type {
            EntryType::GNULongName => {
                self.long_name = Some(self.extension(size)?.split(|byte| *byte == 0).next().unwrap_or_default().to_vec());
                Ok(())
            }
            EntryType::XHeader => self.read_pax(size),
            EntryType::XGlobalHeader | EntryType::GNULongLink => self.skip(size, None),
            _ => {
                let name = self.long_name.take().unwrap_or_else(|| header.path_bytes().into_owned());
                let size = self.long_size.take().unwrap_or(size);
                self.entry(entry_type, &name, size, splitter)
            }
        }
    }

    fn entry(&mut self, entry_type: EntryType, name: &[u8], size: u64, splitter: &mut Splitter<'_>) -> Result<(), MemberStop> {
        let shown = self.within.name_of(&shown(name));
        let refusal = match entry_type {
            EntryType::Directory => return self.skip(size, Some(&shown)),
            EntryType::Regular | EntryType::Continuous => unsafe_name(name),
            EntryType::Link | EntryType::Symlink => Some("a link; archives hold files and directories alone"),
            EntryType::Char | EntryType::Block | EntryType::Fifo => Some("a device or pipe; archives hold files and directories alone"),
            EntryType::GNUSparse => Some("a sparse file, which is not read"),
            _ => Some("a kind of tar entry that is not read"),
        };
        if let Some(reason) = refusal {
            splitter.out.refuse(&shown, &Refusal::whole(reason))?;
            // Links carry no content whatever size they state.
            let has_content =
                !matches!(entry_type, EntryType::Link | EntryType::Symlink | EntryType::Char | EntryType::Block | EntryType::Fifo);
            return if has_content { self.skip(size, Some(&shown)) } else { Ok(()) };
        }
        let mut content = Content { reader: &mut *self.reader, left: size };
        let at = self.within.at.map(|(start, _)| (start + self.offset, size));
        let inner = Member { name: &shown, archives: self.within.archives + 1, is_decompressed: false, at };
        let split = splitter.content(&mut content, inner);
        let left = content.left;
        self.offset += size - left;
        match split {
            Ok(()) => self.skip_rest(size, left, Some(&shown)),
            Err(Stop::Failed(crate::error::IntakeError::Io(error))) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(MemberStop::Damage(Some(shown), CUT_OFF.into()))
            }
            Err(stop) => Err(stop.into()),
        }
    }

    fn read_pax(&mut self, size: u64) -> Result<(), MemberStop> {
        let extension = self.extension(size)?;
        for record in PaxExtensions::new(&extension) {
            let Ok(record) = record else {
                return Err(MemberStop::Damage(None, "a damaged pax header; the rest of the archive is not read".into()));
            };
            match record.key_bytes() {
                b"path" => self.long_name = Some(record.value_bytes().to_vec()),
                b"size" => self.long_size = record.value().ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
        Ok(())
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, MemberStop> {
        if size > MAX_EXTENSION_BYTES {
            return Err(MemberStop::Damage(None, "an extended tar header over 65536 bytes; the rest of the archive is not read".into()));
        }
        let mut extension = Vec::new();
        let mut content = Content { reader: &mut *self.reader, left: size };
        content.read_to_end(&mut extension).map_err(|error| cut_off(error, None))?;
        self.offset += size;
        self.skip_rest(size, 0, None)?;
        Ok(extension)
    }

    fn skip(&mut self, size: u64, member: Option<&str>) -> Result<(), MemberStop> {
        self.skip_rest(size, size, member)
    }

    /// Passes over what is left of a content and its padding.
    fn skip_rest(&mut self, size: u64, left: u64, member: Option<&str>) -> Result<(), MemberStop> {
        let padding = size.next_multiple_of(BLOCK_BYTES as u64) - size;
        let mut content = Content { reader: &mut *self.reader, left: left.saturating_add(padding) };
        io::copy(&mut content, &mut io::sink()).map_err(|error| cut_off(error, member))?;
        self.offset += left + padding;
        Ok(())
    }
}

fn cut_off(error: io::Error, member: Option<&str>) -> MemberStop {
    match error.kind() {
        ErrorKind::UnexpectedEof => MemberStop::Damage(member.map(str::to_owned), CUT_OFF.into()),
        _ => MemberStop::Stop(error.into()),
    }
}

/// The sum over the header with its checksum field as spaces (POSIX.1 pax, "ustar Interchange Format").
fn is_intact(header: &Header) -> bool {
    let sum: u32 =
        header.as_bytes().iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    header.cksum().is_ok_and(|stated| stated == sum)
}

/// Why a name of an archive's member is not taken: nothing is written by it, but it is told, and a reader may unpack by it.
pub(crate) fn unsafe_name(name: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(name) else { return Some("a name that is not UTF-8") };
    if text.is_empty() || text.len() > MAX_NAME_BYTES {
        return Some("a name that is empty or over 4096 bytes");
    }
    if text.chars().any(char::is_control) {
        return Some("a name with a control character");
    }
    let is_absolute = text.starts_with(['/', '\\']) || matches!(text.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z', b':', b'/' | b'\\', ..]);
    let leads_outside = is_absolute || text.split(['/', '\\']).any(|segment| segment == "..");
    leads_outside.then_some("a name that is absolute or holds `..`, and so may lead outside the archive")
}

/// A name as it can be told: control characters and bytes that are no text are escaped.
pub(crate) fn shown(name: &[u8]) -> String {
    let name = &name[..name.len().min(MAX_NAME_BYTES)];
    String::from_utf8_lossy(name).chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}
