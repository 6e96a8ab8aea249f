use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::documents::{Document, DocumentReader};
use crate::error::WriteError;
use crate::inspect::MAX_LINE_BYTES;
use crate::line_files::{sha256_of_hex, unreadable};

/// A document in a file.
#[derive(Debug, Clone)]
pub struct DocumentFile {
    /// Key of its record.
    pub key: String,
    /// Folder of its subject.
    pub folder: String,
    /// Name within the folder.
    pub file_name: String,
    /// Where its bytes lie.
    pub path: PathBuf,
    /// SHA-256 that they must have, hexadecimal.
    pub sha256: String,
}

/// Documents in files, as they were fetched from another installation.
pub struct DocumentFiles {
    /// In order of key.
    pub documents: Vec<DocumentFile>,
    /// Ends all reading when raised.
    pub stop: Arc<AtomicBool>,
}

impl DocumentReader for DocumentFiles {
    fn read(&mut self, mut each: impl FnMut(Document<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        for DocumentFile { key, folder, file_name, path, sha256 } in &self.documents {
            if self.stop.load(Ordering::Relaxed) {
                return Err(WriteError::cancelled());
            }
            let key = key.as_bytes();
            let digest = sha256_of_hex(sha256).ok_or_else(|| WriteError::of_record("evidence/invalid", key, "it has no SHA-256"))?;
            let (folder, file_name, content) = (folder.as_bytes(), file_name.as_bytes(), content_of(path)?);
            each(Document { key, folder, file_name, content: &content, digest: &digest })?;
        }
        Ok(())
    }
}

fn content_of(path: &Path) -> Result<Vec<u8>, WriteError> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(MAX_LINE_BYTES as u64 + 1).read_to_end(&mut content).map_err(|error| unreadable(path, &error))?;
    if content.len() > MAX_LINE_BYTES {
        return Err(WriteError::new("evidence/invalid", format!("{} is longer than a document may be", path.display())));
    }
    Ok(content)
}
