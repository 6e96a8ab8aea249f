//! A ledger in memory: what the writer asks of PostgreSQL, without it.

use sha2::{Digest, Sha256};
use stella_jsonl::{RangeReader, Ranges, Record, WriteError};

pub const MAPPING: &str = r#"{"id":"test-1","version":1,"root":{"kind":"object","others":"refuse","fields":{
    "id":{"kind":"string"},"text":{"kind":"string"},"any":{"kind":"any"}}}}"#;

#[derive(Clone)]
pub struct Row {
    pub key: String,
    pub body: String,
    pub digest: Vec<u8>,
}

impl Row {
    pub fn new(key: &str, body: &str) -> Self {
        Self { key: key.into(), body: body.into(), digest: Sha256::digest(body).to_vec() }
    }

    /// A record of about `size` bytes, unlike its neighbours.
    pub fn numbered(number: usize, size: usize) -> Self {
        let key = format!("ID-{number:06}");
        let text: String =
            (0..size / 16).map(|part| format!("{:016x}", (number * 7919 + part).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        Self::new(&key, &format!("{{\"id\":\"{key}\",\"text\":\"{text}\"}}"))
    }
}

#[derive(Clone, Default)]
pub struct Ledger {
    pub ranges: Vec<Vec<Row>>,
}

impl Ranges for Ledger {
    type Reader = Self;

    fn count(&self) -> usize {
        self.ranges.len()
    }

    fn open(&self) -> Result<Self, WriteError> {
        Ok(self.clone())
    }
}

impl RangeReader for Ledger {
    fn read(&mut self, range: usize, mut each: impl FnMut(Record<'_>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        self.ranges[range]
            .iter()
            .try_for_each(|row| each(Record { key: row.key.as_bytes(), body: row.body.as_bytes(), digest: &row.digest, source: None }))
    }
}
