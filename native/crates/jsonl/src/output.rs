use std::fs::File;
use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::WriteError;

/// A new file that is hashed while it is written.
pub(crate) struct Output {
    file: File,
    name: String,
    hasher: Sha256,
    size_bytes: u64,
}

/// What lies on the disk.
pub(crate) struct Stored {
    pub(crate) size_bytes: u64,
    pub(crate) sha256: String,
}

impl Output {
    /// Creates the file, or empties the one that an earlier attempt left.
    pub(crate) fn create(path: &Path) -> Result<Self, WriteError> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| WriteError::of_file(&name, &error))?;
        Ok(Self { file, name, hasher: Sha256::new(), size_bytes: 0 })
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.file.write_all(bytes).map_err(|error| WriteError::of_file(&self.name, &error))?;
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Forces the bytes to the disk.
    pub(crate) fn finish(self) -> Result<Stored, WriteError> {
        self.file.sync_all().map_err(|error| WriteError::of_file(&self.name, &error))?;
        Ok(Stored { size_bytes: self.size_bytes, sha256: stella_digest::hex(&self.hasher.finalize()) })
    }
}
