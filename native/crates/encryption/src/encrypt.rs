use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use age::Encryptor;
use age::stream::StreamWriter;
use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, Member, check_level};
use zstd::stream::write::Encoder;

use crate::data_key::DataKey;
use crate::error::EncryptionError;
use crate::recipients::Recipients;
use crate::sealed_path::{self, is_compressed, sealed_path};
use crate::segments::SegmentWriter;
use crate::source;
use crate::zstd_frame;

const WRITE_BYTES: usize = 1024 * 1024;

/// What members are encrypted by.
#[derive(Debug)]
pub enum EncryptBy {
    /// Each as an age file to all of these.
    Recipients(Recipients),
    /// Each in segments of AES-256-GCM.
    DataKey(DataKey),
}

impl EncryptBy {
    fn suffix(&self) -> &'static str {
        match self {
            Self::Recipients(_) => sealed_path::AGE,
            Self::DataKey(_) => sealed_path::SEGMENTS,
        }
    }
}

/// A member that was encrypted: a run of bytes of the file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// That of the member, with `.zst` unless it has that, and `.age` or `.enc`.
    pub path: String,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of it, 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// Compresses each member into a zstd frame, unless its name ends with `.zst`, and encrypts it as a file of its own, one behind the other in the file
/// `out`, created or emptied. The same members come out otherwise each time: every file has a key of its own. Memory: what zstd needs for its level,
/// some blocks, and two segments.
///
/// # Errors
/// [`EncryptionError::Bundle`] for a level out of 1 to 19, where a source is not as stated, and for `out`, which is left incomplete then
pub fn encrypt(members: &[Member], by: &EncryptBy, level: i32, out: &Path, cancel: &AtomicBool) -> Result<Vec<Sealed>, EncryptionError> {
    check_level(level)?;
    let file = File::create(out).map_err(BundleError::writing(out))?;
    let mut writer = BufWriter::with_capacity(WRITE_BYTES, file);
    let mut offset = 0;
    let mut sealed = Vec::with_capacity(members.len());
    for member in members {
        let counted = Counted { inner: &mut writer, size_bytes: 0, digest: Sha256::new() };
        let sink = sink(member, by, (counted, out))?;
        let Counted { size_bytes, digest, .. } = write(member, level, (sink, out), cancel)?;
        let sha256 = stella_digest::hex(&digest.finalize());
        sealed.push(Sealed { path: sealed_path(&member.path, by.suffix()), offset, size_bytes, sha256 });
        offset += size_bytes;
    }
    writer.flush().map_err(BundleError::writing(out))?;
    Ok(sealed)
}

/// Begins an encrypted file. That of segments is bound to the path of the member, as it is in the mirror.
fn sink<W: Write>(member: &Member, by: &EncryptBy, (counted, out): (W, &Path)) -> Result<Sink<W>, EncryptionError> {
    match by {
        EncryptBy::Recipients(recipients) => {
            // Recipients are parsed, and none of them is weak: nothing else is refused.
            let encryptor = Encryptor::with_recipients(recipients.iter()).map_err(|_| EncryptionError::NoRecipients)?;
            Ok(Sink::Age(encryptor.wrap_output(counted).map_err(BundleError::writing(out))?))
        }
        EncryptBy::DataKey(key) => {
            Ok(Sink::Segments(Box::new(SegmentWriter::new(counted, key, &member.path).map_err(BundleError::writing(out))?)))
        }
    }
}

/// Writes the content of a member, compressed where it is not.
fn write<W: Write>(member: &Member, level: i32, (sink, out): (Sink<W>, &Path), cancel: &AtomicBool) -> Result<W, BundleError> {
    let mut content = if is_compressed(&member.path) {
        Content::Compressed(sink)
    } else {
        Content::Plain(zstd_frame::encoder(sink, level, member.size_bytes).map_err(BundleError::writing(out))?)
    };
    source::read(member, cancel, &mut |block| content.write_all(block).map_err(BundleError::writing(out)))?;
    content.finish().and_then(Sink::finish).map_err(BundleError::writing(out))
}

enum Content<W: Write> {
    Compressed(Sink<W>),
    Plain(Encoder<'static, Sink<W>>),
}

impl<W: Write> Content<W> {
    fn write_all(&mut self, block: &[u8]) -> io::Result<()> {
        match self {
            Self::Compressed(sink) => sink.write_all(block),
            Self::Plain(encoder) => encoder.write_all(block),
        }
    }

    fn finish(self) -> io::Result<Sink<W>> {
        match self {
            Self::Compressed(sink) => Ok(sink),
            Self::Plain(encoder) => encoder.finish(),
        }
    }
}

enum Sink<W: Write> {
    Age(StreamWriter<W>),
    Segments(Box<SegmentWriter<W>>),
}

impl<W: Write> Sink<W> {
    fn finish(self) -> io::Result<W> {
        match self {
            Self::Age(stream) => stream.finish(),
            Self::Segments(segments) => segments.finish(),
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Age(stream) => stream.write(bytes),
            Self::Segments(segments) => segments.write_all(bytes).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Age(stream) => stream.flush(),
            // A segment is written when it is full, or the last.
            Self::Segments(_) => Ok(()),
        }
    }
}

/// Counts and hashes what goes through.
struct Counted<W> {
    inner: W,
    size_bytes: u64,
    digest: Sha256,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
