use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use age::Encryptor;
use age::stream::StreamWriter;
use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, Member};

use crate::data_key::DataKey;
use crate::error::EncryptionError;
use crate::recipients::Recipients;
use crate::segments::SegmentWriter;
use crate::source;
use crate::suffix;

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
            Self::Recipients(_) => suffix::AGE,
            Self::DataKey(_) => suffix::SEGMENTS,
        }
    }
}

/// A member that was encrypted: a run of bytes of the file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// That of the member, with `.age` or `.enc`.
    pub path: String,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of it, 64 lower-case hexadecimal characters.
    pub sha256: String,
}

/// Encrypts each member as a file of its own, one behind the other in the file `out`, created or emptied. The same members come out otherwise each
/// time: every file has a key of its own. Memory: some blocks, and two segments.
///
/// # Errors
/// [`EncryptionError::Bundle`] where a source is not as stated, and for `out`, which is left incomplete then
pub fn encrypt(members: &[Member], by: &EncryptBy, out: &Path, cancel: &AtomicBool) -> Result<Vec<Sealed>, EncryptionError> {
    let file = File::create(out).map_err(BundleError::writing(out))?;
    let mut writer = BufWriter::with_capacity(WRITE_BYTES, file);
    let mut offset = 0;
    let mut sealed = Vec::with_capacity(members.len());
    for member in members {
        let (size_bytes, sha256) = encrypt_one(member, by, (&mut writer, out), cancel)?;
        sealed.push(Sealed { path: format!("{}{}", member.path, by.suffix()), offset, size_bytes, sha256 });
        offset += size_bytes;
    }
    writer.flush().map_err(BundleError::writing(out))?;
    Ok(sealed)
}

fn encrypt_one(
    member: &Member,
    by: &EncryptBy,
    (writer, out): (&mut BufWriter<File>, &Path),
    cancel: &AtomicBool,
) -> Result<(u64, String), EncryptionError> {
    let counted = Counted { inner: writer, size_bytes: 0, digest: Sha256::new() };
    let mut sink = match by {
        EncryptBy::Recipients(recipients) => {
            // Recipients are parsed, and none of them is weak: nothing else is refused.
            let encryptor = Encryptor::with_recipients(recipients.iter()).map_err(|_| EncryptionError::NoRecipients)?;
            Sink::Age(encryptor.wrap_output(counted).map_err(BundleError::writing(out))?)
        }
        EncryptBy::DataKey(key) => {
            Sink::Segments(Box::new(SegmentWriter::new(counted, key, &member.path).map_err(BundleError::writing(out))?))
        }
    };
    source::read(member, cancel, &mut |block| sink.write_all(block).map_err(BundleError::writing(out)))?;
    let Counted { size_bytes, digest, .. } = sink.finish().map_err(BundleError::writing(out))?;
    Ok((size_bytes, stella_digest::hex(&digest.finalize())))
}

enum Sink<W: Write> {
    Age(StreamWriter<W>),
    Segments(Box<SegmentWriter<W>>),
}

impl<W: Write> Sink<W> {
    fn write_all(&mut self, block: &[u8]) -> io::Result<()> {
        match self {
            Self::Age(stream) => stream.write_all(block),
            Self::Segments(segments) => segments.write_all(block),
        }
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Age(stream) => stream.finish(),
            Self::Segments(segments) => segments.finish(),
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
