//! Mirrors and deltas of random histories: a base and deltas make the very bytes of a mirror that was written whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use stella_mirror::{
    Batch, DeltaWriter, Document, Kind, Lookup, Making, MirrorWriter, Page, Read, State, WriterOptions, Written, check_mirror,
    merge_mirrors,
};

/// What is there of each kind: the line and the document of every key; no document where it was withheld.
type Ledger = BTreeMap<(Kind, String), (String, Option<Vec<u8>>)>;

fn options(scratch: &Path) -> WriterOptions {
    WriterOptions { level: Some(1), threads: 2, scratch: scratch.to_owned(), memory_bytes: 1 << 20 }
}

fn batches(ledger: &Ledger, kind: Kind, per_batch: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut before: Option<Vec<u8>> = None;
    let of_kind: Vec<_> = ledger.iter().filter(|((of, _), _)| *of == kind).collect();
    for chunk in of_kind.chunks(per_batch) {
        let mut batch = Batch::new(kind);
        for ((_, key), (line, document)) in chunk {
            let digest = document.as_ref().map(|content| <[u8; 32]>::from(Sha256::digest(content)));
            let given = match (document, digest) {
                (Some(content), Some(digest)) if before.as_ref() == Some(content) => Document::Same(digest),
                (Some(content), Some(digest)) => Document::Content { digest, content },
                _ => Document::Withheld,
            };
            before.clone_from(document);
            batch.add(key.clone(), line.as_bytes(), given);
        }
        batches.push(batch);
    }
    batches
}

/// Writes the parts of a file as a folder of its own.
fn unpack(written: &Written, bytes: &[u8], folder: &Path) -> PathBuf {
    for part in &written.parts {
        let path = folder.join(&part.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, &bytes[part.offset as usize..(part.offset + part.size_bytes) as usize]).expect("a file");
    }
    folder.to_owned()
}

fn full(ledger: &Ledger, folder: &Path, per_batch: usize) -> (PathBuf, Written) {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut writer = MirrorWriter::new(Vec::new(), options(scratch.path()));
    for kind in Kind::ALL {
        let given = batches(ledger, kind, per_batch);
        (writer, (), _) = writer.kind(kind, |each| given.into_iter().try_for_each(each).map(|()| ((), Vec::new()))).expect("a kind");
    }
    let (bytes, written) = writer.finish().expect("a mirror");
    (unpack(&written, &bytes, folder), written)
}

fn delta(before: &Ledger, after: &Ledger, state: &mut State, folder: &Path) -> PathBuf {
    let scratch = tempfile::tempdir().expect("a folder");
    let writer = MirrorWriter::new(Vec::new(), options(scratch.path()));
    let mut writer = DeltaWriter::new(writer, state.clone(), scratch.path());
    for kind in Kind::ALL {
        let read = |ledger: &Ledger| -> Read<'static> {
            let given = batches(ledger, kind, 3);
            Box::new(move |each| given.into_iter().try_for_each(each).map(|()| Vec::new()))
        };
        let found;
        (writer, found) = writer.kind(kind, (read(before), read(after))).expect("a delta");
        let of_kind = |(of, _): &&(Kind, String)| *of == kind;
        let added = after.keys().filter(of_kind).filter(|key| !before.contains_key(key)).count() as u64;
        let removed = before.keys().filter(of_kind).filter(|key| !after.contains_key(key)).count() as u64;
        let changed =
            after.iter().filter(|(key, _)| of_kind(key)).filter(|(key, is)| before.get(*key).is_some_and(|was| was != *is)).count() as u64;
        assert_eq!((found.added, found.changed, found.removed), (added, changed, removed));
    }
    let (bytes, written, made) = writer.finish().expect("a delta");
    *state = made;
    unpack(&written, &bytes, folder)
}

fn merged(places: &[PathBuf], making: Making, folder: &Path) -> (PathBuf, Written) {
    let scratch = tempfile::tempdir().expect("a folder");
    let out = scratch.path().join("out");
    let cancel = Arc::new(AtomicBool::new(false));
    let writer = MirrorWriter::create(&out, options(scratch.path())).expect("a writer");
    let (_, written, _) = merge_mirrors(writer, places, making, &[], scratch.path(), &cancel).expect("a merge");
    let bytes = fs::read(out).expect("a file");
    (unpack(&written, &bytes, folder), written)
}

/// One step of a history: records that come or change, and records that go.
#[derive(Debug, Clone)]
enum Edit {
    Put(Kind, String, String, Option<Vec<u8>>),
    Remove(Kind, String),
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Advisory), Just(Kind::Vex), Just(Kind::Sbom)]
}

fn edits() -> impl Strategy<Value = Edit> {
    let key = "[a-eé\"]{1,3}";
    let alias = "CVE-[0-9]{1,2}";
    prop_oneof![
        3 => (kinds(), key, alias, 0_usize..6).prop_map(|(kind, key, alias, size)| {
            // The document of several keys is one where the size says so; now and then it is large enough for a group of its own.
            let document = match size {
                0 => None,
                1 => Some(b"one for all".to_vec()),
                5 => Some(vec![b'x'; 90_000]),
                size => Some(format!("{key}{alias}{size}").into_bytes()),
            };
            let (member, product) = ("aliases", "pkg:npm/a@1");
            let line = match kind {
                Kind::Advisory => format!(r#"{{"{member}":["{alias}"],"affected":[{{"package":{{"ecosystem":"npm","name":"{alias}"}}}}],"id":"x"}}"#),
                Kind::Vex => format!(r#"{{"products":[{{"@id":"{product}"}}],"vulnerability":{{"name":"{alias}"}}}}"#),
                Kind::Sbom => format!(r#"{{"components":[{{"purl":"pkg:npm/{alias}@1"}}],"subject":{{"name":"{alias}"}}}}"#),
            };
            Edit::Put(kind, key, line, document)
        }),
        1 => (kinds(), key).prop_map(|(kind, key)| Edit::Remove(kind, key)),
    ]
}

fn apply_edits(ledger: &mut Ledger, edits: &[Edit]) {
    for edit in edits {
        match edit.clone() {
            Edit::Put(kind, key, line, document) => drop(ledger.insert((kind, key), (line, document))),
            Edit::Remove(kind, key) => drop(ledger.remove(&(kind, key))),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_base_and_deltas_make_what_is_written_whole(history in prop::collection::vec(prop::collection::vec(edits(), 0..24), 2..5), per_batch in 1_usize..9) {
        let root = tempfile::tempdir().expect("a folder");
        let mut ledgers = vec![Ledger::new()];
        for step in &history {
            let mut next = ledgers[ledgers.len() - 1].clone();
            apply_edits(&mut next, step);
            ledgers.push(next);
        }
        let last = ledgers.len() - 1;
        let (base, written) = full(&ledgers[1], &root.path().join("base"), per_batch);
        let (_, whole) = full(&ledgers[last], &root.path().join("whole"), 1000);
        let mut state = written.state;
        let deltas: Vec<_> = (2..=last).map(|at| delta(&ledgers[at - 1], &ledgers[at], &mut state, &root.path().join(format!("delta-{at}")))).collect();
        prop_assert_eq!(state.root(), whole.state.root());
        let mut lookup = Lookup::open(&root.path().join("whole")).expect("a lookup");
        for ((kind, key), (line, document)) in &ledgers[last] {
            let found = lookup.by_key(*kind, key).expect("a search").expect("a record");
            let digest = document.as_ref().map(|content| stella_digest::hex(&Sha256::digest(content)));
            prop_assert_eq!((&found.record, &found.document), (line, &digest));
            if let (Some(digest), Some(content)) = (digest, document) {
                let given = lookup.document(&digest).expect("a search");
                prop_assert_eq!(given.as_ref(), Some(content));
            }
        }
        for name in (0..100).map(|number| format!("CVE-{number}")) {
            let found = lookup.by_names(Kind::Advisory, "aliases", &[&name], page(100)).expect("a search");
            let named = format!("\"{name}\"");
            let expected = ledgers[last].iter().filter(|((kind, _), (line, _))| *kind == Kind::Advisory && line.contains(&named));
            prop_assert_eq!(found.records.iter().map(|one| &one.key).collect::<Vec<_>>(), expected.map(|((_, key), _)| key).collect::<Vec<_>>());
        }

        let places: Vec<_> = [base.clone()].into_iter().chain(deltas.clone()).collect();
        let (_, applied) = merged(&places, Making::Mirror, &root.path().join("applied"));
        prop_assert_eq!(&applied.parts, &whole.parts);
        prop_assert_eq!(applied.state, whole.state.clone());

        // Step by step, and after some deltas were joined into one.
        let mut at = base.clone();
        for (number, delta) in deltas.iter().enumerate() {
            (at, _) = merged(&[at, delta.clone()], Making::Mirror, &root.path().join(format!("step-{number}")));
        }
        let (squashed, _) = merged(&deltas, Making::Delta, &root.path().join("squashed"));
        let (_, joined) = merged(&[base, squashed], Making::Mirror, &root.path().join("joined"));
        prop_assert_eq!(&joined.parts, &whole.parts);
        let (checked, _) = check_mirror(&at, &[], &root.path().join(""), &Arc::new(AtomicBool::new(false))).expect("a check");
        prop_assert_eq!(checked.state, whole.state.clone());
        let indexes: Vec<_> = whole.parts.iter().filter(|part| part.path.starts_with("indexes/")).map(|part| &part.sha256).collect();
        prop_assert_eq!(checked.parts.iter().map(|part| &part.sha256).collect::<Vec<_>>(), indexes);
        let (_, again) = merged(&[at], Making::Mirror, &root.path().join("again"));
        prop_assert_eq!(&again.parts, &whole.parts);
    }
}

#[test]
fn what_changes_in_one_place_changes_the_files_of_that_place() {
    let root = tempfile::tempdir().expect("a folder");
    let mut ledger = Ledger::new();
    for number in 0_u32..2000 {
        let content: Vec<u8> = (0..2048_u32).flat_map(|word| (number.wrapping_mul(word).wrapping_mul(0x9e37_79b9)).to_le_bytes()).collect();
        ledger.insert((Kind::Advisory, format!("A-{number:04}")), (format!(r#"{{"id":"A-{number:04}"}}"#), Some(content)));
    }
    let (_, before) = full(&ledger, &root.path().join("before"), 100);
    ledger.remove(&(Kind::Advisory, "A-0700".into()));
    ledger.insert((Kind::Advisory, "A-1200x".into()), (r#"{"id":"new"}"#.into(), Some(b"new".to_vec())));
    let (_, after) = full(&ledger, &root.path().join("after"), 7);
    let groups = |written: &Written| -> Vec<String> {
        written.parts.iter().filter(|part| part.path.starts_with("advisories/raw/")).map(|part| part.sha256.clone()).collect()
    };
    let (before, after) = (groups(&before), groups(&after));
    assert!(before.len() >= 3, "{} groups", before.len());
    let shared = after.iter().filter(|digest| before.contains(digest)).count();
    assert!(shared + 2 >= before.len(), "{shared} of {} groups are shared", before.len());
}

#[test]
fn an_index_that_lies_is_found_whatever_it_lies_about() {
    let root = tempfile::tempdir().expect("a folder");
    let mut ledger = Ledger::new();
    for number in 0..20 {
        let line = format!(r#"{{"aliases":["CVE-{number}"],"id":"A-{number:02}"}}"#);
        ledger.insert((Kind::Advisory, format!("A-{number:02}")), (line, Some(format!("document {number}").into_bytes())));
    }
    let (place, written) = full(&ledger, &root.path().join("full"), 7);
    let path = place.join("indexes/advisories.index.json");
    let sound = fs::read_to_string(&path).expect("an index");
    let digest = &written.parts.iter().find(|part| part.path == "indexes/advisories.index.json").expect("an index").sha256;
    let first = sound.lines().nth(2).expect("an entry");
    let second = sound.lines().nth(3).expect("an entry");
    let digest_of = |document: &str| stella_digest::hex(&Sha256::digest(format!("document {document}")));
    let lies = [
        // Beyond the end, within a line, another record's bytes, another's document, a frame and a group that are not there.
        sound.replacen(",[0,0,0,", ",[0,0,99999,", 1),
        sound.replacen(",[0,0,0,", ",[0,0,1,", 1),
        sound.replacen(first, &second.replacen("A-01", "A-00", 1), 1),
        sound.replacen(",0,0,512,", ",0,0,1536,", 1),
        sound.replacen(",[0,0,0,", ",[0,7,0,", 1),
        sound.replacen(",[0,0,0,", ",[9,0,0,", 1),
        sound.replacen(",[0,0,0,", ",[4294967295,0,0,", 1),
        sound.replacen(",0,0,512,", ",4294967295,0,512,", 1),
        // Another document, and none that there is.
        sound.replacen(digest_of("0").as_str(), &digest_of("1"), 1),
        sound.replacen(digest_of("0").as_str(), &digest_of("none"), 1),
        // Out of order, one missing, a name that is none, no entry at all, and one that ends early.
        sound.replacen(&format!("{first}\n{second}"), &format!("{second}\n{first}"), 1),
        sound.replacen(&format!("{first}\n"), "", 1),
        sound.replacen("CVE-3", "CVE-4", 1),
        sound.replacen(first, "[1],", 1),
        sound[..sound.len() / 2].to_owned(),
    ];
    for lie in lies {
        assert_ne!(lie, sound);
        fs::write(&path, &lie).expect("a file");
        let found = check_mirror(&place, &[], root.path(), &Arc::new(AtomicBool::new(false)));
        // What it must be is told as ever, and is another than what is there; or it names what is not there.
        let is_found = found.map_or(true, |(checked, _)| {
            let lying = stella_digest::hex(&Sha256::digest(&lie));
            checked.state != written.state || checked.parts[0].sha256 != lying
        });
        assert!(is_found, "{lie}");
        // A search finds something else or nothing, or fails; it never panics.
        if let Ok(mut lookup) = Lookup::open(&place) {
            for number in 0..20 {
                let _any = lookup.by_key(Kind::Advisory, &format!("A-{number:02}"));
                let _any = lookup.by_names(Kind::Advisory, "aliases", &[&format!("CVE-{number}")], page(10));
            }
        }
    }
    fs::write(&path, &sound).expect("a file");
    let (checked, _) = check_mirror(&place, &[], root.path(), &Arc::new(AtomicBool::new(false))).expect("a check");
    assert_eq!(&checked.parts[0].sha256, digest);
}

fn page(limit: usize) -> Page {
    Page { skip: 0, limit, max_bytes: usize::MAX }
}
