//! Words of a mirror that was written and unpacked.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stella_mirror::{Batch, Document, Kind, MirrorWriter, WriterOptions};
use stella_search::{Search, SearchError, build_search};

fn unpacked(root: &Path, advisories: &[(&str, &str)]) {
    let options = WriterOptions { level: Some(1), threads: 1, scratch: root.to_owned(), memory_bytes: 1 << 20 };
    let mut batch = Batch::new(Kind::Advisory);
    for (key, line) in advisories {
        batch.add((*key).into(), line.as_bytes(), Document::Withheld);
    }
    let writer = MirrorWriter::new(Vec::new(), options);
    let (writer, (), _) = writer.kind(Kind::Advisory, |each| each(batch).map(|()| ((), Vec::new()))).expect("a kind");
    let (bytes, written) = writer.finish().expect("a mirror");
    for part in written.parts {
        let path = root.join(&part.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, &bytes[part.offset as usize..(part.offset + part.size_bytes) as usize]).expect("a file");
    }
}

#[test]
fn words_are_found_whole_and_by_their_begin_and_nothing_in_a_question_is_syntax() {
    let root = tempfile::tempdir().expect("a folder");
    let lodash = r#"{"affected":[{"package":{"ecosystem":"npm","name":"lodash"}}],"aliases":["#;
    let advisories = [
        ("GHSA-1", format!(r#"{lodash}"CVE-2021-23337"],"summary":"Command injection in templates"}}"#)),
        ("GHSA-2", format!(r#"{lodash}"CVE-2019-10744"],"summary":"Prototype pollution"}}"#)),
        ("GHSA-3", r#"{"summary":"Überlauf im Kopf"}"#.to_owned()),
    ];
    let given: Vec<_> = advisories.iter().map(|(key, line)| (*key, line.as_str())).collect();
    unpacked(root.path(), &given);
    let file = root.path().join("search.sqlite");
    assert_eq!(build_search(root.path(), &file, &Arc::new(AtomicBool::new(false))).expect("words"), 3);
    let search = Search::open(&file).expect("a search");
    let found = |text: &str| search.find(text, (0, 10)).expect("an answer");
    assert_eq!(found("cve-2021-23337"), ["GHSA-1"]);
    assert_eq!(found("lodash proto"), ["GHSA-2"]);
    assert_eq!(found("LODASH").len(), 2);
    assert_eq!(found("überl"), ["GHSA-3"]);
    for none in ["", "  ", "*", "\"", "lodash \" OR kopf", "NOT", "text:lodash kopf", "(", "nothing"] {
        assert_eq!(found(none), Vec::<String>::new(), "{none}");
    }
    assert_eq!(search.find("lodash", (1, 10)).expect("an answer").len(), 1);
}

#[test]
fn a_damaged_mirror_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    unpacked(root.path(), &[("GHSA-1", "no JSON")]);
    let built = build_search(root.path(), &root.path().join("search.sqlite"), &Arc::new(AtomicBool::new(false)));
    assert!(matches!(built, Err(SearchError::Mirror(_))));
}
