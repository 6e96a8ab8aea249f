//! Every changed byte is found, and the member that it belongs to is named; hostile input never panics.

#![allow(clippy::unwrap_used)]

mod fixture;

use std::fs;

use fixture::{Fixture, rows, scan, small_tree};
use proptest::prelude::*;
use stella_bundle::ScanReport;

/// Every kind of member in few bytes, since each of them is tried.
fn tiny_tree() -> Vec<fixture::File> {
    small_tree().into_iter().filter(|(path, _)| !path.contains("noise")).collect()
}

fn faults_of(fixture: &Fixture, bytes: &[u8]) -> ScanReport {
    let path = fixture.path("damaged");
    fs::write(&path, bytes).unwrap();
    scan(&path)
}

#[test]
fn every_flipped_byte_is_a_fault_of_its_member_or_of_the_container() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&tiny_tree());
    let sound = fs::read(&bundle).unwrap();
    let order: Vec<_> = scan(&bundle).members.into_iter().map(|member| member.path).collect();
    for mask in [0x01, 0x80, 0xFF] {
        let mut blamed: Vec<Option<String>> = Vec::new();
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= mask;
            let report = faults_of(&fixture, &bytes);
            let paths: Vec<_> = report.faults.iter().map(|fault| fault.path.clone()).collect();
            assert!(!paths.is_empty(), "byte {at} ^ {mask}: no fault");
            assert!(paths.iter().all(|path| *path == paths[0]), "byte {at} ^ {mask} blamed on several: {:?}", report.faults);
            let readable = report.members.len() + usize::from(paths[0].is_some());
            assert!(readable >= order.len(), "byte {at} ^ {mask} hides other members: {:?}", report.faults);
            if blamed.last() != Some(&paths[0]) {
                blamed.push(paths[0].clone());
            }
        }
        let expected: Vec<_> = order.iter().cloned().map(Some).chain([None]).collect();
        assert_eq!(blamed, expected, "members are blamed for their own bytes, in order, then the container");
    }
}

#[test]
fn every_truncation_and_every_appended_byte_is_a_fault() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&tiny_tree());
    let sound = fs::read(&bundle).unwrap();
    for length in 0..sound.len() {
        assert!(!faults_of(&fixture, &sound[..length]).faults.is_empty(), "cut to {length} bytes");
    }
    for appended in [&[0][..], &[0; 512], b"\x28\xb5\x2f\xfd", &sound, &sound[sound.len() - 9..]] {
        let report = faults_of(&fixture, &[&sound, appended].concat());
        assert_eq!(report.faults.iter().map(|fault| &fault.path).collect::<Vec<_>>(), [&None], "{} bytes appended", appended.len());
        assert_eq!(rows(&report), rows(&scan(&bundle)));
    }
}

#[test]
fn a_bundle_cut_short_still_names_the_members_that_are_whole_and_the_one_that_is_torn() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&small_tree());
    let sound = fs::read(&bundle).unwrap();
    let noise = sound.windows(64).position(|window| window == &fixture::noise(64)[..]).unwrap();
    let report = faults_of(&fixture, &sound[..noise + 8700]);
    assert_eq!(report.faults[0].path, None);
    assert_eq!(report.faults[1].path.as_deref(), Some("sboms/noise/sbom.cdx.json"));
    let before = small_tree().iter().position(|(path, _)| path == "sboms/noise/sbom.cdx.json").unwrap();
    assert_eq!(rows(&report), fixture::expected_rows(&small_tree())[..before]);
}

#[test]
fn frames_swapped_left_out_or_taken_from_another_bundle_are_faults() {
    let fixture = Fixture::new();
    let (bundle, _) = fixture.pack(&small_tree());
    let sound = fs::read(&bundle).unwrap();
    let starts: Vec<_> = (0..sound.len() - 4).filter(|at| sound[*at..].starts_with(b"\x28\xb5\x2f\xfd")).collect();
    let without_first = [&sound[starts[1]..]].concat();
    let swapped = [&sound[starts[1]..starts[2]], &sound[..starts[1]], &sound[starts[2]..]].concat();
    let doubled = [&sound[..starts[1]], &sound[..]].concat();
    for bytes in [without_first, swapped, doubled] {
        assert!(!faults_of(&fixture, &bytes).faults.is_empty());
    }
}

#[test]
fn a_file_that_is_no_bundle_of_ours_is_one_fault() {
    let fixture = Fixture::new();
    for bytes in [&b""[..], b"{}", b"\x28\xb5\x2f\xfd", &[0; 10_000], &zstd::encode_all(&[0; 10_240][..], 3).unwrap()] {
        let report = faults_of(&fixture, bytes);
        assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
        assert_eq!(report.faults[0].reason, "not a bundle written by Export Center, or cut short: no digest index");
        assert_eq!(report.members, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        let fixture = Fixture::new();
        prop_assert!(!faults_of(&fixture, &bytes).faults.is_empty());
    }

    #[test]
    fn a_bundle_with_any_stretch_overwritten_has_faults_and_never_panics(
        start in any::<prop::sample::Index>(), stretch in proptest::collection::vec(any::<u8>(), 1..600),
    ) {
        let fixture = Fixture::new();
        let (bundle, _) = fixture.pack(&small_tree());
        let mut bytes = fs::read(bundle).unwrap();
        let at = start.index(bytes.len());
        let length = stretch.len().min(bytes.len() - at);
        let same = bytes[at..at + length] == stretch[..length];
        bytes[at..at + length].copy_from_slice(&stretch[..length]);
        prop_assert_eq!(faults_of(&fixture, &bytes).faults.is_empty(), same);
    }
}
