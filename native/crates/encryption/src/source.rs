use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{BundleError, Member, poll};

const BLOCK_BYTES: usize = 256 * 1024;

/// Gives the content of a member to `take`, block by block, and checks on the way that its source is what was stated.
///
/// # Errors
/// [`BundleError::Short`], [`BundleError::Long`], [`BundleError::Altered`], [`BundleError::Io`], [`BundleError::Cancelled`], and those of `take`
pub fn read(member: &Member, cancel: &AtomicBool, take: &mut dyn FnMut(&[u8]) -> Result<(), BundleError>) -> Result<(), BundleError> {
    let Member { path, size_bytes, sha256, parts } = member;
    let short = |read_bytes| BundleError::Short { path: path.clone(), read_bytes, size_bytes: *size_bytes };
    let mut block = vec![0; BLOCK_BYTES];
    let (mut read_bytes, mut digest) = (0, Sha256::new());
    for part in parts {
        let mut file = File::open(&part.file).map_err(BundleError::reading(&part.file))?;
        file.seek(SeekFrom::Start(part.offset)).map_err(BundleError::reading(&part.file))?;
        let mut left = part.size_bytes.unwrap_or(u64::MAX);
        while left > 0 {
            poll(cancel)?;
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK_BYTES);
            let read = file.read(&mut block[..wanted]).map_err(BundleError::reading(&part.file))?;
            if read == 0 {
                break;
            }
            left -= read as u64;
            read_bytes += read as u64;
            if read_bytes > *size_bytes {
                return Err(BundleError::Long { path: path.clone(), size_bytes: *size_bytes });
            }
            digest.update(&block[..read]);
            take(&block[..read])?;
        }
        if part.size_bytes.is_some() && left > 0 {
            return Err(short(read_bytes));
        }
    }
    if read_bytes < *size_bytes {
        return Err(short(read_bytes));
    }
    let found = stella_digest::hex(&digest.finalize());
    if found == *sha256 {
        return Ok(());
    }
    Err(BundleError::Altered { path: path.clone(), reason: format!("its SHA-256 is {found}, stated was {sha256}") })
}
