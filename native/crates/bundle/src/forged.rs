//! Bundles whose digests are all right, made by somebody who knows the format, with one thing in them that the writer never writes.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::layout::Frame;
use crate::report::{Fault, ScanLimits};
use crate::{digest_index, scan_bundle, seek_table, tar_entry, zstd_frame};

const FRAME_BYTES: u32 = 8192;
const MTIME: u64 = 7;
const LIMITS: ScanLimits =
    ScanLimits { max_members: 100, max_member_bytes: 1 << 20, max_total_bytes: 1 << 20, max_line_bytes: 99, max_faults: 9 };

fn entry(path: &str, content: &[u8]) -> Vec<u8> {
    let padding = vec![0; tar_entry::padding(content.len() as u64)];
    [&tar_entry::header(path, content.len() as u64, MTIME), content, &padding].concat()
}

fn packed(plain: &[u8]) -> Vec<u8> {
    zstd_frame::compressor(3).and_then(|mut made| made.compress(plain)).expect("memory suffices")
}

/// Faults of a bundle of these frames, with an index and a seek table that agree with them; `listed` is what the index names.
fn scan(frames: &[(Vec<u8>, u32)], listed: &[(&str, u64)]) -> Vec<Fault> {
    let mut bytes = Vec::new();
    let mut table = Vec::new();
    let mut append = |frame: &[u8], plain_bytes| {
        table.push(Frame { offset: bytes.len() as u64, packed_bytes: frame.len() as u32, plain_bytes });
        bytes.extend_from_slice(frame);
    };
    let digests: Vec<_> = frames.iter().map(|(frame, _)| Sha256::digest(frame).into()).collect();
    frames.iter().for_each(|(frame, plain_bytes)| append(frame, *plain_bytes));
    append(&digest_index::encode(FRAME_BYTES, MTIME, &digests, listed), 0);
    bytes.extend_from_slice(&seek_table::encode(&table));

    let folder = TempDir::new().expect("there is room");
    let path = folder.path().join("forged");
    fs::write(&path, bytes).expect("there is room");
    scan_bundle(&path, &LIMITS, &Arc::new(AtomicBool::new(false))).expect("the file can be read").faults
}

fn scan_plain(entries: &[Vec<u8>], listed: &[(&str, u64)]) -> Vec<Option<String>> {
    let frames: Vec<_> = entries.iter().map(|plain| (packed(plain), plain.len() as u32)).collect();
    scan(&frames, listed).into_iter().map(|fault| fault.path).collect()
}

#[test]
fn scan_accepts_what_the_writer_would_have_written() {
    assert_eq!(scan_plain(&[entry("a", b"1"), entry("b", b""), tar_entry::END.to_vec()], &[("a", 1), ("b", 0)]), []);
}

#[test]
fn scan_names_the_member_with_another_header_padding_or_size() {
    let end = tar_entry::END.to_vec();
    let listed = [("a", 1)];
    let mut executable = entry("a", b"1");
    executable[104] = b'7';
    let mut padded = entry("a", b"1");
    padded[700] = 1;
    let mut later = tar_entry::header("a", 1, MTIME + 1);
    later.resize(1024, 0);
    for forged in [executable, padded, later, entry("b", b"1"), entry("a", b""), entry("a", &[1; 513]), Vec::new()] {
        assert!(scan_plain(&[forged, end.clone()], &listed).contains(&Some("a".into())));
    }
}

#[test]
fn scan_refuses_members_out_of_order_twice_unsafe_or_cut_at_other_places() {
    let end = tar_entry::END.to_vec();
    for paths in [["b", "a"], ["a", "a"], ["../a", "b"], ["a", "a/b"], ["/a", "b"]] {
        let entries = [entry(paths[0], b"1"), entry(paths[1], b"1"), end.clone()];
        assert!(scan_plain(&entries, &paths.map(|path| (path, 1))).contains(&None), "{paths:?}");
    }
    let whole = entry("a", b"1");
    assert!(!scan_plain(&[whole[..512].to_vec(), whole[512..].to_vec(), end.clone()], &[("a", 1)]).is_empty());
    assert!(!scan_plain(&[[whole, end].concat()], &[("a", 1)]).is_empty());
}

#[test]
fn scan_refuses_an_end_that_is_none_and_an_index_of_too_many_members() {
    assert_eq!(scan_plain(&[entry("a", b"1"), vec![1; 1024]], &[("a", 1)]), [None]);
    let many: Vec<_> = (0..101).map(|at| format!("{at:03}")).collect();
    let entries: Vec<_> = many.iter().map(|path| entry(path, b"")).chain([tar_entry::END.to_vec()]).collect();
    let listed: Vec<_> = many.iter().map(|path| (path.as_str(), 0)).collect();
    assert!(scan_plain(&entries, &listed).contains(&None));
}

#[test]
fn scan_refuses_frames_that_promise_or_hold_another_size_or_have_no_checksum() {
    let plain = entry("a", b"1");
    let end = (packed(&tar_entry::END), 1024);
    let bomb = packed(&vec![0; 10_000_000]);
    let bare = zstd::bulk::compress(&plain, 3).expect("memory suffices");
    let twice = [packed(&plain), zstd_frame::skippable(0x184D_2A51, b"hidden")].concat();
    for frame in [bomb, bare, twice, b"no frame".to_vec()] {
        let faults = scan(&[(frame, 1024), end.clone()], &[("a", 1)]);
        assert_eq!(faults.iter().map(|fault| fault.path.as_deref()).collect::<Vec<_>>(), [Some("a")], "{faults:?}");
    }
}
