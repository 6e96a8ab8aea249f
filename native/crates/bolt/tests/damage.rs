//! Files that are not sound are refused, whatever is wrong in them; no one makes the reader panic.

#![allow(clippy::unwrap_used)]

mod trees;

use proptest::prelude::*;
use stella_bolt::BoltError;
use trees::{Bucket, Node, filled, read, roots, write};

const PAGE: usize = 1024;

/// Root → `big` of two levels, and `inline`.
fn sample() -> Vec<u8> {
    let big = (0..200).map(|index| (format!("{index:04}").into_bytes(), Node::Value(filled(20, index)))).collect();
    let small = Bucket::from([(b"k1".to_vec(), Node::Value(b"v1".to_vec())), (b"k2".to_vec(), Node::Value(b"v2".to_vec()))]);
    write(&Bucket::from([(b"big".to_vec(), Node::Bucket(big)), (b"inline".to_vec(), Node::Bucket(small))]), PAGE).0
}

fn refusal(damage: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut file = sample();
    damage(&mut file);
    read(&file).unwrap_err().to_string()
}

fn at(file: &[u8], text: &[u8]) -> usize {
    file.windows(text.len()).position(|window| window == text).unwrap()
}

#[test]
fn each_damage_is_named_with_its_page() {
    assert_eq!(refusal(|file| file.truncate(50)), "page 0: too short for a meta page");
    assert_eq!(refusal(|file| file[24] = 9), "page 0: a page size of 1033 bytes");
    assert_eq!(refusal(|file| file[16] ^= 1), "page 0: no meta page of bbolt's format 2");
    assert_eq!(refusal(|file| file[PAGE + 40] ^= 1), "page 1: no meta page of bbolt's format 2");
    assert_eq!(refusal(|file| file[2 * PAGE + 10] = 1), "page 2: no empty list of free pages");
    assert!(refusal(|file| file.truncate(file.len() - PAGE)).starts_with("page 0: tells of another number of pages"));
    assert!(refusal(|file| file.extend([0; PAGE])).starts_with("page 0: tells of another number of pages"));
    assert_eq!(refusal(|file| file[3 * PAGE] = 9), "page 3: has another number");
    assert_eq!(refusal(|file| file[3 * PAGE + 8] = 0x10), "page 3: is of no kind that a tree has: 0x10");
    assert_eq!(refusal(|file| file[3 * PAGE + 12] = 255), "page 3: goes on behind the end of the file");
    assert_eq!(refusal(|file| file[3 * PAGE + 12] += 1), "page 7: is used twice");
    assert_eq!(refusal(|file| file[3 * PAGE + 16 + 4 + 3] = 1), "page 3: an element lies outside of its page");
    let order = "keys out of order, or under a branch that does not lead to them";
    assert_eq!(
        refusal(|file| {
            let key = at(file, b"0003");
            file[key] = b'9'
        }),
        format!("page 3: {order}")
    );
    assert!(
        refusal(|file| {
            let key = at(file, b"k1v1");
            file[key] = b'z'
        })
        .ends_with(order),
        "an inline bucket's keys"
    );
}

#[test]
fn a_page_that_is_used_twice_or_never_is_found() {
    // The branch is the last page but the root's; its elements lead to the leaves.
    let branch = |file: &[u8]| file.len() - 2 * PAGE;
    let doubled = refusal(|file| {
        let element = branch(file) + 16;
        let first: Vec<u8> = file[element + 8..element + 16].to_vec();
        file[element + 24..element + 32].copy_from_slice(&first)
    });
    assert_eq!(doubled, "page 3: is used twice");
    let fewer = refusal(|file| {
        let count = branch(file) + 10;
        file[count] -= 1
    });
    assert!(fewer.ends_with("is neither used nor free"), "{fewer}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn random_damage_gives_an_error_or_other_values_never_a_panic(root in roots(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let (mut file, _) = write(&root, PAGE);
        for (index, byte) in changes {
            let at = index.index(file.len());
            file[at] = byte;
        }
        match read(&file) {
            Ok(_) | Err(BoltError::Damaged { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
