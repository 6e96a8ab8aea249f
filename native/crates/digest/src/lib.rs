//! SHA-256 of files and streams (FIPS 180-4), in blocks, with the exact length beside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes read at a time: the only memory a digest takes.
pub const BLOCK_BYTES: usize = 1024 * 1024;

/// What identifies a run of bytes: its digest and its exact length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    /// Length in bytes.
    pub size_bytes: u64,
}

/// Digest of one regular file.
///
/// # Errors
/// Whatever opening or reading the file answers.
pub fn file(path: &Path) -> io::Result<FileDigest> {
    stream(File::open(path)?)
}

/// Digest of everything that a reader yields.
///
/// # Errors
/// Whatever the reader answers.
pub fn stream(mut reader: impl Read) -> io::Result<FileDigest> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut size_bytes = 0;
    loop {
        match reader.read(&mut block) {
            Ok(0) => break,
            Ok(read) => {
                hasher.update(&block[..read]);
                size_bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(FileDigest { sha256: hex(&hasher.finalize()), size_bytes })
}

/// Lower-case hexadecimal of any bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_gives_the_vector_of_fips_180_4() {
        let digest = stream(&b"abc"[..]).expect("memory does not fail");
        assert_eq!(digest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.size_bytes, 3);
    }
}
