use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use sha2::Digest;
use stella_digest::hex;

use crate::gzip::gzip;
use crate::oci::{Layer, blob, layout};
use crate::parts::{Part, Parts};
use crate::stoppable::Stoppable;

const BUFFER_BYTES: usize = 1 << 20;
const BLOCK_BYTES: u64 = 512;
/// On a database of vulnerabilities level 6 is a twentieth smaller, and takes half as long again.
const GZIP_LEVEL: u32 = 3;
/// What compresses the archives: another version or level gives other bytes.
pub const GZIP: &str = "zlib-rs 0.6.8, level 3";
/// Path of the list of what was left out.
const OMITTED: &str = "trivy/omitted.jsonl.zst";

/// What tells one database of Trivy from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Path of the archive in the export.
    pub bundle: &'static str,
    /// Name of the database in the archive.
    pub database: &'static str,
    /// Media type of the archive as a layer: Trivy takes no other.
    pub media_type: &'static str,
    /// Name of the layer, by whose end Trivy knows how to unpack it.
    pub title: &'static str,
    /// Under which Trivy looks for it where a repository is named without a tag.
    pub tag: &'static str,
}

/// How the files are made.
#[derive(Debug)]
pub struct ArtifactOptions {
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

/// Files that the export is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The database.
    pub database: &'a Path,
    /// Lines of JSON in zstd, as they go into the export.
    pub omitted: &'a Path,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its files, one behind the other.
    pub parts: Vec<Part>,
    /// Length of the file.
    pub size_bytes: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
}

/// Writes the files of a database, and lets `check` read it again meanwhile. The archive - the database and its metadata as tar
/// (POSIX.1-1988 ustar) in gzip (RFC 1952), without names, owners or other times - and `trivy/omitted.jsonl.zst` lie one behind the other in
/// one file, which is complete and synced then. Where it is asked for, an OCI image layout follows under `trivy/oci/`, whose one layer is the
/// same database with metadata of its own.
///
/// # Errors
/// Of the check; of reading and writing, and of being stopped.
///
/// # Panics
/// Where the check does.
pub fn write_artifact<E: From<io::Error> + Send>(
    kind: &Kind,
    sources: Sources<'_>,
    options: &ArtifactOptions,
    check: impl FnOnce() -> Result<(), E> + Send,
) -> Result<Written, E> {
    thread::scope(|scope| {
        let checking = scope.spawn(check);
        let written = write_files(kind, sources, options);
        checking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(written?)
    })
}

fn write_files(kind: &Kind, sources: Sources<'_>, options: &ArtifactOptions) -> io::Result<Written> {
    let mut out = Parts::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(&options.path)?));
    write_archive(&mut out, kind, sources.database, &options.metadata, options)?;
    out.end(|_| kind.bundle.into());
    io::copy(&mut File::open(sources.omitted)?, &mut out)?;
    out.end(|_| OMITTED.into());
    if let Some(oci) = &options.oci {
        write_archive(&mut out, kind, sources.database, &oci.metadata, options)?;
        let layer = out.end(blob).clone();
        for (path, content) in layout(kind, &Layer { sha256: &layer.sha256, size_bytes: layer.size_bytes }, &oci.created) {
            out.write_all(&content)?;
            out.end(|_| path);
        }
    }
    let Parts { inner, whole, bytes: size_bytes, ended: parts, .. } = out;
    inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(Written { parts, size_bytes, sha256: hex(&whole.finalize()) })
}

fn write_archive(out: &mut impl Write, kind: &Kind, database: &Path, metadata: &str, options: &ArtifactOptions) -> io::Result<()> {
    let file = File::open(database)?;
    let size = file.metadata()?.len();
    let file = Stoppable::new(file, &options.stop);
    let metadata = metadata.as_bytes();
    let [first, second] = [header(kind.database, size, options.mtime)?, header("metadata.json", metadata.len() as u64, options.mtime)?];
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_compresses_is_what_is_locked() {
        let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../Cargo.lock")).unwrap();
        let version = lock.split("name = \"zlib-rs\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(GZIP, format!("zlib-rs {version}, level {GZIP_LEVEL}"));
    }
}
