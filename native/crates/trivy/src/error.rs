use std::io;

use stella_bolt::BoltError;

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum TrivyError {
    /// A record of the ledger is no OSV document.
    #[error("it cannot be read as an OSV document: {0}")]
    Document(String),
    /// Nothing has a place in the database, or nothing was there: a scanner would take that for "no vulnerabilities".
    #[error(
        "no advisory has a place in the database ({omitted} were left out): a scanner would call everything clean. Look at the filters, or set `trivy.allow_empty` of the profile"
    )]
    Empty {
        /// Statements that were left out.
        omitted: u64,
    },
    /// More buckets than any set of evidence has.
    #[error("more than {0} buckets: no such set of releases is known")]
    TooManyBuckets(usize),
    /// More products of Red Hat than it ever had.
    #[error("more than {0} products of Red Hat: no such set is known")]
    TooManyProducts(usize),
    /// More fixes of one package in one advisory of Red Hat than any has.
    #[error("{key} has more than {most} fixes: no such advisory is known; leave it out by a filter")]
    TooManyEntries {
        /// Bucket, package and advisory.
        key: String,
        /// The limit.
        most: usize,
    },
    /// What was written is not what was to be written.
    #[error("the database is not sound, so it is not used: {0}")]
    Unsound(String),
    /// The file of the database.
    #[error(transparent)]
    Bolt(#[from] BoltError),
    /// Files that sorting needs.
    #[error(transparent)]
    Io(#[from] io::Error),
}
