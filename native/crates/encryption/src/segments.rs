//! AES-256-GCM in segments, as Tink's streaming AEAD has it with the parameters of its template `AES256_GCM_HKDF_1MB`: a header of its length, a
//! salt and a nonce's prefix, then segments that are each authenticated, the last one told apart by its nonce.
//! Source: <https://developers.google.com/tink/wire-format>, "Streaming AEAD", and <https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming>.

use std::io::{self, BufRead, Read, Write};

use aes_gcm::aead::rand_core::RngCore;
use aes_gcm::aead::stream::{DecryptorBE32, EncryptorBE32};
use aes_gcm::aead::{KeyInit, OsRng};
use aes_gcm::{Aes256Gcm, Key};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::data_key::{DATA_KEY_BYTES, DataKey};

/// Bytes of a segment as it is written.
const SEGMENT_BYTES: usize = 1 << 20;
const TAG_BYTES: usize = 16;
const SALT_BYTES: usize = DATA_KEY_BYTES;
const NONCE_PREFIX_BYTES: usize = 7;
const HEADER_BYTES: usize = 1 + SALT_BYTES + NONCE_PREFIX_BYTES;

/// Encrypts what is written to it.
pub(crate) struct SegmentWriter<W> {
    inner: W,
    encryptor: EncryptorBE32<Aes256Gcm>,
    plain: Vec<u8>,
    /// Bytes that the segment at hand takes.
    room: usize,
}

impl<W: Write> SegmentWriter<W> {
    /// Begins a file of its own salt, bound to a name: it is decrypted by the same name alone.
    ///
    /// # Errors
    /// Of writing
    pub(crate) fn new(mut inner: W, key: &DataKey, name: &str) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        header[0] = HEADER_BYTES as u8;
        OsRng.fill_bytes(&mut header[1..]);
        inner.write_all(&header)?;
        let encryptor = EncryptorBE32::from_aead(cipher(key, &header, name)?, nonce_prefix(&header).into());
        Ok(Self { inner, encryptor, plain: Vec::with_capacity(SEGMENT_BYTES), room: SEGMENT_BYTES - HEADER_BYTES - TAG_BYTES })
    }

    /// Encrypts bytes. The last segment waits for [`SegmentWriter::finish`].
    ///
    /// # Errors
    /// Of writing
    pub(crate) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.plain.len() == self.room {
                self.encryptor.encrypt_next_in_place(&[], &mut self.plain).map_err(|_| too_long())?;
                self.inner.write_all(&self.plain)?;
                self.plain.clear();
                self.room = SEGMENT_BYTES - TAG_BYTES;
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.room - self.plain.len()));
            self.plain.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Writes the last segment.
    ///
    /// # Errors
    /// Of writing
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.encryptor.encrypt_last_in_place(&[], &mut self.plain).map_err(|_| too_long())?;
        self.inner.write_all(&self.plain)?;
        Ok(self.inner)
    }
}

/// Gives what a [`SegmentWriter`] has encrypted. Whatever is not that is an error of the kind `InvalidData`, and nothing of such a segment is given.
pub(crate) struct SegmentReader<R> {
    inner: R,
    /// None after the last segment.
    decryptor: Option<DecryptorBE32<Aes256Gcm>>,
    /// Bytes that the segment at hand has at most, as it was written.
    room: usize,
    plain: Vec<u8>,
    given: usize,
}

impl<R: BufRead> SegmentReader<R> {
    /// Reads the header of a file of this name.
    ///
    /// # Errors
    /// `InvalidData` where there is none; of reading
    pub(crate) fn new(mut inner: R, key: &DataKey, name: &str) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        inner.read_exact(&mut header).map_err(|_| io::ErrorKind::InvalidData)?;
        if usize::from(header[0]) != HEADER_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let decryptor = DecryptorBE32::from_aead(cipher(key, &header, name)?, nonce_prefix(&header).into());
        Ok(Self { inner, decryptor: Some(decryptor), room: SEGMENT_BYTES - HEADER_BYTES, plain: Vec::new(), given: 0 })
    }

    /// Decrypts the next segment; false after the last.
    fn advance(&mut self) -> io::Result<bool> {
        let Some(mut decryptor) = self.decryptor.take() else { return Ok(false) };
        self.plain.clear();
        self.given = 0;
        self.inner.by_ref().take(self.room as u64).read_to_end(&mut self.plain)?;
        // A segment that ends where the file does is the last one, or the file was cut.
        if self.inner.fill_buf()?.is_empty() {
            decryptor.decrypt_last_in_place(&[], &mut self.plain).map_err(|_| io::ErrorKind::InvalidData)?;
        } else {
            decryptor.decrypt_next_in_place(&[], &mut self.plain).map_err(|_| io::ErrorKind::InvalidData)?;
            self.decryptor = Some(decryptor);
        }
        self.room = SEGMENT_BYTES;
        Ok(true)
    }
}

impl<R: BufRead> Read for SegmentReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let read = out.len().min(self.plain.len() - self.given);
        out[..read].copy_from_slice(&self.plain[self.given..self.given + read]);
        self.given += read;
        Ok(read)
    }
}

/// The cipher of one file: its key is derived from the data key by its salt and name.
fn cipher(key: &DataKey, header: &[u8; HEADER_BYTES], name: &str) -> io::Result<Aes256Gcm> {
    let mut derived = Zeroizing::new([0; DATA_KEY_BYTES]);
    let salt = &header[1..=SALT_BYTES];
    Hkdf::<Sha256>::new(Some(salt), key.bytes()).expand(name.as_bytes(), derived.as_mut()).map_err(io::Error::other)?;
    Ok(Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(derived.as_ref())))
}

fn nonce_prefix(header: &[u8; HEADER_BYTES]) -> &[u8; NONCE_PREFIX_BYTES] {
    header.last_chunk().expect("a header ends with the prefix")
}

/// 2^32 segments are the most that the counter of a nonce tells apart.
fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "it is too long to be encrypted in one file")
}
