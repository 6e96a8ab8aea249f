//! GNU tar and the zstd command read a bundle without any code of ours, and agree on members and bytes.

#![allow(clippy::unwrap_used)]

mod fixture;

use std::fs;
use std::path::Path;
use std::process::Command;

use fixture::{Fixture, expected_rows, rows, scan, scan_tree, small_tree};

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).env("TZ", "UTC").output();
    let output = output.unwrap_or_else(|error| panic!("{program} is needed for this test (apt-get install tar zstd): {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{program} {arguments:?} warns");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn zstd_and_tar_agree_on_every_member_and_its_bytes() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&small_tree());
    run("zstd", &["-tq", "bundle.tar.zst"], fixture.folder.path());

    let listing = run(
        "tar",
        &["--zstd", "--quoting-style=literal", "--numeric-owner", "--full-time", "-tvf", "bundle.tar.zst"],
        fixture.folder.path(),
    );
    let expected: Vec<_> = expected_rows(&small_tree())
        .into_iter()
        .map(|(path, size, _)| vec!["-rw-r--r--".to_owned(), "0/0".into(), size.to_string(), "2025-01-01".into(), "00:00:00".into(), path])
        .collect();
    let listed: Vec<Vec<_>> = listing.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert_eq!(listed, expected);

    fs::create_dir(fixture.path("out")).unwrap();
    run("tar", &["--zstd", "-xf", "bundle.tar.zst", "-C", "out"], fixture.folder.path());
    let tree = scan_tree(&fixture.path("out"));
    assert_eq!((rows(&tree), tree.faults), (rows(&scan(&bundle)), vec![]));
}

#[test]
fn one_frame_taken_by_dd_is_a_whole_member_for_tar() {
    let fixture = Fixture::new();
    let files = [("a.json".to_owned(), b"first".to_vec()), ("b.json".to_owned(), b"second".to_vec())];
    let (bundle, _) = fixture.pack(&files);
    let bytes = fs::read(bundle).unwrap();
    let starts: Vec<_> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"\x28\xb5\x2f\xfd")).collect();
    fs::write(fixture.path("one.tar.zst"), &bytes[starts[1]..starts[2]]).unwrap();
    assert_eq!(run("tar", &["--zstd", "-xOf", "one.tar.zst"], fixture.folder.path()), "second");
}

#[test]
fn a_tree_packed_by_tar_itself_is_one_fault() {
    let fixture = Fixture::new();
    fs::write(fixture.path("export.json"), "{}").unwrap();
    for format in ["gnu", "ustar", "posix"] {
        run("tar", &["--zstd", &format!("--format={format}"), "-cf", "foreign.tar.zst", "export.json"], fixture.folder.path());
        let report = scan(&fixture.path("foreign.tar.zst"));
        assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    }
}
