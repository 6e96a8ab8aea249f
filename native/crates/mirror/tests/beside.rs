//! Nothing may lie in the files of a mirror beside what its indexes name: whoever unpacks them would take it for evidence.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_bundle::{FrameFile, FrameWriter};
use stella_mirror::{Batch, Document, Kind, MirrorWriter, WriterOptions, check_mirror};

const DOCUMENTS: &str = "advisories/raw/000000.tar.zst";
const RECORDS: &str = "advisories/normalized/000000.jsonl.zst";

/// A mirror of advisories, unpacked.
fn mirror(folder: &Path, documents: &[Option<&str>]) -> PathBuf {
    let options = WriterOptions { level: Some(1), threads: 1, scratch: folder.to_owned(), memory_bytes: 1 << 20 };
    let mut batch = Batch::new(Kind::Advisory);
    for (number, document) in documents.iter().enumerate() {
        let given =
            document.map_or(Document::Withheld, |text| Document::Content { digest: Sha256::digest(text).into(), content: text.as_bytes() });
        batch.add(format!("A-{number}"), format!(r#"{{"id":"A-{number}"}}"#).as_bytes(), given);
    }
    let writer = MirrorWriter::new(Vec::new(), options);
    let (writer, (), _) = writer.kind(Kind::Advisory, |each| each(batch).map(|()| ((), Vec::new()))).expect("a kind");
    let (bytes, written) = writer.finish().expect("a mirror");
    for part in &written.parts {
        let path = folder.join(&part.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, &bytes[part.offset as usize..][..part.size_bytes as usize]).expect("a file");
    }
    folder.to_owned()
}

/// Puts other frames in the place of those of a file.
fn reframe(path: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let file = FrameFile::open(fs::read(path).expect("a file")).expect("frames");
    let mut frames: Vec<_> = (0..file.count()).map(|frame| file.read(frame, 1 << 20).expect("a frame")).collect();
    change(&mut frames);
    let bytes = FrameWriter::new(1).and_then(|mut writer| writer.file(frames.iter().map(Vec::as_slice))).expect("a file");
    fs::write(path, bytes).expect("a file");
}

fn is_sound(place: &Path) -> bool {
    let scratch = tempfile::tempdir().expect("a folder");
    check_mirror(place, &[], scratch.path(), &Arc::new(AtomicBool::new(false))).is_ok()
}

type Change = (&'static str, &'static str, fn(&mut Vec<Vec<u8>>));

#[test]
fn what_lies_beside_what_the_indexes_name_is_found() {
    let changes: [Change; 7] = [
        ("nothing", DOCUMENTS, |_| {}),
        ("another entry", DOCUMENTS, |frames| frames.insert(1, frames[0].clone())),
        ("another entry in a frame", DOCUMENTS, |frames| {
            let entry = frames[0][..1024].to_vec();
            frames[0].extend(entry);
        }),
        ("padding", DOCUMENTS, |frames| frames[0][1023] = b'x'),
        ("who owns it", DOCUMENTS, |frames| frames[0][100] ^= 1),
        ("another end", DOCUMENTS, |frames| frames.last_mut().expect("an end").push(b'x')),
        ("another line", RECORDS, |frames| frames.push(b"{}\n".to_vec())),
    ];
    for (name, path, change) in changes {
        let folder = tempfile::tempdir().expect("a folder");
        let place = mirror(folder.path(), &[Some("one"), Some("two")]);
        reframe(&place.join(path), change);
        assert_eq!(is_sound(&place), name == "nothing", "{name}");
    }
}

#[test]
fn documents_of_a_group_that_has_none_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = mirror(folder.path(), &[None, None]);
    assert!(is_sound(&place));
    fs::create_dir_all(place.join("advisories/raw")).expect("a folder");
    fs::write(place.join(DOCUMENTS), "anything").expect("a file");
    assert!(!is_sound(&place));
}

#[test]
fn a_group_that_is_far_away_is_not_looked_for() {
    for entry in [r#"["A-2",[4294967295,0,0,5],null]"#, r#"["A-2",[0,0,24,12],[4294967295,0,512,3]]"#] {
        let folder = tempfile::tempdir().expect("a folder");
        let place = mirror(folder.path(), &[Some("one"), Some("two")]);
        reframe(&place.join(RECORDS), |frames| {
            if entry.contains(",24,") {
                frames[0].extend(b"{\"id\":\"A-2\"}\n");
            }
        });
        let path = place.join(Kind::Advisory.index_path());
        let index = fs::read_to_string(&path).expect("an index");
        let last = index.lines().find(|line| line.starts_with(r#"["A-1""#)).expect("an entry");
        fs::write(&path, index.replacen(last, &format!("{last},\n{entry}"), 1)).expect("a file");
        assert!(!is_sound(&place));
    }
}

#[test]
fn a_document_is_named_by_no_digest_but_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    // The third record was made of the document of the second.
    let place = mirror(folder.path(), &[Some("one"), Some("two"), Some("two")]);
    let path = place.join(Kind::Advisory.index_path());
    let index = fs::read_to_string(&path).expect("an index");
    let [one, two] = ["one", "two"].map(|text| stella_digest::hex(&Sha256::digest(text)));
    for (key, own, other) in [("A-0", &one, &two), ("A-1", &two, &one), ("A-2", &two, &one), ("A-1", &two, &two.to_uppercase())] {
        let entry = index.lines().find(|line| line.starts_with(&format!("[\"{key}\""))).expect("an entry");
        fs::write(&path, index.replacen(entry, &entry.replace(own, other), 1)).expect("a file");
        assert!(!is_sound(&place), "{key}");
    }
    fs::write(&path, &index).expect("a file");
    assert!(is_sound(&place));
}
