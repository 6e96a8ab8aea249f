use std::io;

use stella_bundle::BundleError;
use stella_jsonl::WriteError;
use thiserror::Error;

/// Why a mirror could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// Of reading records out of the ledger, or of the caller.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Of a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// What a bundle holds is not what a mirror has.
    #[error("{path}: {reason}")]
    Unsound {
        /// The member at fault.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Of a file.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl MirrorError {
    pub(crate) fn unsound(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unsound { path: path.into(), reason: reason.into() }
    }
}
