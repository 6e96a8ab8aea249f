//! What a member is named by where it lies encrypted.

/// Of an age file.
pub(crate) const AGE: &str = ".age";
/// Of segments of AES-256-GCM.
pub(crate) const SEGMENTS: &str = ".enc";

const COMPRESSED: &str = ".zst";

/// Whether a member is zstd already, by its name: then it is encrypted as it is.
pub(crate) fn is_compressed(path: &str) -> bool {
    path.ends_with(COMPRESSED)
}

/// The path of a member where it lies encrypted: what comes out of decrypting is zstd, and is named so.
pub(crate) fn sealed_path(path: &str, suffix: &str) -> String {
    let compressed = if is_compressed(path) { "" } else { COMPRESSED };
    format!("{path}{compressed}{suffix}")
}
