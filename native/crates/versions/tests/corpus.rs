//! Real advisories: what they list is affected, and their ranges hold it as well. Passed over, loudly, where they are not there.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stella_canonical::JsonLimits;
use stella_evidence::{EvidenceLimits, Form, read_document};
use stella_versions::{Installed, Verdict, evaluate, order_of};

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

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether an entry has ranges of versions, all of an order that is known.
fn has_known_ranges(entry: &Value) -> bool {
    let ecosystem = entry["package"]["ecosystem"].as_str().unwrap_or_default();
    let of_versions: Vec<&Value> = entry["ranges"].as_array().into_iter().flatten().filter(|range| range["type"] != "GIT").collect();
    !of_versions.is_empty() && order_of(ecosystem).is_some()
}

/// Advisories whose own ranges do not hold all that they list: pre-releases of the version that is introduced (2023-61), the fixed version
/// itself (2023-177), and a fix within another range (2021-114).
const CONTRADICTORY: [&str; 3] = ["PYSEC-2021-114", "PYSEC-2023-177", "PYSEC-2023-61"];

/// Of each ecosystem: versions listed, those that the ranges alone do not hold, and those that its order does not read.
#[derive(Debug, Default)]
struct Tally {
    listed: usize,
    outside: usize,
    no_version: usize,
}

#[test]
fn listed_versions_are_affected_and_ranges_hold_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus/osv");
    if !folder.is_dir() {
        eprintln!("PASSED OVER: {} is absent, so no version was evaluated against real advisories", folder.display());
        return;
    }
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for body in bodies(&folder) {
        let advisory: Value = serde_json::from_str(&body).unwrap();
        let id = advisory["id"].as_str().unwrap();
        for entry in advisory["affected"].as_array().into_iter().flatten().filter(|entry| has_known_ranges(entry)) {
            let ecosystem = entry["package"]["ecosystem"].as_str().unwrap();
            let tally = tallies.entry(ecosystem.split(':').next().unwrap().to_owned()).or_default();
            check_lists(id, entry);
            check_ranges(id, entry, tally);
        }
    }
    println!("{tallies:#?}");
    assert!(tallies.values().map(|tally| tally.listed).sum::<usize>() > 100_000);
}

/// Of a long list, some sixty versions: each of them reads the whole list.
fn check_lists(id: &str, entry: &Value) {
    let (text, listed) = (json!({ "affected": [entry] }).to_string(), texts(&entry["versions"]));
    for version in listed.iter().step_by(1 + listed.len() / 64) {
        let verdict = evaluate(text.as_bytes(), |_, _, _| true, Installed { version, distro: None });
        assert!(matches!(verdict, Verdict::Affected { .. }), "{id} {version}: {verdict:?}");
    }
}

fn check_ranges(id: &str, entry: &Value, tally: &mut Tally) {
    let text = json!({ "affected": [{ "package": entry["package"], "ranges": entry["ranges"] }] }).to_string();
    for version in texts(&entry["versions"]) {
        tally.listed += 1;
        match evaluate(text.as_bytes(), |_, _, _| true, Installed { version, distro: None }) {
            Verdict::Affected { .. } => {}
            Verdict::NotAffected { reason } => {
                assert!(CONTRADICTORY.contains(&id), "{id}: {reason} {text}");
                tally.outside += 1;
            }
            Verdict::Unknown { reason } => {
                assert_eq!(reason, format!("`{version}` is no version of PyPI"), "{id}");
                tally.no_version += 1;
            }
        }
    }
}
