use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use stella_artifact::{ArtifactOptions, Kind, OmittedLines, Sources, Written, write_artifact};

use crate::check::check_database;
use crate::database::{Contents, write_database};
use crate::error::JavaDbError;
use crate::mapper::Mapper;

/// Trivy's index of JARs (trivy `pkg/javadb/client.go`).
const DATABASE: Kind = Kind {
    bundle: "trivy/java-db.bundle",
    database: "trivy-java.db",
    media_type: "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip",
    title: "javadb.tar.gz",
    tag: "1",
};

/// How an export is made of what mappers took.
#[derive(Debug)]
pub struct ExportOptions {
    /// Folder for the database, which is removed again.
    pub scratch: PathBuf,
    /// Whether a database without a JAR is wanted.
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

/// Writes the database, and packs it while it is checked with `trivy/omitted.jsonl.zst`, a line of JSON (RFC 8785) for each statement that has no
/// place in it, in zstd (RFC 8878).
///
/// # Errors
/// `Empty` unless `allow_empty` · `Unsound`, `Sqlite`, `Io`; one of the last two where it is stopped
pub fn write_export(mappers: Vec<Mapper>, options: &ExportOptions) -> Result<Export, JavaDbError> {
    let began = Instant::now();
    let database = options.scratch.join("trivy-java.db");
    let omitted = options.scratch.join("omitted.jsonl.zst");
    let mut lines = OmittedLines::create(&omitted, options.level)?;
    let stop = &options.artifact.stop;
    let memory_bytes = mappers.iter().map(|mapper| mapper.memory_bytes).sum();
    let contents = write_database(mappers, (&database, &options.scratch), (options.allow_empty, stop), |line| Ok(lines.push(line)?))?;
    lines.finish()?;
    let (database_time, database_bytes) = (began.elapsed(), fs::metadata(&database)?.len());

    let sources = Sources { database: &database, omitted: &omitted };
    let check = || check_database(&database, &contents, (memory_bytes, stop));
    let written = write_artifact(&DATABASE, sources, &options.artifact, check)?;
    fs::remove_file(database)?;
    fs::remove_file(omitted)?;
    Ok(Export { written, contents, database_bytes, database_time })
}
