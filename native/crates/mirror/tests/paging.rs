//! Records that have several of the names that are asked for stand on one page, once.

use std::fs;

use stella_mirror::{Batch, Document, Kind, Lookup, MirrorWriter, Page, WriterOptions};

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
    let mut page = |skip, limit, max_bytes| -> (Vec<String>, bool) {
        let found = lookup.by_names(Kind::Vex, "products", &["pkg:npm/a@1"], Page { skip, limit, max_bytes }).expect("a page");
        (found.records.into_iter().map(|record| record.key).collect(), found.is_last)
    };
    let (all, is_last) = page(0, 100, usize::MAX);
    assert_eq!((all.len(), is_last), (5, true));
    let line_bytes =
        r#"{"products":[{"@id":"pkg:npm/a@1"}],"status":"fixed","vulnerability":{"aliases":["GHSA-0","X-0"],"name":"CVE-0"}}"#.len();
    // A page ends by number, or by bytes, and holds one record however long that is.
    for (limit, max_bytes, expected) in
        [(2, usize::MAX, 2), (100, 2 * line_bytes, 2), (100, 3 * line_bytes - 1, 2), (100, 0, 1), (5, 5 * line_bytes, 5)]
    {
        let mut paged = Vec::new();
        loop {
            let (keys, is_last) = page(paged.len(), limit, max_bytes);
            assert_eq!(keys.len(), expected.min(5 - paged.len()));
            paged.extend(keys);
            assert_eq!(is_last, paged.len() == 5);
            if is_last {
                break;
            }
        }
        assert_eq!(paged, all);
    }
}
