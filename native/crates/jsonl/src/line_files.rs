use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem;
use serde::Deserialize;
use stella_canonical::{JsonLimits, parse};
use stella_digest::bytes_of_hex;

use crate::error::WriteError;
use crate::inspect::MAX_LINE_BYTES;
use crate::records::{RangeReader, Ranges, Record};

/// Stands between the members of a line and its record. No string before it can hold it: its quotes would be escaped.
const RECORD_MEMBER: &[u8] = b",\"record\":";
/// Room for the members before the record.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// What a record may hold; as deep as a document may be (`MAX_DOCUMENT_DEPTH` of `contracts/src/limits.ts`).
const RECORD_LIMITS: JsonLimits = JsonLimits { max_depth: 128, max_values: 8_000_000 };

/// Ranges of records in files of lines as another installation streams them, without the line that ends a stream. Nothing in them is
/// believed. Source: docs/formats/ledger-stream.md.
pub struct LineFiles {
    /// The kind that every record must have.
    pub kind: String,
    /// A file per range.
    pub paths: Vec<PathBuf>,
    /// Ends all reading when raised.
    pub stop: Arc<AtomicBool>,
}

impl Ranges for LineFiles {
    type Reader = LineFileReader;

    fn count(&self) -> usize {
        self.paths.len()
    }

    fn open(&self) -> Result<LineFileReader, WriteError> {
        Ok(LineFileReader { kind: self.kind.clone(), paths: self.paths.clone(), stop: Arc::clone(&self.stop), line: Vec::new() })
    }
}

/// Reads one file of lines after the other.
pub struct LineFileReader {
    kind: String,
    paths: Vec<PathBuf>,
    stop: Arc<AtomicBool>,
    line: Vec<u8>,
}

impl RangeReader for LineFileReader {
    fn read(&mut self, range: usize, mut each: impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        let path = &self.paths[range];
        let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(|error| unreadable(path, &error))?);
        let most = (MAX_LINE_BYTES + MAX_HEAD_BYTES) as u64;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(WriteError::cancelled());
            }
            self.line.clear();
            let length = (&mut file).take(most).read_until(b'\n', &mut self.line).map_err(|error| unreadable(path, &error))?;
            if length == 0 {
                return Ok(());
            }
            let line = self.line.strip_suffix(b"\n").ok_or_else(|| invalid("a line is cut or too long"))?;
            read_line(line, &self.kind, &mut each)?;
            self.line.shrink_to(1 << 20);
        }
    }
}

/// The members before the record that matter here; the others were for whoever fetched the line.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    body_sha256: Cow<'a, str>,
}

fn read_line(line: &[u8], kind: &str, each: &mut impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
    let at = memmem::find(line, RECORD_MEMBER).ok_or_else(|| invalid("a line holds no record"))?;
    let mut head = line[..at].to_vec();
    head.push(b'}');
    let head: Head<'_> = serde_json::from_slice(&head).map_err(|error| invalid(format!("a line cannot be read: {error}")))?;
    let body = line[at + RECORD_MEMBER.len()..].strip_suffix(b"}").ok_or_else(|| invalid("a line does not end with its record"))?;
    let key = head.key.as_bytes();
    if head.kind != kind {
        return Err(WriteError::of_record("evidence/invalid", key, format!("it is of kind {:?}, not {kind}", head.kind)));
    }
    let digest = sha256_of_hex(&head.body_sha256).ok_or_else(|| WriteError::of_record("evidence/invalid", key, "it has no SHA-256"))?;
    check_canonical(key, body)?;
    each(Record { key, body, digest: &digest, source: None })
}

/// What a digest covers may still be anything. The ledger keeps canonical objects, and so must whoever speaks for one.
fn check_canonical(key: &[u8], body: &[u8]) -> Result<(), WriteError> {
    let refuse = |reason: String| WriteError::of_record("evidence/invalid", key, reason);
    let value = parse(body, &RECORD_LIMITS).map_err(|refusal| refuse(format!("its body cannot be read: {}", refusal.reason)))?;
    if value.as_object().is_none() || value.to_canonical().as_bytes() != body {
        return Err(refuse("its body is no canonical JSON object".into()));
    }
    Ok(())
}

/// The bytes of a SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_of_hex(text: &str) -> Option<[u8; 32]> {
    bytes_of_hex(text).filter(|_| !text.bytes().any(|byte| byte.is_ascii_uppercase()))
}

fn invalid(message: impl Into<String>) -> WriteError {
    WriteError::new("evidence/invalid", format!("the other installation sent what is no ledger stream: {}", message.into()))
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> WriteError {
    WriteError::new("native/io", format!("cannot read {}: {error}", path.display()))
}
