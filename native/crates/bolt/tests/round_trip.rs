//! What is written is read again, whatever its sizes; what bbolt would not read is refused.

#![allow(clippy::unwrap_used)]

mod trees;

use std::io::Cursor;

use proptest::prelude::*;
use stella_bolt::{BoltError, BoltWriter, Written};
use trees::{Bucket, Node, filled, read, roots, write};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn what_is_written_is_read_again(root in roots(), page_bytes in prop::sample::select(vec![1024, 4096, 16_384, 65_536])) {
        let (file, written) = write(&root, page_bytes);
        prop_assert_eq!(file.len() as u64, written.pages * page_bytes as u64);
        prop_assert_eq!(read(&file).unwrap(), root.clone());
        prop_assert_eq!(write(&root, page_bytes).0, file, "equal keys, equal bytes");
    }
}

/// A bucket of `count` keys with values of `bytes` bytes each.
fn wide(count: usize, bytes: usize) -> Bucket {
    let bucket = (0..count).map(|index| (format!("{index:08}").into_bytes(), Node::Value(filled(bytes, index)))).collect();
    Bucket::from([(b"wide".to_vec(), Node::Bucket(bucket))])
}

#[test]
fn a_tree_of_many_levels_is_read_again() {
    let root = wide(60_000, 30);
    let (file, written) = write(&root, 1024);
    assert_eq!((written.values, written.buckets), (60_000, 1));
    assert_eq!(read(&file).unwrap(), root);
}

#[test]
fn the_longest_keys_and_large_values_are_read_again() {
    let long: Bucket = (0..5).map(|seed| (filled(32_768, seed), Node::Value(filled(3_000_000, seed)))).collect();
    let root = Bucket::from([(filled(32_768, 9), Node::Bucket(long))]);
    assert_eq!(read(&write(&root, 4096).0).unwrap(), root);
}

#[test]
fn a_leaf_of_more_elements_than_a_page_can_count_is_cut() {
    let bucket = (0..70_000u32).map(|index| (index.to_be_bytes().to_vec(), Node::Value(Vec::new()))).collect();
    let root = Bucket::from([(b"b".to_vec(), Node::Bucket(bucket))]);
    assert_eq!(read(&write(&root, 65_536).0).unwrap(), root);
}

/// A quarter of a page is inline, as in bbolt: then the file has one leaf, that of the root, behind its first three pages.
#[test]
fn a_bucket_is_inline_up_to_a_quarter_of_a_page() {
    let pages = |value_bytes| write(&wide(1, value_bytes), 4096).1.pages;
    let header_element_key = 16 + 16 + 8;
    assert_eq!((pages(1024 - header_element_key), pages(1024 - header_element_key + 1)), (4, 5));
}

#[test]
fn a_file_without_keys_is_read_as_empty() {
    let (file, written) = write(&Bucket::new(), 4096);
    assert_eq!(written, Written { pages: 4, values: 0, buckets: 0 });
    assert_eq!(read(&file).unwrap(), Bucket::new());
}

type InMemory = BoltWriter<Cursor<Vec<u8>>>;

#[test]
fn keys_that_bbolt_would_not_read_are_refused_and_named() {
    let refusal = |give: fn(&mut InMemory) -> Result<(), BoltError>| {
        let mut writer = InMemory::new(Cursor::default(), 4096).unwrap();
        writer.begin_bucket(b"b").unwrap();
        writer.put(b"k", b"").unwrap();
        give(&mut writer).unwrap_err().to_string()
    };
    assert_eq!(refusal(|writer| writer.put(b"", b"")), "an empty key, which bbolt does not allow");
    assert_eq!(refusal(|writer| writer.begin_bucket(b"")), "an empty key, which bbolt does not allow");
    assert!(refusal(|writer| writer.put(&[b'x'; 32_769], b"")).starts_with("a key of 32769 bytes, \"xxx"));
    let out_of_order = "comes after \"k\": keys come in the order of their bytes, each once";
    assert_eq!(refusal(|writer| writer.put(b"k", b"again")), format!("the key \"k\" {out_of_order}"));
    assert_eq!(refusal(|writer| writer.begin_bucket(b"k")), format!("the key \"k\" {out_of_order}"));
    assert_eq!(refusal(|writer| writer.put(b"a", b"")), format!("the key \"a\" {out_of_order}"));
    let twice = refusal(|writer| {
        writer.end_bucket()?;
        writer.end_bucket()
    });
    assert_eq!(twice, "buckets begin and end in pairs");
}

#[test]
fn values_outside_of_buckets_open_buckets_and_odd_page_sizes_are_refused() {
    let writer = || InMemory::new(Cursor::default(), 4096).unwrap();
    assert!(matches!(writer().put(b"k", b""), Err(BoltError::Unpaired)));
    let mut open = writer();
    open.begin_bucket(b"b").unwrap();
    assert!(matches!(open.finish(), Err(BoltError::Unpaired)));
    for page_bytes in [0, 512, 4095, 131_072] {
        assert!(matches!(InMemory::new(Cursor::default(), page_bytes), Err(BoltError::PageSize(_))), "{page_bytes}");
    }
}
