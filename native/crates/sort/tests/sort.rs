//! What comes out is what went in, in order, whatever the memory.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use stella_sort::{Sorter, merge};

type Pair = (Vec<u8>, Vec<u8>);

fn sort(parts: &[&[Pair]], memory_bytes: usize) -> Vec<Pair> {
    let folder = tempfile::tempdir().unwrap();
    let sorters = parts.iter().map(|pairs| {
        let mut sorter = Sorter::new(folder.path(), memory_bytes);
        pairs.iter().for_each(|(key, value)| sorter.push(key, value).unwrap());
        sorter
    });
    let mut sorted = merge(sorters.collect()).unwrap();
    let mut out = Vec::new();
    while let Some((key, value)) = sorted.next().unwrap() {
        out.push((key.to_vec(), value.to_vec()));
    }
    assert_eq!(sorted.next().unwrap(), None, "the end stays the end");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "runs have no name to be left behind");
    out
}

fn pairs() -> impl Strategy<Value = Vec<Pair>> {
    let key = prop_oneof![prop::collection::vec(any::<u8>(), 0..12), prop::collection::vec(0u8..2, 0..10)];
    prop::collection::vec((key, prop::collection::vec(any::<u8>(), 0..30)), 0..300)
}

proptest! {
    #[test]
    fn pairs_come_out_in_the_order_of_their_bytes(pairs in pairs(), memory_bytes in 1usize..8_000, cut in any::<prop::sample::Index>()) {
        let mut expected = pairs.clone();
        expected.sort();
        prop_assert_eq!(sort(&[&pairs], memory_bytes), expected.clone());
        let (left, right) = pairs.split_at(cut.index(pairs.len() + 1));
        prop_assert_eq!(sort(&[left, right], memory_bytes), expected);
    }
}

#[test]
fn a_pair_larger_than_the_memory_passes() {
    let large = vec![(vec![2; 100_000], vec![3; 1_000_000]), (vec![1; 100_000], vec![])];
    assert_eq!(sort(&[&large], 1_000), [large[1].clone(), large[0].clone()]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let mut sorter = Sorter::new(std::path::Path::new("/nowhere/at all"), 1);
    sorter.push(b"k", b"v").unwrap();
    assert!(merge(vec![sorter]).is_err());
}
