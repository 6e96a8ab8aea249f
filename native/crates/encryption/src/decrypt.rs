use std::fs::{self, File};
use std::io::{self, BufReader, PipeReader, Read, Write};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use age::{DecryptError, Decryptor};
use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, MemberDigest, Members, check_path, poll};

use crate::data_key::DataKey;
use crate::error::EncryptionError;
use crate::identities::Identities;
use crate::segments::SegmentReader;
use crate::suffix;

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
            Self::Identities(_) => suffix::AGE,
            Self::DataKey(_) => suffix::SEGMENTS,
        }
    }

    /// Why bytes are refused: the header of an age file tells whether the key is right, that of segments doesn't.
    fn refusal(&self) -> &'static str {
        match self {
            Self::Identities(_) => "its bytes were altered or cut",
            Self::DataKey(_) => "the data key is another one, or its bytes were altered or cut",
        }
    }
}

/// The plaintext size of a chunk of an age file.
const CHUNK_BYTES: usize = 64 * 1024;

/// A member to decrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its path without `.age` or `.enc`.
    pub path: String,
    /// Most bytes that its plaintext may have.
    pub max_bytes: u64,
}

/// Decrypts members of a bundle, or of a folder that one was unpacked into, into a folder that holds none of them. What was written so far stays
/// after any error. Memory: one frame, some blocks, and two segments.
///
/// # Errors
/// [`EncryptionError::Locked`] where no identity opens a member, [`EncryptionError::Damaged`]; [`EncryptionError::Bundle`] as of
/// [`Members::each_piece`], for a plaintext of more bytes, and for the files
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
    let sealed = format!("{}{}", wanted.path, by.suffix());
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
    let refused = |error| match error {
        DecryptError::NoMatchingKeys => EncryptionError::Locked { path: sealed.to_owned() },
        DecryptError::InvalidMac => damaged("its header was altered"),
        _ => damaged("it is no age file of version 1"),
    };
    let reader = BufReader::with_capacity(CHUNK_BYTES, reader);
    let mut stream: Box<dyn Read> = match by {
        DecryptBy::Identities(identities) => {
            let decryptor = Decryptor::new_buffered(reader).map_err(refused)?;
            Box::new(decryptor.decrypt(identities.iter()).map_err(refused)?)
        }
        DecryptBy::DataKey(key) => {
            Box::new(SegmentReader::new(reader, key, path).map_err(|_| damaged("it is shorter than its header, or has another"))?)
        }
    };

    let target = out.join(path);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(BundleError::writing(folder))?;
    }
    let mut file = File::create_new(&target).map_err(BundleError::writing(&target))?;
    let mut block = vec![0; CHUNK_BYTES];
    let (mut size_bytes, mut digest) = (0, Sha256::new());
    loop {
        poll(cancel)?;
        let read = stream.read(&mut block).map_err(|_| damaged(by.refusal()))?;
        if read == 0 {
            break;
        }
        size_bytes += read as u64;
        if size_bytes > *max_bytes {
            return Err(BundleError::TooLarge { path: path.clone(), size_bytes, max_bytes: *max_bytes }.into());
        }
        digest.update(&block[..read]);
        file.write_all(&block[..read]).map_err(BundleError::writing(&target))?;
    }
    Ok(MemberDigest { path: path.clone(), size_bytes, sha256: stella_digest::hex(&digest.finalize()), lines: None })
}
