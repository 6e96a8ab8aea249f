use std::io;

/// Why there is no Java DB.
#[derive(Debug, thiserror::Error)]
pub enum JavaDbError {
    /// A record of the ledger is not of the form that its kind has.
    #[error("it cannot be read: {0}")]
    Record(String),
    /// Nothing has a place in the database, or nothing was there: a scanner would know no JAR.
    #[error(
        "no JAR has a place in the database ({omitted} were left out): a scanner would know none of them. Look at the filters, or set `trivy.allow_empty` of the profile"
    )]
    Empty {
        /// Statements that were left out.
        omitted: u64,
    },
    /// What was written is not what was to be written.
    #[error("the database is not sound, so it is not used: {0}")]
    Unsound(String),
    /// No room for the file of the database, or for what SQLite sorts.
    #[error("there is no room for the database")]
    Full,
    /// The file of the database.
    #[error(transparent)]
    Sqlite(rusqlite::Error),
    /// Files that sorting needs.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<rusqlite::Error> for JavaDbError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Self::Unsound(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}
