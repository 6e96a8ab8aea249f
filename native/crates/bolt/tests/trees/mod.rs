//! Trees of keys and buckets, written and read back.

use std::collections::BTreeMap;
use std::io::Cursor;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use stella_bolt::{BoltError, BoltWriter, Entry, Written, walk};

/// What stands at a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Value(Vec<u8>),
    Bucket(Bucket),
}

pub type Bucket = BTreeMap<Vec<u8>, Node>;

pub fn write(root: &Bucket, page_bytes: usize) -> (Vec<u8>, Written) {
    let mut writer = BoltWriter::new(Cursor::new(Vec::new()), page_bytes).unwrap();
    write_bucket(root, &mut writer);
    let (file, written) = writer.finish().unwrap();
    (file.into_inner(), written)
}

fn write_bucket(bucket: &Bucket, writer: &mut BoltWriter<Cursor<Vec<u8>>>) {
    for (key, node) in bucket {
        match node {
            Node::Value(value) => writer.put(key, value).unwrap(),
            Node::Bucket(below) => {
                writer.begin_bucket(key).unwrap();
                write_bucket(below, writer);
                writer.end_bucket().unwrap();
            }
        }
    }
}

pub fn read(file: &[u8]) -> Result<Bucket, BoltError> {
    let mut open: Vec<(Vec<u8>, Bucket)> = vec![(Vec::new(), Bucket::new())];
    walk(Cursor::new(file), |entry| -> Result<(), BoltError> {
        match entry {
            Entry::Begin(key) => open.push((key.to_vec(), Bucket::new())),
            Entry::Value(key, value) => {
                let (_, bucket) = open.last_mut().unwrap();
                assert_eq!(bucket.insert(key.to_vec(), Node::Value(value.to_vec())), None, "a key comes twice");
            }
            Entry::End => {
                let (key, below) = open.pop().unwrap();
                let (_, bucket) = open.last_mut().unwrap();
                assert_eq!(bucket.insert(key, Node::Bucket(below)), None, "a bucket comes twice");
            }
        }
        Ok(())
    })?;
    assert_eq!(open.len(), 1, "buckets begin and end in pairs");
    Ok(open.pop().unwrap().1)
}

/// A value of `bytes` bytes that differs from page to page.
pub fn filled(bytes: usize, seed: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at / 7 + seed * 31) as u8).collect()
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => vec(any::<u8>(), 1..12),
        1 => vec(b'a'..=b'b', 1..3),
        1 => (200usize..5_000, any::<usize>()).prop_map(|(bytes, seed)| filled(bytes, seed % 251)),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => vec(any::<u8>(), 0..40),
        1 => (0usize..40_000, any::<usize>()).prop_map(|(bytes, seed)| filled(bytes, seed % 251)),
    ]
}

/// Buckets within buckets, three deep, as small as a leaf within its key and as large as some levels of branches.
pub fn roots() -> impl Strategy<Value = Bucket> {
    let values = || btree_map(key(), value().prop_map(Node::Value), 0..60);
    let nested = btree_map(key(), prop_oneof![value().prop_map(Node::Value), values().prop_map(Node::Bucket)], 0..40);
    btree_map(key(), prop_oneof![values().prop_map(Node::Bucket), nested.prop_map(Node::Bucket)], 0..12)
}
