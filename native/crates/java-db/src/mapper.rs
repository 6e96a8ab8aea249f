use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use stella_sort::Sorter;

use crate::error::JavaDbError;
use crate::jar::{Jar, SHA1_BYTES};
use crate::omission::Omission;
use crate::sbom::Graph;

/// Takes records in any order, and keeps what the database will hold of them in files of a folder. Several may work side by side.
#[derive(Debug)]
pub struct Mapper {
    /// By SHA-1, rows of an index first, those without a classifier before others, then by coordinates; the value is the record and the purl in it, a NUL between them.
    pub(crate) jars: Sorter,
    pub(crate) omissions: Omissions,
    pub(crate) written: u64,
    pub(crate) memory_bytes: usize,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Mapper {
    /// A mapper that holds about `memory_bytes`; its files lie in `folder`, without a name, until it is dropped.
    pub fn new(folder: &Path, memory_bytes: usize) -> Self {
        Self {
            jars: Sorter::new(folder, memory_bytes / 8 * 7),
            omissions: Omissions::new(folder, memory_bytes / 8),
            written: 0,
            memory_bytes,
            key: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Takes the graph of a bill of materials.
    ///
    /// # Errors
    /// `Record`, `Io`
    pub fn take_sbom(&mut self, record: &str, body: &[u8]) -> Result<(), JavaDbError> {
        let graph: Graph<'_> = serde_json::from_slice(body).map_err(|error| JavaDbError::Record(error.to_string()))?;
        for component in graph.components() {
            for jar in component.jars() {
                let purl = component.purl.as_deref().unwrap_or_default();
                match jar {
                    Ok(jar) => self.keep(&jar, record, Some(purl))?,
                    Err(reason) => self.omissions.push(record, shown(purl), reason)?,
                }
            }
        }
        Ok(())
    }

    /// Takes one JAR.
    ///
    /// # Errors
    /// `Record`, `Io`
    pub fn take_jar(&mut self, record: &str, body: &[u8]) -> Result<(), JavaDbError> {
        let jar: Jar<'_> = serde_json::from_slice(body).map_err(|error| JavaDbError::Record(error.to_string()))?;
        self.keep(&jar, record, None)
    }

    /// `purl` is that of a component; what an index states comes before it.
    fn keep(&mut self, jar: &Jar<'_>, record: &str, purl: Option<&str>) -> Result<(), JavaDbError> {
        let has_classifier = jar.classifier.as_deref().is_some_and(|text| !text.is_empty());
        let rank = u8::from(has_classifier) + 2 * u8::from(purl.is_some());
        let purl = purl.unwrap_or_default();
        let sha1 = match jar.place() {
            Ok(sha1) => sha1,
            Err(reason) => return Ok(self.omissions.push(record, purl, reason)?),
        };
        self.key.clear();
        self.key.extend_from_slice(&sha1);
        self.key.push(rank);
        for (at, part) in [&jar.group_id, &jar.artifact_id, &jar.version].into_iter().enumerate() {
            if at > 0 {
                self.key.push(0);
            }
            self.key.extend_from_slice(part.as_bytes());
        }
        self.written += 1;
        self.value.clear();
        for part in [record, "\0", purl] {
            self.value.extend_from_slice(part.as_bytes());
        }
        Ok(self.jars.push(&self.key, &self.value)?)
    }
}

/// A purl as it is listed: what is longer is cut.
fn shown(purl: &str) -> &str {
    const MAX_SHOWN_BYTES: usize = 512;
    purl.char_indices()
        .take_while(|(at, char)| at + char.len_utf8() <= MAX_SHOWN_BYTES)
        .last()
        .map_or("", |(at, char)| &purl[..at + char.len_utf8()])
}

/// A key of `Mapper::jars`: the digest, and the coordinates with NUL between them.
pub(crate) fn parts(key: &[u8]) -> (&[u8], &[u8]) {
    let (sha1, rest) = key.split_at(SHA1_BYTES.min(key.len()));
    (sha1, rest.get(1..).unwrap_or_default())
}

/// Statements that have no place, as lines of JSON.
#[derive(Debug)]
pub(crate) struct Omissions {
    pub(crate) lines: Sorter,
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

impl Omissions {
    pub(crate) fn new(folder: &Path, memory_bytes: usize) -> Self {
        Self { lines: Sorter::new(folder, memory_bytes), counts: BTreeMap::new() }
    }

    /// `purl` is of the component in the record; empty where the record is all that there is.
    pub(crate) fn push(&mut self, record: &str, purl: &str, reason: Omission) -> io::Result<()> {
        *self.counts.entry(reason.code()).or_default() += 1;
        // Members in the order of RFC 8785.
        let line = if purl.is_empty() {
            serde_json::json!({ "id": record, "reason": reason.code() })
        } else {
            serde_json::json!({ "id": record, "package": purl, "reason": reason.code() })
        };
        self.lines.push(format!("{record}\0{purl}").as_bytes(), line.to_string().as_bytes())
    }
}
