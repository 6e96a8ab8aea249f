//! Records that have several of the names that are asked for stand on one page, once.

use std::fs;

use stella_mirror::{Batch, Document, Kind, Lookup, MirrorWriter, WriterOptions};

#[test]
fn pages_hold_every_record_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut batch = Batch::new(Kind::Vex);
    for number in 0..5 {
        let line = format!(
            r#"{{"products":[{{"@id":"pkg:npm/a@1"}}],"status":"fixed","vulnerability":{{"aliases":["GHSA-{number}","X-{number}"],"name":"CVE-{number}"}}}}"#
        );
        batch.add(format!("key-{number}"), line.as_bytes(), Document::Withheld);
    }
    let options = WriterOptions { level: Some(1), threads: 1, scratch: folder.path().to_owned(), memory_bytes: 1 << 20 };
    let writer = MirrorWriter::new(Vec::new(), options);
    let (writer, (), _) = writer.kind(Kind::Vex, |each| each(batch).map(|()| ((), Vec::new()))).expect("a kind");
    let (bytes, written) = writer.finish().expect("a mirror");
    for part in &written.parts {
        let path = folder.path().join(&part.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, &bytes[part.offset as usize..][..part.size_bytes as usize]).expect("a file");
    }
    let mut lookup = Lookup::open(folder.path()).expect("a mirror");
    let mut page = |skip, limit| -> Vec<String> {
        let found = lookup.by_names(Kind::Vex, "products", &["pkg:npm/a@1"], (skip, limit)).expect("a page");
        found.into_iter().map(|record| record.key).collect()
    };
    let all = page(0, 100);
    let paged: Vec<_> = (0..4).flat_map(|at| page(at * 2, 2)).collect();
    assert_eq!((paged.len(), &paged), (5, &all));
}
