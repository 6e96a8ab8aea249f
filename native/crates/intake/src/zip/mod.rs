//! Zip archives, read by their directory, one entry at a time: memory does not grow with their number but for a hash of each name.
//! Source: PKWARE APPNOTE 6.3.10.

mod directory;
mod entry;
mod spans;
mod split;

pub(crate) use split::split_zip;
