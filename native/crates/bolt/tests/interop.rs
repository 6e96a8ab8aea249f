//! Go's bbolt opens, checks and reads what is written: the same keys and values, and nothing else.

#![allow(clippy::unwrap_used)]

mod trees;

use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use trees::{Bucket, Node, read, roots, write};

/// Whether the judge is there. It is built by `.ci/run` from `tests/judges/bolt-dump`.
fn has_judge() -> bool {
    let present = Command::new("bolt-dump").output().is_ok();
    assert!(
        present || std::env::var("CI").as_deref() != Ok("true"),
        "bolt-dump is needed for this test: build tests/judges/bolt-dump with go"
    );
    if !present {
        eprintln!("PASSED OVER: bolt-dump is absent, so Go's bbolt read nothing: build tests/judges/bolt-dump with go");
    }
    present
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(word >> (18 - 6 * digit) & 63) as usize]));
        }
        text.push_str(&"=="[..3 - chunk.len()]);
    }
    text
}

/// The lines of the judge for a bucket.
fn lines(path: &[String], bucket: &Bucket, out: &mut Vec<String>) {
    for (key, node) in bucket {
        let mut below = path.to_vec();
        below.push(format!("\"{}\"", base64(key)));
        let value = if let Node::Value(value) = node { format!("\"{}\"", base64(value)) } else { "null".into() };
        out.push(format!("{{\"path\":[{}],\"value\":{value}}}", below.join(",")));
        if let Node::Bucket(bucket) = node {
            lines(&below, bucket, out);
        }
    }
}

#[test]
fn bbolt_reads_the_same_keys_and_values() {
    if !has_judge() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("random.db");
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&(roots(), prop::sample::select(vec![1024, 4096, 65_536])), |(root, page_bytes)| {
            let (file, _) = write(&root, page_bytes);
            std::fs::write(&path, &file).unwrap();
            let judged = Command::new("bolt-dump").arg(&path).output().unwrap();
            prop_assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
            let mut expected = Vec::new();
            lines(&[], &root, &mut expected);
            let said = String::from_utf8(judged.stdout).unwrap();
            prop_assert_eq!(said.lines().collect::<Vec<_>>(), expected);
            prop_assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap(), root, "the file is as it was");
            Ok(())
        })
        .unwrap();
}
