/// Why what the ledger states has no place in the database. Its code is a contract (`trivy/omitted.jsonl.zst`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Omission {
    /// No SHA-1 is told.
    NoSha1,
    /// No version is told.
    NoVersion,
    /// Its purl cannot be read, group or artifact is not told, or one of the coordinates is too long or has a character that Maven's have not.
    Coordinates,
    /// It tells more SHA-1 digests than a file has.
    ManySha1,
    /// It is a POM, which no archive is.
    Pom,
    /// A JAR of the same SHA-1 has other coordinates, and Trivy knows one for each.
    SameSha1,
}

impl Omission {
    /// Its name.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSha1 => "no-sha1",
            Self::NoVersion => "no-version",
            Self::Coordinates => "coordinates",
            Self::ManySha1 => "many-sha1",
            Self::Pom => "pom",
            Self::SameSha1 => "same-sha1",
        }
    }
}
