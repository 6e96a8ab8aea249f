//! Finds advisories by words: in their ids and aliases, the names of their packages, and their summaries. The words lie in a SQLite file
//! (FTS5, sqlite.org/fts5.html) beside the mirror; records stay where they are.

#![warn(missing_docs)]

mod build;
mod error;
mod find;
mod text;

pub use build::build_search;
pub use error::SearchError;
pub use find::Search;
