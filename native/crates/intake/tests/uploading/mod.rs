//! Uploads of every form, and what came of them.

use std::io::Write;

use flate2::Crc;
use flate2::write::DeflateEncoder;
use stella_intake::{ArchiveLimits, Cancel, Format, Intake, IntakeOptions, Mappings, Summary};

pub const MAX_BYTES: usize = 1 << 20;

/// Limits as the ledger sets them, but small enough for a test to reach.
pub const ARCHIVES: ArchiveLimits = ArchiveLimits {
    max_entries: 50,
    max_decompressed_bytes: 64 << 20,
    max_ratio: 200,
    ratio_free_bytes: 4 << 20,
    max_nesting: 2,
    max_window_log: 23,
};

/// Ids of the advisories that went in, refusals as `source position: reason`, and how many documents were read.
pub struct Outcome {
    pub taken: Vec<String>,
    pub refused: Vec<String>,
    pub read: u64,
}

/// The rows of an upload as COPY takes them, and its summary.
pub fn rows_of(content: &[u8]) -> (Vec<u8>, Summary) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(content).expect("written");
    let options = IntakeOptions {
        path: file.path().to_owned(),
        source_name: "upload".into(),
        source_uri: None,
        format: Format::Auto,
        max_document_bytes: MAX_BYTES,
        max_depth: 64,
        archives: ARCHIVES,
        max_refused: 100_000,
        max_not_held: 100,
        mappings: Mappings::default(),
        threads: 2,
    };
    let mut intake = Intake::open(options, &Cancel::default()).expect("opened");
    let mut stream = Vec::new();
    while let Some(chunk) = intake.next_chunk().expect("rows") {
        stream.extend(chunk);
    }
    let summary = intake.summary().expect("a summary").clone();
    (stream, summary)
}

pub fn outcome(content: &[u8]) -> Outcome {
    let (stream, summary) = rows_of(content);
    let shown = |refused: &stella_intake::Refused| format!("{} {}: {}", refused.source, refused.position, refused.reason);
    let text = String::from_utf8_lossy(&stream);
    let mut taken: Vec<String> =
        text.split(r#"{"id":"DOC-"#).skip(1).filter_map(|rest| Some(format!("DOC-{}", rest.split_once('"')?.0))).collect();
    taken.dedup(); // Once as received, once as a record.
    Outcome { taken, refused: summary.refused.iter().map(shown).collect(), read: summary.read }
}

pub fn advisory(id: &str) -> Vec<u8> {
    format!(r#"{{"id":"DOC-{id}","modified":"2024-01-01T00:00:00Z"}}"#).into_bytes()
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).expect("appended");
    }
    builder.into_inner().expect("a tar")
}

pub fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).expect("compressed")
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("compressed")
}

pub fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("compressed")
}

/// One entry of a zip archive, each field as the directory states it.
#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    pub local_name: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub mode: u32,
    pub data: Vec<u8>,
    pub crc32: u32,
    pub bytes: u32,
    /// Where its local header stands; where it comes by itself if none.
    pub offset: Option<u32>,
}

impl Entry {
    pub fn stored(name: &str, content: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        Self {
            name: name.into(),
            local_name: name.into(),
            method: 0,
            flags: 0,
            mode: 0o100_644,
            data: content.to_vec(),
            crc32: crc.sum(),
            bytes: content.len() as u32,
            offset: None,
        }
    }

    pub fn deflated(name: &str, content: &[u8]) -> Self {
        Self { method: 8, data: deflate(content), ..Self::stored(name, content) }
    }
}

pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(archive.len() as u32);
        let sizes = [entry.crc32, entry.data.len() as u32, entry.bytes].map(u32::to_le_bytes).concat();
        directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        directory.extend([entry.flags, entry.method, 0, 0].map(u16::to_le_bytes).concat());
        directory.extend(&sizes);
        directory.extend([entry.name.len() as u16, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
        directory.extend([entry.mode << 16, offset].map(u32::to_le_bytes).concat());
        directory.extend(&entry.name);
        if entry.offset.is_none() {
            archive.extend(b"PK\x03\x04\x14\0");
            archive.extend([entry.flags, entry.method, 0, 0].map(u16::to_le_bytes).concat());
            archive.extend(&sizes);
            archive.extend([entry.local_name.len() as u16, 0].map(u16::to_le_bytes).concat());
            archive.extend(&entry.local_name);
            archive.extend(&entry.data);
        }
    }
    let (offset, size, count) = (archive.len() as u32, directory.len() as u32, entries.len() as u16);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].map(u16::to_le_bytes).concat());
    archive.extend([size, offset].map(u32::to_le_bytes).concat());
    archive.extend([0, 0]);
    archive
}
