use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::omitted::OmittedLines;
use crate::write::{Kind, Written, write_files};

/// How an export is made.
#[derive(Debug)]
pub struct ExportOptions {
    /// Folder for the database, which is removed again.
    pub scratch: PathBuf,
    /// Whether a database that holds nothing is wanted.
    pub allow_empty: bool,
    /// zstd level of the list of what was left out.
    pub level: i32,
    /// The file, created or emptied.
    pub path: PathBuf,
    /// Content of `metadata.json`.
    pub metadata: String,
    /// Time of the members of the archive, seconds since 1970.
    pub mtime: u64,
    /// Threads that compress. They do not change the bytes.
    pub threads: usize,
    /// The database as an OCI artifact besides.
    pub oci: Option<OciOptions>,
    /// Raised to stop the work, which then fails.
    pub stop: Arc<AtomicBool>,
}

/// What an OCI artifact has of its own.
#[derive(Debug)]
pub struct OciOptions {
    /// Content of `metadata.json` within it.
    pub metadata: String,
    /// Its annotation `org.opencontainers.image.created`.
    pub created: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export<C> {
    /// The file and its parts.
    pub written: Written,
    /// What the database holds, and what was left out.
    pub contents: C,
    /// Length of the database.
    pub database_bytes: u64,
    /// How long writing the database took.
    pub database_time: Duration,
}

/// Lets `build` write a database and name what has no place in it, then packs both into one file while `check` reads the database again.
///
/// # Errors
/// Of building and checking; of files, and of being stopped.
///
/// # Panics
/// Where the check does.
pub fn export<C: Sync, E: From<io::Error> + Send>(
    kind: &Kind,
    options: &ExportOptions,
    build: impl FnOnce(&Path, &mut OmittedLines) -> Result<C, E>,
    check: impl FnOnce(&Path, &C) -> Result<(), E> + Send,
) -> Result<Export<C>, E> {
    let began = Instant::now();
    let (database, omitted) = (options.scratch.join(kind.database), options.scratch.join("omitted.jsonl.zst"));
    let mut lines = OmittedLines::create(&omitted, options.level)?;
    let contents = build(&database, &mut lines)?;
    lines.finish()?;
    let (database_time, database_bytes) = (began.elapsed(), fs::metadata(&database)?.len());

    let written = thread::scope(|scope| {
        let checking = scope.spawn(|| check(&database, &contents));
        let written = write_files(kind, (&database, &omitted), options);
        checking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok::<_, E>(written?)
    })?;
    fs::remove_file(database)?;
    fs::remove_file(omitted)?;
    Ok(Export { written, contents, database_bytes, database_time })
}
