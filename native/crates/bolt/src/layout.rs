//! Sizes and marks of the format.

/// Bytes before the elements of a page: id u64, flags u16, count u16, overflow u32.
pub(crate) const HEADER_BYTES: usize = 16;
/// Bytes of an element before its key and value: flags u32, pos u32, ksize u32, vsize u32.
pub(crate) const LEAF_ELEMENT_BYTES: usize = 16;
/// Bytes of an element before its key: pos u32, ksize u32, page u64.
pub(crate) const BRANCH_ELEMENT_BYTES: usize = 16;
/// Bytes of a bucket as the value of its key, before an inline leaf: root u64, sequence u64.
pub(crate) const BUCKET_BYTES: usize = 16;
/// Bytes of the body of a meta page, the checksum at its end.
pub(crate) const META_BYTES: usize = 64;

pub(crate) const BRANCH: u16 = 0x01;
pub(crate) const LEAF: u16 = 0x02;
pub(crate) const META: u16 = 0x04;
pub(crate) const FREELIST: u16 = 0x10;
/// Flag of a leaf's element whose value is a bucket.
pub(crate) const IS_BUCKET: u32 = 1;

pub(crate) const MAGIC: u32 = 0xED0C_DAED;
pub(crate) const VERSION: u32 = 2;
/// Pages before those of trees: two meta pages and the list of free pages.
pub(crate) const FIRST_TREE_PAGE: u64 = 3;
pub(crate) const FREELIST_PAGE: u64 = 2;

/// Longest key (`MaxKeySize`).
pub(crate) const MAX_KEY_BYTES: usize = 32_768;
/// Longest value (`MaxValueSize`).
pub(crate) const MAX_VALUE_BYTES: usize = (1 << 31) - 2;
/// Most elements of a page: their count has 16 bits.
pub(crate) const MAX_ELEMENTS: usize = 0xFFFF;
/// Pages that a leaf may fill: of values of more than a third of a page, one page alone would hold two, and be a quarter empty.
pub(crate) const LEAF_PAGES: usize = 4;
/// A bucket is inline up to this part of a page (`bucket.go`, `maxInlineBucketSize`).
pub(crate) const INLINE_PART: usize = 4;
/// Fewest elements of a branch that is not the last one of its level: with one, no level would be smaller than the one below it.
pub(crate) const MIN_BRANCH_ELEMENTS: usize = 2;

/// FNV-1a with 64 bits, as the checksum of a meta page (`db.go`, `meta.sum64`).
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
