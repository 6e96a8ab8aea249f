use std::fs::{File, TryLockError};

use napi::{Env, Result};
use napi_derive::napi;

use crate::fault::{NativeError, thrown};

/// A lock on a file, which no other process holds meanwhile. The system ends it with the process, however that ends.
#[napi]
pub struct FileLock {
    /// Closing it ends the lock.
    file: Option<File>,
}

#[napi]
impl FileLock {
    /// Takes the lock on a file, which is made where it is absent, and stays.
    ///
    /// @param path - absolute path of the file
    /// @returns null while another holds it
    /// @throws `native/io`
    #[napi(catch_unwind)]
    pub fn take(env: Env, path: String) -> Result<Option<FileLock>> {
        taken(&path).map_err(|error| thrown(env, NativeError::new("native/io", format!("{path} cannot be locked: {error}"))))
    }

    /// Ends the lock.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.file = None;
    }
}

fn taken(path: &str) -> std::io::Result<Option<FileLock>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(FileLock { file: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
