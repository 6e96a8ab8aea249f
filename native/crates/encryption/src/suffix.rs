//! What the path of an encrypted member has at its end.

/// Of an age file.
pub(crate) const AGE: &str = ".age";
/// Of segments of AES-256-GCM.
pub(crate) const SEGMENTS: &str = ".enc";
