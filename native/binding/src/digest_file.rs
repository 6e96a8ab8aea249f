use std::path::PathBuf;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

use crate::fault::{Fault, NativeError};

/// Digest and exact length of a file.
#[napi(object)]
pub struct FileDigest {
    /// 64 lower-case hexadecimal characters.
    pub sha256: String,
    pub size_bytes: f64,
}

pub struct DigestFile {
    path: PathBuf,
    fault: Fault,
}

#[napi] // Above the export: declared below it, the generated type is Promise<unknown>.
impl Task for DigestFile {
    type Output = FileDigest;
    type JsValue = FileDigest;

    fn compute(&mut self) -> Result<FileDigest> {
        let Self { path, fault } = self;
        fault.guard(|| {
            let digest = stella_digest::file(path)
                .map_err(|error| NativeError::new("native/io", format!("cannot read {}: {error}", path.display())))?;
            Ok(FileDigest { sha256: digest.sha256, size_bytes: digest.size_bytes as f64 })
        })
    }

    fn resolve(&mut self, _env: Env, digest: FileDigest) -> Result<FileDigest> {
        Ok(digest)
    }

    fn reject(&mut self, env: Env, error: Error) -> Result<FileDigest> {
        Err(self.fault.reject(env, error))
    }
}

/// SHA-256 and size of one file, read in 1 MiB blocks off the JS thread.
///
/// @param path - absolute path of a regular file
/// @returns `sha256`: 64 lower-case hex characters; `sizeBytes`: exact length
/// @throws `native/io` when the file cannot be opened or read
///
/// Memory: one block, whatever the file size. Source: FIPS 180-4.
#[napi]
pub fn digest_file(path: String) -> AsyncTask<DigestFile> {
    AsyncTask::new(DigestFile { path: path.into(), fault: Fault::default() })
}
