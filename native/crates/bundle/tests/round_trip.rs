//! pack → scan, pack → read one member, and every refusal of the writer.

#![allow(clippy::unwrap_used)]

mod fixture;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fixture::{Fixture, LIMITS, OPTIONS, expected_rows, json_lines, rows, scan, scan_tree, small_tree, try_pack};
use proptest::prelude::*;
use stella_bundle::{BundleError, PackOptions, Part, ScanLimits, pack, pack_into, read_member, scan_bundle};

#[test]
fn scan_reports_what_was_packed_with_line_counts_and_no_fault() {
    let fixture = Fixture::new();
    let (bundle, packed) = fixture.pack(&small_tree());
    let report = scan(&bundle);
    assert_eq!(report.faults, []);
    assert_eq!(report.mtime, Some(OPTIONS.mtime));
    assert_eq!(rows(&report), expected_rows(&small_tree()));
    let lines: Vec<_> = report.members.iter().filter_map(|member| Some((member.path.as_str(), member.lines?))).collect();
    assert_eq!(lines, [("advisories/normalized.jsonl.zst", 3), ("vex/normalized.jsonl.zst", 0)]);
    let bytes = fs::read(&bundle).unwrap();
    assert_eq!((packed.size_bytes, packed.sha256), (bytes.len() as u64, fixture::hex(&bytes)));
}

#[test]
fn read_member_gives_each_member_alone_though_all_others_are_destroyed() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&small_tree());
    let cancel = AtomicBool::new(false);
    for (path, content) in small_tree() {
        assert_eq!(read_member(&bundle, &path, 1 << 20, LIMITS.max_members, &cancel).unwrap(), content, "{path}");
    }
    let mut bytes = fs::read(&bundle).unwrap();
    let last = small_tree().pop().unwrap();
    bytes[40..5000].fill(7);
    fs::write(&bundle, bytes).unwrap();
    assert_eq!(read_member(&bundle, &last.0, 1 << 20, LIMITS.max_members, &cancel).unwrap(), last.1);
    let first = &small_tree()[0].0;
    assert!(
        matches!(read_member(&bundle, first, 1 << 20, LIMITS.max_members, &cancel), Err(BundleError::Altered { path, .. }) if path == *first)
    );
}

#[test]
fn read_member_refuses_absent_unsafe_and_too_large_members_of_bundles_and_folders() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&small_tree());
    let folder = fixture.path("tree");
    fs::create_dir_all(folder.join("a")).unwrap();
    fs::write(folder.join("a/export.json"), "{}").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("a/link")).unwrap();
    let read = |place: &Path, member: &str, most| read_member(place, member, most, LIMITS.max_members, &AtomicBool::new(false));
    assert!(matches!(read(&bundle, "export.json", 3), Err(BundleError::TooLarge { size_bytes: 23, max_bytes: 3, .. })));
    assert!(matches!(read(&folder, "a/export.json", 1), Err(BundleError::TooLarge { .. })));
    for place in [&bundle, &folder] {
        assert!(matches!(read(place, "../x", 9), Err(BundleError::Path { .. })));
        assert!(matches!(read(place, "nothing", 9), Err(BundleError::Absent { .. })));
    }
    assert!(matches!(read(&folder, "a/link", 9999), Err(BundleError::Absent { .. })));
    assert!(matches!(read(&folder, "a", 9999), Err(BundleError::Absent { .. })));
    assert_eq!(read(&folder, "a/export.json", 2).unwrap(), b"{}");
}

#[test]
fn scan_folder_agrees_with_scan_bundle_and_names_links() {
    let fixture = Fixture::new();
    let root = fixture.path("tree");
    for (path, content) in small_tree() {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let (bundle, _) = fixture.pack(&small_tree());
    let tree = scan_tree(&root);
    assert_eq!((tree.members, tree.faults), (scan(&bundle).members, vec![]));

    std::os::unix::fs::symlink("export.json", root.join("link")).unwrap();
    fs::write(root.join("back\\slash"), "").unwrap();
    fs::write(root.join("bad.jsonl.zst"), json_lines(&["{}\n\n"])).unwrap();
    let faults: Vec<_> = scan_tree(&root).faults.into_iter().map(|fault| (fault.path.unwrap(), fault.reason)).collect();
    assert_eq!(faults[0], ("back\\slash".into(), "its path cannot stand in a bundle: it has a backslash".into()));
    assert_eq!(faults[1], ("link".into(), "it is a symbolic link".into()));
    assert_eq!(faults[2], ("bad.jsonl.zst".into(), "line 2 is empty".into()));
}

#[test]
fn pack_tells_short_long_and_altered_sources_apart_and_leaves_no_file() {
    let fixture = Fixture::new();
    let out = fixture.path("out");
    let sound = || fixture.member("sboms/a", b"content");
    let mut short = sound();
    short.parts[0].size_bytes = Some(8);
    short.size_bytes = 8;
    let mut short_of_stated = sound();
    short_of_stated.size_bytes = 9;
    let mut long = sound();
    long.parts[0].size_bytes = None;
    long.size_bytes = 6;
    let mut altered = sound();
    altered.sha256 = fixture::hex(b"contenT");
    assert!(matches!(try_pack(vec![short], &out), Err(BundleError::Short { path, read_bytes: 7, size_bytes: 8 }) if path == "sboms/a"));
    assert!(matches!(try_pack(vec![short_of_stated], &out), Err(BundleError::Short { read_bytes: 7, size_bytes: 9, .. })));
    assert!(matches!(try_pack(vec![long], &out), Err(BundleError::Long { path, size_bytes: 6 }) if path == "sboms/a"));
    assert!(matches!(try_pack(vec![altered], &out), Err(BundleError::Altered { path, .. }) if path == "sboms/a"));
    assert!(!out.exists());
}

#[test]
fn pack_refuses_doubled_and_unsafe_paths_and_options_out_of_range() {
    let fixture = Fixture::new();
    let out = fixture.path("out");
    for paths in [&["a", "a"][..], &["../a"], &["/a"], &["a", "a/b"], &["a\\b"], &["a//b"], &[""]] {
        let members = paths.iter().map(|path| fixture.member(path, b"")).collect();
        assert!(matches!(try_pack(members, &out), Err(BundleError::Path { .. })), "{paths:?}");
    }
    for options in [
        PackOptions { mtime: 1 << 33, ..OPTIONS },
        PackOptions { level: 0, ..OPTIONS },
        PackOptions { frame_bytes: 4096, ..OPTIONS },
        PackOptions { frame_bytes: 8193, ..OPTIONS },
    ] {
        assert!(matches!(pack(vec![], &out, options, &AtomicBool::new(false)), Err(BundleError::Option(_))), "{options:?}");
    }
}

struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::from_raw_os_error(28))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn pack_tells_a_full_disk_wherever_it_happens_and_stops_when_cancelled() {
    let fixture = Fixture::new();
    let (_, packed) = fixture.pack(&small_tree());
    for room in (0..packed.size_bytes as usize).step_by(61) {
        let outcome = pack_into(fixture.members(&small_tree()), FullDisk(room), Path::new("x"), OPTIONS, &AtomicBool::new(false));
        assert!(matches!(outcome, Err(BundleError::Full { .. })), "room for {room}: {outcome:?}");
    }
    let out = fixture.path("out");
    let raised = Arc::new(AtomicBool::new(true));
    assert!(matches!(pack(fixture.members(&small_tree()), &out, OPTIONS, &raised), Err(BundleError::Cancelled)));
    assert!(!out.exists());
    assert!(matches!(scan_bundle(&fixture.path("bundle.tar.zst"), &LIMITS, &raised), Err(BundleError::Cancelled)));
}

#[test]
fn scan_keeps_to_its_limits_and_names_what_goes_beyond() {
    let fixture = Fixture::new();
    let bomb = json_lines(&[&format!("{}\n", "x".repeat(900_000)).repeat(50)]);
    let files = [("a.jsonl.zst".to_owned(), bomb), ("b".to_owned(), vec![0; 100_000]), ("c".to_owned(), vec![1; 10])];
    let (bundle, _) = fixture.pack(&files);
    let scan = |limits: ScanLimits| scan_bundle(&bundle, &limits, &Arc::new(AtomicBool::new(false))).unwrap();
    let paths = |limits| scan(limits).faults.into_iter().map(|fault| fault.path).collect::<Vec<_>>();
    assert_eq!(paths(LIMITS), []);
    assert_eq!(paths(ScanLimits { max_total_bytes: 10_000_000, ..LIMITS }), [Some("a.jsonl.zst".into())]);
    assert_eq!(paths(ScanLimits { max_line_bytes: 800_000, ..LIMITS }), [Some("a.jsonl.zst".into())]);
    assert_eq!(paths(ScanLimits { max_member_bytes: 99_999, ..LIMITS }), [Some("b".into())]);
    assert_eq!(paths(ScanLimits { max_members: 2, ..LIMITS })[0], None);
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..3000),
        (0usize..40_000).prop_map(fixture::noise),
        (0usize..5).prop_map(|blocks| vec![b'x'; blocks * 4096 + 8192 - 512]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_members_in_any_order_cut_into_any_parts_give_the_same_bundle(
        files in proptest::collection::btree_map("[a-c]{1,3}(/[a-zü~ ]{1,120})?\\.(json|zst)", contents(), 0..8),
        seed in any::<u64>(),
    ) {
        let files: Vec<_> = files.into_iter().collect();
        let fixture = Fixture::new();
        let (bundle, packed) = fixture.pack(&files);
        let report = scan(&bundle);
        prop_assert_eq!(&report.faults, &[]);
        prop_assert_eq!(rows(&report), expected_rows(&files));

        let mut members = fixture.members(&files);
        members.rotate_left(if files.is_empty() { 0 } else { seed as usize % files.len() });
        for member in &mut members {
            let cut = if member.size_bytes == 0 { 0 } else { seed % (member.size_bytes + 1) };
            let file = member.parts[0].file.clone();
            member.parts = vec![
                Part { file: file.clone(), offset: 0, size_bytes: Some(cut) },
                Part { file, offset: cut, size_bytes: None },
            ];
        }
        prop_assert_eq!(try_pack(members, &fixture.path("again")).unwrap(), packed);
        prop_assert_eq!(fs::read(fixture.path("again")).unwrap(), fs::read(bundle).unwrap());
    }
}
