//! The memory that hostile uploads take, in a process of their own.
#![cfg(target_os = "linux")]

mod uploading;

use uploading::{Entry, MAX_BYTES, advisory, gzip, outcome, tar, zip, zstd};

const BOM: &[u8] = b"<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>";
/// Above what was there before: documents are at most 1 MiB here, 16 MiB of them are in flight, and a window of zstd has 8 MiB.
const MAX_GROWTH_KIB: u64 = 96 * 1024;

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_ascii_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// A gigabyte of blanks, compressed piece by piece.
fn blanks(compress: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let piece = compress(&vec![b' '; 16 << 20]);
    piece.repeat(64)
}

/// Bills of materials as large as documents may be.
fn hostile_xml() -> [(&'static str, Vec<u8>); 4] {
    let bom = |content: String| [BOM, content.as_bytes(), b"</bom>"].concat();
    let fill = |piece: &str| piece.repeat((MAX_BYTES - 2 * BOM.len()) / piece.len());
    let entities = (1..10).map(|n| format!("<!ENTITY e{n} '{}'>", format!("&e{};", n - 1).repeat(10))).collect::<String>();
    [
        ("wide.xml", bom(fill("<a/>"))),
        ("deep.xml", bom(fill("<a>"))),
        ("attributes.xml", bom(format!("<a {}/>", fill("a='' ")))),
        ("entities.xml", format!("<!DOCTYPE bom [<!ENTITY e0 'ha'>{entities}]><bom>&e9;</bom>").into_bytes()),
    ]
}

#[test]
fn hostile_uploads_stay_within_the_bound() {
    let entries: Vec<Entry> = (0..8).map(|number| Entry::deflated(&format!("{number}"), &vec![b' '; 6 << 20])).collect();
    let uploads = [
        blanks(zstd),
        blanks(gzip),
        zip(&entries),
        tar(&[("bomb.zst", &blanks(zstd)), ("good.json", &advisory("1"))]),
        [b"{\"id\":\"".to_vec(), vec![b'x'; 32 << 20], b"\"}".to_vec()].concat(),
        zip(&hostile_xml().map(|(name, document)| Entry::stored(name, &document))),
    ];
    let before = peak_kib();
    for upload in &uploads {
        let outcome = outcome(upload);
        assert_eq!(outcome.refused.len() + outcome.taken.len(), usize::try_from(outcome.read).expect("few"));
        assert!(!outcome.refused.is_empty());
    }
    let growth = peak_kib() - before;
    assert!(growth < MAX_GROWTH_KIB, "{growth} KiB above the {before} KiB that held the uploads");
}
