use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use stella_digest::hex;

use crate::check::check_database;
use crate::database::{Contents, write_database};
use crate::error::TrivyError;
use crate::gzip::gzip;
use crate::mapper::Mapper;
use crate::oci::{Layer, blob, layout};

const BUFFER_BYTES: usize = 1 << 20;
const BLOCK_BYTES: u64 = 512;
/// On a database level 6 is a twentieth smaller, and takes half as long again.
const GZIP_LEVEL: u32 = 3;
/// What compresses the archives: another version or level gives other bytes.
pub const GZIP: &str = "zlib-rs 0.6.8, level 3";

/// How an export is made of what mappers took.
#[derive(Debug)]
pub struct ExportOptions {
    /// Folder for the database, which is removed again.
    pub scratch: PathBuf,
    /// The file, created or emptied.
    pub path: PathBuf,
    /// Content of `metadata.json`.
    pub metadata: String,
    /// Time of the members of the archive, seconds since 1970.
    pub mtime: u64,
    /// Whether a database without an advisory is wanted.
    pub allow_empty: bool,
    /// zstd level of the list of what was left out.
    pub level: i32,
    /// Threads that compress. They do not change the bytes.
    pub threads: usize,
    /// The database as an OCI artifact besides.
    pub oci: Option<OciOptions>,
}

/// What an OCI artifact has of its own.
#[derive(Debug)]
pub struct OciOptions {
    /// Content of `metadata.json` within it.
    pub metadata: String,
    /// Its annotation `org.opencontainers.image.created`.
    pub created: String,
}

/// A file within the file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPart {
    /// Its path in the export.
    pub path: String,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its files, one behind the other.
    pub parts: Vec<ExportPart>,
    /// What the database holds, and what was left out.
    pub contents: Contents,
    /// Length of the file.
    pub size_bytes: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Length of the database.
    pub database_bytes: u64,
    /// How long writing the database took, and checking it.
    pub database_time: Duration,
}

/// Writes `trivy/db.bundle` - the database and its metadata as tar (POSIX.1-1988 ustar) in gzip (RFC 1952), without names, owners or
/// other times - and `trivy/omitted.jsonl.zst`, a line of JSON (RFC 8785) for each statement that has no place in the database, in zstd
/// (RFC 8878), one behind the other into one file, which is complete and synced then. Where it is asked for, an OCI image layout follows
/// under `trivy/oci/`, whose one layer is the same database with metadata of its own.
///
/// # Errors
/// As `write_database` and `check_database`
pub fn write_export(mappers: Vec<Mapper>, options: &ExportOptions) -> Result<Export, TrivyError> {
    let began = Instant::now();
    let database = options.scratch.join("trivy.db");
    let omissions = options.scratch.join("omitted.jsonl.zst");
    let mut lines = zstd::stream::write::Encoder::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(&omissions)?), options.level)?;
    let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(&database)?);
    let (file, contents) = write_database(mappers, file, options.allow_empty, |line| {
        lines.write_all(line)?;
        Ok(lines.write_all(b"\n")?)
    })?;
    drop(file);
    lines.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    check_database(File::open(&database)?, &contents)?;
    let (database_time, database_bytes) = (began.elapsed(), fs::metadata(&database)?.len());

    let mut out = Hashed::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(&options.path)?));
    write_archive(&mut out, &database, &options.metadata, options)?;
    out.end_part(|_| "trivy/db.bundle".into());
    io::copy(&mut File::open(&omissions)?, &mut out)?;
    out.end_part(|_| "trivy/omitted.jsonl.zst".into());
    if let Some(oci) = &options.oci {
        write_artifact(&mut out, &database, oci, options)?;
    }
    fs::remove_file(database)?;
    fs::remove_file(omissions)?;
    let Hashed { inner, whole, bytes: size_bytes, parts, .. } = out;
    inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(Export { parts, contents, size_bytes, sha256: hex(&whole.finalize()), database_bytes, database_time })
}

fn write_artifact<W: Write>(out: &mut Hashed<W>, database: &Path, oci: &OciOptions, options: &ExportOptions) -> io::Result<()> {
    write_archive(out, database, &oci.metadata, options)?;
    let layer = out.end_part(blob).clone();
    for (path, content) in layout(&Layer { sha256: &layer.sha256, size_bytes: layer.size_bytes }, &oci.created) {
        out.write_all(&content)?;
        out.end_part(|_| path);
    }
    Ok(())
}

/// A tar of the database and its metadata (POSIX.1-1988 ustar), in gzip.
fn write_archive(out: &mut impl Write, database: &Path, metadata: &str, options: &ExportOptions) -> io::Result<()> {
    let file = File::open(database)?;
    let size = file.metadata()?.len();
    let metadata = metadata.as_bytes();
    let [first, second] = [header("trivy.db", size, options.mtime)?, header("metadata.json", metadata.len() as u64, options.mtime)?];
    let mut tar = (&first.as_bytes()[..])
        .chain(file.take(size))
        .chain(padding(size))
        .chain(&second.as_bytes()[..])
        .chain(metadata)
        .chain(padding(metadata.len() as u64))
        .chain(io::repeat(0).take(2 * BLOCK_BYTES));
    gzip(&mut tar, out, GZIP_LEVEL, options.threads)
}

fn header(name: &str, size: u64, mtime: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(mtime);
    header.set_cksum();
    Ok(header)
}

/// A member fills its last block with zeros.
fn padding(size: u64) -> impl Read {
    io::repeat(0).take(size.next_multiple_of(BLOCK_BYTES) - size)
}

/// Hashes what is written: the whole, and each part of it.
struct Hashed<W> {
    inner: W,
    whole: Sha256,
    part: Sha256,
    bytes: u64,
    parts: Vec<ExportPart>,
}

impl<W: Write> Hashed<W> {
    fn new(inner: W) -> Self {
        Self { inner, whole: Sha256::new(), part: Sha256::new(), bytes: 0, parts: Vec::new() }
    }

    /// Ends a part, whose path may be made of its digest.
    fn end_part(&mut self, path: impl FnOnce(&str) -> String) -> &ExportPart {
        let offset = self.parts.last().map_or(0, |last| last.offset + last.size_bytes);
        let sha256 = hex(&std::mem::take(&mut self.part).finalize());
        self.parts.push(ExportPart { path: path(&sha256), offset, size_bytes: self.bytes - offset, sha256 });
        &self.parts[self.parts.len() - 1]
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write_all(bytes)?;
        self.whole.update(bytes);
        self.part.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_compresses_is_what_is_locked() {
        let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../Cargo.lock")).unwrap();
        let version = lock.split("name = \"zlib-rs\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(GZIP, format!("zlib-rs {version}, level {GZIP_LEVEL}"));
    }
}
