//! Files of bbolt, the key-value store of Go (`go.etcd.io/bbolt`, file format 2): written from keys in order, and checked.
//!
//! # Format
//! All integers little-endian. A file is a row of pages of one size, each named by its place; page 0 and 1 are meta pages, here page 2 is the
//! list of free pages, which is empty, and the pages of trees follow, each tree's leaves before the branches over them.
//! Sources: bbolt v1.3.11 `page.go`, `db.go`, `bucket.go`, `node.go`, `tx_check.go`.
//!
//! A bucket is a B+ tree. Its leaves hold keys with values, or with a bucket: the number of the bucket's root page, or, where the bucket is a
//! small leaf without buckets in it, that leaf itself.
//!
//! Each byte is derived from (page size, keys, values), so that writing twice gives the same file.

#![warn(missing_docs)]

mod error;
mod layout;
mod page;
mod read;
mod tree;
mod write;

pub use error::BoltError;
pub use read::{Entry, walk};
pub use write::{BoltWriter, Written};
