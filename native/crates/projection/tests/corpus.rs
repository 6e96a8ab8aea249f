//! Real evidence, as the ledger keeps it, passes its mapping. Skipped where the corpus is absent.

use std::fs;
use std::path::{Path, PathBuf};

use stella_evidence::{EvidenceLimits, Form, Kind, read_document};
use stella_projection::Projection;

const LIMITS: EvidenceLimits = EvidenceLimits {
    json: stella_canonical::JsonLimits { max_depth: 128, max_values: 10_000_000 },
    max_records_bytes: 1 << 30,
    max_body_bytes: 1 << 30,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn mapping(id: &str) -> Projection {
    let text = fs::read_to_string(root().join(format!("contracts/mappings/{id}.json"))).expect("the mapping is there");
    Projection::compile(&text).expect("the mapping is good")
}

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

#[test]
fn every_record_of_the_corpus_passes_its_mapping() {
    let mappings = [(Kind::Advisory, mapping("osv-1.7")), (Kind::Vex, mapping("openvex-0.2.0")), (Kind::Sbom, mapping("sbom-graph-1"))];
    let mut paths = Vec::new();
    for dir in ["../shared/corpus/osv", "../shared/corpus/csaf", "../shared/corpus/openvex", "../shared/corpus/sbom", "samples"] {
        files(&root().join(dir), &mut paths);
    }
    let mut refused = Vec::new();
    for path in paths {
        let document = fs::read(&path).expect("it was listed");
        // What the ledger refuses is judged elsewhere.
        let Ok(evidence) = read_document(&document, Form::File, &LIMITS) else { continue };
        for record in &evidence.records {
            let (_, projection) = mappings.iter().find(|(kind, _)| *kind == record.kind).expect("a mapping for each kind");
            if let Err(mismatch) = projection.check(record.body.as_bytes()) {
                // Three examples of vexctl have a member that the schema of 0.2.0 forbids.
                if (record.kind, mismatch.field.as_str()) == (Kind::Vex, "/statement") {
                    continue;
                }
                refused.push(format!("{}: {} {}: {}", path.display(), record.record_key, mismatch.field, mismatch.reason));
            }
        }
    }
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}
