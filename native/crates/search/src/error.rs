use stella_mirror::MirrorError;
use thiserror::Error;

/// Why words could not be gathered or looked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Of the mirror.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// Of SQLite.
    #[error("the words of the mirror cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The caller raised the cancel flag.
    #[error("the work was cancelled")]
    Cancelled,
}
