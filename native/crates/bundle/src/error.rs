use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

/// Why a bundle could not be written or read. Damage in a bundle is no error of a scan: it is a [`Fault`](crate::Fault) in its report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A member's path cannot stand in a bundle.
    #[error("cannot use the member path {path:?}: {reason}")]
    Path {
        /// The refused path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An option is out of its range.
    #[error("{0}")]
    Option(String),
    /// A source ended before the size that was stated.
    #[error("cannot pack {path}: {read_bytes} bytes of {size_bytes} could be read; its source was cut short")]
    Short {
        /// The member.
        path: String,
        /// Bytes that were there.
        read_bytes: u64,
        /// Bytes that were stated.
        size_bytes: u64,
    },
    /// A source holds more than the size that was stated.
    #[error("cannot pack {path}: its source holds more than {size_bytes} bytes")]
    Long {
        /// The member.
        path: String,
        /// Bytes that were stated.
        size_bytes: u64,
    },
    /// Bytes have the stated size and another digest.
    #[error("{path} is altered: {reason}")]
    Altered {
        /// The member.
        path: String,
        /// What differs.
        reason: String,
    },
    /// The bundle or folder has no such member.
    #[error("there is no member {path}")]
    Absent {
        /// The member that was asked for.
        path: String,
    },
    /// A member is larger than the caller allows.
    #[error("cannot read {path}: it holds {size_bytes} bytes, the limit is {max_bytes}")]
    TooLarge {
        /// The member.
        path: String,
        /// Its size.
        size_bytes: u64,
        /// What is allowed.
        max_bytes: u64,
    },
    /// The disk, or the quota on it, is full.
    #[error("cannot write {path}: the disk is full")]
    Full {
        /// The file that was written.
        path: String,
    },
    /// Any other failure of reading or writing.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// What the system answered.
        source: io::Error,
    },
    /// The caller raised the cancel flag.
    #[error("the work was cancelled")]
    Cancelled,
}

impl BundleError {
    /// For a failure of reading a file.
    pub fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { action: "read", path: path.display().to_string(), source }
    }

    /// For a failure of writing a file: [`Self::Full`] where there is no room.
    pub fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| {
            let path = path.display().to_string();
            match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full { path },
                _ => Self::Io { action: "write", path, source },
            }
        }
    }
}

/// Polls the flag: to be called once per frame or block.
///
/// # Errors
/// [`BundleError::Cancelled`] once it is raised
pub fn poll(cancel: &AtomicBool) -> Result<(), BundleError> {
    if cancel.load(Ordering::Relaxed) { Err(BundleError::Cancelled) } else { Ok(()) }
}
