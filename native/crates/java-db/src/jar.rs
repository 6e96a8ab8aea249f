use std::borrow::Cow;

use serde::Deserialize;
use stella_digest::bytes_of_hex;

use crate::omission::Omission;

/// Bytes of a SHA-1.
pub(crate) const SHA1_BYTES: usize = 20;
/// Longest group, artifact or version.
const MAX_COORDINATE_BYTES: usize = 512;

/// What is stated of one file in a Maven repository. As JSON, a record of kind `jar` (`contracts/mappings/maven-jar-1.json`).
#[derive(Debug, Deserialize)]
pub(crate) struct Jar<'a> {
    #[serde(borrow)]
    pub(crate) group_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) artifact_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) version: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) classifier: Option<Cow<'a, str>>,
    /// Hexadecimal.
    #[serde(borrow, default)]
    pub(crate) sha1: Option<Cow<'a, str>>,
}

impl Jar<'_> {
    /// The digest, of a JAR that has a place in the database.
    pub(crate) fn place(&self) -> Result<[u8; SHA1_BYTES], Omission> {
        let is_odd = |char: char| char.is_control() || char.is_whitespace() || matches!(char, ':' | '/');
        let usable = |text: &str| !text.is_empty() && text.len() <= MAX_COORDINATE_BYTES && !text.chars().any(is_odd);
        if self.version.is_empty() {
            return Err(Omission::NoVersion);
        }
        if ![&self.group_id, &self.artifact_id, &self.version].into_iter().all(|text| usable(text)) {
            return Err(Omission::Coordinates);
        }
        self.sha1.as_deref().and_then(bytes_of_hex).ok_or(Omission::NoSha1)
    }
}
