use std::io;

use thiserror::Error;

/// Why an intake as a whole stops. Faults of single documents are no errors but [`crate::Refused`] entries.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// The spooled file cannot be read.
    #[error("cannot read the upload: {0}")]
    Io(#[from] io::Error),
    /// More documents were refused than the options allow to list.
    #[error("cannot ingest the upload: more than {0} documents were refused")]
    TooManyRefused(usize),
    /// [`crate::Cancel::raise`] was called.
    #[error("the intake was cancelled")]
    Cancelled,
    /// A fault of this crate: a thread panicked.
    #[error("the intake failed inside: {0}")]
    Internal(String),
}
