use stella_canonical::Refusal;

use crate::shape::Path;

/// Hexadecimal digits of hashes that have one length, by their names in CycloneDX, then in SPDX where it has another.
const DIGITS: [(&str, usize); 21] = [
    ("MD5", 32),
    ("SHA-1", 40),
    ("SHA-256", 64),
    ("SHA-384", 96),
    ("SHA-512", 128),
    ("SHA3-256", 64),
    ("SHA3-384", 96),
    ("SHA3-512", 128),
    ("BLAKE2b-256", 64),
    ("BLAKE2b-384", 96),
    ("BLAKE2b-512", 128),
    ("SHA1", 40),
    ("SHA224", 56),
    ("SHA256", 64),
    ("SHA384", 96),
    ("SHA512", 128),
    ("MD2", 32),
    ("MD4", 32),
    ("ADLER32", 8),
    ("Streebog-256", 64),
    ("Streebog-512", 128),
];

/// Refuses what cannot be a hash of its algorithm. Algorithms that are not known, or have no one length, are not judged.
pub(crate) fn check(algorithm: &str, content: &str, at: &Path<'_>) -> Result<(), Refusal> {
    match missed(algorithm, content) {
        Some(digits) => Err(at.refusal(format!("a hash of {algorithm} has {digits} hexadecimal digits"))),
        None => Ok(()),
    }
}

/// How many hexadecimal digits a hash of the algorithm has, where `content` is not of that form.
pub(crate) fn missed(algorithm: &str, content: &str) -> Option<usize> {
    let (_, digits) = *DIGITS.iter().find(|(name, _)| *name == algorithm)?;
    let fits = content.len() == digits && content.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!fits).then_some(digits)
}
