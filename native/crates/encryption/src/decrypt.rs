use std::fs::{self, File};
use std::io::{self, BufReader, PipeReader, Read, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use age::{DecryptError, Decryptor};
use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, MemberDigest, Members, check_path, poll};

use crate::data_key::DataKey;
use crate::error::EncryptionError;
use crate::identities::Identities;
use crate::sealed_path::{self, is_compressed, sealed_path};
use crate::segments::SegmentReader;
use crate::zstd_frame::{FrameError, FrameReader};

/// What members are decrypted by.
#[derive(Debug)]
pub enum DecryptBy {
    /// age files, by one of these.
    Identities(Identities),
    /// Segments of AES-256-GCM.
    DataKey(DataKey),
}

impl DecryptBy {
    fn suffix(&self) -> &'static str {
        match self {
            Self::Identities(_) => sealed_path::AGE,
            Self::DataKey(_) => sealed_path::SEGMENTS,
        }
    }

    /// Why bytes are refused: the header of an age file tells whether the key is right, that of segments doesn't.
    fn refusal(&self, sealed: &str) -> EncryptionError {
        let path = sealed.to_owned();
        match self {
            Self::Identities(_) => EncryptionError::Damaged { path, reason: "its bytes were altered or cut".to_owned() },
            Self::DataKey(_) => EncryptionError::OtherDataKey { path },
        }
    }
}

/// The plaintext size of a chunk of an age file.
const CHUNK_BYTES: usize = 64 * 1024;

/// A member to decrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its path in the mirror: with `.age` or `.enc` it is that of the bundle, and with `.zst` before that unless it has it itself.
    pub path: String,
    /// Most bytes that it may have in the mirror.
    pub max_bytes: u64,
}

/// Decrypts members of a bundle, or of a folder that one was unpacked into, into a folder that holds none of them, and decompresses those whose names do
/// not end with `.zst`. What was written so far stays after any error. Memory: one frame of the bundle, a window of 8 MiB, some blocks, and two segments.
///
/// # Errors
/// [`EncryptionError::Locked`], [`EncryptionError::OtherDataKey`] where no key opens a member; [`EncryptionError::Damaged`], also where it is not one zstd frame;
/// [`EncryptionError::TooLarge`], before more than that is written; [`EncryptionError::Bundle`] as of [`Members::each_piece`], and for the files
pub fn decrypt(
    place: &Path,
    wanted: &[Wanted],
    by: &DecryptBy,
    (out, max_members): (&Path, u64),
    cancel: &AtomicBool,
) -> Result<Vec<MemberDigest>, EncryptionError> {
    let mut members = Members::open(place, max_members, cancel)?;
    wanted.iter().map(|one| decrypt_one(&mut members, one, by, out, cancel)).collect()
}

fn decrypt_one(
    members: &mut Members,
    wanted: &Wanted,
    by: &DecryptBy,
    out: &Path,
    cancel: &AtomicBool,
) -> Result<MemberDigest, EncryptionError> {
    check_path(&wanted.path).map_err(|reason| BundleError::Path { path: wanted.path.clone(), reason })?;
    let sealed = sealed_path(&wanted.path, by.suffix());
    let (reader, mut writer) = io::pipe().map_err(BundleError::reading(out))?;
    let (opened, fed) = thread::scope(|scope| {
        let feeding = scope.spawn(|| {
            // Nobody reads any more only where opening failed, and that failure is the one that is told.
            let fed =
                members.each_piece(&sealed, u64::MAX, cancel, &mut |piece| writer.write_all(piece).map_err(|_| BundleError::Cancelled));
            drop(writer);
            fed
        });
        let opened = open(reader, &sealed, wanted, by, (out, cancel));
        (opened, feeding.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    match fed {
        Ok(()) => opened,
        Err(BundleError::Cancelled) if !cancel.load(Ordering::Relaxed) => opened,
        Err(error) => Err(error.into()),
    }
}

fn open(
    reader: PipeReader,
    sealed: &str,
    Wanted { path, max_bytes }: &Wanted,
    by: &DecryptBy,
    (out, cancel): (&Path, &AtomicBool),
) -> Result<MemberDigest, EncryptionError> {
    let damaged = |reason: &str| EncryptionError::Damaged { path: sealed.to_owned(), reason: reason.to_owned() };
    let mut stream = opened(reader, path, by).map_err(|reason| match reason {
        Some(reason) => damaged(reason),
        None => EncryptionError::Locked { path: sealed.to_owned() },
    })?;
    let failed = |error| match error {
        FrameError::Damaged(reason) => damaged(&reason),
        FrameError::Taking(error) => error,
    };
    let mut plain = Plain::create(out.join(path), (sealed, *max_bytes), cancel)?;
    let mut frame = if is_compressed(path) { None } else { Some(FrameReader::new().map_err(BundleError::reading(out))?) };
    let mut block = vec![0; CHUNK_BYTES];
    loop {
        poll(cancel)?;
        let read = stream.read(&mut block).map_err(|_| by.refusal(sealed))?;
        if read == 0 {
            break;
        }
        match &mut frame {
            None => plain.write(&block[..read])?,
            Some(frame) => frame.feed(&block[..read], &mut |piece| plain.write(piece)).map_err(failed)?,
        }
    }
    frame.map_or(Ok(()), FrameReader::finish).map_err(failed)?;
    Ok(MemberDigest { path: path.clone(), size_bytes: plain.size_bytes, sha256: stella_digest::hex(&plain.digest.finalize()), lines: None })
}

/// What is encrypted, as it is decrypted; else what is wrong with it, or none where it is for others.
fn opened<'a>(reader: PipeReader, path: &str, by: &'a DecryptBy) -> Result<Box<dyn Read + 'a>, Option<&'static str>> {
    let refused = |error| match error {
        DecryptError::NoMatchingKeys => None,
        DecryptError::InvalidMac => Some("its header was altered"),
        _ => Some("it is no age file of version 1"),
    };
    let reader = BufReader::with_capacity(CHUNK_BYTES, reader);
    Ok(match by {
        DecryptBy::Identities(identities) => {
            let decryptor = Decryptor::new_buffered(reader).map_err(refused)?;
            Box::new(decryptor.decrypt(identities.iter()).map_err(refused)?)
        }
        DecryptBy::DataKey(key) => {
            Box::new(SegmentReader::new(reader, key, path).map_err(|_| Some("it is shorter than its header, or has another"))?)
        }
    })
}

/// The file that comes out, no longer than it may be.
struct Plain<'a> {
    target: PathBuf,
    file: File,
    /// What it comes of, and most bytes that it may have.
    limit: (&'a str, u64),
    cancel: &'a AtomicBool,
    size_bytes: u64,
    digest: Sha256,
}

impl<'a> Plain<'a> {
    fn create(target: PathBuf, limit: (&'a str, u64), cancel: &'a AtomicBool) -> Result<Self, BundleError> {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(BundleError::writing(folder))?;
        }
        let file = File::create_new(&target).map_err(BundleError::writing(&target))?;
        Ok(Self { target, file, limit, cancel, size_bytes: 0, digest: Sha256::new() })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), EncryptionError> {
        poll(self.cancel)?;
        let (sealed, max_bytes) = self.limit;
        self.size_bytes += piece.len() as u64;
        if self.size_bytes > max_bytes {
            return Err(EncryptionError::TooLarge { path: sealed.to_owned(), max_bytes });
        }
        self.digest.update(piece);
        self.file.write_all(piece).map_err(BundleError::writing(&self.target))?;
        Ok(())
    }
}
