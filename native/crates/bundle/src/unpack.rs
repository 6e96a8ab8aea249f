use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};

use crate::error::BundleError;
use crate::read_member::Members;
use crate::report::MemberDigest;

/// Unpacks members of a bundle, or copies those of a folder, into a folder that holds none of them: each file is on the disk when this returns.
/// Frames are checked as [`read_member`](crate::read_member()) checks them. Memory: one frame.
///
/// # Errors
/// As [`read_member`](crate::read_member()); [`BundleError::TooLarge`] where all together are over `max_bytes`; [`BundleError::Full`] or
/// [`BundleError::Io`] of the files. What was unpacked stays.
pub fn unpack(
    place: &Path,
    paths: &[String],
    out: &Path,
    (max_bytes, max_members): (u64, u64),
    cancel: &AtomicBool,
) -> Result<Vec<MemberDigest>, BundleError> {
    let mut members = Members::open(place, max_members, cancel)?;
    let mut left = max_bytes;
    let mut unpacked = Vec::with_capacity(paths.len());
    for path in paths {
        let target = out.join(path);
        let mut file: Option<File> = None;
        let (mut digest, mut size_bytes) = (Sha256::new(), 0);
        let create = || {
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(BundleError::writing(folder))?;
            }
            File::create_new(&target).map_err(BundleError::writing(&target))
        };
        members.each_piece(path, left, cancel, &mut |piece| {
            let file = match &mut file {
                Some(file) => file,
                none => none.insert(create()?),
            };
            digest.update(piece);
            size_bytes += piece.len() as u64;
            file.write_all(piece).map_err(BundleError::writing(&target))
        })?;
        let file = match file {
            Some(file) => file,
            None => create()?,
        };
        file.sync_all().map_err(BundleError::writing(&target))?;
        left -= size_bytes;
        unpacked.push(MemberDigest { path: path.clone(), size_bytes, sha256: stella_digest::hex(&digest.finalize()), lines: None });
    }
    Ok(unpacked)
}
