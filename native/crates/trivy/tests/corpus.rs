//! Real documents: all are fed, and what is fed is written or left out with a reason. Passed over, loudly, where they are not there.

#![allow(clippy::unwrap_used)]

mod building;

use std::fs;
use std::path::{Path, PathBuf};

use building::build;
use stella_canonical::JsonLimits;
use stella_evidence::{EvidenceLimits, Form, read_document};

const LIMITS: EvidenceLimits =
    EvidenceLimits { json: JsonLimits { max_depth: 128, max_values: 8_000_000 }, max_records_bytes: 1 << 28, max_body_bytes: 1 << 26 };

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// The advisories of the corpus as the ledger keeps them.
fn bodies(folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let is_document = |path: &PathBuf| path.extension().is_some_and(|end| end == "json" || end == "yaml");
    let read = |path: PathBuf| read_document(&fs::read(path).unwrap(), Form::File, &LIMITS).ok();
    paths.into_iter().filter(is_document).filter_map(read).flat_map(|evidence| evidence.records).map(|record| record.body).collect()
}

#[test]
fn every_statement_of_the_corpus_is_written_or_left_out_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus/osv");
    if !folder.is_dir() {
        eprintln!("PASSED OVER: {} is absent, so no database was made of real documents", folder.display());
        return;
    }
    let bodies = bodies(&folder);
    assert!(bodies.len() > 4_000, "{} documents", bodies.len());
    let fed: u64 = bodies.iter().map(|body| statements(body)).sum();

    let built = build(bodies.iter().map(|body| body.as_bytes()), 1, 64 << 20).unwrap();
    let (written, omitted): (u64, u64) = (built.contents.written.values().sum(), built.contents.omitted.values().sum());
    assert_eq!((fed, omitted as usize), (written + omitted, built.omitted.len()));
    println!("{:#?}", built.contents);
    if let Ok(path) = std::env::var("KEEP") {
        fs::write(path, &built.bytes).unwrap();
    }

    let other = build(bodies.iter().rev().map(|body| body.as_bytes()), 3, 100_000).unwrap();
    assert_eq!(other.contents, built.contents);
    assert!(other.bytes == built.bytes && other.omitted == built.omitted, "another order and other threads give other bytes");
}

/// Affected packages of a document; one without any is a statement too.
fn statements(body: &str) -> u64 {
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    document["affected"].as_array().map_or(1, |affected| affected.len().max(1) as u64)
}
