//! Streams a spooled upload into rows for `COPY … FROM STDIN (FORMAT binary)`.
//!
//! The upload is a tar or zip archive of files, or one file, either of them also compressed by zstd or gzip; a file is one document
//! (JSON, or YAML for OSV) or JSON lines, compressed or not, or one more archive. What it is tells its content, unless it is an index of a
//! Maven repository, whose rows are documents. One thread splits it, several
//! read and normalize documents, and rows leave in the order of the documents whatever the number of threads. Memory is bounded by a
//! budget of bytes in flight. What is wrong is refused document by document; the rest goes on.

mod archive;
mod archive_limits;
mod batch;
mod budget;
mod copy_rows;
mod decoded;
mod error;
mod intake;
mod intake_options;
mod not_held;
mod read_batch;
mod split_file;
mod splitter;
mod upload;
mod zip;

pub use archive_limits::ArchiveLimits;
pub use batch::Refused;
pub use copy_rows::COLUMNS;
pub use error::IntakeError;
pub use intake::{Cancel, Intake, Summary};
pub use intake_options::{Format, IntakeOptions, Mappings};
pub use not_held::{NotHeld, NotHeldPath};
