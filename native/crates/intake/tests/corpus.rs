//! Real documents: how many go in, and why the others do not. Passed over, loudly, where the corpus is not there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stella_intake::{ArchiveLimits, Cancel, Format, Intake, IntakeOptions, Mappings};

const ARCHIVES: ArchiveLimits = ArchiveLimits {
    max_entries: 5_000_000,
    max_decompressed_bytes: 1 << 38,
    max_ratio: 200,
    ratio_free_bytes: 16 << 20,
    max_nesting: 2,
    max_window_log: 27,
};

fn corpus(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus").join(folder);
    if !path.is_dir() {
        eprintln!("PASSED OVER: {} is absent, so nothing was tried on real documents", path.display());
        return None;
    }
    Some(path)
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut entries: Vec<PathBuf> = entries.collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// Documents read, and how often each reason of refusal came.
fn take_in(folder: &Path) -> (u64, BTreeMap<String, usize>) {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let archive = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut builder = tar::Builder::new(archive.as_file());
    for path in &paths {
        builder.append_path_with_name(path, path.strip_prefix(folder).expect("within")).expect("appended");
    }
    builder.finish().expect("a tar");
    let options = IntakeOptions {
        path: archive.path().to_owned(),
        source_name: "corpus".into(),
        source_uri: None,
        format: Format::Auto,
        max_document_bytes: 64 << 20,
        max_depth: 128,
        archives: ARCHIVES,
        max_refused: 1_000,
        max_not_held: 1_000,
        mappings: Mappings::default(),
        threads: 2,
    };
    let mut intake = Intake::open(options, &Cancel::default()).expect("opened");
    while intake.next_chunk().expect("rows").is_some() {}
    let summary = intake.summary().expect("a summary");
    let mut reasons = BTreeMap::new();
    for refused in &summary.refused {
        let reason = refused
            .reason
            .trim_end_matches("; this version reads OSV, CSAF 2.0, OpenVEX, CycloneDX and SPDX 2.3")
            .trim_start_matches("unsupported format: ");
        *reasons.entry(format!("{} {reason}", refused.position)).or_default() += 1;
    }
    (summary.read, reasons)
}

fn check(folder: &str, read: u64, refused: &[(&str, usize)]) {
    let Some(path) = corpus(folder) else { return };
    let expected: BTreeMap<String, usize> = refused.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
    assert_eq!(take_in(&path), (read, expected));
}

#[test]
fn osv_goes_in() {
    // 4,291 in go-vulndb-osv.tar.zst.
    check("osv", 9363, &[("1:1 text that is neither JSON nor YAML", 1)]);
}

#[test]
fn openvex_goes_in() {
    check(
        "openvex",
        142,
        &[
            // Two examples of go-vex have no time.
            ("/timestamp required, but absent", 2),
            // Indexes of a VEX repository, and an OpenVEX document in YAML whose id is none of OSV.
            ("1:1 a document of an unknown kind", 3),
            ("1:1 text that is neither JSON nor YAML", 2),
        ],
    );
}

#[test]
fn csaf_goes_in() {
    check(
        "csaf",
        308,
        &[
            ("1:1 file of checksums", 94),
            ("1:1 PEM or OpenPGP armour", 94),
            ("1:1 a JSON array of documents; write them as JSON lines, one document a line", 11),
            // index.txt, changes.csv and info.txt.
            ("1:1 text that is neither JSON nor YAML", 6),
            // security.txt, which YAML can read.
            ("1:1 a document of an unknown kind", 2),
            ("1:1 CSAF provider metadata, which names where documents are", 2),
            ("1:1 ROLIE feed or service, which names where documents are", 1),
            ("1:1 HTML", 1),
            // A template of a feed, and a document with text behind it, broken on purpose.
            ("31:12 key must be a string", 1),
            ("171:1 text after the end of the document", 1),
        ],
    );
}

#[test]
fn boms_go_in() {
    check("sbom", 119, &[("1:1 SPDX 3 JSON-LD", 25), ("1:1 SPDX tag-value", 12), ("/specVersion CycloneDX 1.1", 1)]);
}

#[test]
fn what_enriches_and_schemas_are_no_evidence() {
    check(
        "enrich",
        403,
        &[
            ("1:1 CVE record", 400),
            ("1:1 catalogue of known exploited vulnerabilities", 1),
            ("1:1 JSON Schema", 1),
            ("1:1 text that is neither JSON nor YAML", 1),
        ],
    );
    check("schemas", 10, &[("1:1 JSON Schema", 9), ("1:1 a document of an unknown kind", 1)]);
}
