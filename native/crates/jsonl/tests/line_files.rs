//! What the writer makes of lines that another installation streamed, and which it refuses.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use stella_jsonl::{
    DocumentFile, DocumentFiles, DocumentRules, LineFiles, Monitor, WriteError, WriteOptions, Written, write_documents, write_json_lines,
};
use stella_projection::Projection;

const MAPPING: &str = r#"{"id":"test-1","version":1,"root":{"kind":"object","others":"refuse","fields":{
    "id":{"kind":"string"},"n":{"kind":"any"}}}}"#;

fn line_with(kind: &str, key: &str, body: &str, digest: &str) -> String {
    format!("{{\"kind\":\"{kind}\",\"key\":{key:?},\"revision\":1,\"body_sha256\":\"{digest}\",\"record\":{body}}}\n")
}

fn line(key: &str, body: &str) -> String {
    line_with("advisory", key, body, &stella_digest::hex(&Sha256::digest(body)))
}

fn write_in(dir: &Path, ranges: &[String]) -> Result<Written, WriteError> {
    let paths: Vec<_> = (0..ranges.len()).map(|range| dir.join(format!("range-{range}"))).collect();
    for (path, text) in paths.iter().zip(ranges) {
        std::fs::write(path, text).expect("written");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let projection = Projection::compile(MAPPING).expect("the mapping is good");
    let options = WriteOptions { projection, level: 3, frame_bytes: 4096, readers: 2, max_withheld: 3, path: dir.join("out") };
    write_json_lines(&LineFiles { kind: "advisory".into(), paths, stop: Arc::clone(&stop) }, options, &Monitor::default(), &stop)
}

fn refusal(lines: &[String]) -> WriteError {
    let dir = tempfile::tempdir().expect("a folder");
    write_in(dir.path(), &[lines.concat()]).expect_err("it must be refused")
}

#[test]
fn bodies_come_out_byte_for_byte() {
    let dir = tempfile::tempdir().expect("a folder");
    let (a, b, c) = (r#"{"id":"a"}"#, r#"{"id":",\"record\":","n":[1,{"x":null}]}"#, r#"{"id":"ü"}"#);
    let written = write_in(dir.path(), &[[line("A", a), line("B,\"record\":", b)].concat(), String::new(), line("C", c)]).expect("written");
    let file = std::fs::read(dir.path().join("out")).expect("it was written");
    assert_eq!(String::from_utf8(zstd::decode_all(&file[..]).expect("zstd")).expect("UTF-8"), format!("{a}\n{b}\n{c}\n"));
    assert_eq!((written.records, written.withheld), (3, vec![]));
}

#[test]
fn what_is_no_line_of_a_ledger_is_refused() {
    let body = r#"{"id":"a"}"#;
    let good = line("A", body);
    for (text, code) in [
        ("\n".to_owned(), "evidence/invalid"),
        ("{}\n".into(), "evidence/invalid"),
        (good.trim_end().to_owned(), "evidence/invalid"),
        (good.replace("}}", "}"), "evidence/invalid"),
        (good.replace("\"advisory\"", "\"vex\""), "evidence/invalid"),
        (good.replace("\"key\"", "\"kei\""), "evidence/invalid"),
        (line_with("advisory", "A", body, "00"), "evidence/invalid"),
        (line_with("advisory", "A", body, &"zz".repeat(32)), "evidence/invalid"),
        (line_with("advisory", "A", body, &"00".repeat(32)), "record/digest-mismatch"),
        (good.replace("\"id\":\"a\"", "\"id\":\"b\""), "record/digest-mismatch"),
        ("{\"end\":{\"records\":0}}\n".into(), "evidence/invalid"),
    ] {
        assert_eq!(refusal(std::slice::from_ref(&text)).code, code, "{text}");
    }
}

#[test]
fn a_digest_makes_no_canonical_object_of_a_body() {
    for body in [
        "{\"id\" :\"a\"}",
        "{\"n\":1,\"id\":\"a\"}",
        "{\"id\":\"a\",\"id\":\"a\"}",
        "{\"n\":1.0}",
        "{\"id\":\"a\\u0062\"}",
        "{\"id\":\"a\"}\r",
    ] {
        assert_eq!(refusal(&[line("A", body)]).code, "evidence/invalid", "{body}");
    }
}

#[test]
fn order_and_doubles_are_refused_within_a_range_and_between_ranges() {
    let [a, b] = ["A", "B"].map(|key| line(key, r#"{"id":"a"}"#));
    assert_eq!(refusal(&[b.clone(), a.clone()]).code, "record/order");
    assert_eq!(refusal(&[a.clone(), a.clone()]).code, "record/order");
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(write_in(dir.path(), &[b, a]).expect_err("refused").code, "record/order");
}

#[test]
fn documents_are_read_from_files_and_held_against_their_digests() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("document");
    std::fs::write(&path, "{ }").expect("written");
    let pack = |sha256: String| {
        let document =
            DocumentFile { key: "K".into(), folder: "app".into(), file_name: "sbom.cdx.json".into(), path: path.clone(), sha256 };
        let mut source = DocumentFiles { documents: vec![document], stop: Arc::default() };
        write_documents(&mut source, &DocumentRules { max_withheld: 1, path: dir.path().join("pack") }, &Monitor::default())
    };
    let written = pack(stella_digest::hex(&Sha256::digest("{ }"))).expect("written");
    assert_eq!(written.members[0].path, "sboms/app/sbom.cdx.json");
    assert_eq!(std::fs::read(dir.path().join("pack")).expect("it was written"), b"{ }");
    assert_eq!(pack("00".repeat(32)).expect_err("refused").code, "record/digest-mismatch");
    assert_eq!(pack("x".into()).expect_err("refused").code, "evidence/invalid");
}
