use std::io;

use stella_detectors::{Detectors, Stopped};
use stella_pgcopy::PgError;

use crate::inspect::without_credentials;

/// Why a file could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WriteError {
    /// A problem code, as `contracts/src/problem.ts` lists them.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The record at fault, where it is one; a credential in its key is redacted.
    pub record_key: Option<String>,
    /// JSON pointer of the member at fault, where it is one.
    pub field: Option<String>,
}

impl WriteError {
    /// A failure that no single record is to blame for.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), record_key: None, field: None }
    }

    /// A failure of one record. Keys are made of what documents say, so a credential in key or message is redacted.
    #[cold]
    pub(crate) fn of_record(code: &'static str, key: &[u8], message: impl Into<String>) -> Self {
        let detectors = Detectors::new();
        let record_key = Some(without_credentials(&detectors, &String::from_utf8_lossy(key)));
        Self { record_key, ..Self::new(code, without_credentials(&detectors, &message.into())) }
    }

    /// That the work was stopped.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("native/cancelled", "the writing was cancelled")
    }

    /// A full disk is told from other failures of a file: to try again does not help there.
    pub(crate) fn of_file(what: &str, error: &io::Error) -> Self {
        let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge);
        Self::new(if full { "blob/full" } else { "native/io" }, format!("cannot write {what}: {error}"))
    }
}

impl From<Stopped> for WriteError {
    fn from(_: Stopped) -> Self {
        Self::cancelled()
    }
}

impl From<PgError> for WriteError {
    fn from(error: PgError) -> Self {
        let code = match &error {
            PgError::Cancelled => return Self::cancelled(),
            PgError::Config(_) => "config/invalid",
            // Class 28: no such login; 3D000: no such database.
            PgError::Server { sqlstate, .. } if sqlstate.starts_with("28") || sqlstate == "3D000" => "config/invalid",
            PgError::Unavailable(_) => "db/unavailable",
            PgError::Server { .. } | PgError::Protocol(_) => "native/postgres",
        };
        Self::new(code, error.to_string())
    }
}
