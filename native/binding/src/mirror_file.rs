use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use napi_derive::napi;
use stella_mirror::{MirrorError, MirrorWriter, Part, WriterOptions};

use crate::bundle_problem::whole;
use crate::database::{DatabasePart, io_code};
use crate::fault::NativeError;
use crate::write_json_lines::invalid;

/// The file that a mirror or a delta is written into, and how.
#[napi(object)]
pub struct MirrorFile {
    /// Absolute path of the file, created or emptied.
    pub path: String,
    /// Files that are given; they come first.
    pub texts: Vec<MirrorText>,
    /// Absolute path of a folder for what is sorted.
    pub scratch: String,
    /// Memory for sorting.
    pub memory_bytes: f64,
    /// Threads that compress, 1 to 64. They do not change the bytes.
    pub threads: u32,
    /// zstd level, 1 to 22.
    pub level: i32,
}

/// A file of a mirror that is given.
#[napi(object)]
pub struct MirrorText {
    /// Its path in the bundle.
    pub path: String,
    pub content: String,
}

impl MirrorFile {
    /// A writer into the file; what it gives back is to be synced.
    pub(crate) fn create(&self) -> Result<MirrorWriter<BufWriter<File>>, NativeError> {
        if !(1..=64).contains(&self.threads) || !(1..=22).contains(&self.level) {
            return Err(invalid("threads must be 1 to 64, level 1 to 22"));
        }
        let options = WriterOptions {
            level: Some(self.level),
            threads: self.threads as usize,
            scratch: self.scratch.as_str().into(),
            memory_bytes: usize::try_from(whole(self.memory_bytes, "memoryBytes")?).unwrap_or(usize::MAX),
        };
        let mut writer = MirrorWriter::create(Path::new(&self.path), options)?;
        for MirrorText { path, content } in &self.texts {
            writer.file(path, content.as_bytes())?;
        }
        Ok(writer)
    }
}

/// Puts what was written onto the disk.
pub(crate) fn sync(file: &BufWriter<File>) -> Result<(), NativeError> {
    Ok(file.get_ref().sync_all().map_err(MirrorError::from)?)
}

impl From<Part> for DatabasePart {
    fn from(Part { path, offset, size_bytes, sha256 }: Part) -> Self {
        Self { path, offset: offset as f64, size_bytes: size_bytes as f64, sha256 }
    }
}

impl From<MirrorError> for NativeError {
    fn from(error: MirrorError) -> Self {
        let code = match error {
            MirrorError::Write(error) => return error.into(),
            MirrorError::Bundle(error) => return error.into(),
            MirrorError::Io(ref error) => io_code(error),
            _ => "bundle/invalid",
        };
        Self::new(code, error.to_string())
    }
}
