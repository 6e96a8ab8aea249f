use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use stella_artifact::{ArtifactOptions, Kind, OmittedLines, Sources, Stoppable, Written, write_artifact};

use crate::check::check_database;
use crate::database::{Contents, write_database};
use crate::error::TrivyError;
use crate::mapper::Mapper;

const BUFFER_BYTES: usize = 1 << 20;
/// Trivy's vulnerability database (trivy `pkg/db/db.go`).
const DATABASE: Kind = Kind {
    bundle: "trivy/db.bundle",
    database: "trivy.db",
    media_type: "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
    title: "db.tar.gz",
    tag: "2",
};

/// How an export is made of what mappers took.
#[derive(Debug)]
pub struct ExportOptions {
    /// Folder for the database, which is removed again.
    pub scratch: PathBuf,
    /// Whether a database without an advisory is wanted.
    pub allow_empty: bool,
    /// zstd level of the list of what was left out.
    pub level: i32,
    /// The file, and what the database is packed with.
    pub artifact: ArtifactOptions,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The file and its parts.
    pub written: Written,
    /// What the database holds, and what was left out.
    pub contents: Contents,
    /// Length of the database.
    pub database_bytes: u64,
    /// How long writing the database took.
    pub database_time: Duration,
}

/// Writes the database, and packs it while it is checked, with `trivy/omitted.jsonl.zst`, a line of JSON (RFC 8785) for each statement that has no
/// place in it, in zstd (RFC 8878).
///
/// # Errors
/// As `write_database` and `check_database`; `Io` where it is stopped
pub fn write_export(mappers: Vec<Mapper>, options: &ExportOptions) -> Result<Export, TrivyError> {
    let began = Instant::now();
    let database = options.scratch.join("trivy.db");
    let omitted = options.scratch.join("omitted.jsonl.zst");
    let mut lines = OmittedLines::create(&omitted, options.level)?;
    let stop = &options.artifact.stop;
    let file = BufWriter::with_capacity(BUFFER_BYTES, Stoppable::new(File::create(&database)?, stop));
    let (file, contents) = write_database(mappers, file, options.allow_empty, |line| Ok(lines.push(line)?))?;
    drop(file);
    lines.finish()?;
    let (database_time, database_bytes) = (began.elapsed(), fs::metadata(&database)?.len());

    let sources = Sources { database: &database, omitted: &omitted };
    let check = || check_database(Stoppable::new(File::open(&database)?, stop), &contents);
    let written = write_artifact(&DATABASE, sources, &options.artifact, check)?;
    fs::remove_file(database)?;
    fs::remove_file(omitted)?;
    Ok(Export { written, contents, database_bytes, database_time })
}
