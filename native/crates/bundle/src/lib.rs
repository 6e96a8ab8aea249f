//! The bundle: one `.tar.zst` that `tar` and `zstd` read, whose members can be read alone, and of which every byte is checked.
//!
//! # Format
//! All integers little-endian. A bundle is, in this order:
//!
//! 1. **Data frames** (RFC 8878), each with content size and checksum, without a dictionary. Every member begins a frame: tar header,
//!    content, zero padding to 512 bytes; a member longer than `frame_bytes` continues in further frames of exactly that size but the last.
//! 2. **The end frame**: the two zero blocks that end a tar archive.
//! 3. **The digest index**: a skippable frame, see [`digest_index`].
//! 4. **The seek table** of the zstd seekable format (`contrib/seekable_format`, version 0.1.1), see [`seek_table`].
//!
//! Members are sorted by the bytes of their paths; headers are POSIX ustar, mode 0644, uid and gid 0, no owner names, one time for all,
//! with a pax header only where ustar cannot hold path or size, see [`tar_entry`].
//!
//! Each byte is derived from (members, time, level, frame size, zstd version), so packing twice gives the same file.

#![warn(missing_docs)]

mod assemble;
mod container;
mod digest_index;
mod discover;
mod entry_check;
mod error;
#[cfg(test)]
mod forged;
mod json_lines;
mod layout;
mod line_thread;
mod member_path;
mod pack;
mod read_member;
mod report;
mod scan;
mod scan_folder;
mod seek_table;
mod seekable;
mod tar_entry;
mod unpack;
mod zstd_frame;

pub use error::{BundleError, poll};
pub use member_path::check as check_path;
pub use pack::{Member, PackOptions, Packed, Part, check_level, pack, pack_into};
pub use read_member::{Members, copy_member, read_member};
pub use report::{Fault, MemberDigest, ScanLimits, ScanReport};
pub use scan::scan_bundle;
pub use scan_folder::scan_folder;
pub use seekable::{FrameFile, FrameReader, FrameSource, FrameWriter};
pub use tar_entry::{END as TAR_END, header as tar_header, padding as tar_padding};
pub use unpack::unpack;
/// First four bytes of a zstd data frame.
pub use zstd_frame::MAGIC as ZSTD_MAGIC;
