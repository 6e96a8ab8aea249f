use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use sha2::Digest;
use stella_digest::hex;

use crate::export::ExportOptions;
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

/// Writes the archive - the database and its metadata as tar (POSIX.1-1988 ustar) in gzip (RFC 1952), without names, owners or other
/// times - and `omitted`, lines of JSON in zstd, one behind the other into one file, which is complete and synced then. Where it is asked for,
/// an OCI image layout follows under `trivy/oci/`, whose one layer is the same database with metadata of its own.
///
/// # Errors
/// Of reading and writing, and of being stopped.
pub(crate) fn write_files(kind: &Kind, (database, omitted): (&Path, &Path), options: &ExportOptions) -> io::Result<Written> {
    let mut out = Parts::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(&options.path)?));
    write_archive(&mut out, kind, database, &options.metadata, options)?;
    out.end(|_| kind.bundle.into());
    io::copy(&mut File::open(omitted)?, &mut out)?;
    out.end(|_| OMITTED.into());
    if let Some(oci) = &options.oci {
        write_archive(&mut out, kind, database, &oci.metadata, options)?;
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

fn write_archive(out: &mut impl Write, kind: &Kind, database: &Path, metadata: &str, options: &ExportOptions) -> io::Result<()> {
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
