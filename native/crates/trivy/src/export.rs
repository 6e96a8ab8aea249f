use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use stella_digest::hex;

use crate::check::check_database;
use crate::database::{Contents, write_database};
use crate::error::TrivyError;
use crate::mapper::Mapper;

const BUFFER_BYTES: usize = 1 << 20;
/// As `tar -czf`, which upstream uses.
const GZIP_LEVEL: u32 = 6;

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
}

/// A file within the file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPart {
    /// Its path in the export.
    pub path: &'static str,
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
}

/// Writes `trivy/db.bundle` - the database and its metadata as tar (POSIX.1-1988 ustar) in gzip (RFC 1952), without names, owners or
/// other times - and `trivy/omitted.jsonl.zst`, a line of JSON (RFC 8785) for each statement that has no place in the database, in zstd
/// (RFC 8878), one behind the other into one file, which is complete and synced then.
///
/// # Errors
/// As `write_database` and `check_database`
pub fn write_export(mappers: Vec<Mapper>, options: &ExportOptions) -> Result<Export, TrivyError> {
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

    let mut out = Hashed::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(&options.path)?));
    write_archive(&mut out, &database, options)?;
    let bundle = out.part("trivy/db.bundle", 0);
    io::copy(&mut File::open(&omissions)?, &mut out)?;
    let omitted = out.part("trivy/omitted.jsonl.zst", bundle.size_bytes);
    fs::remove_file(database)?;
    fs::remove_file(omissions)?;
    let size_bytes = out.bytes;
    let sha256 = hex(&out.whole.finalize());
    out.inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(Export { parts: vec![bundle, omitted], contents, size_bytes, sha256 })
}

fn write_archive(out: &mut impl Write, database: &Path, options: &ExportOptions) -> io::Result<()> {
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(out, Compression::new(GZIP_LEVEL));
    {
        let mut tar = tar::Builder::new(&mut gzip);
        let mut member = |name: &str, size: u64, content: &mut dyn Read| {
            let mut header = tar::Header::new_ustar();
            header.set_path(name)?;
            header.set_size(size);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(options.mtime);
            header.set_cksum();
            tar.append(&header, content)
        };
        let mut file = File::open(database)?;
        let size = file.metadata()?.len();
        member("trivy.db", size, &mut file)?;
        member("metadata.json", options.metadata.len() as u64, &mut options.metadata.as_bytes())?;
        tar.finish()?;
    }
    gzip.finish()?;
    Ok(())
}

/// Hashes what is written: the whole, and the part since the last one ended.
struct Hashed<W> {
    inner: W,
    whole: Sha256,
    part: Sha256,
    bytes: u64,
}

impl<W: Write> Hashed<W> {
    fn new(inner: W) -> Self {
        Self { inner, whole: Sha256::new(), part: Sha256::new(), bytes: 0 }
    }

    /// Ends the part that began at `offset`.
    fn part(&mut self, path: &'static str, offset: u64) -> ExportPart {
        ExportPart { path, offset, size_bytes: self.bytes - offset, sha256: hex(&std::mem::take(&mut self.part).finalize()) }
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
